"""The closed vocabulary of what became of a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.outcome import NOWHERE, Place, Problem


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (NOWHERE, ""),
        (Place("PID"), "PID"),
        (Place("OBX", 5), "OBX[5]"),
        (Place("MSH", 0, 9), "MSH-9"),
        (Place("MSH", 1, 9), "MSH[1]-9"),
        (Place("OBX", 5, 3, 1, 1), "OBX[5]-3.1"),
        (Place("PID", 1, 3, 2), "PID[1]-3(2)"),
        (Place("PID", 1, 3, 2, 4), "PID[1]-3(2).4"),
        (Place(path="result[3].code"), "result[3].code"),
    ],
)
def test_a_place_reads_as_an_engineer_writes_it(place, text):
    assert str(place) == text


numbers = st.integers(1, 99)


@given(numbers, numbers, numbers, numbers, numbers, numbers)
def test_two_places_are_never_written_alike(sequence, field, repetition, component, other, more):
    first = Place("OBX", sequence, field, repetition, component)
    second = Place("OBX", sequence, field, other, more)

    assert (str(first) == str(second)) == (first == second)


def test_no_two_problems_have_one_name():
    assert len({problem.value for problem in Problem}) == len(Problem) == len(Problem.__members__)


@pytest.mark.parametrize("problem", Problem)
def test_a_problem_is_named_as_a_label_may_be(problem):
    assert problem.value == problem.name.lower().replace("_", "-")
