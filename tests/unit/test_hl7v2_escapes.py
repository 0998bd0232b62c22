"""Escape sequences say what the standard says; what is no sequence stays as it was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.hl7v2.encoding import STANDARD, Encoding
from adapter.hl7v2.escapes import escape, unescape, unread_escapes, without_controls

TRUNCATING = Encoding(truncation="#")
OTHER = Encoding("!", "@", "%", "$", "*")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"\P\ ".strip(), "#"),
        (r"one\.br\two", "one\ntwo"),
        (r"one\.sp\two", "one\ntwo"),
        (r"one\.sp3\two", "one\n\n\ntwo"),
        (r"one\.sp 2\two", "one\n\ntwo"),
        (r"one\.sp+2\two", "one\n\ntwo"),
        (r"one\.sk4\two", "one    two"),
        (r"\.ce\title", "\ntitle"),
        (r"\.in+4\\.ti-2\\.fi\a\.nf\b", "ab"),
        (r"\H\SUV\N\ 3", "SUV 3"),
        (r"\X0D0A\next", "\r\nnext"),
        (r"\X41\\X4a\ ".strip(), "AJ"),
        (r"\XC3A9\ ".strip(), "é"),
        (r"5\E\.br\E\6", r"5\.br\6"),
    ],
)
def test_each_escape_sequence_becomes_its_text(raw, text):
    assert unescape(raw, STANDARD) == text


@pytest.mark.parametrize(
    "raw",
    [
        r"C:\temp\x",
        "half \\",
        r"\.br",
        r"\X4\ ".strip(),
        r"\X4G\ ".strip(),
        r"\.sp999\ ".strip(),
        r"\C2842\ ".strip(),
        r"\M2442\ ".strip(),
        r"\Zlocal\ ".strip(),
    ],
)
def test_what_is_no_known_sequence_stays_as_it_was_sent(raw):
    assert unescape(raw, STANDARD) == raw


def test_hex_data_are_read_in_the_messages_own_character_set():
    assert unescape(r"caf\XE9\ ".strip(), STANDARD, "latin-1") == "café"


@pytest.mark.parametrize("charset", ["utf-8", "iso2022_jp_ext", "no such codec"])
def test_hex_data_that_are_no_text_stay_as_they_were_sent(charset):
    assert unescape(r"caf\XE9\ ".strip(), STANDARD, charset) == "caf\\XE9\\"


def test_other_delimiters_are_escaped_by_the_same_names():
    assert unescape("a$F$b$S$c$T$d$R$e$E$f", OTHER) == "a!b@c*d%e$f"


def test_without_a_subcomponent_separator_t_means_the_usual_one():
    assert unescape("a\\T\\b", Encoding(subcomponent="")) == "a&b"


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("a|b^c&d~e\\f", r"a\F\b\S\c\T\d\R\e\E\f"),
        ("one\ntwo\r\nthree\rfour", r"one\.br\two\.br\three\.br\four"),
        ("\x0b\x1c\x00\x7f", r"\X0B\\X1C\\X00\\X7F\ ".strip()),
        ("#", "#"),
    ],
)
def test_plain_text_is_escaped_so_that_nothing_can_break_it(text, raw):
    assert escape(text, STANDARD) == raw


def test_the_truncation_character_is_escaped_where_there_is_one():
    assert escape("#", TRUNCATING) == "\\P\\"


@given(st.text(), st.sampled_from([STANDARD, TRUNCATING, OTHER, Encoding(subcomponent="")]))
def test_escaped_text_comes_back_and_holds_no_delimiter(text, encoding):
    raw = escape(text, encoding)
    assert unescape(raw, encoding) == text.replace("\r\n", "\n").replace("\r", "\n")
    assert not set(raw) & (set(encoding.delimiters) - {encoding.escape} | set("\r\n\x0b\x1c"))


def test_the_escape_characters_of_no_known_sequence_are_counted():
    assert unread_escapes(r"a\F\b\E\c C:\temp\x", STANDARD) == 2


def test_control_characters_are_left_out():
    assert without_controls("M\x0b1\x1c\r\n\x7f2\x00") == "M12"


_PIECES = st.sampled_from(["\\F\\", "\\.br\\", "\\E\\", "\\N\\", "\\X41\\", "\\.sp2\\", "dose", "F", " "])


@given(st.lists(_PIECES).map("".join))
def test_an_escape_character_at_the_end_changes_nothing_of_what_is_read_before_it(raw):
    """With it the pairs no longer come out even, and each sequence is looked for by itself."""
    assert unescape(raw + "\\", STANDARD) == unescape(raw, STANDARD) + "\\"
    assert (unread_escapes(raw, STANDARD), unread_escapes(raw + "\\", STANDARD)) == (0, 1)
