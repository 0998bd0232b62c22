"""May a FHIR report that no mapping owns be a dual-PET report? Only what plainly is none may be let go."""

from collections.abc import Iterator

from adapter.fhir.resource import Element
from adapter.fhir.unit import Unit
from adapter.mapping.codes import Key, fold
from adapter.mapping.selection import Relevance


def may_concern(relevance: Relevance, unit: Unit) -> bool:
    """May the report be of a dual PET? One whose procedure is not named may be."""
    orders = [unit.report.resource, *(entry.resource for entry in unit.entries if entry.type == "ServiceRequest")]
    if any(relevance.is_pet(_words(concept), _keys(relevance, concept)) for concept in _procedures(orders)):
        return True
    concepts = [concept for entry in (*unit.observations, *unit.loose) for concept in _codes(entry.resource)]
    if any(relevance.speaks_of_pet(_words(concept), _keys(relevance, concept)) for concept in concepts):
        return True
    return any(draft.owns(unit) for draft in relevance.drafts)


def _procedures(orders: list[Element]) -> Iterator[Element]:
    """What was done, by the report (even where it does not say) and by its orders."""
    report, *others = orders
    yield report.get("code", {})
    yield from (order["code"] for order in others if "code" in order)


def _codes(observation: Element) -> Iterator[Element]:
    yield observation.get("code", {})
    yield from (component.get("code", {}) for component in observation.get("component", ()))


def _words(concept: Element) -> str:
    codings = concept.get("coding", ())
    words = [coding.get(name, "") for coding in codings for name in ("code", "display")]
    return fold(" ".join([*words, concept.get("text", "")]))


def _keys(relevance: Relevance, concept: Element) -> list[Key]:
    codings = [coding for coding in concept.get("coding", ()) if "code" in coding]
    return [relevance.systems.key(coding["code"], coding.get("system", "")) for coding in codings]
