"""A FHIR report with what it references becomes the report that is scored, every Observation accounted for."""

from adapter.fhir.unit import Unit
from adapter.mapping.errors import ExtractionError
from adapter.mapping.extract import balanced
from adapter.mapping.fhir_rows.elements import Spot, unreadable
from adapter.mapping.fhir_rows.gather import FhirGatherer
from adapter.mapping.fhir_rows.gathered import FhirGathered
from adapter.mapping.fhir_rows.header import FhirHeader
from adapter.mapping.fhir_rows.plan import FhirPlan
from adapter.mapping.fhir_rows.scope import Scope
from adapter.mapping.settled_study import SettledStudy, kind_of
from adapter.outcome import Problem
from adapter.scoring.report import PetReport, ReportStatus

_PROSE = ("conclusion", "conclusionCode", "presentedForm")
"""What a DiagnosticReport says beside its Observations: counted, and not read."""


def extract_unit(unit: Unit, plan: FhirPlan) -> PetReport:
    """Turn a report and its resources into the report as read.

    One without facts that is not final is a report too: of a study that was cancelled or is not read yet. Raises
    ExtractionError, with problem, place and rule, for what cannot be read with certainty.
    """
    scope = Scope(unit)
    scope.check_understood(unit.report)
    notes: list[str] = []
    header = FhirHeader(plan, scope, notes)
    stated = header.stated_status()
    patient = header.patient()
    if not stated.is_retracted:
        _check_complete(unit)
    _check_results(unit)
    gathered = _gathered(unit, plan, scope, stated)
    settled = SettledStudy(plan.plan, gathered, Spot(unit.report.path))
    status = settled.status(stated)
    facts = settled.facts(status)
    if plan.plan.watch is not None:
        plan.plan.watch.bare_rows(plan.plan.mapping, gathered.rows.values())
    study = settled.study(facts, status, header.acquired())
    rows = settled.rows()
    accession, order = header.accession(), header.order()
    issued = header.issued()
    return PetReport(
        patient=patient,
        accession=accession.value,
        study=study,
        kind=kind_of(study),
        rows=rows,
        accession_authority=accession.authority,
        order=order.value if order else None,
        order_authority=order.authority if order else "",
        procedure=header.procedure(),
        issued=issued,
        notes=(*gathered.listed(), *dict.fromkeys(notes), *_said_beside(unit)),
        sent=unit.changed,
    )


def _gathered(unit: Unit, plan: FhirPlan, scope: Scope, stated: ReportStatus) -> FhirGathered:
    """Take every Observation, and the facts that the site fixed; one that is final has to state a fact itself."""
    gatherer = FhirGatherer(plan, scope)
    gathered = gatherer.take()
    balanced(len(gathered.paths), gathered.everything)
    _refuse_empty(unit, stated, carries_facts=gathered.carries_facts)
    gatherer.take_fixed()
    return gathered


def _check_complete(unit: Unit) -> None:
    """A report whose findings are not all there may lack the one that decides."""
    for missing in unit.missing:
        if missing.is_result:
            rule = "the Observation that it names is not in the message"
            raise ExtractionError(Problem.NOT_FOUND, Spot(missing.path).place(), rule)


def _check_results(unit: Unit) -> None:
    for node in unit.report.node.children("result"):
        found = unit.resolve(node)
        if found is not None and found.type != "Observation":
            raise unreadable(node.path, "a result is an Observation", Problem.RESOURCE_INVALID)
        if "reference" not in node.value:
            raise unreadable(node.path, "a result is named by a reference that leads to it", Problem.NOT_FOUND)


def _refuse_empty(unit: Unit, stated: ReportStatus, *, carries_facts: bool) -> None:
    if not carries_facts and stated.is_final:
        rule = "no Observation states a fact of a study"
        raise unreadable(unit.report.path, rule, Problem.FIELD_MISSING)


def _said_beside(unit: Unit) -> list[str]:
    report = unit.report
    prose = [f"narrative {report.path}.{name}" for name in _PROSE if name in report.resource]
    return [*prose, *(f"not in the message {one.path}" for one in unit.missing if not one.is_result)]
