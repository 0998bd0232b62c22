"""A person looks at a score: by the API, under a key that may confirm, and for exactly what was seen."""

import pytest
from test_late_and_cancelled import report
from under_test import AdapterUnderTest

DOCTOR, OTHER = "d" * 20, "o" * 20


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"reader:{OTHER}\nward:{DOCTOR}:confirm\n")
    return {"api_keys": file}


class Ward:
    """A service whose scores are looked at."""

    def __init__(self, adapter):
        self.adapter = adapter

    async def has_a_score(self):
        await self.adapter.send(report("S"), report("F", suv=3))
        await self.adapter.settled()
        return await self.score()

    async def score(self):
        """The score that stands: one that only waited, where the first study was read alone, is not listed."""
        _status, members = await self.ask("GET", "/scores")
        (score,) = members["scores"]
        return score

    async def ask(self, method, path, body=None, key=DOCTOR):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with self.adapter.http.request(method, path, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def decides(self, score, key=DOCTOR, **body):
        path = f"/scores/{score['score']}/confirmation"
        answer = await self.ask("POST", path, {"person": "Dr Lee", "seen": score["basis"]} | body, key)
        await self.adapter.settled()
        return answer

    async def sent(self):
        (one,) = (await self.ask("GET", "/fhir/Observation?patient.identifier=777001&code=netpet-score"))[1]["entry"]
        return one["resource"]


@pytest.fixture
async def ward(tmp_path, keys):
    async with AdapterUnderTest(tmp_path, security=keys) as adapter:
        yield Ward(adapter)


async def test_a_confirmed_score_is_served_as_final_and_kept_in_the_audit(ward):
    score = await ward.has_a_score()

    assert (await ward.decides(score, verdict="confirmed"))[0] == 200

    assert (await ward.sent())["status"] == "final"
    assert (await ward.score())["decision"]["person"] == "Dr Lee"
    (entry,) = await ward.adapter.service.store.audit_trail()
    assert (entry.action, entry.subject, entry.by) == ("score-confirmed", score["score"], "Dr Lee (ward)")


async def test_a_score_that_only_waited_is_listed_by_its_state_alone(ward):
    await ward.adapter.send(report("S"))
    await ward.adapter.settled()
    waited = await ward.score()
    await ward.adapter.send(report("F", suv=3))
    await ward.adapter.settled()

    assert ((await ward.score())["state"], waited["state"]) == ("published", "waiting")
    _status, members = await ward.ask("GET", "/scores?state=superseded")
    assert [one["score"] for one in members["scores"]] == [waited["score"]]


async def test_an_override_and_then_a_rejection_are_served(ward):
    score = await ward.has_a_score()
    await ward.decides(score, verdict="overridden", reason="images", grade="P4a")
    assert (await ward.sent())["valueCodeableConcept"]["text"] == "P4a"

    await ward.decides(score, verdict="rejected", reason="motion")
    assert (await ward.sent())["status"] == "entered-in-error"


async def test_what_is_no_longer_as_it_was_seen_cannot_be_confirmed(ward):
    seen = await ward.has_a_score()
    await ward.adapter.send(report("F", status="C", hour=11, suv=30))
    await ward.adapter.settled()

    status, outcome = await ward.decides(seen, verdict="confirmed")

    assert (status, outcome["issue"][0]["details"]["text"]) == (412, "outdated")
    assert (await ward.sent())["status"] == "corrected"


async def test_a_later_correction_asks_for_a_person_again(ward):
    await ward.decides(await ward.has_a_score(), verdict="confirmed")
    await ward.adapter.send(report("F", status="C", hour=11, suv=30))
    await ward.adapter.settled()

    assert (await ward.score())["decision"] is None
    assert "performer" not in await ward.sent()


async def test_a_score_that_waits_cannot_be_decided_on(ward):
    await ward.adapter.send(report("S"))
    await ward.adapter.settled()
    score = await ward.score() | {"basis": "0" * 64}

    assert (await ward.decides(score, verdict="confirmed"))[0] == 409


async def test_there_has_to_be_such_a_score(ward):
    assert (await ward.decides({"score": "none", "basis": "0" * 64}, verdict="confirmed"))[0] == 404


@pytest.mark.parametrize(("key", "status"), [(OTHER, 403), ("", 401)])
async def test_a_decision_needs_a_key_with_the_right_to_confirm(ward, key, status):
    score = await ward.has_a_score()

    assert (await ward.decides(score, key, verdict="confirmed"))[0] == status
    assert (await ward.sent())["status"] == "preliminary"


@pytest.mark.parametrize(
    "body",
    [
        {"verdict": "rejected"},
        {"verdict": "overridden", "reason": "images"},
        {"verdict": "overridden", "reason": "images", "grade": "P9"},
        {"verdict": "confirmed", "grade": "P1"},
        {"verdict": "confirmed", "person": "   "},
        {"verdict": "confirmed", "seen": "DOE^JANE"},
        {"verdict": "agreed"},
    ],
)
async def test_a_decision_that_is_not_whole_is_refused_without_its_values(ward, body):
    status, outcome = await ward.decides(await ward.has_a_score(), **body)

    assert status == 400
    assert "DOE" not in str(outcome)


async def test_a_study_without_partner_is_listed_with_what_it_waits_for_and_until_when(ward):
    await ward.adapter.send(report("S"))
    await ward.adapter.settled()

    (one,) = (await ward.ask("GET", "/waiting", key=OTHER))[1]["waiting"]

    assert (one["waits_for"], one["until"]) == ("fdg study", "2027-01-11")


async def test_a_pair_whose_report_is_not_final_waits_for_that(ward):
    await ward.adapter.send(report("S"), report("F", status="P", suv=3))
    await ward.adapter.settled()

    (one,) = (await ward.ask("GET", "/waiting"))[1]["waiting"]

    assert (one["waits_for"], one["until"]) == ("final report", None)


async def test_a_pair_that_is_scored_does_not_wait(ward):
    await ward.has_a_score()

    assert (await ward.ask("GET", "/waiting"))[1] == {"waiting": []}
