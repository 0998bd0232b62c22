"""The reports of a FHIR body and the site's mappings become reports, or the reason why not."""

from collections.abc import Sequence
from typing import cast

from adapter.fhir.unit import Unit
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import ExtractionError
from adapter.mapping.fhir_rows.extract import extract_unit
from adapter.mapping.fhir_rows.plan import FhirPlan
from adapter.mapping.message_reading import Extraction
from adapter.mapping.site_mapping import SiteMapping
from adapter.outcome import Held, Ignored, Place, Problem


def read_units(units: Sequence[Unit], mappings: MappingSet) -> Extraction | Held | Ignored:
    """Turn the reports of one body into the reports as read, by the one mapping that owns them; raises nothing.

    Reports that plainly are none of ours are left out where another is; one that is held holds the body.
    """
    return _together([read_unit(unit, mappings) for unit in units]) if units else Ignored("a body without a report")


def read_unit(unit: Unit, mappings: MappingSet) -> Extraction | Held | Ignored:
    """Turn one report, with what it references, into the report as read; raises nothing."""
    owner = mappings.owner_of_unit(unit)
    if not isinstance(owner, SiteMapping):
        return owner
    plan = cast("FhirPlan", owner.fhir)  # what owns a FHIR report reads FHIR
    try:
        report = extract_unit(unit, plan)
    except ExtractionError as error:
        return error.held
    return Extraction((report,), owner.form.id, owner.form.version, owner.sha256)


def _together(found: list[Extraction | Held | Ignored]) -> Extraction | Held | Ignored:
    for one in found:
        if isinstance(one, Held):
            return one
    read = [one for one in found if isinstance(one, Extraction)]
    if not read:
        return found[0]
    first = read[0]
    reports = tuple(report for one in read for report in one.reports)
    if any((one.mapping_id, one.mapping_version) != (first.mapping_id, first.mapping_version) for one in read):
        return Held(Problem.SEVERAL_MAPPINGS, Place(), "its reports are of two mappings: send each by itself")
    if len({report.patient.key for report in reports}) > 1:
        return Held(Problem.PATIENT_MISMATCH, Place(), "its reports are of two patients: send each by itself")
    if len({(one.accession_authority, one.accession, one.kind) for one in reports}) < len(reports):
        return Held(Problem.VALUE_CONFLICT, Place(), "two reports are the same study with the same tracer")
    return Extraction(reports, first.mapping_id, first.mapping_version, first.mapping_sha256)
