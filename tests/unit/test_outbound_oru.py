"""What the EHR holds after any history is one current result, under one order, and never a doubt that nobody sees."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from fhir_scores import JANE, RENDERING
from hypothesis import given, settings
from hypothesis import strategies as st
from oru_results import AGREEMENT, AT, SCORES, gone, publication
from test_inbound_fakes import acknowledgement

from adapter.delivery import Answer, DeliveryError, SentMessage
from adapter.fhir.rendering import Confirmation
from adapter.hl7v2.answer import judge
from adapter.hl7v2.datatypes import Coded
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.outbound.plans.oru import OruDestination
from adapter.outbound.plans.oru_message import UnwritableResultError
from adapter.publication import Claim
from adapter.scoring.report import TracerKind

CLAIM = Claim("patient", 1)
FINAL = replace(RENDERING, publish_final=True)


class FakeSentMessages:
    """Keeps messages and answers as the store does."""

    def __init__(self):
        self.kept: list[SentMessage] = []

    async def last_sent(self, score_id):
        return next((message for message in reversed(self.kept) if message.score_id == score_id), None)

    async def keep_sent(self, claim, message):
        self.kept.append(message)

    async def record_answer(self, message, answer, accepted, at):
        place = next(n for n, kept in enumerate(self.kept) if kept.control_id == message.control_id)
        self.kept[place] = replace(self.kept[place], answer=answer, accepted=accepted or self.kept[place].accepted)


class FakeEhr:
    """Takes results and answers ``AA``, or what the script says next: a code, segments beside it, or no answer."""

    def __init__(self, *script):
        self.script = list(script)
        self.received: list[bytes] = []

    async def send(self, payload):
        self.received.append(payload)
        answer = self.script.pop(0) if self.script else "AA"
        if answer is None:
            raise DeliveryError(Answer(codes=("timed-out",), rule="no answer"))
        code, *segments = answer.split("\r")
        return b"\r".join([acknowledgement(code, read_header(payload).control_id), *(s.encode() for s in segments)])

    @property
    def messages(self):
        return [Message.parse(payload.decode()) for payload in self.received]

    @property
    def statuses(self):
        return [message.first("OBR").value(25) for message in self.messages]

    def rows(self):
        """What stands, as an EHR keeps it that files each observation under order, code and sub-id."""
        held = {}
        for message in self.messages:
            order = message.first("OBR").field(3)
            for obx in message.all("OBX"):
                key = (order, obx.value(3), obx.value(4))
                held[key] = (obx.value(5), obx.value(11))
        return {key: value for key, (value, status) in held.items() if status not in "DWX"}


class Site:
    """A destination with its store and its EHR."""

    def __init__(self, *script, agreement=AGREEMENT):
        self.sent = FakeSentMessages()
        self.ehr = FakeEhr(*script)
        self.agreement = agreement

    async def deliver(self, *publications, at=AT):
        """Deliver each in turn, from a plan that was just started: all it knows is in the store."""
        for one in publications:
            await OruDestination(self.sent, self.ehr, self.agreement).deliver(CLAIM, one, at)

    async def refused(self, one):
        with pytest.raises(DeliveryError) as raised:
            await self.deliver(one)
        return raised.value


async def test_a_score_goes_back_under_the_order_of_its_report():
    site = Site()

    await site.deliver(publication())

    (message,) = site.ehr.messages
    (obr,) = message.all("OBR")
    assert (obr.field(2), obr.field(3), obr.value(25)) == ("PL-fdg^KIS", "ACC-FDG-1^RIS", "P")
    assert message.first("PID").field(3) == "123456^^^HOSP&1.2.276.0.76.3.1.999&ISO^MR"
    assert site.ehr.rows()["ACC-FDG-1^RIS", "netpet-score", ""] == "P2a"


async def test_the_rows_say_what_the_observation_says():
    site = Site()

    await site.deliver(publication("policy"))

    said = {(code, sub): value for (_, code, sub), value in site.ehr.rows().items()}
    assert said["group", ""] == "P2-4"
    assert said["base-grade", ""] == "3"
    assert said["equality-tolerance", ""] == "0.10"
    assert said["scan-interval", ""] == "7"
    assert said["target-lesion", "1"] == "L1"
    assert [said["positivity-basis", sub] for sub in "123"] == ["the reader's call", "liver", "spleen"]
    assert said["algorithm-version", ""] == SCORES["policy"].result.algorithm_version
    assert said["explanation", ""].endswith("Not confirmed by a person.")
    assert "not CE-marked" in said["disclaimer", ""]


@pytest.mark.parametrize("name", sorted(SCORES))
async def test_every_score_can_be_said(name):
    site = Site()

    await site.deliver(publication(name))

    if name == "retracted":
        assert site.ehr.received == []
    else:
        result = SCORES[name].result
        assert site.ehr.messages[0].all("OBX")[0].value(5) == (result.grade or result.outcome.value)


async def test_bounds_are_a_range_and_reasons_a_row_each():
    site = Site()

    await site.deliver(publication("bounds only"))

    rows = {(obx.value(3), obx.value(4)): obx.field(5) for obx in site.ehr.messages[0].all("OBX")}
    assert rows["bounds", ""].startswith("^")
    assert {rows[key].split("^")[0] for key in rows if key[0] == "reason"} == set(SCORES["bounds only"].result.reasons)


async def test_what_is_unknown_has_no_row():
    site = Site()

    await site.deliver(publication("nothing stated"))

    codes = {obx.value(3) for obx in site.ehr.messages[0].all("OBX")}
    assert not codes & {"group", "base-grade", "suffix", "bounds", "scan-range"}


async def test_a_tracer_without_a_verified_code_is_sent_in_words_and_an_unknown_one_not_at_all():
    named, unknown = Site(), Site()
    score = SCORES["P5"]
    sstr = replace(score.sstr.report, study=replace(score.sstr.report.study, tracer="68Ga-DOTATOC"))

    await named.deliver(publication("P5", sstr=replace(score.sstr, report=sstr)))
    await unknown.deliver(publication("unknown tracer"))

    assert named.ehr.rows()["ACC-FDG-1^RIS", "sstr-tracer", ""] == "68Ga-DOTATOC"
    assert "sstr-tracer" not in {obx.value(3) for obx in unknown.ehr.messages[0].all("OBX")}


async def test_an_answer_that_is_no_message_is_no_accept():
    class Garbling(FakeEhr):
        async def send(self, payload):
            self.received.append(payload)
            return b"OK"

    site = Site()
    site.ehr = Garbling()

    error = await site.refused(publication())

    assert not error.permanent


async def test_a_confirmed_score_is_final_and_says_so():
    site = Site()
    confirmed = replace(RENDERING, confirmation=Confirmation("Dr Ada Roe", AT))

    await site.deliver(publication(rendering=confirmed))

    assert site.ehr.statuses == ["F"]
    assert "Confirmed by a named person." in site.ehr.rows()["ACC-FDG-1^RIS", "explanation", ""]


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


async def test_of_a_missing_study_the_other_ones_order_is_answered():
    site = Site()

    await site.deliver(publication("no FDG study"))

    assert site.ehr.messages[0].first("OBR").value(3) == "ACC-SSTR-1"


async def test_an_authority_that_is_known_by_its_oid_alone_is_said_once():
    site = Site()
    known = replace(JANE, authority="1.2.3", authority_oid="1.2.3", birth_date="19600101")
    score = SCORES["P5"]
    halves = {
        name: replace(kept, report=replace(kept.report, patient=known))
        for name, kept in (("sstr", score.sstr), ("fdg", score.fdg))
    }

    await site.deliver(publication("P5", **halves))

    pid = site.ehr.messages[0].first("PID")
    assert (pid.field(3), pid.value(7)) == ("123456^^^&1.2.3&ISO^MR", "19600101")


async def test_a_result_that_the_ehr_cannot_read_is_a_lasting_fault_of_the_settings():
    site = Site(agreement=replace(AGREEMENT, envelope=replace(AGREEMENT.envelope, character_set="8859/1")))
    known = replace(JANE, value="Ł-1")
    score = SCORES["P5"]
    fdg = replace(score.fdg, report=replace(score.fdg.report, patient=known))
    sstr = replace(score.sstr, report=replace(score.sstr.report, patient=known))

    error = await site.refused(publication("P5", fdg=fdg, sstr=sstr))

    assert error.permanent
    assert "PID" in str(error)
    assert site.sent.kept == []


async def test_a_publication_without_its_score_is_never_sent_as_something():
    site = Site()

    with pytest.raises(UnwritableResultError):
        await site.deliver(replace(publication(), score=None))
    with pytest.raises(UnwritableResultError):
        await site.deliver(replace(publication(), resources=()))


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
