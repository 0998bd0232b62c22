"""The page of settings names every setting, its variable and its default, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from adapter.settings import PREFIX, Settings, load_settings

PAGE = (Path(__file__).parents[2] / "docs/settings.md").read_text("utf-8")
ROW = re.compile(r"^\| `([a-z_.]+)` \| `([A-Z_]+)` \| (\S+) \|([^|]*)\| ([^|]+) \|$", re.MULTILINE)
TABLE = {found[1]: found.groups()[1:] for found in ROW.finditer(PAGE)}


def sections_of(field: FieldInfo) -> list[type[BaseModel]]:
    kinds = get_args(field.annotation) or (field.annotation,)
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]


def walk(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        parts = sections_of(field)
        for part in parts:
            yield from walk(part, (*path, name))
        if not parts:
            yield ".".join((*path, name)), field


SETTINGS = dict(walk(Settings))


def written(field: FieldInfo) -> str:
    default: Any = field.default
    if field.is_required():
        return "required"
    if default is None:
        return "unset"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, list):
        return f"`{','.join(default)}`"
    return f"`{int(default) if isinstance(default, float) and default.is_integer() else default}`"


def test_the_page_names_every_setting_once_and_no_other():
    assert [found[1] for found in ROW.finditer(PAGE)] == list(dict.fromkeys(TABLE))
    assert set(TABLE) == set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_has_its_variable_and_its_default_on_the_page(name):
    variable, default, _unit, meaning = TABLE[name]

    assert variable == PREFIX + name.upper().replace(".", "__")
    assert default == written(SETTINGS[name])
    assert meaning.endswith(".")


def test_the_file_on_the_page_can_be_loaded(tmp_path):
    file = tmp_path / "netpet.yaml"
    file.write_text(PAGE.partition("```yaml\n")[2].partition("```")[0])

    settings = load_settings(file)

    assert settings.mllp.allowed_networks == ["10.20.0.0/16"]
