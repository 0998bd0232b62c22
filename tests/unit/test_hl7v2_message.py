"""A message is read as it was sent: nothing dropped, nothing guessed, and every departure from the standard listed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.hl7v2.encoding import Encoding
from adapter.hl7v2.message import Message, MessageError, Segment
from adapter.hl7v2.segment import PlainSegment, split
from adapter.hl7v2.tables import VERSIONS, field_counts, segment_tables, table_version, warm
from adapter.outcome import Place, Problem

MSH = "MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|20261120||ORU^R01^ORU_R01|M1|P|2.5.1\r"


def segment(raw: str, encoding: Encoding | None = None) -> Segment:
    encoding = encoding or Encoding()
    return Segment(raw[:3], 1, split(raw[:3], raw, encoding), encoding)


def deviations(*lines: str, header: str = MSH) -> tuple[str, ...]:
    return Message.parse(header + "\r".join(lines)).deviations


def test_segments_keep_their_order_and_count_within_their_id():
    message = Message.parse(MSH + "PID|1\rOBX|1\rNTE|1\rOBX|2\r")
    assert [(s.id, s.sequence) for s in message.segments] == [
        ("MSH", 1),
        ("PID", 1),
        ("OBX", 1),
        ("NTE", 1),
        ("OBX", 2),
    ]
    assert [s.value(1) for s in message.all("OBX")] == ["1", "2"]


def test_a_segment_is_found_by_its_id_or_not_at_all():
    message = Message.parse(MSH + "PID|1\r")
    pid = message.first("PID")
    assert pid is not None
    assert repr(pid) == "Segment(PID[1])"
    assert message.first("OBX") is None
    assert message.all("OBX") == ()


def test_a_clean_message_has_no_deviations():
    assert deviations("PID|1||7", "OBR|1", "OBX|1|NM|a||3.0", "NTE|1||a\\F\\b") == ()


def test_the_fields_of_the_header_count_from_the_separator():
    header = Message.parse(MSH).segments[0]
    assert (header.field(1), header.field(2), header.field(3)) == ("|", "^~\\&", "RIS")
    assert (header.value(1), header.value(2), header.value(9, 1, 2)) == ("|", "^~\\&", "R01")
    assert header.repetitions(2) == ("^~\\&",)
    assert header.components(2) == ("^~\\&",)
    assert header.field_count == 12


def test_each_part_of_a_field_is_reached_by_its_number():
    pid = segment("PID|1||7^^^HOSP&1.2.3&ISO^MR~8^^^X")
    assert pid.value(3) == "7"
    assert pid.value(3, 1, 4) == "HOSP"
    assert pid.value(3, 1, 4, 2) == "1.2.3"
    assert pid.value(3, 2) == "8"
    assert pid.value(3, 2, 4) == "X"


@pytest.mark.parametrize("position", [(9,), (3, 3), (3, 1, 9), (3, 1, 1, 2), (3, 1, 4, 9), (2,)])
def test_a_part_that_was_not_sent_is_empty(position):
    assert segment("PID|1||7^^^HOSP&1.2.3&ISO^MR~8").value(*position) == ""


def test_a_null_is_no_value_and_can_be_told_from_absence():
    obx = segment('OBX|1|""|a^""|')
    assert (obx.value(2), obx.components(2), obx.value(3, 1, 2)) == ("", (), "")
    assert obx.is_null(2)
    assert not obx.is_null(4)


def test_values_and_components_are_unescaped_and_raw_text_is_not():
    obx = segment("OBX|1|ST|a^b\\T\\c&d^e~f")
    assert obx.components(3) == ("a", "b&c", "e")
    assert obx.repetitions(3) == ("a^b\\T\\c&d^e", "f")
    assert obx.components(3, 2) == ("f",)
    assert obx.components(3, 3) == ()
    assert obx.repetitions(4) == ()


def test_a_value_without_escapes_beside_one_with_them_is_read_as_sent():
    obx = segment("OBX|1|ST|a^b|1.2|x\\F\\y")
    assert (obx.components(3), obx.value(4), obx.value(5)) == (("a", "b"), "1.2", "x|y")


@given(st.text("ab1. ^", max_size=8), st.integers(1, 3), st.integers(1, 4), st.integers(1, 2))
def test_a_field_reads_the_same_whatever_stands_in_the_fields_beside_it(text, repetition, component, subcomponent):
    alone, beside = segment(f"OBX|{text}|x"), segment(f"OBX|{text}|\\F\\~&")
    position = (1, repetition, component, subcomponent)
    assert alone.value(*position) == beside.value(*position)
    assert alone.components(1, repetition) == beside.components(1, repetition)


def test_hex_data_are_read_in_the_character_set_of_the_message():
    message = Message.parse(MSH + "NTE|1||caf\\XE9\\\r", charset="iso8859-1")
    assert message.segments[1].value(3) == "café"


def test_a_place_names_the_position_and_nothing_else():
    assert str(segment("OBX|1").place(5, 2, 1)) == "OBX[1]-5(2).1"


def test_three_encoding_characters_leave_no_subcomponents():
    message = Message.parse("MSH|^~\\|R|F|||||ORU|M1|P|2.3\rPID|1||7^^^H&1\r")
    assert message.segments[1].value(3, 1, 4) == "H&1"
    assert message.deviations == ("encoding-characters-unusual: 3 in MSH-2",)


def test_other_delimiters_are_read():
    message = Message.parse("MSH!@%$*!R!F!!!!!ORU@R01!M1!P!2.5\rPID!1!!7@@@H*1%8!!a$F$b\r")
    pid = message.segments[1]
    assert (pid.value(3, 1, 4, 2), pid.value(3, 2), pid.value(5)) == ("1", "8", "a!b")
    assert message.deviations == ()


def test_the_truncation_character_of_v2_7_is_no_deviation():
    assert deviations(header="MSH|^~\\&#|R|F|||||ORU|M1|P|2.7\r") == ()
    assert deviations(header="MSH|^~\\&#|R|F|||||ORU|M1|P|2.5\r") == ("encoding-characters-unusual: 5 in MSH-2",)


@pytest.mark.parametrize(("end", "count"), [("\n", 3), ("\r\n", 3)])
def test_line_feeds_end_segments_and_are_noted(end, count):
    message = Message.parse((MSH + "PID|1\rOBX|1|ST||\r").replace("\r", end))
    assert [s.id for s in message.segments] == ["MSH", "PID", "OBX"]
    assert message.deviations == (f"lf-segment-end: {count}",)


def test_a_line_feed_inside_a_text_is_text_and_is_noted():
    message = Message.parse(MSH + "OBX|1|TX|a||one\ntwo three|||||F\r")
    assert message.segments[1].value(5) == "one\ntwo three"
    assert message.segments[1].value(11) == ""
    assert message.segments[1].value(10) == "F"
    assert message.deviations == ("lf-in-field: 1",)


def test_a_message_of_line_feeds_may_hold_one_in_a_text():
    message = Message.parse((MSH + "OBX|1|TX|a||one\ntwo\rOBX|2\r").replace("\r", "\n"))
    assert [s.id for s in message.segments] == ["MSH", "OBX", "OBX"]
    assert message.deviations == ("lf-segment-end: 3", "lf-in-field: 1")


def test_empty_lines_are_no_segments():
    assert len(Message.parse(MSH + "\r\r \rPID|1\r\x00\r").segments) == 2


@pytest.mark.parametrize("before", ["\ufeff", "\r\n", "\x00 "])
def test_what_stands_before_the_header_is_noted(before):
    assert Message.parse(before + MSH).deviations == ("leading-whitespace",)


def test_lower_case_ids_and_leading_spaces_are_read_and_noted():
    message = Message.parse(MSH + "pid|1\r  OBX|1\r")
    assert [s.id for s in message.segments] == ["MSH", "PID", "OBX"]
    assert message.segments[2].value(1) == "1"
    assert message.deviations == ("segment-id-lower-case: PID[1]", "segment-indented: OBX[1]")


def test_a_lower_case_header_is_read_and_noted():
    message = Message.parse(MSH.replace("MSH", "msh"))
    assert (message.segments[0].field(3), message.deviations) == ("RIS", ("segment-id-lower-case: MSH[1]",))


def test_local_and_unknown_segments_are_kept_where_they_stood():
    message = Message.parse(MSH + "PID|1\rZAI|x\rPRT|1\rOBX|1\r")
    assert [s.id for s in message.segments] == ["MSH", "PID", "ZAI", "PRT", "OBX"]
    assert message.deviations == ("segment-local: ZAI[1]", "segment-unknown-in-version: PRT[1]")


def test_a_line_without_a_segment_id_is_kept_and_noted():
    message = Message.parse(MSH + "OBX|1|TX|||one\rand two\r*|x\r")
    assert [s.raw for s in message.all("")] == ["and two", "*|x"]
    assert message.deviations == ("line-without-segment-id: 1", "line-without-segment-id: 2")


def test_fields_beyond_the_segment_are_kept_and_noted():
    message = Message.parse(MSH + "OBX|" + "|" * 27 + "extra\r")
    assert message.segments[1].value(28) == "extra"
    assert message.deviations == ("fields-beyond-the-segment: OBX[1]-28",)


def test_empty_fields_beyond_the_segment_are_nothing():
    assert deviations("OBX|1" + "|" * 40) == ()


def test_extra_header_fields_are_noted_and_the_separator_counts_as_one():
    assert deviations(header=MSH[:-1] + "|" * 9 + "\r") == ()
    assert deviations(header=MSH[:-1] + "|" * 10 + "x\r") == ("fields-beyond-the-segment: MSH[1]-22",)


def test_an_empty_or_unknown_version_is_read_as_the_newest_and_noted():
    assert deviations(header=MSH.replace("2.5.1", "")) == ("version-missing: MSH-12",)
    assert deviations(header="MSH|^~\\&|R|F|||||ORU|M1\r") == ("version-missing: MSH-12",)
    assert deviations(header=MSH.replace("2.5.1", "9.9")) == ("version-unknown: MSH-12",)
    assert table_version("9.9") == table_version("") == "2.8.2"


def test_a_version_may_have_components():
    message = Message.parse(MSH.replace("2.5.1", "2.5.1^DEU"))
    assert (message.version, message.deviations) == ("2.5.1", ())


def test_escape_characters_of_no_sequence_are_counted():
    assert deviations("OBX|1|ST|||C:\\temp\\x", "OBX|2|ST|||a\\F\\b \\") == ("escape-character-kept: 3",)


@pytest.mark.parametrize(
    ("text", "count"), [("\n" * 90_000, 1), ("\n \t" * 90_000, 1), ("\nx" * 90_000, 1), ("\n\r" * 45_000, 1)]
)
def test_hostile_line_ends_are_read_in_linear_time(text, count):
    """Quadratic reading of these would take minutes; the suite's own patience is the limit."""
    assert len(Message.parse(MSH + "OBX|1" + text + "\r").all("OBX")) == count


@pytest.mark.parametrize("end", ["\r", "\n", "x\r"])
def test_more_segments_than_any_report_has_are_refused(end):
    with pytest.raises(MessageError) as caught:
        Message.parse(MSH + end * 100_001)
    assert caught.value.problem is Problem.BLOCK_TOO_LARGE


def test_blank_lines_between_line_feeds_belong_to_no_field():
    message = Message.parse((MSH + "OBX|1|TX|||a||||||F\r\r\rOBX|2\r").replace("\r", "\n"))
    assert [s.raw[-3:] for s in message.segments] == ["5.1", "||F", "X|2"]


def test_a_second_message_inside_a_message_is_refused():
    with pytest.raises(MessageError) as caught:
        Message.parse(MSH + "PID|1\r" + MSH)
    assert (caught.value.problem, caught.value.place) == (Problem.VALUE_CONFLICT, Place("MSH", 2))


@pytest.mark.parametrize(
    ("text", "place"), [("", "MSH"), ("PID|1", "MSH"), ("MSH|", "MSH[1]-2"), ("MSH|^^~\\", "MSH[1]-2")]
)
def test_a_text_without_a_readable_header_is_refused(text, place):
    with pytest.raises(MessageError) as caught:
        Message.parse(text)
    assert (caught.value.problem, str(caught.value.place)) == (Problem.HEADER_UNREADABLE, place)


def test_an_error_says_place_and_rule():
    assert str(MessageError(Problem.VALUE_UNREADABLE, Place("OBX", 1, 5), "the rule")) == "OBX[1]-5: the rule"
    assert str(MessageError(Problem.INTERNAL, rule="the rule")) == "the rule"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_has_the_tables_of_a_result(version):
    tables = segment_tables(version)
    assert tables["OBX"][4].datatype == "varies"
    assert tables["OBX"][2].name
    assert {"MSH", "PID", "OBR", "OBX", "NTE"} <= field_counts(version).keys()


@pytest.mark.parametrize(("version", "stand_in"), [("2.7.1", "2.7"), ("2.9", "2.8.2"), ("2.9.1", "2.8.2")])
def test_versions_that_hl7apy_lacks_are_read_by_their_neighbours_tables(version, stand_in):
    assert segment_tables(version) is segment_tables(stand_in)


def test_a_withdrawn_field_keeps_its_number():
    assert segment_tables("2.8")["ERR"][0].name == ""
    assert segment_tables("2.8")["ERR"][1].name == "ERROR_LOCATION"


def test_tables_can_be_loaded_ahead():
    warm(("2.5.1",))
    assert field_counts("2.5.1")["OBX"] == 25


_FIELDS = st.lists(st.text("a1 .^", max_size=6), max_size=6)
_ONE_TO_THREE = st.integers(1, 3)


@given(_FIELDS, st.integers(0, 8), _ONE_TO_THREE, _ONE_TO_THREE, _ONE_TO_THREE)
def test_a_segment_without_escapes_and_repetitions_is_read_as_any_other(fields, number, repetition, part, subpart):
    raw = "|".join(["OBX", *fields])
    plain, other = PlainSegment("OBX", 1, raw.split("|"), Encoding()), segment(raw)

    assert plain.value(number, repetition, part, subpart) == other.value(number, repetition, part, subpart)
    assert plain.components(number, repetition) == other.components(number, repetition)


@pytest.mark.parametrize("mark", ["\\", "~", "&", '""'])
def test_a_mark_in_one_segment_is_read_there_and_nowhere_else(mark):
    message = Message.parse(MSH + f"OBX|1|ST|a^b||{mark}\rOBX|2|ST|a^b||c\r")

    assert [type(obx) for obx in message.all("OBX")] == [Segment, PlainSegment]


def test_the_header_keeps_its_delimiters_where_no_segment_holds_any():
    assert Message.parse(MSH + "OBX|1").segments[0].value(2) == "^~\\&"
