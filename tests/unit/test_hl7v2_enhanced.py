"""Enhanced mode: which of the two answers a message asks for, and what its sender gets whatever it asks."""

import pytest
from answered import RECEIPTS, REFUSED, answer, header, segment

from adapter.hl7v2.ack import Level
from adapter.hl7v2.enhanced import AckMode, answer_at_commit, answers_after_processing, is_enhanced
from adapter.outcome import Accepted, Problem, Refused

CONDITIONS_0155 = {"AL": (True, True), "NE": (False, False), "ER": (False, True), "SU": (True, False)}
"""Is an answer due after success, and after a refusal?"""


@pytest.mark.parametrize("accept", ["AL", "NE", "ER", "SU"])
@pytest.mark.parametrize("application", ["AL", "NE", "ER", "SU"])
@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda r: type(r).__name__)
def test_enhanced_mode_answers_what_the_message_asks_for(accept, application, receipt):
    asked = header("2.5.1", accept, application)
    refused = receipt is REFUSED
    due = CONDITIONS_0155[accept][refused]
    later = CONDITIONS_0155[application][refused]
    level = Level.ACCEPT if due else Level.APPLICATION if refused and later else None
    assert answer_at_commit(asked, receipt) is level
    assert answers_after_processing(asked, receipt) is later


@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda r: type(r).__name__)
def test_original_mode_has_one_answer_at_once(receipt):
    assert answer_at_commit(header(), receipt) is Level.APPLICATION
    assert not answers_after_processing(header(), receipt)


def test_an_empty_condition_beside_a_valued_one_asks_for_nothing():
    assert answer_at_commit(header("2.5.1", "AL", ""), Accepted("id")) is Level.ACCEPT
    assert not answers_after_processing(header("2.5.1", "AL", ""), Accepted("id"))
    assert answer_at_commit(header("2.5.1", "", "AL"), Accepted("id")) is None
    assert answers_after_processing(header("2.5.1", "", "AL"), Accepted("id"))


def test_a_condition_outside_of_table_0155_is_answered():
    assert answer_at_commit(header("2.5.1", "XX", "NE"), Accepted("id")) is Level.ACCEPT


def test_a_sender_may_be_answered_in_original_mode_whatever_it_asks():
    asked = header("2.5.1", "NE", "NE")
    assert answer_at_commit(asked, Accepted("id"), AckMode.ORIGINAL) is Level.APPLICATION
    assert not is_enhanced(asked, AckMode.ORIGINAL)
    assert not answers_after_processing(header("2.5.1", "AL", "AL"), Accepted("id"), AckMode.ORIGINAL)


def test_a_sender_that_takes_aa_for_ca_gets_it():
    assert answer_at_commit(header("2.5.1", "AL", "NE"), Accepted("id"), AckMode.COMMIT_AS_AA) is Level.APPLICATION
    assert answer_at_commit(header("2.5.1", "NE", "NE"), Accepted("id"), AckMode.COMMIT_AS_AA) is None


def test_an_unreadable_header_is_always_answered():
    assert answer_at_commit(None, Refused(Problem.HEADER_UNREADABLE)) is Level.APPLICATION


def test_the_application_answer_of_enhanced_mode_asks_for_no_answer_itself():
    msh = segment(answer(header("2.5.1", "AL", "AL"), Accepted("id")), "MSH")
    assert (msh.value(15), msh.value(16)) == ("NE", "NE")
    assert segment(answer(header(), Accepted("id")), "MSH").value(15) == ""
