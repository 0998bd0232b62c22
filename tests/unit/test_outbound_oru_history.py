"""What the EHR holds after any history is one current result, under one order, and never a doubt that nobody sees."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from fhir_scores import RENDERING
from hypothesis import given, settings
from hypothesis import strategies as st
from oru_results import AGREEMENT, AT, gone, publication
from oru_site import FakeEhr, Site

from adapter.delivery import Answer, DeliveryError
from adapter.hl7v2.answer import judge
from adapter.hl7v2.datatypes import Coded
from adapter.hl7v2.header import read_header
from adapter.scoring.report import TracerKind

FINAL = replace(RENDERING, publish_final=True)


async def test_an_answer_that_is_no_message_is_no_accept():
    class Garbling(FakeEhr):
        async def send(self, payload):
            self.received.append(payload)
            return b"OK"

    site = Site()
    site.ehr = Garbling()

    error = await site.refused(publication())

    assert not error.permanent


async def test_delivering_twice_sends_once():
    site = Site()

    await site.deliver(publication(), publication())

    assert len(site.ehr.received) == 1


async def test_a_message_without_answer_is_repeated_in_the_very_same_bytes():
    site = Site(None, None)

    await site.refused(publication())
    await site.refused(publication())
    await site.deliver(publication(), at=AT + timedelta(hours=3))

    assert len(site.ehr.received) == 3
    assert len(set(site.ehr.received)) == 1


async def test_a_correction_is_c_under_the_same_order_and_another_control_id():
    site = Site()

    await site.deliver(publication("P5"), publication("corrected"))

    first, second = (read_header(payload) for payload in site.ehr.received)
    assert site.ehr.statuses == ["P", "C"]
    assert first.control_id != second.control_id


async def test_after_a_final_result_everything_else_is_a_correction():
    site = Site()

    await site.deliver(publication("P5", FINAL), publication("P2a", FINAL), publication("P1", RENDERING))

    assert site.ehr.statuses == ["F", "C", "C"]


async def test_after_a_preliminary_result_the_final_one_is_final():
    site = Site()

    await site.deliver(publication("P5"), publication("P5", FINAL))

    assert site.ehr.statuses == ["P", "F"]


async def test_a_content_that_comes_back_is_a_message_of_its_own():
    site = Site()

    await site.deliver(publication("P5"), publication("P1"), publication("P5"))

    assert len({read_header(payload).control_id for payload in site.ehr.received}) == 3
    assert site.ehr.rows()["ACC-FDG-1^RIS", "netpet-score", ""] == "P5"


async def test_rows_that_a_correction_has_not_are_taken_back():
    site = Site()

    await site.deliver(publication("P2a"), publication("P5"))

    assert ("ACC-FDG-1^RIS", "suffix", "") not in site.ehr.rows()


async def test_a_later_message_is_never_of_an_earlier_time():
    site = Site()

    await site.deliver(publication("P5"))
    await site.deliver(publication("P1"), at=AT - timedelta(days=1))

    times = [message.first("MSH").value(7) for message in site.ehr.messages]
    assert times == ["20261122080000+0000", "20261122080001+0000"]


async def test_a_withdrawn_score_leaves_nothing_standing():
    site = Site()

    await site.deliver(publication("P5"), gone(publication("P5")))

    assert site.ehr.statuses == ["P", "X"]
    assert site.ehr.rows() == {}


async def test_a_withdrawal_is_said_once():
    site = Site()

    await site.deliver(publication("P5"), gone(publication("P5")), gone(publication("P1")), publication("retracted"))

    assert site.ehr.statuses == ["P", "X"]


async def test_a_score_that_was_never_sent_needs_no_withdrawal():
    site = Site()

    await site.deliver(gone(publication("P5")))

    assert site.ehr.received == []


async def test_a_withdrawal_without_answer_is_repeated_in_the_same_bytes():
    site = Site("AA", None)

    await site.deliver(publication("P5"))
    await site.refused(gone(publication("P5")))
    await site.deliver(gone(publication("P5")))

    assert site.ehr.received[1] == site.ehr.received[2]


async def test_what_nobody_knows_to_have_arrived_is_withdrawn_all_the_same():
    site = Site(None)

    await site.refused(publication("P5"))
    await site.deliver(gone(publication("P5")))

    assert site.ehr.statuses == ["P", "X"]


async def test_a_score_that_stands_again_is_a_correction():
    site = Site()

    await site.deliver(publication("P5"), gone(publication("P5")), publication("P5"))

    assert site.ehr.statuses == ["P", "X", "C"]
    assert site.ehr.rows()["ACC-FDG-1^RIS", "netpet-score", ""] == "P5"


async def test_a_result_whose_order_changed_is_withdrawn_there_first():
    site = Site()
    await site.deliver(publication("P5", FINAL))
    site.agreement = replace(AGREEMENT, order=TracerKind.SSTR)

    await site.deliver(publication("P2a", FINAL))

    assert [message.first("OBR").value(3) for message in site.ehr.messages] == ["ACC-FDG-1", "ACC-FDG-1", "ACC-SSTR-1"]
    assert site.ehr.statuses == ["F", "X", "F"]
    assert {order for order, _, _ in site.ehr.rows()} == {"ACC-SSTR-1^RIS"}


async def test_no_result_stands_under_a_new_order_before_the_old_one_is_withdrawn():
    site = Site("AA", None)
    await site.deliver(publication("P5"))
    site.agreement = replace(AGREEMENT, order=TracerKind.SSTR)

    await site.refused(publication("P2a"))
    await site.deliver(publication("P2a"))

    assert site.ehr.statuses == ["P", "X", "X", "P"]
    assert site.ehr.received[1] == site.ehr.received[2]


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        ("AE", True),
        ("AR", False),
        ("AE\rERR|||103^Table value not found^HL70357|E", True),
        ("AE\rERR|||207^Application internal error^HL70357|E", False),
        ("CR", False),
        ("XX", False),
    ],
)
async def test_a_refusal_is_recorded_and_told_as_lasting_or_passing(answer, permanent):
    site = Site(answer)

    error = await site.refused(publication())

    assert error.permanent is permanent
    (kept,) = site.sent.kept
    assert not kept.accepted
    assert judge(kept.answer).code == (answer[:2] if answer != "XX" else "")


async def test_the_error_names_code_condition_and_place_and_no_word_of_the_ehr():
    site = Site("AE\rERR||OBX^3^5|103^Table value not found^HL70357|E||||no such patient DOE^JANE")

    error = await site.refused(publication())

    assert str(error) == "AE, 103; the EHR's interface refused the result"
    assert error.answer.expressions == ("OBX[3]-5",)


async def test_a_refusal_that_may_pass_is_met_with_the_same_bytes():
    site = Site("AR")

    await site.refused(publication())
    await site.deliver(publication())

    assert len(set(site.ehr.received)) == 1


async def test_what_was_refused_for_good_is_written_anew_as_the_first():
    site = Site("AE")
    await site.refused(publication("P5", FINAL))
    site.agreement = replace(AGREEMENT, procedure=Coded("PETSCORE", "PET score", "L"))

    await site.deliver(publication("P5", FINAL))

    assert site.ehr.statuses[0] == "F"
    assert site.ehr.statuses[-1] == "F"
    assert site.ehr.messages[-1].first("OBR").field(4) == "PETSCORE^PET score^L^netpet-score^NETPET score^99NETPET"


async def test_a_correction_that_was_refused_for_good_is_a_correction_again():
    site = Site("AA", "AE")
    await site.deliver(publication("P5", FINAL))

    await site.refused(publication("P1", FINAL))
    await site.deliver(publication("P1", FINAL))

    assert site.ehr.statuses == ["F", "C", "C"]
    assert len({read_header(payload).control_id for payload in site.ehr.received}) == 3


async def test_a_withdrawal_that_was_refused_for_good_is_tried_under_a_new_control_id():
    site = Site("AA", "AE")
    await site.deliver(publication("P5"))

    await site.refused(gone(publication("P5")))
    await site.deliver(gone(publication("P5")))

    assert site.ehr.statuses == ["P", "X", "X"]
    assert len({read_header(payload).control_id for payload in site.ehr.received}) == 3


STATES = {name: publication(name) for name in ("P1", "P2a", "P5", "corrected", "policy", "reader's grade")}
STATES["final"] = publication("P5", FINAL)
STATES["gone"] = gone(STATES["P2a"])
FAULTS = st.sampled_from(["lost", "AA", "AA", "AR", "AE", None])


class LossyEhr(FakeEhr):
    """Loses messages on their way as well."""

    async def send(self, payload):
        if self.script and self.script[0] == "lost":
            self.script.pop(0)
            raise DeliveryError(Answer(codes=("unreachable",), rule="no connection"))
        if self.script and self.script[0] in ("AR", "AE"):  # refused: nothing is filed
            try:
                return await super().send(payload)
            finally:
                self.received.pop()
        return await super().send(payload)


@settings(max_examples=200, deadline=None)
@given(history=st.lists(st.sampled_from(sorted(STATES)), min_size=1, max_size=8), faults=st.lists(FAULTS, max_size=12))
async def test_after_any_history_with_any_faults_exactly_the_last_state_stands(history, faults):
    site = Site()
    site.ehr = LossyEhr(*faults)
    fresh = Site()

    for name in history:
        with contextlib.suppress(DeliveryError):
            await site.deliver(STATES[name])
    site.ehr.script.clear()
    await site.deliver(STATES[history[-1]])
    await fresh.deliver(STATES[history[-1]])

    assert site.ehr.rows() == fresh.ehr.rows()
