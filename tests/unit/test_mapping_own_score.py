"""A score of ours that comes back is let go; a report is read, whatever stands beside it."""

import pytest
from mapping_messages import FDG, PID, POSITIVE, canonical, groups, obr, obx, oru, own
from oru_results import SCORES, publication, written

from adapter.hl7v2.message import Message
from adapter.hl7v2.result_changes import SentResult, withdraw
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.message_reading import Extraction, read_message
from adapter.outcome import Held, Ignored

CAME_BACK = Ignored("a score of this program that came back")
SCORE = own("netpet-score", "", "P2a^NETPET P2a^99NETPET", "CWE")
ORDER = obr("ACC-9^RIS", procedure="netpet-score^NETPET score^99NETPET")


def read(text):
    return read_message(text, canonical())


@pytest.mark.parametrize("name", sorted(set(SCORES) - {"retracted"}))
def test_every_score_that_we_send_is_let_go_when_it_comes_back(name):
    assert read(written(publication(name)).decode()) == CAME_BACK


def test_a_withdrawal_is_let_go_as_well():
    before = SentResult.read(written(publication("reader's grade")))

    assert read(withdraw(before, "N2", publication().score.issued, "W").decode()) == CAME_BACK


def test_it_is_let_go_also_under_the_ehrs_procedure_name_and_control_id():
    text = written(publication()).decode()
    renamed = text.replace("netpet-score^NETPET score^99NETPET|||", "PETSCORE^PET score^L|||").replace("|N1|", "|77|")

    assert read(renamed) == CAME_BACK


def test_what_the_ehr_added_does_not_make_a_score_a_report():
    assert read(oru(SCORE, ("ED", "PDF^Printed result^L", "", "x"), head=ORDER)) == CAME_BACK


def test_a_report_to_which_a_score_was_added_is_a_report():
    assert read(oru(FDG, POSITIVE, SCORE)) != CAME_BACK
    assert not isinstance(read(oru(FDG, POSITIVE, SCORE)), Ignored)


def test_a_message_of_a_report_and_a_score_is_not_let_go():
    assert not isinstance(read(groups((obr(), FDG, POSITIVE), (ORDER, SCORE))), Ignored)


def test_a_readers_grade_alone_is_no_score_of_ours():
    assert read(oru(FDG, own("reader-grade", "", "P2a"))) != CAME_BACK
    assert isinstance(read(oru(FDG, own("reader-grade", "", "P2a"), POSITIVE)), Extraction)


def test_a_score_is_let_go_also_where_no_mapping_is_in_use():
    assert MappingSet(()).owner_of(Message.parse(oru(SCORE, head=ORDER))) == CAME_BACK


def test_a_part_of_a_continued_message_is_not_judged():
    text = oru(SCORE, head=ORDER) + "\rDSC|2"

    assert isinstance(read(text), Held)


def test_a_message_of_the_patient_alone_is_no_score():
    assert read("\r".join([oru().split("\r", maxsplit=1)[0], PID])) != CAME_BACK
    assert obx(*SCORE)
