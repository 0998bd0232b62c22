"""A decision counts for exactly the score that was seen, and makes it what the person said."""

from dataclasses import replace
from datetime import timedelta

import pytest
from published_patients import FDG, NOW, SSTR, C, F, Patient, version

from adapter.decision import Decision, basis_of
from adapter.fhir.rendering import Verdict
from adapter.scoring.assessment import assess
from adapter.scoring.pairing import Pair
from adapter.scoring.result import Policy

LEE = "Dr Lee"


class Reviewed(Patient):
    """Jane, whose score was sent and is decided on."""

    async def is_scored(self):
        await self.gets(version(SSTR), version(FDG))
        return self

    async def is_decided(self, verdict, reason="", grade=None):
        (name, known), *_ = self.store.scores.items()
        made = Decision(known.summary["basis"], verdict, LEE, NOW, reason, grade)
        self.store.scores[name] = replace(known, decisions=(*known.decisions, made))
        self.decisions = self.store.scores[name].decisions
        return await self.gets()

    async def gets(self, *reports, now=NOW):
        self.store.scores = {
            name: replace(one, decisions=getattr(self, "decisions", ())) for name, one in self.store.scores.items()
        }
        return await super().gets(*reports, now=now)

    @property
    def score(self):
        observations = self.destination.observations().values()
        return next(one for one in observations if one["code"]["coding"][0]["code"] == "netpet-score")

    @property
    def verifiers(self):
        (provenance,) = (one for (type_, _), one in self.destination.held.items() if type_ == "Provenance")
        return [agent["who"]["display"] for agent in provenance["agent"] if agent["who"].get("display") == LEE]


@pytest.fixture
async def jane():
    return await Reviewed().is_scored()


async def test_a_confirmed_score_is_final_and_names_who_stands_for_it(jane):
    await jane.is_decided(Verdict.CONFIRMED)

    assert (jane.score["status"], jane.score["performer"][0]["display"]) == ("final", LEE)
    assert jane.verifiers == [LEE]
    assert jane.destination.lesions == ["final"] * 2


async def test_an_override_is_the_grade_of_record_and_the_computed_one_stays_readable(jane):
    await jane.is_decided(Verdict.OVERRIDDEN, "seen on the images", "P3a")

    assert (jane.score["status"], jane.score["valueCodeableConcept"]["text"]) == ("final", "P3a")
    words = " ".join(note["text"] for note in jane.score["note"])
    assert "computed P4a" in words
    assert "seen on the images" in words


async def test_an_override_has_the_computed_grade_and_group_as_coded_components(jane):
    assert coded(jane.score, "computed-grade") == coded(jane.score, "computed-group") == []
    await jane.is_decided(Verdict.OVERRIDDEN, "an FDG lesion is missing", "P5")

    assert [coded(jane.score, code) for code in ("group", "computed-grade", "computed-group")] == [
        ["P5"],
        ["P4a"],
        ["P2-4"],
    ]


def coded(score, code):
    """The codes of a score's components of one code."""
    found = [one for one in score["component"] if one["code"]["coding"][0]["code"] == code]
    return [one["valueCodeableConcept"]["coding"][0]["code"] for one in found]


async def test_a_rejected_score_is_withdrawn_and_says_why(jane):
    assert (await jane.is_decided(Verdict.REJECTED, "motion"))[0] == ["rejected"]

    assert set(jane.destination.scores + jane.destination.lesions) == {"entered-in-error"}
    assert "REJECTED by a named person" in jane.score["text"]["div"]
    assert any("motion" in note["text"] for note in jane.score["note"])


async def test_a_correction_opens_a_confirmed_score_again(jane):
    await jane.is_decided(Verdict.CONFIRMED)
    await jane.gets(version(FDG, C))

    assert (jane.score["status"], jane.verifiers) == ("corrected", [])
    assert "performer" not in jane.score


async def test_a_correction_opens_a_rejected_score_again(jane):
    await jane.is_decided(Verdict.REJECTED, "motion")
    await jane.gets(version(FDG, C))

    assert jane.score["status"] == "corrected"


async def test_a_score_that_changed_and_is_confirmed_again_names_the_person_again(jane):
    await jane.is_decided(Verdict.CONFIRMED)
    await jane.gets(version(FDG, C))
    await jane.is_decided(Verdict.CONFIRMED)

    assert (jane.score["status"], jane.verifiers) == ("corrected", [LEE])


async def test_the_last_decision_counts(jane):
    await jane.is_decided(Verdict.REJECTED, "motion")
    await jane.is_decided(Verdict.CONFIRMED)

    assert jane.score["status"] == "final"


async def test_the_same_report_once_more_leaves_a_decision_as_it_is(jane):
    await jane.is_decided(Verdict.CONFIRMED)

    assert await jane.gets(version(FDG)) == ([], None)


async def test_a_decision_is_shown_in_the_summary(jane):
    await jane.is_decided(Verdict.OVERRIDDEN, "seen", "P3a")
    (known,) = jane.store.scores.values()

    assert known.summary["decision"] == {
        "verdict": "overridden",
        "person": LEE,
        "at": NOW.isoformat(),
        "reason": "seen",
        "computed_grade": "P4a",
    }
    assert (known.summary["grade"], known.summary["review_required"]) == ("P3a", False)


def basis(*reports):
    return basis_of(assess(Pair(*reports), Policy()))


def test_the_basis_follows_the_content_of_reports_and_not_their_messages():
    other = replace(version(FDG), source=replace(version(FDG).source, message_id="again", sha256="f" * 64), sequence=9)

    assert basis(version(SSTR), version(FDG)) == basis(version(SSTR), other)


@pytest.mark.parametrize("changed", [version(FDG, C), version(FDG, F, issued=NOW + timedelta(days=1))])
def test_the_basis_changes_with_a_report(changed):
    assert basis(version(SSTR), version(FDG)) != basis(version(SSTR), changed)
