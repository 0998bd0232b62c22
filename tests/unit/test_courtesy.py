"""The worker works as hard as it can while no sender waits for it."""

from hypothesis import given
from hypothesis import strategies as st

from adapter.app.courtesy import MOST, PRESENT, REST, Courtesy

answers = st.lists(st.floats(min_value=1e-5, max_value=60), max_size=200)


def after(*seconds: float) -> Courtesy:
    courtesy = Courtesy()
    for number, taken in enumerate(seconds):
        courtesy.answered(taken, now=number / 1000)
    return courtesy


def test_without_senders_the_worker_takes_all_it_can():
    assert Courtesy().allowed(0.0) == MOST
    assert Courtesy().rest(1.0, 0.0) == 0.0


def test_answers_that_slow_down_leave_one_patient_at_a_time_and_a_rest():
    slowed = after(*[0.001] * 10, *[0.010] * 20)

    assert slowed.allowed(0.030) == 1
    assert slowed.rest(0.5, 0.030) == REST * 0.5


def test_answers_that_stay_as_fast_as_they_can_let_the_worker_grow():
    recovered = after(*[0.001] * 10, *[0.010] * 20, *[0.001] * 60)

    assert recovered.allowed(0.09) > 20
    assert recovered.rest(0.5, 0.09) == 0.0


def test_when_the_senders_are_gone_the_worker_takes_all_it_can():
    slowed = after(*[0.001] * 10, *[0.010] * 20)

    assert slowed.allowed(0.030 + 2 * PRESENT) == MOST


def test_a_slow_disk_is_not_taken_for_the_worker():
    assert after(*[0.020] * 100).allowed(0.1) == MOST


def test_a_disk_that_became_slower_is_learnt():
    assert after(*[0.001] * 10, *[0.008] * 400).allowed(0.41) > 1


@given(answers)
def test_whatever_answers_take_somebody_is_always_worked_on(taken):
    courtesy = after(*taken)

    assert 1 <= courtesy.allowed(len(taken) / 1000) <= MOST
    assert 0 <= courtesy.rest(1.0, len(taken) / 1000) <= REST
