"""A report that no mapping owns is let go only when nothing of it speaks of PET."""

import pytest
from fhir_bodies import (
    LN,
    OURS,
    SCT,
    changed,
    coded,
    component,
    concept,
    observation,
    quantity,
    read,
    sent,
    text,
    tracer,
)

from adapter.outcome import Held, Ignored, Problem

CHEST = {"code": concept("36643-5", LN)}
PLAIN = observation("o", concept("59776-5", LN), text("No finding."))


def foreign(*results, **more):
    """A report that the canonical mapping does not own."""
    return read(sent(PLAIN, *results, **(CHEST | more)))


@pytest.mark.parametrize(
    "code",
    [
        concept("81555-5", LN),
        concept("443271005", SCT),
        {"text": "PET/CT whole body"},
        {"coding": [{"code": "NM7", "display": "Ga-68 DOTATATE"}]},
        concept("x", OURS),
        None,
    ],
)
def test_a_report_whose_procedure_may_be_pet_is_held(code):
    found = foreign(code=code)

    assert isinstance(found, Held)
    assert (found.problem, str(found.place)) == (Problem.NO_MAPPING, "Bundle.entry[0].resource")


def test_a_report_that_speaks_of_pet_is_held():
    suv = observation("s", {"text": "SUVmax"}, quantity(4))
    panel = observation(
        "p",
        concept("1-1", LN),
        None,
        component=[component("126401", quantity(4), "http://dicom.nema.org/resources/ontology/DCM")],
    )
    order = {"resourceType": "ServiceRequest", "id": "s", "code": {"text": "FDG-PET"}}

    assert isinstance(foreign(suv), Held)
    assert isinstance(foreign(panel), Held)
    assert isinstance(read(sent(PLAIN, others=(order,), basedOn=[{"reference": "ServiceRequest/s"}], **CHEST)), Held)
    assert foreign() == Ignored()


def test_a_report_that_a_draft_would_own_is_held_for_it():
    draft = changed(
        ("status: active", "status: draft"), ("in: [123001^Radiopharmaceutical^DCM, ^^99NETPET]", "in: [59776-5^^LN]")
    )

    assert isinstance(read(sent(PLAIN, **CHEST), draft), Held)


def test_two_owners_hold_the_report():
    other = changed(("id: canonical_fhir", "id: other"))
    found = read(sent(tracer()), changed(("owner: netpet-adapter", "owner: us")), other)

    assert isinstance(found, Held)
    assert (found.problem, "canonical_fhir@1.0.0, other@1.0.0" in found.rule) == (Problem.SEVERAL_MAPPINGS, True)


def test_a_report_of_nothing_but_scores_of_this_program_is_let_go():
    score = observation("s", concept("netpet-score"), coded("P2a", "urn:grades"))

    assert read(sent(score)) == Ignored("a score of this program that came back")
