"""A destination that is down is left in peace, and found up again by one request."""

from datetime import timedelta

from adapter.outbound.breaker import FIRST_PAUSE, LONGEST_PAUSE, THRESHOLD, CircuitBreaker


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def broken(clock, failures=THRESHOLD):
    breaker = CircuitBreaker(clock)
    for _ in range(failures):
        breaker.failed()
    return breaker


def test_a_few_failures_keep_nobody_away():
    assert broken(Clock(), THRESHOLD - 1).waits() is None


def test_failures_in_a_row_keep_everybody_away_for_a_pause():
    breaker = broken(Clock())

    assert breaker.is_open
    assert breaker.waits() == FIRST_PAUSE


def test_after_the_pause_one_is_let_through_alone():
    clock = Clock()
    breaker = broken(clock)
    clock.now += FIRST_PAUSE.total_seconds()

    assert breaker.waits() is None
    assert breaker.waits() == FIRST_PAUSE


def test_a_success_lets_everybody_through():
    breaker = broken(Clock())
    breaker.succeeded()

    assert breaker.waits() is None
    assert not breaker.is_open


def test_the_pause_grows_to_its_longest():
    assert broken(Clock(), THRESHOLD + 2).waits() == FIRST_PAUSE * 4
    assert broken(Clock(), THRESHOLD + 40).waits() == LONGEST_PAUSE


def test_a_server_that_asks_for_time_gets_it_at_once():
    breaker = CircuitBreaker(Clock())
    breaker.failed(timedelta(seconds=120))

    assert breaker.waits() == timedelta(seconds=120)
