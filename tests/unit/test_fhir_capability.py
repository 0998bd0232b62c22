from datetime import date

import pytest

from adapter.fhir.capability import (
    CODE_SYSTEM,
    DEVICE,
    OBSERVATION,
    PROVENANCE,
    STRUCTURE_DEFINITION,
    Served,
    capability_statement,
)
from adapter.fhir.check import check

STATEMENT = capability_statement(
    "0.1.0",
    "http://127.0.0.1:8080/fhir",
    date(2026, 11, 20),
    (OBSERVATION, PROVENANCE, DEVICE, CODE_SYSTEM, STRUCTURE_DEFINITION, Served("DiagnosticReport", ("create",))),
)


def test_the_statement_is_sound():
    check(STATEMENT)


def test_the_statement_is_the_same_each_time_it_is_asked_for():
    assert STATEMENT["date"] == "2026-11-20"


@pytest.mark.parametrize(
    "name", ["_id", "patient", "patient.identifier", "code", "date", "status", "_lastUpdated", "_count"]
)
def test_scores_can_be_searched_by(name):
    observation = STATEMENT["rest"][0]["resource"][0]

    assert name in [parameter["name"] for parameter in observation["searchParam"]]


def test_nothing_is_claimed_that_is_not_served():
    claimed = {one["type"]: [code["code"] for code in one["interaction"]] for one in STATEMENT["rest"][0]["resource"]}

    assert claimed["Observation"] == ["read", "search-type"]
    assert claimed["DiagnosticReport"] == ["create"]
