from datetime import date

from adapter.fhir.capability import Served, capability_statement
from adapter.fhir.check import check

STATEMENT = capability_statement(
    "0.1.0",
    "http://127.0.0.1:8080/fhir",
    date(2026, 11, 20),
    (
        Served("Observation", ("read", "search-type"), (("code", "token"), ("date", "date")), ("urn:oid:1.2.3",)),
        Served("Device"),
        Served("DiagnosticReport", ("create",)),
    ),
)


def test_the_statement_is_sound():
    check(STATEMENT)


def test_the_statement_is_the_same_each_time_it_is_asked_for():
    assert STATEMENT["date"] == "2026-11-20"


def test_a_type_is_given_with_its_search_parameters_and_profiles():
    observation = STATEMENT["rest"][0]["resource"][0]

    assert [one["name"] for one in observation["searchParam"]] == ["code", "date"]
    assert observation["supportedProfile"] == ["urn:oid:1.2.3"]


def test_nothing_is_claimed_that_is_not_served():
    claimed = {one["type"]: [code["code"] for code in one["interaction"]] for one in STATEMENT["rest"][0]["resource"]}

    assert claimed["Observation"] == ["read", "search-type"]
    assert claimed["DiagnosticReport"] == ["create"]
