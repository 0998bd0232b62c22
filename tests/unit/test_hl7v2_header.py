"""The header is read from the bytes as they came, whatever their character set; what cannot be read is named."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.hl7v2.header import HeaderError, read_header, scan_patient
from adapter.outcome import Place, Problem

MSH = (
    "MSH|^~\\&|RIS^1.2^ISO|NUCMED|NETPET|HOSP|20261120101500+0100||ORU^R01^ORU_R01|M1|P^T|2.5.1^DEU|||AL|NE||{charset}"
)
PID = "\rPID|1||123456^^^HOSP&1.2.3&ISO^MR~99^^^X||DOE^JANE\r"


def message(charset: str = "", codec: str = "utf-8", sender: str = "RIS^1.2^ISO") -> bytes:
    return (MSH.format(charset=charset).replace("RIS^1.2^ISO", sender) + PID).encode(codec)


def test_each_fact_of_the_header_is_read_from_its_field():
    header = read_header(message("8859/1~UNICODE UTF-8"))
    assert (header.sending_application, header.sending_facility) == ("RIS^1.2^ISO", "NUCMED")
    assert (header.receiving_application, header.receiving_facility) == ("NETPET", "HOSP")
    assert (header.message_code, header.trigger, header.structure) == ("ORU", "R01", "ORU_R01")
    assert (header.control_id, header.processing_id, header.version) == ("M1", "P", "2.5.1")
    assert (header.accept_ack, header.application_ack) == ("AL", "NE")
    assert header.time == "20261120101500+0100"
    assert header.charsets == ("8859/1", "UNICODE UTF-8")


def test_a_header_without_a_character_set_names_none():
    assert read_header(message()).charsets == ()


def test_an_empty_first_character_set_is_kept_in_its_place():
    assert read_header(message("~ISO IR87")).charsets == ("", "ISO IR87")


def test_a_null_field_and_a_field_beyond_the_end_are_empty():
    header = read_header(b'MSH|^~\\&|""|F|||||ORU|M1\r')
    assert (header.sending_application, header.accept_ack, header.component(9, 3)) == ("", "", "")


@pytest.mark.parametrize("characters", ["^~\\", "^~\\&", "^~\\&#", "@$%!*", "*~`"])
def test_any_three_to_five_encoding_characters_are_read(characters):
    component = characters[0]
    header = read_header(f"MSH|{characters}|A|B|||||ORU{component}R01|M1\r".encode())
    assert header.encoding.characters == characters
    assert (header.trigger, header.control_id) == ("R01", "M1")


@pytest.mark.parametrize("separator", ["|", "!", "%", "*"])
def test_any_field_separator_is_read(separator):
    header = read_header("MSH|^~\\&|A|B|||||ORU|M1\r".replace("|", separator).encode())
    assert header.control_id == "M1"


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (b"", "MSH"),
        (b"not HL7", "MSH"),
        (b"FHS|^~\\&|", "MSH"),
        (b"MSH", "MSH[1]-2"),
        (b"MSH|^~|A", "MSH[1]-2"),
        (b"MSH|^~\\&#@|A", "MSH[1]-2"),
        (b"MSH|^~\\^|A", "MSH[1]-2"),
        (b"MSH|^~A&|B", "MSH[1]-2"),
        (b"MSH|^~\\\x01|B", "MSH[1]-2"),
        (b"MSH|^~\xe9&|B", "MSH[1]-2"),
        (b"MSHA^~\\&A", "MSH[1]-2"),
        (b"MSH|^~\\&|RIS|F\r", "MSH[1]-9"),
        (b"MSH|^~\\&|RIS|F|||||ORU^R01\r", "MSH[1]-10"),
    ],
)
def test_a_header_that_cannot_be_read_names_where_it_broke(payload, place):
    with pytest.raises(HeaderError) as caught:
        read_header(payload)
    assert caught.value.problem is Problem.HEADER_UNREADABLE
    assert str(caught.value.place) == place


@pytest.mark.parametrize(("payload", "field"), [(b"MSH|^~\\&|R||||||ORU||P\r", 10), (b"MSH|^~\\&|R|||||||M1|P\r", 9)])
def test_a_header_without_type_or_control_id_is_refused_with_what_was_read(payload, field):
    with pytest.raises(HeaderError) as caught:
        read_header(payload)
    assert (caught.value.problem, caught.value.place) == (Problem.FIELD_MISSING, Place("MSH", 1, field))
    assert caught.value.header is not None
    assert caught.value.header.sending_application == "R"


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n", b" \t", b"\x00"])
def test_marks_and_spaces_before_the_header_are_skipped(before):
    assert read_header(before + message()).control_id == "M1"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_header_in_two_byte_characters_is_read(codec):
    header = read_header(message("UNICODE", codec, "MÜNCHEN"))
    assert (header.sending_application, header.control_id) == ("MÜNCHEN", "M1")
    assert header.codec.startswith("utf-16")


def test_a_big_endian_mark_is_read():
    assert read_header(b"\xfe\xff" + message("UNICODE", "utf-16-be")).codec == "utf-16-be"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", ""])
def test_the_header_ends_where_its_line_ends(end):
    assert read_header(f"MSH|^~\\&|A|B|||||ORU^R01|M1{end}".encode()).control_id == "M1"


def test_a_lower_case_header_is_read():
    assert read_header(message().replace(b"MSH", b"msh")).control_id == "M1"


@pytest.mark.parametrize(
    ("charset", "codec", "sender"),
    [
        ("UNICODE UTF-8", "utf-8", "MÜNCHEN"),
        ("", "utf-8", "MÜNCHEN"),
        ("8859/1", "latin-1", "MÜNCHEN"),
        ("8859/1~UNICODE UTF-8", "utf-8", "MÜNCHEN"),
        ("8859/1~UNICODE UTF-8", "latin-1", "MÜNCHEN"),
        ("~ISO IR87", "iso2022_jp", "東京"),
        ("GB 18030-2000", "gb18030", "鍊東"),
        ("BIG-5", "big5", "功許"),
        ("KS X 1001", "euc_kr", "서울"),
    ],
)
def test_a_sender_name_is_decoded_in_its_own_character_set(charset, codec, sender):
    header = read_header(message(charset, codec, sender))
    assert (header.sending_application, header.control_id) == (sender, "M1")


@pytest.mark.parametrize(
    ("charset", "codec"), [("GB 18030-2000", "gb18030"), ("BIG-5", "big5"), ("~ISO IR87", "iso2022_jp")]
)
@pytest.mark.parametrize("delimiter", [b"|", b"^"])
def test_second_bytes_that_look_like_delimiters_do_not_move_the_fields(charset, codec, delimiter):
    names = (
        character for character in map(chr, range(0x4E00, 0x9FFF)) if delimiter in character.encode(codec, "ignore")
    )
    sender = next(names)
    header = read_header(message(charset, codec, sender))
    assert (header.sending_application, header.control_id) == (sender, "M1")


def test_a_name_that_no_declared_set_decodes_is_read_byte_by_byte():
    header = read_header(message("FOO", "latin-1", "MÜNCHEN"))
    assert (header.codec, header.sending_application) == ("latin-1", "MÜNCHEN")


def test_a_wrongly_declared_set_still_leaves_an_answerable_header():
    header = read_header(message("UNICODE UTF-8", "latin-1", "MÜNCHEN"))
    assert (header.codec, header.control_id) == ("latin-1", "M1")


def scan(payload: bytes) -> tuple[str, str]:
    return scan_patient(payload, read_header(payload))


def test_the_patient_is_named_by_oid_where_there_is_one():
    assert scan(message()) == ("1.2.3", "123456")


def test_the_patient_is_named_by_namespace_else():
    assert scan(message().replace(b"HOSP&1.2.3&ISO", b"HOSP&1.2.3&L")) == ("HOSP", "123456")
    assert scan(message().replace(b"HOSP&1.2.3&ISO", b"HOSP")) == ("HOSP", "123456")


def test_the_patient_is_unescaped_as_the_mapping_reads_it():
    assert scan(message().replace(b"123456^", b"12\\T\\3^")) == ("1.2.3", "12&3")


def test_of_several_identifiers_the_medical_record_number_counts():
    payload = b"MSH|^~\\&|A|B|||||ORU|M1\rPID|1||5^^^CARD^PI~^^^HOSP^MR~9^^^HOSP^MR\r"
    assert scan(payload) == ("HOSP", "9")


def test_without_subcomponents_the_authority_is_the_whole_component():
    payload = b"MSH|^~\\|A|B|||||ORU|M1\rPID|1||1^^^H&2\r"
    assert scan(payload) == ("H&2", "1")


@pytest.mark.parametrize(
    "pid",
    [b"", b"PID|1\r", b"PID|1||\r", b'PID|1||""^^^HOSP\r', b"PID|1||^^^HOSP\r", b"PIDX|1||5\r"],
)
def test_a_message_without_an_identifier_names_nobody(pid):
    assert scan(b"MSH|^~\\&|A|B|||||ORU|M1\r" + pid) == ("", "")


@pytest.mark.parametrize("start", [b"\r pid|", b"\nPID|", b"\r\nPID|"])
def test_the_patient_is_found_in_a_tolerated_segment(start):
    assert scan(message().replace(b"\rPID|", start)) == ("1.2.3", "123456")


def test_the_patient_is_found_in_any_character_set():
    assert scan(message("UNICODE", "utf-16")) == ("1.2.3", "123456")
    assert scan(message("GB 18030-2000", "gb18030")) == ("1.2.3", "123456")
    assert scan(message().replace(b"JANE", b"J\xe4NE")) == ("1.2.3", "123456")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_header_or_a_refusal(tail):
    for payload in (tail, b"MSH|^~\\&|" + tail, message() + tail):
        with suppress(HeaderError):
            scan_patient(payload, read_header(payload))
