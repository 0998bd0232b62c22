"""What a patient is called, as patterns over bytes: how each may be spelled, and what must stand beside it.

Rows are read as what they say (``readable``), so that a name in JSON is a name however its members are laid out. A
file is searched as it is.
"""

import json
import re
from collections.abc import Iterable, Iterator

from adapter.store.purge_names import SHORTEST, Called, Name, decoded, loaded, members, name_of, one_word

MARK = "\x1e"
"""Stands around each thing that JSON says: names of two persons are never beside each other."""
REACH = 64
"""Signs and words at most between a family and a given name: lines of JSON are indented."""

LETTER = rb"0-9A-Za-z\x80-\xff"
BEGIN, END = rb"(?<![" + LETTER + rb"])", rb"(?![" + LETTER + rb"])"
DIGIT_BEFORE, DIGIT_AFTER = b"(?<![0-9A-Fa-f])", b"(?![0-9A-Fa-f])"
"""A number that is part of a digest or of a longer number is not the patient's."""
SIGN = rb"[^" + LETTER + rb"{}~|\x00\x1e]"
"""What may stand within a name; the others end it, or the object, field or repetition that it stands in."""
FORMS = frozenset({b"family", b"given"})
FORM = b"|".join(sorted(FORMS))
APART = SIGN + rb"|\xe2\x80[\x90-\x99]"
JOINT = rb"(?:" + APART + rb"){1,8}"
"""Between the words of one name: also the dashes and apostrophes that are no ASCII."""


def spellings(text: str) -> set[bytes]:
    """Turn a text into the bytes that it may be kept as: by character set, and escaped in JSON."""
    escaped = json.dumps(text)[1:-1]
    capitals = re.sub(r"\\u[0-9a-f]{4}", lambda found: r"\u" + found[0][2:].upper(), escaped)
    inner = json.dumps(text, ensure_ascii=False)[1:-1]
    found = {one.encode("utf-8", "backslashreplace") for one in (text, escaped, capitals, inner)}
    return found | {text.encode("latin-1", "ignore")} - {b""}


def words_of(name: str) -> list[str]:
    """Turn a family or given name into its words, the longest first: by it a name is looked up."""
    return sorted(_in_order(name), key=len, reverse=True)


def _in_order(name: str) -> list[str]:
    return re.findall(r"\w+", name) or [name]


def word_spellings(word: str) -> set[bytes]:
    """As ``spellings``, and as a name is written: in capitals, or with one; in small letters alone it may be a word."""
    return {spelling for one in (word, word.upper(), word.title()) for spelling in spellings(one)}


def clues_of(subject: Called) -> list[tuple[set[bytes], ...]]:
    """Turn what a patient is called into what is quickly looked for: of one clue a spelling of every set is there."""

    def first_word(name: str) -> set[bytes]:
        return word_spellings(words_of(name)[0])

    def together(name: Name) -> tuple[set[bytes], ...]:
        family, *given = map(first_word, name)
        return (family, set().union(*given)) if given else (family,)

    return [*((spellings(text),) for text in (*subject.numbers, *subject.whole)), *map(together, subject.names)]


def pattern_of(subject: Called) -> re.Pattern[bytes]:
    """Turn what a patient is called into the pattern that finds any of it."""
    numbers = [DIGIT_BEFORE + _any(spellings(text)) + DIGIT_AFTER for text in subject.numbers]
    whole = [_whole(text) for text in subject.whole]
    return _either([*numbers, *whole, *(one for name in subject.names for one in _name_patterns(name))])


def _either(patterns: Iterable[bytes]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(patterns) or b"(?!)")


def _whole(text: str) -> bytes:
    """A script without capitals does not part its words."""
    spelled = _any(spellings(text))
    return spelled if text.upper() == text.lower() else BEGIN + spelled + END


def _any(words: Iterable[bytes]) -> bytes:
    return b"(?:" + b"|".join(map(re.escape, sorted(words))) + b")"


def _word(name: str) -> bytes:
    """Its words with signs between."""
    return BEGIN + JOINT.join(map(_any, _spelled(name))) + END


def _spelled(name: str) -> list[set[bytes]]:
    """The spellings of its words; small letters are for those that stand beside a longer one (``von``, ``d'``)."""
    longest = words_of(name)[0]
    return [word_spellings(one) | (set() if one == longest else spellings(one.lower())) for one in _in_order(name)]


def _name_patterns(name: Name) -> Iterator[bytes]:
    family, *given = name
    if not given:
        yield _alone(family)
    for one in given:
        between = _between(name, is_short=min(len(family), len(one)) < SHORTEST)
        yield _word(family) + between + _word(one)
        yield _word(one) + between + _word(family)


def _between(name: Name, *, is_short: bool) -> bytes:
    """Signs, and words of the patient's names; of a short name also what shows that it is one.

    Each word stands here once: text that repeats them would otherwise be taken apart in more ways than can be tried.
    """
    words = FORMS.union(*(spelled for part in name for spelled in _spelled(part)))
    within = b"(?:" + APART + b"|" + BEGIN + _any(words) + END + b"){0,%d}" % REACH
    return within + rb"(?:\^|" + FORM + b")" + within if is_short else within


def _alone(word: str) -> bytes:
    """Where it is the whole of a name: of one in FHIR that was read, of one in bytes, of a field of HL7 v2."""
    spelled, mark = _word(word), MARK.encode()
    forms = [
        mark + rb"\^" + spelled + rb"\^(?=" + mark + b")",
        rb'\{\s*(?:"use"\s*:\s*"[a-z]+"\s*,\s*)?"(?:' + FORM + rb')"\s*:\s*\[?\s*"' + spelled + rb'"\s*\]?\s*\}',
    ]
    if len(word) >= SHORTEST:
        forms.append(rb"(?<=[|~])\^?" + spelled + rb"\^*(?=[|~\r\n])")
    return b"|".join(forms)


def family_pattern(subject: Called) -> re.Pattern[bytes]:
    """Turn what a patient is called into the pattern of its family name as a word, where it must be this patient's."""
    return _either(_word(name[0]) for name in subject.names if len(name[0]) >= SHORTEST)


def readable(value: str | bytes) -> bytes:
    """Turn what a row holds into what is searched: as it is, and as what its JSON says; in UTF-8, with ASCII signs."""
    text = value if isinstance(value, str) else decoded(value)
    parts = [text, *_said(text)] if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[") else [text]
    marked = MARK + MARK.join(parts) + MARK
    return re.sub(r"[^\w\x00-\x7f]", " ", marked).encode("utf-8", "backslashreplace")


def _said(text: str) -> Iterator[str]:
    """Every text in JSON, and every name as ``^family^given^``; what has a family or a given name is a name."""
    for one in members(loaded(text.lstrip("\ufeff"))):
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            names = [name_of(one), *_one_worded(one.get("name"))]
            yield from (f"^{'^'.join(name)}^" for name in names if name)


def _one_worded(names: object) -> Iterator[Name]:
    for name in members(names):
        if isinstance(name, dict) and not name_of(name):
            yield one_word(name.get("text"))
