"""What can be searched by, type by type: each parameter's name, its kind, and how it narrows a search."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapter.fhir.bindings import REQUIRED_CODES
from adapter.fhir.code_systems import code_systems
from adapter.fhir.identity import LESION_SYSTEM, SCORE_SYSTEM, SUMMARY_SYSTEM, provenance_id
from adapter.fhir.profiles import profiles, value_sets
from adapter.fhir.resource_filter import Token
from adapter.fhir.vocabulary import term
from adapter.web import search_dates
from adapter.web.faults import Fault, RefusedError
from adapter.web.narrowing import Narrowing
from adapter.web.query_text import Parameter
from adapter.web.search_values import alternatives, an_id, ids, texts, tokens

_PATIENT_KEY = re.compile(r"(?:Patient/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_TARGET = re.compile(r"(?:(?:[^?#]*/)?(?P<type>[A-Z][A-Za-z]+)/)?(?P<id>[A-Za-z0-9.-]{1,64})")
_STATUS_SYSTEMS = {
    "Observation": "http://hl7.org/fhir/observation-status",
    "DiagnosticReport": "http://hl7.org/fhir/diagnostic-report-status",
}
_OWN_IDENTIFIERS = {SCORE_SYSTEM: term("netpet-score"), LESION_SYSTEM: term("lesion")}

Narrow = Callable[[Narrowing, Parameter], Narrowing]


@dataclass(frozen=True, slots=True)
class Definition:
    """One search parameter: its R4 type, and what narrows a search by it; ``alias`` marks another way to write one."""

    kind: str
    narrow: Narrow
    alias: bool = False


def _by_id(so_far: Narrowing, parameter: Parameter) -> Narrowing:
    return so_far.among("ids", ids(parameter))


def _by_update(so_far: Narrowing, parameter: Parameter) -> Narrowing:
    date = _one_date(parameter)
    first, after = date.first, date.after
    if search_dates.leaves_nothing(date):
        return so_far.nothing
    bounds = {"ge": (first, None), "gt": (after, None), "le": (None, after), "lt": (None, first)}
    bounds |= {"sa": bounds["gt"], "eb": bounds["lt"], "eq": (first, after)}
    return so_far.updated(*bounds[date.prefix])


def _by_time(so_far: Narrowing, parameter: Parameter) -> Narrowing:
    date = _one_date(parameter)
    return so_far.nothing if search_dates.leaves_nothing(date) else so_far.during(search_dates.span(date))


def _one_date(parameter: Parameter) -> search_dates.Covered:
    if len(alternatives(parameter)) > 1:
        rule = "one date at a time; repeat the parameter for a range"
        raise RefusedError(Fault.PARAMETER_UNSUPPORTED, rule, parameter.name)
    return search_dates.covered(parameter)


def _by_patient_key(so_far: Narrowing, parameter: Parameter) -> Narrowing:
    """Only our own key: the EHR's id of the same patient would find nothing, and read as "no score"."""
    matches = [_PATIENT_KEY.fullmatch(value) for value in texts(parameter)]
    if not all(matches):
        rule = "takes this server's own patient key; with an identifier of the hospital, search by patient.identifier"
        raise RefusedError(Fault.PARAMETER_UNSUPPORTED, rule, parameter.name)
    return so_far.among("patients", [match[1] for match in matches if match])


def _by_patient_identifier(so_far: Narrowing, parameter: Parameter) -> Narrowing:
    return so_far.with_token("identifiers", tokens(parameter))


def _by_code(so_far: Narrowing, parameter: Parameter) -> Narrowing:
    return so_far.with_token("codes", tokens(parameter))


def _by_status_of(type_: str) -> Narrow:
    """A report of ours has its score's status, by the same word."""
    known, system = REQUIRED_CODES[type_, "status"], _STATUS_SYSTEMS[type_]

    def narrow(so_far: Narrowing, parameter: Parameter) -> Narrowing:
        found = tokens(parameter)
        if not all(token.value in known and token.system in (None, system) for token in found):
            raise RefusedError(Fault.PARAMETER_INVALID, f"not a code of {type_}.status", parameter.name)
        return so_far.among("statuses", [token.value for token in found])

    return narrow


def _by_own_identifier(so_far: Narrowing, parameter: Parameter) -> Narrowing:
    """The identifiers that we give are derived ids, so they are found as ids; a lesion's DICOM UID is not."""
    found = tokens(parameter)
    systems = {token.system for token in found}
    if len(systems) > 1 or not systems <= {None, *_OWN_IDENTIFIERS}:
        rule = "takes one of this server's own identifier systems: of scores, or of lesions"
        raise RefusedError(Fault.PARAMETER_UNSUPPORTED, rule, parameter.name)
    narrowed = so_far.among("ids", [an_id(token.value, parameter.name) for token in found])
    code = _OWN_IDENTIFIERS.get(found[0].system or "")
    return narrowed.with_token("codes", [Token(code.code, code.system)]) if code else narrowed


def _by_report_identifier(so_far: Narrowing, parameter: Parameter) -> Narrowing:
    found = tokens(parameter)
    if not {token.system for token in found} <= {None, SUMMARY_SYSTEM}:
        rule = "takes the identifiers that this server gives its reports; the hospital's reports are not here"
        raise RefusedError(Fault.PARAMETER_UNSUPPORTED, rule, parameter.name)
    return so_far.among("ids", [an_id(token.value, parameter.name) for token in found])


def _by_target(so_far: Narrowing, parameter: Parameter) -> Narrowing:
    """A score has one Provenance, whose id is derived from the score's; nothing else is the target of any."""
    matches = [_TARGET.fullmatch(value) for value in texts(parameter)]
    if not all(matches):
        raise RefusedError(Fault.PARAMETER_INVALID, "a target is Observation/<id>", parameter.name)
    scores = [match["id"] for match in matches if match and match["type"] in (None, "Observation")]
    return so_far.among("ids", [provenance_id(score) for score in scores])


def _by_url(so_far: Narrowing, parameter: Parameter) -> Narrowing:
    published = (*code_systems(), *profiles(), *value_sets())
    known = {resource["url"]: str(resource["id"]) for resource in published}
    return so_far.among("ids", [known[url] for url in texts(parameter) if url in known])


_EVERY = {"_id": Definition("token", _by_id), "_lastUpdated": Definition("date", _by_update)}
_SUBJECT_IDENTIFIER = Definition("token", _by_patient_identifier)
_ALIAS = Definition("token", _by_patient_identifier, alias=True)

_PUBLISHED = {"_id": _EVERY["_id"], "url": Definition("uri", _by_url)}

_OF_A_PATIENT = _EVERY | {
    "patient.identifier": _SUBJECT_IDENTIFIER,
    "patient:identifier": _ALIAS,
    "subject.identifier": _ALIAS,
    "subject:identifier": _ALIAS,
    "patient": Definition("reference", _by_patient_key),
    "subject": Definition("reference", _by_patient_key, alias=True),
    "date": Definition("date", _by_time),
}

SEARCHES: Mapping[str, Mapping[str, Definition]] = {
    "Observation": _OF_A_PATIENT
    | {
        "code": Definition("token", _by_code),
        "status": Definition("token", _by_status_of("Observation")),
        "identifier": Definition("token", _by_own_identifier),
    },
    "DiagnosticReport": _OF_A_PATIENT
    | {
        "status": Definition("token", _by_status_of("DiagnosticReport")),
        "identifier": Definition("token", _by_report_identifier),
    },
    "Provenance": _EVERY | {"target": Definition("reference", _by_target)},
    "Device": _EVERY,
    "CodeSystem": _PUBLISHED,
    "StructureDefinition": _PUBLISHED,
    "ValueSet": _PUBLISHED,
}
"""Type -> its parameters by name."""
