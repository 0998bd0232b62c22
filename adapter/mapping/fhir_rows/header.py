"""Who the patient is, which study it is and when, of a FHIR report: the elements that PID, OBR and MSH hold in v2."""

from collections.abc import Iterable
from datetime import datetime

from adapter.fhir.fhirpath import FhirPath
from adapter.fhir.moments import FhirMoment, parse_date_time
from adapter.fhir.node import Node
from adapter.fhir.patient import authority_of
from adapter.mapping.codes import SYSTEMS, fold
from adapter.mapping.fhir_rows.elements import coded, read_node, unreadable
from adapter.mapping.fhir_rows.plan import FhirPlan
from adapter.mapping.fhir_rows.scope import Scope
from adapter.mapping.header import Identifier, chosen_identity, zone
from adapter.mapping.watch import Touch
from adapter.outcome import Place, Problem
from adapter.scoring.report import PatientIdentity, ReportStatus

_SHORT_NAMES = {fold(other): name for name, others in SYSTEMS.items() for other in others}
_STATED_STATUSES = {status.value: status for status in ReportStatus if status is not ReportStatus.UNKNOWN}


class FhirHeader:
    """Reads the header of one report by its mapping's paths; what is tolerated is added to the notes."""

    def __init__(self, plan: FhirPlan, scope: Scope, notes: list[str]) -> None:
        self._plan = plan
        self._scope = scope
        self._report = scope.unit.report
        self._notes = notes

    def patient(self) -> PatientIdentity:
        """The report's patient; raises ExtractionError when no identifier fits the mapping's choice."""
        found = self._scope.unit.identities(self._plan.authorities)
        identity = chosen_identity(found, self._plan.plan.mapping.header.patient)
        path = f"{self._report.path}.subject"
        if identity is None:
            rule = "header.patient: no identifier of the authority and type that the mapping names"
            raise unreadable(path, rule, Problem.FIELD_MISSING)
        self._touch(("patient",), path)
        return identity

    def accession(self) -> Identifier:
        """The study's identifier; raises ExtractionError when none is stated, or two at the first path that has any."""
        found = self._identifiers("accession", self._plan.header.accession)
        if len(found) > 1:
            rule = "header.accession: several identifiers: say in the mapping which of them it is"
            raise unreadable(self._report.path, rule, Problem.VALUE_CONFLICT)
        if not found:
            raise unreadable(self._report.path, "header.accession: required and not stated", Problem.FIELD_MISSING)
        return found[0]

    def order(self) -> Identifier | None:
        """The order's identifier; None where none is stated, or several, which is noted."""
        found = self._identifiers("order", self._plan.header.order)
        if len(found) > 1:
            self._notes.append(f"several identifiers {self._report.path}: header.order")
        return found[0] if len(found) == 1 else None

    def _identifiers(self, name: str, paths: Iterable[FhirPath]) -> list[Identifier]:
        """The different identifiers at the first path that has any."""
        for index, path in enumerate(paths):
            nodes = self._scope.find(path, self._report.node)
            found = dict.fromkeys(one for node in nodes if (one := self._identifier(node)) is not None)
            if found:
                self._touch((name, index), nodes[0].path)
                return list(found)
        return []

    def _identifier(self, node: Node) -> Identifier | None:
        if isinstance(node.value, str):
            return Identifier(node.value.strip()) if node.value.strip() else None
        value, system = (node.value.get(name, "") for name in ("value", "system")) if _is_identifier(node) else ("", "")
        if not value:
            return None
        authority, oid = authority_of(system, self._plan.authorities)
        return Identifier(value.strip(), authority or oid)

    def acquired(self) -> datetime | None:
        """When the scan was made, aware; None where nothing names a day."""
        return self._moment("acquired", self._plan.header.acquired)

    def issued(self) -> datetime | None:
        """The report version's own time, aware; None where nothing names a day."""
        return self._moment("issued", self._plan.header.issued)

    def _moment(self, name: str, paths: Iterable[FhirPath]) -> datetime | None:
        for index, path in enumerate(paths):
            for node in self._scope.find(path, self._report.node):
                text = _time_text(node)
                if text:
                    moment = self._parsed(text, node)
                    if moment.names_day:
                        self._touch((name, index), node.path)
                        return self._aware(moment, node)
                    self._notes.append(f"names no day {node.path}")
        return None

    def _parsed(self, text: str, node: Node) -> FhirMoment:
        try:
            return parse_date_time(text)
        except ValueError as error:
            raise unreadable(node.path, f"header: {error}") from None

    def _aware(self, moment: FhirMoment, node: Node) -> datetime:
        if moment.datetime.tzinfo is not None:
            return moment.datetime
        name = self._plan.plan.mapping.header.zone
        self._notes.append(f"no time zone {node.path}: {name} taken")
        return moment.datetime.replace(tzinfo=zone(name))

    def stated_status(self) -> ReportStatus:
        """The report's own state, as R4 words it or as the mapping's table reads it; raises ExtractionError."""
        nodes = self._scope.find(self._plan.header.status, self._report.node)
        if not nodes:
            raise unreadable(f"{self._report.path}.status", "header.status: required and not stated", _MISSING)
        self._touch(("status",), nodes[0].path)
        status = self._status(nodes[0])
        if not isinstance(status, ReportStatus):
            raise unreadable(nodes[0].path, "header.status: the status is not one that can be read", _UNKNOWN)
        return status

    def _status(self, node: Node) -> object:
        table = self._plan.plan.statuses
        if table is None:
            return _STATED_STATUSES.get(node.value)
        read = read_node(node)
        return table.find(read[0]) if read else None

    def procedure(self) -> str | None:
        """Turn DiagnosticReport.code into ``code^text^system``, as far as it is stated."""
        concept = coded(self._report.resource.get("code", {}))
        system = _SHORT_NAMES.get(fold(concept.system), concept.system)
        return "^".join((concept.code, concept.text, system)).rstrip("^") or None

    def _touch(self, part: tuple[str | int, ...], path: str) -> None:
        watch = self._plan.plan.watch
        if watch is not None:
            watch.touches.append(Touch(("header", *part), Place(path=path)))


_MISSING, _UNKNOWN = Problem.FIELD_MISSING, Problem.STATUS_UNKNOWN


def _is_identifier(node: Node) -> bool:
    return isinstance(node.value, dict) and all(
        isinstance(node.value.get(name, ""), str) for name in ("value", "system")
    )


def _time_text(node: Node) -> str:
    """A dateTime, instant or date; of a Period its start."""
    value = node.value.get("start") if isinstance(node.value, dict) else node.value
    return value.strip() if isinstance(value, str) else ""
