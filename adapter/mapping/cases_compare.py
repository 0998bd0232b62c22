"""Expected against got: every difference by its path; the rows of lesions are compared as a whole, none may be lost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapter.mapping.cases import NONE, Case, ExpectedReport
from adapter.mapping.cases_got import Got, GotReport
from adapter.mapping.cases_words import same_words

SCALARS = ("problem", "place", "rule", "outcome", "grade", "group", "review")
_OF_SCORE = frozenset({"outcome", "grade", "group", "review", "reasons"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that came out otherwise; it quotes the case's message, and is for whoever runs the case alone."""

    path: str
    expected: str
    got: str


def differences(case: Case, got: Got) -> Iterator[Difference]:
    """Turn a case and what came of it into what differs; nothing when the case holds."""
    comparison = _Comparison(is_exact=case.contains == "equals")
    expect = case.expect
    if not expect.model_fields_set:
        yield Difference("expect", "at least one part", "nothing is expected: --update writes what is read")
    if expect.reports is not None:
        yield from comparison.reports(expect.reports, got.reports, "reports")
    elif expect.report is not None or expect.lesions is not None:
        yield from comparison.reports([expect], got.reports, "")
    yield from comparison.flags(expect.flags, got.flags)
    yield from comparison.reasons(expect.reasons, got.reasons)
    yield from _each("state", expect.state, got.state)
    yield from _each("ack", expect.ack, got.ack)
    if got.scores > 1 and expect.model_fields_set & _OF_SCORE:
        yield Difference("score", "one score", f"{got.scores} scores: the inputs are more than one pair")
    for name in SCALARS:
        yield from _scalar(name, getattr(expect, name), got.scalars[name])


def _scalar(name: str, expected: object, got: str) -> Iterator[Difference]:
    if expected is None:
        return
    said = str(getattr(expected, "value", expected))
    if said != got and not (name == "place" and _is_finer(got, said)):
        yield Difference(name, said, got)


def _is_finer(got: str, expected: str) -> bool:
    """``OBX[8]-5.1`` satisfies ``OBX[8]-5``."""
    return got.startswith(f"{expected}.")


def _each(name: str, expected: Sequence[str] | None, got: Sequence[str]) -> Iterator[Difference]:
    if expected is None:
        return
    wanted = tuple(expected) * len(got) if len(expected) == 1 else tuple(expected)
    if wanted != tuple(got):
        yield Difference(name, ", ".join(expected), ", ".join(got))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """``is_exact``: what is not named must not be there (``contains: equals``)."""

    is_exact: bool

    def reports(self, expected: Sequence[ExpectedReport], got: Sequence[GotReport], path: str) -> Iterator[Difference]:
        if len(expected) != len(got):
            yield Difference(path or "reports", _reports(len(expected)), _reports(len(got)))
            return
        for index, (wanted, found) in enumerate(zip(expected, got, strict=True)):
            at = f"{path}[{index}]." if path else ""
            if wanted.report is not None:
                yield from self._facts(wanted.facts, found.report, f"{at}report")
            if wanted.lesions is not None:
                yield from self._lesions(wanted.rows, found.lesions, f"{at}lesions")

    def _lesions(
        self, wanted: Mapping[str, Mapping[str, str]], got: Sequence[Mapping[str, str]], path: str
    ) -> Iterator[Difference]:
        found = {lesion["row"]: lesion for lesion in got}
        for row in dict.fromkeys((*wanted, *found)):
            at = f"{path}[{row}]"
            if row not in found:
                yield Difference(at, _line(wanted[row]), "no such lesion")
            elif row not in wanted:
                yield Difference(at, "no such lesion", _line(found[row]))
            else:
                yield from self._facts(wanted[row], found[row], at)

    def _facts(self, expected: Mapping[str, str], got: Mapping[str, str], path: str) -> Iterator[Difference]:
        for fact, said in expected.items():
            found = got.get(fact, NONE)
            if not same_words(fact, said, found):
                yield Difference(f"{path}.{fact}", said, found)
        if self.is_exact:
            for fact in sorted(got.keys() - expected.keys()):
                yield Difference(f"{path}.{fact}", NONE, got[fact])

    def flags(self, expected: Sequence[str] | None, got: Sequence[str]) -> Iterator[Difference]:
        """A flag is named by its text or by how it begins (``unit missing``); exactly, by its text."""
        if expected is None:
            return
        if self.is_exact or not expected:
            yield from _lists("flags", sorted(expected), sorted(got))
        else:
            for flag in expected:
                if not any(note.startswith(flag) for note in got):
                    yield Difference("flags", flag, _list(got))

    def reasons(self, expected: Sequence[str] | None, got: Sequence[str]) -> Iterator[Difference]:
        if expected is None:
            return
        wanted = {str(reason) for reason in expected}
        if self.is_exact or not wanted:
            yield from _lists("reasons", sorted(wanted), sorted(got))
        elif not wanted <= set(got):
            yield Difference("reasons", _list(sorted(wanted)), _list(got))


def _reports(number: int) -> str:
    return "1 report" if number == 1 else f"{number} reports"


def _lists(path: str, expected: Sequence[str], got: Sequence[str]) -> Iterator[Difference]:
    if list(expected) != list(got):
        yield Difference(path, _list(expected), _list(got))


def _list(texts: Sequence[str]) -> str:
    return "; ".join(texts) or NONE


def _line(words: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {text}" for name, text in words.items())
