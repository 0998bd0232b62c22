"""What keeps a file from having its form, said so that its writer can mend it."""

from collections.abc import Iterator

from pydantic import ValidationError

from adapter.mapping.errors import MappingFault
from adapter.mapping.loader import Path, Tree

_SAID = {
    "missing": "the key `{key}` is missing: add it",
    "extra_forbidden": "the form has no key `{key}` here: correct its spelling, or delete it",
    "string_type": "text is needed here",
    "dict_type": "`key: value` lines are needed here",
    "model_type": "`key: value` lines are needed here",
    "tuple_type": "a list is needed here ([one, two]), or for a fact one rule ({obx: [...]})",
}


def form_faults(tree: Tree, error: ValidationError) -> Iterator[MappingFault]:
    """Turn what pydantic found in a tree into faults, each at its line and column, none with the value found."""
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        path: Path = one["loc"]
        said = _SAID.get(one["type"], one["msg"].removeprefix("Value error, "))
        yield tree.fault(path, said.replace("{key}", str(path[-1]) if path else ""))
