"""A marked patient is brought up to date: what should stand at the destination, whatever came before and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lesion_tables import DAY_0, FDG, JANE, SSTR, ReportStatus
from published_patients import AFTER_THE_LIMIT, CLAIM, NOW, SITE, C, P, Patient, X, version

from adapter.publication import Delivered, desire
from adapter.scoring.pairing import Pair
from adapter.scoring.versions import current_reports


@pytest.fixture
def jane():
    return Patient()


def desired(*reports, standing=(), now=NOW):
    return desire(JANE.key, current_reports(reports), standing, SITE, now)


def as_delivered(publication):
    return Delivered(publication.score_id, publication.digest, publication.state, publication.resources)


def test_nothing_is_desired_of_a_patient_without_reports():
    assert desired() == []


def test_two_final_reports_are_one_published_score():
    (publication,) = desired(version(SSTR), version(FDG))

    assert (publication.state, publication.patient) == ("published", JANE.key)
    assert [one["resourceType"] for one in publication.resources] == ["Device", *["Observation"] * 3, "Provenance"]


def test_what_is_desired_is_the_same_every_time():
    assert desired(version(SSTR), version(FDG)) == desired(version(SSTR), version(FDG))


def test_the_summary_says_what_a_list_shows_and_names_nobody():
    (publication,) = desired(version(SSTR), version(FDG))

    shown = {name: publication.summary[name] for name in ("state", "outcome", "grade", "group", "bounds", "waits_for")}
    assert shown == {
        "state": "published",
        "outcome": "scored",
        "grade": "P4a",
        "group": "P2-4",
        "bounds": [4, 4],
        "waits_for": None,
    }
    assert publication.summary["messages"] == ["m", "m"]
    assert JANE.value not in str(publication.summary)


@pytest.mark.parametrize(("kind", "waits_for"), [(SSTR, "fdg"), (FDG, "sstr")])
def test_a_study_without_partner_waits_and_says_for_what(kind, waits_for):
    (publication,) = desired(version(kind))

    assert (publication.state, publication.resources) == ("waiting", ())
    assert publication.summary["waits_for"] == waits_for


async def test_a_study_without_partner_is_looked_at_again_when_its_waiting_is_over(jane):
    assert await jane.gets(version(SSTR)) == (["waiting"], datetime(2027, 1, 12, tzinfo=UTC))
    assert jane.destination.held == {}


async def test_on_its_last_day_it_still_waits(jane):
    assert (await jane.gets(version(SSTR), now=DAY_0 + timedelta(days=60)))[0] == ["waiting"]


async def test_after_the_limit_it_is_closed_as_not_scorable(jane):
    await jane.gets(version(SSTR))

    assert await jane.gets(now=AFTER_THE_LIMIT) == (["published"], None)
    assert jane.destination.scores == ["preliminary"]
    (score,) = (one for one in jane.destination.observations().values() if "dataAbsentReason" in one)
    assert score["dataAbsentReason"]["coding"][0]["code"] == "not-performed"


async def test_a_study_without_date_waits_without_end(jane):
    assert await jane.gets(version(SSTR, acquired=None), now=AFTER_THE_LIMIT) == (["waiting"], None)


async def test_a_closed_score_is_superseded_when_the_partner_arrives_late(jane):
    alone = version(SSTR)
    await jane.gets(alone, now=AFTER_THE_LIMIT)

    await jane.gets(version(FDG), now=AFTER_THE_LIMIT)

    assert jane.destination.scores == ["entered-in-error", "preliminary"]
    assert jane.state(alone, None) == "retracted"


async def test_a_score_that_only_waited_is_forgotten_when_its_partner_arrives(jane):
    alone = version(SSTR)
    await jane.gets(alone)
    await jane.gets(version(FDG))

    assert jane.state(alone, None) == "superseded"
    assert jane.destination.scores == ["preliminary"]


@pytest.mark.parametrize("early", [P, ReportStatus.PARTIAL, ReportStatus.REGISTERED, ReportStatus.UNKNOWN])
async def test_a_pair_with_a_report_that_is_not_final_waits(jane, early):
    assert (await jane.gets(version(SSTR), version(FDG, early, issued=DAY_0)))[0] == ["waiting"]
    assert jane.destination.held == {}


async def test_a_pair_is_published_when_its_last_report_is_final(jane):
    await jane.gets(version(SSTR), version(FDG, P))

    assert await jane.gets(version(FDG)) == (["published"], None)


def of_another(kind):
    return version(kind, patient=replace(JANE, birth_date="19600102"))


async def test_two_birth_dates_stop_the_pair_and_nothing_is_posted(jane):
    assert (await jane.gets(version(SSTR), of_another(FDG)))[0] == ["stopped"]
    assert jane.destination.held == {}


async def test_what_was_posted_before_a_mismatch_came_to_light_is_withdrawn(jane):
    await jane.gets(version(SSTR), version(FDG))

    await jane.gets(version(FDG, C, patient=replace(JANE, birth_date="19600102")))

    assert jane.state(version(SSTR), version(FDG)) == "stopped"
    assert set(jane.destination.scores + jane.destination.lesions) == {"entered-in-error"}


async def test_a_mismatch_that_was_mended_is_published(jane):
    await jane.gets(version(SSTR), of_another(FDG))
    await jane.gets(version(FDG, C))

    assert jane.destination.scores == ["corrected"]


async def test_the_retraction_of_a_report_of_another_patient_posts_nothing(jane):
    await jane.gets(version(SSTR), version(FDG, X, patient=replace(JANE, birth_date="19600102")))

    assert jane.destination.held == {}


@pytest.mark.parametrize("kind", [SSTR, FDG])
async def test_a_retraction_puts_the_score_and_its_lesions_in_error(jane, kind):
    await jane.gets(version(SSTR), version(FDG))
    await jane.gets(version(kind, X))

    assert jane.state(version(SSTR), version(FDG)) == "retracted"
    assert set(jane.destination.scores + jane.destination.lesions) == {"entered-in-error"}


@pytest.mark.parametrize("kind", [SSTR, FDG])
async def test_a_retraction_that_came_first_leaves_the_same_score_in_error(jane, kind):
    await jane.gets(version(kind, X))
    await jane.gets(version(SSTR), version(FDG))

    assert jane.destination.scores == ["entered-in-error"]


async def test_the_partner_of_a_retracted_study_waits_for_another(jane):
    await jane.gets(version(SSTR), version(FDG))
    await jane.gets(version(FDG, X))

    assert jane.state(version(SSTR), None) == "waiting"


async def test_the_retraction_of_a_study_that_was_closed_alone_puts_its_score_in_error(jane):
    await jane.gets(version(SSTR), now=AFTER_THE_LIMIT)
    await jane.gets(version(SSTR, X), now=AFTER_THE_LIMIT)

    assert jane.destination.scores == ["entered-in-error"]


async def test_a_study_written_again_after_its_retraction_is_published_again(jane):
    await jane.gets(version(SSTR), version(FDG))
    await jane.gets(version(FDG, X))
    await jane.gets(version(FDG, issued=DAY_0 + timedelta(days=9)))

    assert jane.destination.scores == ["preliminary"]
    assert jane.destination.lesions == ["preliminary"] * 2


async def test_a_correction_is_corrected_in_place_and_a_lesion_that_vanished_is_withdrawn(jane):
    await jane.gets(version(SSTR), version(FDG))
    before = set(jane.destination.observations())

    assert (await jane.gets(version(SSTR, C), version(FDG, C)))[0] == ["published"]

    assert set(jane.destination.observations()) == before
    assert jane.destination.scores == ["corrected"]
    assert jane.destination.lesions == ["corrected", "entered-in-error"]


async def test_a_lesion_once_withdrawn_stays_withdrawn_and_is_not_sent_as_changed(jane):
    await jane.gets(version(SSTR), version(FDG))
    await jane.gets(version(SSTR, C), version(FDG, C))

    assert await jane.gets() == ([], None)
    assert jane.destination.lesions == ["corrected", "entered-in-error"]


async def test_a_study_that_a_nearer_partner_displaces_has_its_score_withdrawn(jane):
    near = version(SSTR, accession="NEAR", acquired=DAY_0 + timedelta(days=6))
    await jane.gets(version(SSTR), version(FDG))
    await jane.gets(near)

    assert jane.state(version(SSTR), version(FDG)) == "retracted"
    assert (jane.state(near, version(FDG)), jane.state(version(SSTR), None)) == ("published", "waiting")
    assert jane.destination.scores == ["entered-in-error", "preliminary"]


async def test_doing_it_twice_changes_nothing(jane):
    await jane.gets(version(SSTR), version(FDG))
    held, delivered = dict(jane.destination.held), list(jane.destination.delivered)

    assert await jane.gets() == ([], None)
    assert await jane.gets(version(SSTR)) == ([], None)
    assert (jane.destination.held, jane.destination.delivered) == (held, delivered)


async def test_a_delivery_is_recorded_under_the_claim_after_the_destination_took_it(jane):
    await jane.gets(version(SSTR), version(FDG))

    name = Pair(version(SSTR), version(FDG)).id
    assert jane.store.recorded == [(CLAIM, name, "delivering", NOW), (CLAIM, name, "published", NOW)]


async def test_what_the_destination_did_not_take_is_not_recorded_as_published_and_is_delivered_the_next_time(jane):
    jane.destination.failing = True
    with pytest.raises(ConnectionError):
        await jane.gets(version(SSTR), version(FDG))
    assert [state for _claim, _score, state, _at in jane.store.recorded] == ["delivering"]

    jane.destination.failing = False
    assert (await jane.gets())[0] == ["published"]


async def test_a_lesion_that_left_before_a_crash_is_withdrawn_when_the_next_report_takes_it_back(jane):
    """The destination took the delivery, and the program died before it could write that down."""
    await jane.gets(version(SSTR), version(FDG))
    (name,) = jane.store.scores
    jane.store.scores[name] = replace(jane.store.scores[name], state="delivering", digest="")

    await jane.gets(version(SSTR, C), version(FDG, C))

    assert jane.destination.lesions == ["corrected", "entered-in-error"]


async def test_a_destination_that_records_by_its_own_commit_is_not_recorded_twice(jane):
    jane.destination.keeps_record = True

    await jane.gets(version(SSTR), version(FDG))

    assert jane.store.recorded == []


def test_what_stands_already_is_desired_unchanged():
    (publication,) = desired(version(SSTR), version(FDG))

    assert desired(version(SSTR), version(FDG), standing=[as_delivered(publication)]) == [publication]
