"""Bytes become text by a written rule; what the rule does not settle is refused, and no character is ever replaced."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.hl7v2.charset import CharacterSetError, Decoded, decode_text
from adapter.hl7v2.header import HeaderError, read_header
from adapter.outcome import Problem

UMLAUT, KANJI = "MÜLLER", "山田^太郎"


def message(name: str, charset: str = "") -> str:
    return f"MSH|^~\\&|RIS|F|||||ORU^R01|M1|P|2.5.1||||||{charset}\rPID|1||7||{name}\rOBX|1|TX|||\r"


def decode(name: str, charset: str, codec: str, **sender: str) -> Decoded:
    payload = message(name, charset).encode(codec)
    return decode_text(payload, read_header(payload), **sender)


def refused(name: str, charset: str, codec: str, **sender: str) -> CharacterSetError:
    with pytest.raises(CharacterSetError) as caught:
        decode(name, charset, codec, **sender)
    return caught.value


DECLARED = [
    ("DOE", "", "ascii"),
    ("DOE", "ASCII", "ascii"),
    ("DOE", "ISO IR6", "ascii"),
    (UMLAUT, "UNICODE UTF-8", "utf-8"),
    (UMLAUT, "UTF-8", "utf-8"),
    (UMLAUT, "UTF8", "utf-8"),
    (UMLAUT, "utf-8", "utf-8"),
    (UMLAUT, "ISO_IR 192", "utf-8"),
    (UMLAUT, "8859/1", "latin-1"),
    (UMLAUT, "ISO-8859-1", "latin-1"),
    (UMLAUT, "ISO8859-1", "latin-1"),
    (UMLAUT, "LATIN1", "latin-1"),
    (UMLAUT, "ISO_IR 100", "latin-1"),
    ("Łódź", "8859/2", "iso8859-2"),
    ("Ĉĝ", "8859/3", "iso8859-3"),
    ("Ģē", "8859/4", "iso8859-4"),
    ("Иван", "8859/5", "iso8859-5"),
    ("سعيد", "8859/6", "iso8859-6"),
    ("Γεώργιος", "8859/7", "iso8859-7"),
    ("דוד", "8859/8", "iso8859-8"),
    ("Şahin", "8859/9", "iso8859-9"),
    ("Ðð", "8859/10", "iso8859-10"),
    ("สมชาย", "8859/11", "iso8859-11"),
    ("Ųų", "8859/13", "iso8859-13"),
    ("Ŵŵ", "8859/14", "iso8859-14"),
    ("€š", "8859/15", "iso8859-15"),
    ("„x“ €", "windows-1252", "cp1252"),
    ("„x“ €", "CP1252", "cp1252"),
    ("Иван", "windows-1251", "cp1251"),
    (KANJI, "~ISO IR87", "iso2022_jp"),
    (KANJI, "ISO IR6~ISO IR87", "iso2022_jp"),
    (KANJI, "ISO IR14~ISO IR87", "iso2022_jp"),
    (KANJI, "~ISO IR87~ISO IR159", "iso2022_jp"),
    ("丂侄", "~ISO IR87~ISO IR159", "iso2022_jp_1"),
    ("ﾔﾏﾀﾞ", "ISO IR13~ISO IR87", "shift_jis"),
    ("鍊東", "GB 18030-2000", "gb18030"),
    ("鍊東", "GB18030", "gb18030"),
    ("功許", "BIG-5", "big5"),
    ("김희중", "KS X 1001", "euc_kr"),
    (UMLAUT, "UNICODE", "utf-16"),
    (UMLAUT, "UNICODE UTF-16", "utf-16-be"),
]


@pytest.mark.parametrize(("name", "charset", "codec"), DECLARED)
def test_a_declared_character_set_is_read(name, charset, codec):
    assert decode(name, charset, codec).text == message(name, charset)


@pytest.mark.parametrize("codec", ["gb18030", "big5", "iso2022_jp"])
def test_second_bytes_that_look_like_delimiters_are_text(codec):
    charset = {"gb18030": "GB 18030-2000", "big5": "BIG-5", "iso2022_jp": "~ISO IR87"}[codec]
    characters = [c for c in map(chr, range(0x4E00, 0x9FA0)) if set(c.encode(codec, "ignore")) & set(b"|^~\\&")]
    assert len(characters) > 20
    name = "".join(characters)
    assert decode(name, charset, codec).text == message(name, charset)


def test_undeclared_utf_8_is_read_and_noted():
    decoded = decode(UMLAUT, "", "utf-8")
    assert decoded == Decoded(message(UMLAUT), "utf-8", ("character-set-undeclared: MSH-18",))


def test_undeclared_bytes_that_are_no_utf_8_are_read_by_the_senders_default():
    decoded = decode(UMLAUT, "", "latin-1", default="8859/1")
    assert (decoded.text, decoded.charset) == (message(UMLAUT), "iso8859-1")
    assert decoded.deviations == ("character-set-undeclared: MSH-18",)


def test_undeclared_utf_8_is_utf_8_whatever_the_senders_default():
    assert decode(UMLAUT, "", "utf-8", default="8859/1").charset == "utf-8"


def test_undeclared_bytes_without_a_default_are_refused_with_their_field():
    error = refused(UMLAUT, "", "latin-1")
    assert (error.problem, str(error.place)) == (Problem.CHARACTER_SET, "PID[1]-5")


def test_bytes_beyond_a_declared_ascii_are_undeclared():
    assert decode(UMLAUT, "ASCII", "utf-8").deviations == ("character-set-undeclared: MSH-18",)
    assert str(refused(UMLAUT, "ASCII", "latin-1").place) == "PID[1]-5"


def test_undeclared_escape_sequences_are_never_taken_for_text():
    assert str(refused(KANJI, "", "iso2022_jp").place) == "MSH[1]-18"


def test_undeclared_escape_sequences_are_read_by_the_senders_default():
    assert decode(KANJI, "", "iso2022_jp", default="ISO IR87").text == message(KANJI)


def test_an_escape_byte_that_changes_no_character_set_is_text():
    assert decode("DOE\x1bE", "", "ascii").text == message("DOE\x1bE")


def test_a_wrong_declaration_is_refused_with_the_field_that_shows_it():
    assert str(refused(UMLAUT, "UNICODE UTF-8", "latin-1").place) == "PID[1]-5"


def test_the_place_of_a_bad_byte_in_the_header_is_counted_as_the_header_counts():
    payload = b"MSH|^~\\&|RIS|M\xdcNCHEN|||||ORU|M1\r"
    with pytest.raises(CharacterSetError) as caught:
        decode_text(payload, read_header(payload))
    assert str(caught.value.place) == "MSH[1]-4"


def test_a_bad_byte_in_a_line_that_is_no_segment_is_blamed_on_the_declaration():
    payload = message("DOE").encode() + b"\xdc\r"
    with pytest.raises(CharacterSetError) as caught:
        decode_text(payload, read_header(payload))
    assert str(caught.value.place) == "MSH[1]-18"


def test_the_senders_override_rules():
    decoded = decode(UMLAUT, "UNICODE UTF-8", "latin-1", override="8859/1")
    assert decoded.text == message(UMLAUT, "UNICODE UTF-8")
    assert decoded.deviations == ("character-set-differs: the sender's setting rules",)


def test_an_override_that_agrees_is_no_deviation():
    assert decode(UMLAUT, "8859/1", "latin-1", override="ISO-8859-1").deviations == ()


def test_an_override_that_does_not_fit_or_is_not_known_is_refused():
    assert "sender's character set" in refused(UMLAUT, "", "latin-1", override="UTF-8").rule
    assert "not known" in refused("DOE", "", "ascii", override="FOO").rule


def test_an_unknown_name_harms_nobody_while_the_bytes_are_ascii():
    assert decode("DOE", "FOO", "ascii").deviations == ("character-set-unknown: MSH-18",)


def test_an_unknown_name_with_other_bytes_is_refused():
    assert "not known" in refused(UMLAUT, "FOO", "utf-8", default="8859/1").rule


def test_an_unknown_name_beside_a_known_one_is_noted():
    assert decode(UMLAUT, "8859/1~FOO", "latin-1").deviations == ("character-set-unknown: MSH-18",)


@pytest.mark.parametrize("codec", ["utf-8", "latin-1"])
def test_of_several_sets_without_escape_sequences_utf_8_is_read_where_the_bytes_are_utf_8(codec):
    decoded = decode(UMLAUT, "8859/1~UNICODE UTF-8", codec)
    assert decoded.text == message(UMLAUT, "8859/1~UNICODE UTF-8")
    assert decoded.deviations == ("character-sets-several: 2",)


def test_of_several_other_sets_the_first_that_fits_is_read():
    assert decode("€", "windows-1252~8859/15", "cp1252").charset == "cp1252"


def test_latin_1_with_windows_characters_is_windows_1252():
    decoded = decode("„x“", "8859/1", "cp1252")
    assert (decoded.text, decoded.charset) == (message("„x“", "8859/1"), "cp1252")
    assert decoded.deviations == ("character-set-differs: cp1252",)


def test_a_control_byte_that_is_no_windows_character_either_is_refused():
    assert refused("\x81", "8859/1", "latin-1").rule == "bytes outside of the declared character set"


def test_a_byte_order_mark_is_noted_and_taken_off():
    decoded = decode(UMLAUT, "UNICODE UTF-8", "utf-8-sig")
    assert (decoded.text, decoded.deviations) == (message(UMLAUT, "UNICODE UTF-8"), ("byte-order-mark: utf-8",))


def test_a_byte_order_mark_rules_over_a_declaration_that_differs():
    decoded = decode(UMLAUT, "8859/1", "utf-8-sig")
    assert decoded.text == message(UMLAUT, "8859/1")
    assert decoded.deviations == ("byte-order-mark: utf-8", "character-set-differs: utf-8")


def test_two_byte_characters_need_no_declaration():
    decoded = decode(UMLAUT, "", "utf-16-le")
    assert (decoded.text, decoded.deviations) == (message(UMLAUT), ("character-set-undeclared: utf-16-le",))


def test_half_a_two_byte_character_is_refused():
    payload = message("DOE", "UNICODE").encode("utf-16-le") + b"\x00"
    with pytest.raises(CharacterSetError):
        decode_text(payload, read_header(payload))


def test_two_byte_unicode_declared_over_single_bytes_is_utf_8():
    decoded = decode(UMLAUT, "UNICODE", "utf-8")
    assert (decoded.text, decoded.deviations) == (message(UMLAUT, "UNICODE"), ("character-set-differs: utf-8",))


def test_a_replacement_character_that_was_sent_is_kept_and_noted():
    decoded = decode("M\ufffdLLER", "UNICODE UTF-8", "utf-8")
    assert decoded.deviations == ("replacement-character-as-sent: 1",)


@pytest.mark.parametrize(
    ("raw", "charset", "text"),
    [
        (b"\\M2442\\;3ED\\C2842\\", "~ISO IR87", "山田"),
        (b"\x1b-A\xdc", "~ISO 2022 IR 100", "Ü"),
        (b"A\x1b-F\xe1\x1b-A\xe1", "ISO 2022 IR 6~ISO 2022 IR 126", "Aαá"),
        (b"\x1b$)C\xb1\xe8", "~ISO 2022 IR 149", "김"),
        (b"\x1b$)A\xce\xc4", "~ISO 2022 IR 58", "文"),
        (b"\x1b)I\xd4\xcf", "~ISO IR13", "ﾔﾏ"),
        (b"\x1b(ITO@^\x1b(B", "~ISO IR13", "ﾔﾏﾀﾞ"),
        (b"\x1bE", "~ISO IR87", "\x1bE"),
        (b"\x1b(J~\\E\\\x1b(B", "ISO IR14~ISO IR87", "~\\E\\"),
        (b"\xe9 \x1b$B;3\x1b(B \xe9", "8859/1~ISO IR87", "é 山 é"),
    ],
)
def test_escape_sequences_change_the_character_set(raw, charset, text):
    payload = message("NAME", charset).encode().replace(b"NAME", raw)
    assert decode_text(payload, read_header(payload)).text == message(text, charset)


def test_each_segment_begins_in_the_first_character_set_again():
    payload = message("NAME", "8859/1~ISO IR87").encode().replace(b"NAME", b"\x1b-F\xe1") + b"NTE|1||\xe1\r"
    assert decode_text(payload, read_header(payload)).text.endswith("NTE|1||á\r")


@pytest.mark.parametrize("raw", [b"\x1b$(Q!!", b"\x1b$B;", b"\x80", b"\x1b)I\xe5", b"\x1b$B\xc3\xc3"])
def test_bytes_outside_of_the_extended_sets_are_refused(raw):
    payload = message("NAME", "~ISO IR87").encode().replace(b"NAME", raw)
    with pytest.raises(CharacterSetError):
        decode_text(payload, read_header(payload))


def test_a_declared_but_unswitched_extension_is_plain_text():
    assert decode("DOE", "~ISO IR87", "ascii") == Decoded(message("DOE", "~ISO IR87"), "iso2022_jp_ext", ())


NAMES = st.sampled_from(
    ["", "ASCII", "8859/1", "UNICODE UTF-8", "UNICODE", "~ISO IR87", "GB18030", "FOO", "8859/1~FOO"]
)


@settings(max_examples=300)
@given(NAMES, st.binary(max_size=40), st.sampled_from([None, "8859/1", "UTF-8", "ISO IR87", "FOO"]))
def test_any_bytes_are_text_or_refused_and_never_replaced(charset, raw, default):
    payload = message("NAME", charset).encode().replace(b"NAME", raw)
    with suppress(HeaderError, CharacterSetError):
        decoded = decode_text(payload, read_header(payload), default=default)
        assert decoded.text.count("\ufffd") == 0 or "replacement-character-as-sent" in str(decoded.deviations)


@settings(max_examples=300)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30))
def test_every_text_in_declared_utf_8_comes_out_as_it_went_in(name):
    assert decode(name, "UNICODE UTF-8", "utf-8").text == message(name, "UNICODE UTF-8")
