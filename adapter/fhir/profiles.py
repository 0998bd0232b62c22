"""The StructureDefinitions and ValueSets of what we send: compiled from the FSH of `conformance/`, carried as JSON.

They are differentials on R4; each rule in them is one that we keep. `conformance/build.py` writes the files, and
``make interop`` compiles them anew and compares.
"""

from functools import cache
from importlib.resources import files

from adapter.fhir.json_text import from_json
from adapter.fhir.resource import Resource


def profiles() -> tuple[Resource, ...]:
    """Give the StructureDefinitions of score, lesion, summary report and Provenance."""
    return _carried("StructureDefinition")


def value_sets() -> tuple[Resource, ...]:
    """Give the ValueSets of grades, reasons, groups and outcomes."""
    return _carried("ValueSet")


@cache
def _carried(kind: str) -> tuple[Resource, ...]:
    """Read the files of one type, in the order of their canonical addresses."""
    folder = files("adapter.fhir").joinpath("conformance")
    texts = [file.read_bytes() for file in folder.iterdir() if file.name.startswith(f"{kind}-")]
    return tuple(sorted(map(from_json, texts), key=lambda resource: str(resource["url"])))
