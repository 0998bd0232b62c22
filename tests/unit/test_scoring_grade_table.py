"""The grade table over all inputs, against an oracle that knows the published table and tries every completion."""

from itertools import combinations_with_replacement, product

import pytest
from lesion_tables import Count, Nature, Relation, lesion, saw

from adapter.scoring.netpet import score

CALLS = ("positive", "negative", "unknown")
RELATIONS = (None, *Relation)
COUNTS = (Count(1, 1), Count(2, 2), Count(2, None), Count(3, None), Count(1, None), Count(1, 2))
NATURES = (Nature.TUMOUR, Nature.UNCERTAIN)
GROUP = {0: "P0", 1: "P1", 2: "P2-4", 3: "P2-4", 4: "P2-4", 5: "P5"}
PUBLISHED = {("negative", "negative"): {0}, ("positive", "negative"): {1}, ("negative", "positive"): {5}}


def members_possible(sstr, fdg, relation, nature):
    """All patterns of one lesion: each unknown call is tried both ways, a missing relation all three ways."""
    patterns = set()
    for one, other in product(*(("positive", "negative") if call == "unknown" else (call,) for call in (sstr, fdg))):
        patterns |= PUBLISHED.get((one, other)) or ({relation.value} if relation else {2, 3, 4})
    return patterns | {0} if nature is Nature.UNCERTAIN else patterns


def row_possible(sstr, fdg, relation, count, nature, paired):
    patterns = members_possible(sstr, fdg, relation, nature)
    several = count.max is None or count.max > 1
    if several and not paired and "negative" not in (sstr, fdg):
        patterns |= {2, 3, 4, 5}
    return patterns


def numbers(count):
    """How many lesions the row may stand for; beyond three, more make no difference to a suffix."""
    return range(count.min, (max(count.min, 4) if count.max is None else count.max) + 1)


def suffixed(pattern, at_grade):
    return f"P{pattern}" if pattern not in (2, 3, 4) else f"P{pattern}{'b' if at_grade >= 3 else 'a'}"


def completions(rows):
    """Every (worst pattern, full grade) that some completion of the rows has."""
    found = set()
    for patterns in product(*(row_possible(*facts) for facts in rows)):
        for counts in product(*(numbers(facts[3]) for facts in rows)):
            worst = max(patterns)
            at_grade = sum(number for pattern, number in zip(patterns, counts, strict=True) if pattern == worst)
            found.add((worst, suffixed(worst, at_grade)))
    return found


def expected(rows):
    """What all completions agree on: the grade with suffix, else without; the group; the bounds."""
    found = completions(rows)
    worst = {pattern for pattern, _grade in found}
    grades = {grade for _pattern, grade in found}
    grade = None
    if len(worst) == 1:
        grade = grades.pop() if len(grades) == 1 else f"P{min(worst)}"
    low_group, high_group = GROUP[min(worst)], GROUP[max(worst)]
    return grade, low_group if low_group == high_group else None, (min(worst), max(worst))


def build(place, facts):
    sstr, fdg, relation, count, nature, paired = facts
    return lesion(f"L{place}", saw(sstr), saw(fdg), relation=relation, count=count, nature=nature, paired=paired)


def answer(rows):
    result = score([build(place, facts) for place, facts in enumerate(rows)])
    return result.grade, result.group, result.bounds


EVERY_ROW = list(product(CALLS, CALLS, RELATIONS, COUNTS, NATURES, (True, False)))


def test_every_single_row_has_the_grade_that_all_its_completions_agree_on():
    wrong = [facts for facts in EVERY_ROW if answer([facts]) != expected([facts])]

    assert wrong == []


def test_every_single_row_has_exactly_the_patterns_of_the_published_table():
    wrong = [
        facts for facts in EVERY_ROW if score([build(0, facts)]).patterns["L0"] != tuple(sorted(row_possible(*facts)))
    ]

    assert wrong == []


def test_every_pair_of_different_rows_has_the_grade_that_all_completions_agree_on():
    counts = (Count(1, 1), Count(2, None), Count(3, None))
    rows = list(product(CALLS, CALLS, (None, Relation.FDG_HIGHER, Relation.FDG_LOWER), counts, NATURES, (False,)))

    wrong = [pair for pair in combinations_with_replacement(rows, 2) if answer(pair) != expected(pair)]

    assert wrong == []


def test_every_three_lesions_have_the_grade_that_all_completions_agree_on():
    rows = list(product(CALLS, CALLS, (None, Relation.FDG_EQUAL), (Count(1, 1),), NATURES, (True,)))

    wrong = [three for three in combinations_with_replacement(rows, 3) if answer(three) != expected(three)]

    assert wrong == []


@pytest.mark.parametrize("count", COUNTS)
def test_a_row_that_is_no_tumour_never_takes_part(count):
    table = [build(0, ("negative", "positive", None, count, Nature.NOT_TUMOUR, True)), build(1, EVERY_ROW[0])]

    result = score(table)

    assert result.patterns == score(table[1:]).patterns
    assert result.bounds == score(table[1:]).bounds
