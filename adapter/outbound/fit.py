"""Which write plan fits a FHIR server, by its CapabilityStatement: a word to the person who sets it, never a guess."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adapter.fhir.resource import Resource

WRITTEN = ("Observation", "Device", "Provenance")
"""The types that a score is made of."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The plan that fits and why; ``faults`` are what makes a FHIR plan fail, ``losses`` what will not be there.

    ``patch_rewrites``: a JSON Patch at this server writes the numbers of the whole resource anew (docs/interop.md).
    """

    plan: str
    why: str
    server: str = ""
    faults: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    patch_rewrites: bool = False


@dataclass(frozen=True, slots=True)
class _Product:
    """A product whose CapabilityStatement says less than is known of it (docs/destinations/)."""

    marks: tuple[str, ...]
    plan: str
    why: str
    losses: tuple[str, ...] = ()


_PRODUCTS = (
    _Product(
        ("epic",),
        "oru",
        "Epic files an Observation into a flowsheet row that has to be built first, and offers no transaction",
        ("links to reports, images and lesions", "Provenance (read-only)"),
    ),
    _Product(
        ("millennium", "cerner", "oracle"),
        "oru",
        "Oracle takes Observations of vital signs and laboratory alone, and passes over elements that it does not know",
        ("category imaging", "components", "links to reports, images and lesions"),
    ),
    _Product(
        ("medplum",), "sequential", "Medplum refuses a transaction of more than 8 entries where one is conditional"
    ),
)


def fit_of(statement: Resource) -> Fit:
    """Turn a CapabilityStatement, however incomplete, into the plan that fits; what it does not say is not held
    against the server."""
    server = server_name(statement)
    rest = next((one for one in _objects(statement.get("rest")) if one.get("mode") == "server"), {})
    types = {one.get("type"): one for one in _objects(rest.get("resource"))}
    faults = tuple(_faults(statement, types))
    losses = tuple(_losses(types))
    product = next((one for one in _PRODUCTS if any(mark in server.lower() for mark in one.marks)), None)
    if product:
        return Fit(product.plan, product.why, server, faults, (*product.losses, *losses))
    if faults:
        return Fit("oru", "the server takes no Observation from us", server, faults, losses)
    plan, why = _plan(rest, types.get("Observation", {}))
    return Fit(plan, why, server, faults, losses, patch_rewrites="hapi" in server.lower())


def server_name(statement: Resource) -> str:
    """Turn a CapabilityStatement into what the server calls itself."""
    software = statement.get("software")
    named = software if isinstance(software, dict) else {}
    words = (statement.get("publisher"), named.get("name"), named.get("version"))
    return " ".join(word for word in words if isinstance(word, str))[:200]


def _plan(rest: dict[str, Any], observation: dict[str, Any]) -> tuple[str, str]:
    if any(one.get("code") == "transaction" for one in _objects(rest.get("interaction"))):
        if observation.get("conditionalUpdate") is True or observation.get("updateCreate") is True:
            return "transaction", "the server takes transactions, and updates that need no id of its own"
        return "sequential", "the server takes transactions, and no update that needs no id of its own"
    return "sequential", "the server offers no transaction"


def _faults(statement: Resource, types: dict[Any, dict[str, Any]]) -> Iterator[str]:
    version = statement.get("fhirVersion")
    if not (isinstance(version, str) and version.startswith(("4.0", "4.3"))):
        yield "the server does not say that it speaks R4 (4.0.1)"
    if types and "Observation" not in types:
        yield "the server has no Observation"
    missing = _missing(types.get("Observation", {}), "create", "update")
    if missing:
        yield f"the server offers no {' and no '.join(missing)} of Observation"


def _losses(types: dict[Any, dict[str, Any]]) -> Iterator[str]:
    for name in WRITTEN[1:]:
        if (types and name not in types) or _missing(types.get(name, {}), "create"):
            yield f"{name}: the server does not say that it takes one"


def _missing(of_type: dict[str, Any], *wanted: str) -> list[str]:
    """Interactions that a type lists others beside of; a type that lists none says nothing."""
    offered = {one.get("code") for one in _objects(of_type.get("interaction"))}
    return [code for code in wanted if offered and code not in offered]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
