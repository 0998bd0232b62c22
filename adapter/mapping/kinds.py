"""What belongs to which kind of mapping: positions and OBX to HL7 v2, paths and codes of Observations to FHIR."""

from collections.abc import Iterable, Iterator

from adapter.mapping.facts import Fact
from adapter.mapping.fhir_rows.form import FhirRows
from adapter.mapping.form import Mapping
from adapter.mapping.loader import Path
from adapter.mapping.rules import Rule, is_position

_ONLY_V2 = ("obx", "field", "column", "group", "component")
_ONLY_FHIR = ("code", "fhirpath")
_LISTS = ("accession", "order", "acquired", "issued")


def of_kind(mapping: Mapping, rules: Iterable[tuple[Path, Fact, Rule]]) -> Iterator[tuple[Path, str]]:
    """Turn a mapping into what in it belongs to messages of another format."""
    is_fhir = isinstance(mapping.rows, FhirRows)
    foreign = _ONLY_V2 if is_fhir else _ONLY_FHIR
    cure = "write `code` or `fhirpath`" if is_fhir else "write `obx` or `field`"
    for path, _, rule in rules:
        for source in foreign:
            if getattr(rule, source) is not None:
                yield (*path, source), f"this mapping reads {_format(is_fhir)}: {cure}"
    for place, at in _paths(mapping, rules):
        if is_position(at) == is_fhir:
            written = "a path into the resources (`basedOn.identifier`)" if is_fhir else "a position (`OBR-4.1`)"
            yield place, f"this mapping reads {_format(is_fhir)}: write {written}"


def _format(is_fhir: bool) -> str:
    return "FHIR" if is_fhir else "HL7 v2"


def _paths(mapping: Mapping, rules: Iterable[tuple[Path, Fact, Rule]]) -> Iterator[tuple[Path, str]]:
    """Every place that the file itself names, with where it names it."""
    for index, condition in enumerate(mapping.match):
        yield ("match", index, "path"), condition.path
    for path, _, rule in rules:
        yield from (((*path, "when", at), at) for at in rule.when)
        if rule.fhirpath is not None:
            yield (*path, "fhirpath"), rule.fhirpath
    header = mapping.header
    for name in _LISTS:
        if name in header.model_fields_set:
            yield from ((("header", name, index), at) for index, at in enumerate(getattr(header, name)))
    if "field" in header.status.model_fields_set:
        yield ("header", "status", "field"), header.status.field
    if isinstance(mapping.rows, FhirRows) and mapping.rows.key is not None:
        yield ("rows", "key"), mapping.rows.key
