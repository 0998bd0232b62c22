"""What a rule of a FHIR mapping can see: the resources of one report, and which of them are about its patient."""

from adapter.fhir.fhirpath import FhirPath
from adapter.fhir.node import Node
from adapter.fhir.patient import identities, of_identifiers
from adapter.fhir.resource import Element
from adapter.fhir.shelf import Entry
from adapter.fhir.unit import Unit
from adapter.mapping.fhir_rows.elements import unreadable
from adapter.mapping.fhir_rows.plan import FhirPlan
from adapter.mapping.fhir_rows.requirement import FhirRequirement
from adapter.outcome import Problem


class Scope:
    """The resources of one report, for paths that begin with a type, and the one at hand for all others."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self._nodes: list[Node] | None = None

    def find(self, path: FhirPath, at: Node) -> list[Node]:
        """Turn a path into its elements: of the resource at hand, or of all those of the type that it names."""
        return path.find(self._start(path, at), self.unit.resolve)

    def holds(self, requirement: FhirRequirement, at: Node) -> bool:
        """Does the report, or the Observation at hand, fulfil it?"""
        return requirement.holds(self._start(requirement.path, at), self.unit.resolve)

    def _start(self, path: FhirPath, at: Node) -> list[Node]:
        if path.root in ("", at.type):
            return [at]
        if self._nodes is None:
            self._nodes = self.unit.nodes
        return self._nodes

    def check_understood(self, entry: Entry) -> None:
        """Check that nothing changes the meaning of a resource in a way that is not known here (R4, extensibility).

        Raises ExtractionError.
        """
        _check_understood(entry.resource, entry.path)
        if "implicitRules" in entry.resource:
            rule = "implicitRules: rules that are not known here may change what it says"
            raise unreadable(f"{entry.path}.implicitRules", rule, Problem.RESOURCE_INVALID)
        for index, component in enumerate(entry.resource.get("component", ())):
            _check_understood(component, f"{entry.path}.component[{index}]")

    def check_subject(self, entry: Entry) -> None:
        """Check that an Observation is about the report's patient; raises ExtractionError when it names another."""
        subject: Element | None = entry.resource.get("subject")
        if subject is not None and not (self._is_same(subject, entry) or self._is_patient(subject, entry)):
            raise unreadable(f"{entry.path}.subject", "the report and its Observation name two patients", _MISMATCH)

    def _is_same(self, subject: Element, entry: Entry) -> bool:
        """Is it the report's own reference, seen from the same place? So it mostly is."""
        report, holder = self.unit.report, entry.holder or entry
        is_seen_alike = holder is report if subject.get("reference", "").startswith("#") else holder.base == report.base
        return is_seen_alike and subject == report.resource.get("subject")

    def _is_patient(self, subject: Element, entry: Entry) -> bool:
        own: Element = self.unit.report.resource.get("subject", {})
        patient = self.unit.patient
        reference = subject.get("reference", "")
        found = self.unit.shelf.find(reference, entry.resource) if reference else None
        if found is not None and patient is not None:
            return found is patient or bool(_keys(identities(found.resource)) & _keys(self.unit.identities()))
        if "identifier" in subject and self.unit.identities():
            return bool(_keys(of_identifiers([subject["identifier"]])) & _keys(self.unit.identities()))
        return _name(reference) == _name(own.get("reference", ""))


def matches(unit: Unit, plan: FhirPlan) -> bool:
    """Does the report fulfil every condition of the mapping's ``match``?"""
    scope = Scope(unit)
    return all(scope.holds(condition, unit.report.node) for condition in plan.match)


_MISMATCH = Problem.PATIENT_MISMATCH


def _keys(found: tuple[object, ...]) -> set[str]:
    return {str(getattr(one, "key", "")) for one in found}


def _name(reference: str) -> str:
    """The type and id of a reference, whichever server and version it names."""
    return "/".join(reference.partition("/_history/")[0].split("/")[-2:])


def _check_understood(element: Element, path: str) -> None:
    if "modifierExtension" in element:
        rule = "modifierExtension: it may change what the element says, and is not known here"
        raise unreadable(f"{path}.modifierExtension", rule, Problem.RESOURCE_INVALID)
