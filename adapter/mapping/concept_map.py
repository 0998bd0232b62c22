"""A code table as a FHIR R4 ConceptMap, and back: how a table is shared with a terminology service or another site.

A mapping never refers to such a file: a table is exported from it, or imported as text to be put into it, so that its
digest covers every entry and nothing is read at message time.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid5

from adapter.mapping.codes import SYSTEMS, fold
from adapter.mapping.lint.known_codes import is_sctid
from adapter.mapping.site_mapping import SiteMapping
from adapter.outcome import AdapterError
from adapter.scoring.report import OID_NAMESPACE

_SNOMED_CT = "http://snomed.info/sct"
_SAME = frozenset({"relatedto", "equivalent", "equal"})
"""Equivalences that say: this is what it means. Wider, narrower and unmatched are a person's to decide."""


class ConceptMapError(AdapterError):
    """The table or the ConceptMap cannot be turned into the other; the text says where and what to do."""


def concept_map(mapping: SiteMapping, name: str) -> dict[str, Any]:
    """Turn a table of a mapping into its ConceptMap; raises ConceptMapError for a coding system without a URI."""
    form = mapping.form
    if name not in form.tables:
        raise ConceptMapError(f"{form.id} has no table {name}; it has: {', '.join(form.tables) or 'none'}")
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for sent, meant in form.tables[name].items():
        code, display, system = (*sent.split("^"), "", "")[:3]
        source, target = _uri(mapping, system), _SNOMED_CT if is_sctid(meant) else ""
        element = {"code": code, "display": display, "target": [{"code": meant, "equivalence": "relatedto"}]}
        groups.setdefault((source, target), []).append({key: value for key, value in element.items() if value})
    return {
        "resourceType": "ConceptMap",
        "url": f"urn:uuid:{uuid5(OID_NAMESPACE, f'concept-map|{form.id}|{name}')}",
        "version": form.version,
        "name": _computable(f"{form.id}_{name}"),
        "title": f"{form.id}: table {name}",
        "status": form.status,
        "group": [_group(systems, elements) for systems, elements in groups.items()],
    }


def _group(systems: tuple[str, str], elements: list[dict[str, Any]]) -> dict[str, Any]:
    named = {key: uri for key, uri in zip(("source", "target"), systems, strict=True) if uri}
    return named | {"element": elements}


def _computable(name: str) -> str:
    """R4's cnl-0: a capital letter, then letters, digits and underscores."""
    return name.replace("-", "_").title().replace("_", "")[:254]


def _uri(mapping: SiteMapping, system: str) -> str:
    """The URI under which FHIR knows a coding system; a word without system has none."""
    if not system:
        return ""
    names = {fold(name): others for name, others in (SYSTEMS | mapping.form.systems).items()}
    for name in (system, *names.get(fold(system), ())):
        if name.startswith(("http://", "https://", "urn:")):
            return name
    cure = f"give it under `systems`: {{{system}: [urn:oid:...]}}"
    raise ConceptMapError(f"the coding system {system} has no URI: {cure}")


def table_of(resource: dict[str, Any]) -> dict[str, str]:
    """Turn a ConceptMap into a table's entries; raises ConceptMapError at the first element that is not one to one."""
    if resource.get("resourceType") != "ConceptMap":
        raise ConceptMapError("this is no ConceptMap")
    found: dict[str, str] = {}
    for place, sent, meant in _pairs(resource):
        if sent in found:
            raise ConceptMapError(f"{place}: the code stands here a second time")
        found[sent] = meant
    if not found:
        raise ConceptMapError("the ConceptMap holds no element")
    return found


def _pairs(resource: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each element: its place, the code as a mapping writes it, and what it means."""
    for number, group in enumerate(_listed(resource, "group")):
        system = _name(_text(group, "source"))
        for index, element in enumerate(_listed(group, "element")):
            place = f"ConceptMap.group[{number}].element[{index}]"
            code, display = _text(element, "code"), _text(element, "display")
            targets = _listed(element, "target")
            if not code or len(targets) != 1 or targets[0].get("equivalence") not in _SAME:
                raise ConceptMapError(f"{place}: needs a code, and one target that is relatedto, equivalent or equal")
            meant = _text(targets[0], "code")
            if not meant or "^" in f"{code}{display}{system}":
                raise ConceptMapError(f"{place}: a target without code, or a ^ in a text: write this entry by hand")
            yield place, f"{code}^{display}^{system}" if system else code, meant


def _name(uri: str) -> str:
    """The v2 name of a coding system; one that has none is written by its URI."""
    return next((name for name, others in SYSTEMS.items() if uri in others), uri)


def _listed(parent: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = parent.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ConceptMapError(f"ConceptMap: {key} is a list of objects")
    return value


def _text(parent: dict[str, Any], key: str) -> str:
    value = parent.get(key, "")
    if not isinstance(value, str):
        raise ConceptMapError(f"ConceptMap: {key} is text")
    return value
