"""What the command makes of many pages, and how it says it."""

import pytest

from adapter.cli.replay import NoAnswerError
from adapter.cli.replay_lines import changes_a_score, preview_lines, replay_lines
from adapter.cli.replay_messages import Total

GONE = {"why": "mapping-not-here", "mapping": "site@1", "count": 2}
NOT_KEPT = {"why": "not-kept", "mapping": None, "count": 1}
WAITS = {"state": "waiting", "outcome": "not-scorable", "grade": None, "group": None, "reasons": [], "status": None}
P2B = WAITS | {"state": "published", "outcome": "scored", "grade": "P2b", "group": "high", "status": "final"}


def page(replayed, *left, unread=0):
    return {"replayed": replayed, "left": list(left), "after": 9, "through": 9, "done": True, "unread": unread}


def preview(**changed):
    empty = {"read": 0, "readings": {}, "messages": [], "scores": [], "delivered_anew": 0, "unchanged": 0, "left": []}
    return empty | changed


def test_the_pages_of_a_replay_are_added_up():
    total = Total()
    for one in (page(100, GONE), page(0, unread=300), page(7, GONE, NOT_KEPT)):
        total.add(one)

    assert total.members == {"replayed": 107, "left": [GONE | {"count": 4}, NOT_KEPT]}
    advice = "put its file back with status: retired, or use --current"
    assert replay_lines(total.members) == [
        f"left out: 4 message(s): site@1 read them and is not here: {advice}",
        "left out: 1 message(s): their bytes are not kept, so they cannot be read anew",
        "107 message(s) will be read anew",
    ]


def test_the_pages_of_a_preview_are_added_up_and_end_in_totals():
    total = Total()
    total.add(preview(read=2, readings={"read": 1, "held": 1}, delivered_anew=1))
    total.add(preview(read=1, readings={"read": 1}))

    assert preview_lines(total.members) == [
        "3 message(s) looked at, as they would be now: 1 held, 2 read",
        "0 would say something else, 0 score(s) would change",
        "1 score(s) would be delivered anew, if only for the mapping that they name",
        "nothing was written, nothing was delivered",
    ]


def test_a_difference_is_said_line_by_line_and_moves_no_cursor():
    then = {"reading": "read", "mapping": "site@1", "reports": 1, "lesions": 2}
    fact = {"report": 1, "row": "", "fact": "acquired", "then": "-", "now": "2026\x1b[2J"}
    row = fact | {"row": "2", "fact": "suv", "then": "3", "now": "4"}
    message = {"message": "m1", "received": "then", "then": then, "now": {"reading": "ignored"}, "facts": [fact, row]}
    score = {"score": "s1", "then": None, "now": P2B | {"reasons": ["lesion-unmatched"]}}

    lines = preview_lines(preview(messages=[message], scores=[score]))

    assert lines[:8] == [
        "message m1  received then",
        "    then  read by site@1: 1 report(s), 2 lesion(s)",
        "    now   ignored",
        "    report 1, the report, acquired: - -> 2026\\x1b[2J",
        "    report 1, row 2, suv: 3 -> 4",
        "score s1",
        "    then  there is none",
        "    now   published, outcome scored, grade P2b, group high, status final, lesion-unmatched",
    ]


@pytest.mark.parametrize(
    ("then", "now", "changes"),
    [
        (P2B, P2B | {"reasons": ["x"]}, False),
        (P2B, P2B | {"grade": "P3a"}, True),
        (P2B, WAITS, True),
        (None, P2B, True),
    ],
)
def test_only_another_state_grade_or_group_is_a_finding(then, now, changes):
    assert changes_a_score({"then": then, "now": now}) is changes


@pytest.mark.parametrize(
    ("unread", "said"), [(None, "3 looked at"), (0, "0 set back, none waited"), (300, "300 waited to be read")]
)
def test_progress_is_told_on_standard_error_from_time_to_time(capsys, unread, said):
    total = Total(every=0)
    total.add(preview(read=3))
    total.tell(unread)
    Total().tell(unread)

    assert said in capsys.readouterr().err
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("status", "code"), [(400, 2), (404, 2), (403, 2), (503, 3), (0, 3)])
def test_what_was_asked_wrongly_is_told_from_a_service_that_cannot(status, code):
    assert NoAnswerError("no", status).exit_code == code
