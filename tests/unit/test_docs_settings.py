"""The page of settings names every setting, its variable and its default, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from adapter.fhir_in_settings import FhirSender, FhirSource, FhirSubscription
from adapter.inbound.agreements import Agreement
from adapter.inbound.answers_to import MllpAnswersTo
from adapter.inbound.http_settings import HttpSenderSettings
from adapter.inbound.mllp_settings import SenderSettings
from adapter.sections import ClientTls
from adapter.settings import PREFIX, Settings, load_settings
from adapter.web.jwt_settings import JwtIssuer

PAGE = (Path(__file__).parents[2] / "docs/settings.md").read_text("utf-8")
ROW = re.compile(r"^\| `([a-z0-9_.]+)` \| `([A-Z0-9_]+)` \| (\S+) \|([^|]*)\| ([^|]+) \|$", re.MULTILINE)
TABLE = {found[1]: found.groups()[1:] for found in ROW.finditer(PAGE)}


def entries(heading: str) -> dict[str, str]:
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| `([a-z_]+)` \| (\S+) \|", table, re.MULTILINE))


def sections_of(field: FieldInfo) -> list[type[BaseModel]]:
    if get_origin(field.annotation) is tuple:
        return []
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
    if default in (None, (), ClientTls()):
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


def test_what_is_agreed_with_a_sender_is_on_the_page_with_its_default():
    assert {name: written(field) for name, field in SenderSettings.model_fields.items()} == entries("in an entry")


def test_what_is_agreed_with_a_sender_of_bodies_is_on_the_page_with_its_default():
    own = HttpSenderSettings.model_fields.keys() - Agreement.model_fields.keys()

    assert {name: written(HttpSenderSettings.model_fields[name]) for name in own} == entries("in a body's entry")


def test_where_answers_go_is_on_the_page_with_its_default():
    written_in_page = {name: written(field) for name, field in MllpAnswersTo.model_fields.items()}

    assert written_in_page == entries("in `answers_to`")


SOURCE = {name: field for name, field in FhirSource.model_fields.items() if name not in ("auth", "tls")}


@pytest.mark.parametrize(
    ("fields", "heading"),
    [
        (FhirSender.model_fields, "in a writer's entry"),
        (SOURCE, "in a source's entry"),
        (FhirSubscription.model_fields, "in a subscription"),
        (JwtIssuer.model_fields, "in an issuer's entry"),
    ],
)
def test_what_is_set_of_fhir_in_and_of_tokens_is_on_the_page_with_its_default(fields, heading):
    assert {name: written(field) for name, field in fields.items()} == entries(heading)


def loaded(folder, number):
    file = folder / "netpet.yaml"
    file.write_text(PAGE.split("```yaml\n")[number].partition("```")[0])
    return load_settings(file)


def test_the_file_on_the_page_can_be_loaded(tmp_path):
    assert loaded(tmp_path, 1).mllp.allowed_networks == ["10.20.0.0/16"]


def test_the_senders_on_the_page_can_be_loaded(tmp_path):
    assert [sender.name for sender in loaded(tmp_path, 2).mllp.senders] == ["ris-north", "default"]


def test_the_senders_of_bodies_on_the_page_can_be_loaded(tmp_path):
    assert [sender.name for sender in loaded(tmp_path, 4).http.hl7v2.senders] == ["ris-south"]


def test_the_peer_of_answers_on_the_page_can_be_loaded(tmp_path):
    (sender,) = loaded(tmp_path, 3).mllp.senders

    assert (sender.answers_to.host, sender.answers_to.port) == ("ris-north.hospital.example", 2576)


def test_the_senders_and_sources_of_fhir_on_the_page_can_be_loaded(tmp_path):
    ours = loaded(tmp_path, 5).fhir_in

    assert ([one.name for one in ours.senders], [one.poll for one in ours.sources]) == (["engine"], [60])


def test_the_issuer_of_tokens_on_the_page_can_be_loaded(tmp_path):
    assert [one.name for one in loaded(tmp_path, 6).security.jwt.issuers] == ["idp"]
