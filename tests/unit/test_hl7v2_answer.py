"""What a receiver answers is an accept, a refusal that may pass, or one that a person has to look at."""

import pytest
from test_hl7v2_result_message import AT, MESSAGE, write_result

from adapter.hl7v2.ack import ANSWERS, CONDITIONS, acknowledge, acknowledge_accept
from adapter.hl7v2.answer import Verdict, judge
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import read_header
from adapter.hl7v2.tables import VERSIONS
from adapter.outcome import Accepted, Place, Problem, Refused

HEAD = r"MSH|^~\&|EHR|HOSP|NETPET||20261122||ACK^R01^ACK|A1|P|2.5.1"


def judged(*segments: str) -> Verdict:
    return judge("\r".join([HEAD, *segments]).encode())


@pytest.mark.parametrize("code", ["AA", "CA", "aa"])
def test_an_accept_is_an_accept(code):
    verdict = judged(f"MSA|{code}|N1")

    assert (verdict.accepted, verdict.permanent) == (True, False)
    assert verdict.is_interim is (code == "CA")


@pytest.mark.parametrize(
    ("code", "permanent"),
    [("AE", True), ("CE", True), ("AR", False), ("CR", False)],
)
def test_without_a_condition_an_error_speaks_of_the_content_and_a_reject_of_something_else(code, permanent):
    verdict = judged(f"MSA|{code}|N1")

    assert (verdict.accepted, verdict.permanent, verdict.conditions) == (False, permanent, ())


@pytest.mark.parametrize("condition", [100, 101, 102, 103, 200, 201, 202, 203, 204, 205])
@pytest.mark.parametrize("code", ["AE", "AR"])
def test_what_is_wrong_with_the_content_stays_wrong(code, condition):
    assert judged(f"MSA|{code}|N1", f"ERR||OBX^3^5|{condition}^x^HL70357|E").permanent


@pytest.mark.parametrize("condition", [206, 207])
@pytest.mark.parametrize("code", ["AE", "AR"])
def test_a_lock_and_an_internal_error_may_pass(code, condition):
    assert not judged(f"MSA|{code}|N1", f"ERR|||{condition}^x^HL70357|E").permanent


def test_one_lasting_error_among_several_decides():
    assert judged("MSA|AE|N1", "ERR|||207", "ERR|||103").permanent


def test_before_v25_the_condition_stands_in_err_1_or_in_msa_6():
    old = judged("MSA|AR|N1", "ERR|OBR^1^4^103&Table value not found&HL70357")

    assert (old.permanent, old.conditions, old.places) == (True, ("103",), ("OBR[1]-4",))
    assert judged("MSA|AE|N1||||207^Application internal error^HL70357").conditions == ("207",)


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("OBX^3^5", "OBX[3]-5"),
        ("OBX^^5", "OBX-5"),
        ("PID", "PID"),
        ("DOE^JANE", ""),
        ("the name DOE", ""),
        ("", ""),
        ("PID^700103^3", "PID-3"),
        ("PID^1^700103", "PID[1]"),
        ("OBX^9999^5", "OBX[9999]-5"),
        ("OBX^1^\xb2", "OBX[1]"),
    ],
)
def test_of_the_place_only_a_position_is_kept(location, place):
    assert judged("MSA|AE|N1", f"ERR||{location}|103").places == ((place,) if place else ())


def test_a_condition_that_is_not_in_the_table_is_not_kept_either():
    verdict = judged("MSA|AE|N1", "ERR|||DOE^JANE")

    assert verdict == Verdict("AE", permanent=True)


@pytest.mark.parametrize("segments", [(), ("MSA|XX|N1",), ("MSA",)])
def test_an_answer_without_a_known_code_is_no_accept_and_no_lasting_refusal(segments):
    assert judged(*segments) == Verdict("")


def test_what_is_no_message_is_no_answer():
    with pytest.raises(FormatError):
        judge(b"OK")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("problem", Problem)
@pytest.mark.parametrize("build", [acknowledge, acknowledge_accept])
def test_our_own_answers_are_understood_in_every_version(version, problem, build):
    payload = write_result(MESSAGE).replace(b"|2.5.1|", f"|{version}|".encode())
    refused = Refused(problem, Place("OBX", 1, 5), "rule")

    verdict = judge(build(read_header(payload), refused, now=AT, control_id="A1"))

    assert verdict.conditions == ((str(ANSWERS[problem].condition),) if version >= "2.2" else verdict.conditions)
    assert not verdict.accepted
    assert judge(build(read_header(payload), Accepted("m1"), now=AT, control_id="A1")).accepted


def test_the_conditions_that_we_answer_with_are_all_understood():
    for condition in CONDITIONS:
        assert judged("MSA|AE|N1", f"ERR|||{condition}").conditions == (str(condition),)
