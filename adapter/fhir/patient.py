"""Identifiers of FHIR as the identities that reports are kept under: the same patient by v2 and by FHIR is the same."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapter.fhir.moments import parse_date_time
from adapter.fhir.resource import Element, Resource
from adapter.scoring.report import PatientIdentity

_OID = "urn:oid:"
_NO_LONGER = "old"
"""Identifier.use: the identifier is no longer in use."""


def identities(patient: Resource, authorities: Mapping[str, str] | None = None) -> tuple[PatientIdentity, ...]:
    """Turn a Patient into the identities it may be kept under, in the order of its identifiers.

    ``authorities`` are the site's names (a v2 namespace or an OID) for identifier systems.
    """
    return of_identifiers(patient.get("identifier", ()), authorities, birth_date(patient))


def of_identifiers(
    identifiers: Iterable[Element], authorities: Mapping[str, str] | None = None, birth: str | None = None
) -> tuple[PatientIdentity, ...]:
    """Turn Identifiers into identities; those without a value, and those that are out of use, are none."""
    return tuple(_identities(identifiers, authorities or {}, birth))


def _identities(
    identifiers: Iterable[Element], authorities: Mapping[str, str], birth: str | None
) -> Iterator[PatientIdentity]:
    for identifier in identifiers:
        value = identifier.get("value", "").strip()
        if value and identifier.get("use") != _NO_LONGER:
            authority, oid = authority_of(identifier.get("system", ""), authorities)
            yield PatientIdentity(value, authority, oid, type_of(identifier), birth)


def authority_of(system: str, authorities: Mapping[str, str]) -> tuple[str, str]:
    """Turn an identifier's system into the authority's namespace and its OID, as PID-3.4 would state them.

    The site's own name for it comes first; else ``urn:oid:`` is an OID, and any other system its own namespace.
    """
    system = system.strip()
    named = authorities.get(system)
    if named is not None:
        return ("", named) if named.replace(".", "").isdigit() else (named, "")
    return ("", system.removeprefix(_OID)) if system.startswith(_OID) else (system, "")


def type_of(identifier: Element) -> str:
    """Turn Identifier.type into the code that PID-3.5 would state; its text where it has none, else empty."""
    kind: Element = identifier.get("type", {})
    codes: list[Any] = [coding["code"] for coding in kind.get("coding", ()) if "code" in coding]
    return str(codes[0] if codes else kind.get("text", "")).strip()


def birth_date(patient: Resource) -> str | None:
    """Turn Patient.birthDate into ``YYYYMMDD``; what is no day proves nothing about who the patient is."""
    try:
        moment = parse_date_time(patient.get("birthDate", ""))
    except ValueError:
        return None
    return f"{moment.datetime:%Y%m%d}" if moment.names_day else None
