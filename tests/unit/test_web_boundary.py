"""Whatever happens inside, a client gets a sound answer that says nothing of our inside."""

import pytest
from web_fakes import Told, observation, parts, serving

from adapter.fhir.operation_outcome import ANSWERS
from adapter.outcome import Problem
from adapter.web.faults import FAULT_ANSWERS, Fault


def test_every_fault_has_its_answer():
    assert set(FAULT_ANSWERS) == set(Fault)


def test_what_a_message_is_also_refused_for_is_answered_the_same():
    shared = {problem for problem in Problem if problem.value in {fault.value for fault in Fault}}

    assert {problem: FAULT_ANSWERS[Fault(problem.value)] for problem in shared} == {
        problem: ANSWERS[problem] for problem in shared
    }


@pytest.mark.parametrize(
    "path", ["/fhir/Observation", "/fhir/Observation/o1", "/livez", "/metrics", "/nowhere", "/readyz"]
)
async def test_every_answer_carries_the_headers_that_protect_it(path):
    async with serving(observation(1)) as client:
        headers = (await client.get(path)).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "netpet-adapter"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/fhir/Observation", "/fhir/Observation/o1", "/fhir/metadata", "/livez"])
async def test_a_path_that_is_only_read_takes_no_other_method(method, path):
    async with serving(observation(1)) as client:
        answer = await client.ask(method, path)

    assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")
    assert answer.issue["code"] == "not-supported"


async def test_a_form_is_only_posted():
    async with serving(observation(1)) as client:
        answer = await client.get("/fhir/Observation/_search")

    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_a_failure_inside_is_500_without_a_word_of_it():
    told, web = Told(), parts()
    web.reader.failure = KeyError("DOE^JANE")
    async with serving(web=parts(reader=web.reader, tell=told)) as client:
        answer = await client.get("/fhir/Observation?patient.identifier=123456")

    assert (answer.status, answer.issue["code"]) == (500, "exception")
    assert b"JANE" not in answer.body
    assert b"Traceback" not in answer.body


async def test_a_failure_inside_is_told_of_by_its_kind_and_place():
    told, web = Told(), parts()
    web.reader.failure = KeyError("DOE^JANE")
    async with serving(web=parts(reader=web.reader, tell=told)) as client:
        await client.get("/fhir/Observation/o1")

    (facts,) = told.named("request-failed")
    assert facts["route"] == "/fhir/Observation/{id}"
    assert facts["error"].startswith("KeyError in _fail, line ")


async def test_a_resource_that_has_no_json_form_is_500():
    broken = observation(1)
    broken.resource["valueQuantity"] = {"value": 1.5}
    async with serving(broken) as client:
        assert (await client.get("/fhir/Observation/o1")).status == 500


async def test_each_request_is_told_of_once_with_route_method_status_and_seconds():
    told = Told()
    async with serving(observation(1), tell=told) as client:
        await client.get("/fhir/Observation/o1")
        await client.get("/fhir/Patient/123456")
        await client.ask("LOCK", "/livez")

    facts = [(one["route"], one["method"], one["status"]) for one in told.named("request")]
    assert facts == [("/fhir/Observation/{id}", "GET", 200), ("unmatched", "GET", 404), ("unmatched", "other", 405)]
    assert all(0 <= one["seconds"] < 5 for one in told.named("request"))


def fall_silent(event, **facts):
    raise OSError("the log is gone")


async def test_a_log_that_fails_costs_no_client_its_answer():
    async with serving(observation(1), tell=fall_silent) as client:
        assert (await client.get("/fhir/Observation/o1")).status == 200
