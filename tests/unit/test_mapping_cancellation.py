from mapping_messages import MSH, PID, canonical, obr

from adapter.hl7v2.message import Message
from adapter.mapping.cancellation import NOTE, cancelled

CANCELLED = obr(status="X")


def of(*lines):
    return cancelled(Message.parse("\r".join(lines)), canonical())


def test_a_bare_cancellation_names_the_study_that_it_takes_back():
    found = of(MSH, PID, CANCELLED)

    assert found is not None
    assert [report.accession for report in found.reports] == ["ACC-1"]
    assert found.notes == (NOTE,)


def test_a_cancellation_that_names_no_patient_takes_nothing_back():
    assert of(MSH, CANCELLED) is None


def test_an_order_that_is_not_cancelled_takes_nothing_back():
    assert of(MSH, PID, obr(status="F")) is None


def test_a_message_that_is_continued_in_another_takes_nothing_back():
    fields = MSH.split("|")
    fields += [""] * (14 - len(fields))
    fields[13] = "1"  # MSH-14, the continuation pointer

    assert of("|".join(fields), PID, CANCELLED) is None
