"""A score whose group is another one than was sent before is an alert, until it is as it was or a person looked."""

import json

import pytest
from lesion_tables import NEGATIVE, row
from published_patients import FDG, SSTR, C, P, Patient, version

from adapter.app.publication_told import tell_publication
from adapter.publication import Publication
from adapter.summary import group_change
from adapter.telemetry import Telemetry

SENT = {"state": "published", "group": "P1"}


def now(group, state="published"):
    return {"state": state, "group": group}


async def test_a_correction_that_changes_the_group_raises_an_alert_and_asks_for_review():
    jane = Patient()
    await jane.gets(version(SSTR), version(FDG))
    (sent,) = jane.store.scores.values()

    await jane.gets(version(SSTR, C, row("1", NEGATIVE, tracking_id="L1")))

    (known,) = jane.store.scores.values()
    assert (sent.summary["group"], known.summary["group"]) == ("P2-4", "P5")
    assert (known.summary["group_changed_from"], known.summary["review_required"]) == ("P2-4", True)


@pytest.mark.parametrize(
    ("before", "after", "alert"),
    [
        (SENT, now("P1"), None),
        (SENT, now("P5"), "P1"),
        (SENT, now(None), "P1"),
        ({}, now("P5"), None),
        ({"state": "waiting", "group": None}, now("P5"), None),
        (SENT, now("P5", "retracted"), None),
        (SENT | {"group": "P5", "group_changed_from": "P1"}, now("P5"), "P1"),
        (SENT | {"group": "P5", "group_changed_from": "P1"}, now("P1"), None),
        (SENT | {"group": None}, now("P5"), None),
    ],
)
def test_the_alert_names_the_group_that_was_sent(before, after, alert):
    assert group_change(before, after).get("group_changed_from") == alert


def test_a_score_that_stands_for_the_first_time_is_no_alert_and_asks_for_nothing():
    assert group_change({}, now("P1")) == {}


def test_the_alert_is_counted_and_logged(capsys):
    telemetry = Telemetry()
    summary = {"state": "published", "group": "P5", "grade": "P5", "outcome": "scored", "group_changed_from": "P1"}

    tell_publication(telemetry, Publication("s", "p", "published", (), "", summary))

    assert telemetry.registry.get_sample_value("netpet_group_changes_total") == 1
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == [
        "published",
        "group-changed",
    ]


async def test_what_is_sent_does_not_tell_of_the_alert():
    changed, fresh = Patient(), Patient()
    await changed.gets(version(SSTR), version(FDG, P))
    for patient in (changed, fresh):
        await patient.gets(version(SSTR), version(FDG))

    assert changed.destination.observations() == fresh.destination.observations()
