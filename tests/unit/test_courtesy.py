"""Senders of a burst have the machine to themselves; patients never wait for them for long."""

from hypothesis import given
from hypothesis import strategies as st

from adapter.app.courtesy import MOST, PATIENCE, PRESENT, SHARED, Courtesy, TimedKeeping
from adapter.arrival import Kept

spans = st.lists(st.tuples(st.floats(1e-5, 1), st.floats(1e-5, 1)), max_size=100)


def sent(courtesy: Courtesy, start: float, seconds: float, *, keeping: float, pause: float) -> float:
    """Messages one after the other: each takes ``keeping`` seconds, after a pause; gives when the last was kept."""
    now = start
    while now < start + seconds:
        now += pause
        courtesy.arrived(now)
        now += keeping
        courtesy.answered(now)
    return now


def test_without_senders_the_worker_takes_all_it_can():
    assert Courtesy(0.0).at_once(0.0) == MOST


def test_senders_that_come_without_pause_have_the_machine_to_themselves():
    courtesy = Courtesy(0.0)
    now = sent(courtesy, 0.0, 1.0, keeping=0.0006, pause=0.0005)

    assert courtesy.at_once(now) == 0


def test_senders_that_come_now_and_then_leave_the_worker_one_patient_at_a_time():
    courtesy = Courtesy(0.0)
    now = sent(courtesy, 0.0, 1.0, keeping=0.001, pause=0.004)

    assert courtesy.at_once(now) == 1


def test_a_sender_that_waits_for_a_slow_disk_counts_as_there():
    courtesy = Courtesy(0.0)
    courtesy.arrived(1.0)

    assert courtesy.at_once(1.0 + 2 * PRESENT) == 0


def test_when_the_senders_are_gone_the_worker_takes_all_it_can():
    courtesy = Courtesy(0.0)
    now = sent(courtesy, 0.0, 1.0, keeping=0.001, pause=0.0)

    assert courtesy.at_once(now + 2 * PRESENT) == MOST


def test_a_burst_ends_a_wait_of_patients_no_later_than_their_patience_does():
    courtesy = Courtesy(0.0)
    now = sent(courtesy, 0.0, PATIENCE + 0.1, keeping=0.001, pause=0.0)

    assert courtesy.at_once(now) == SHARED


def test_patients_who_were_all_taken_have_waited_for_nobody():
    courtesy = Courtesy(0.0)
    now = sent(courtesy, 0.0, PATIENCE + 0.1, keeping=0.001, pause=0.0)
    courtesy.oldest_due(now)

    assert courtesy.at_once(now) == 0


def test_under_an_endless_load_a_patient_is_begun_again_and_again():
    """A minute of senders without pause; whoever is begun had been due for as long as the senders were there."""
    courtesy, begun, now = Courtesy(0.0), 0, 0.0
    for second in range(1, 61):
        now = sent(courtesy, now, 1.0, keeping=0.001, pause=0.0)
        if courtesy.at_once(now):
            begun += courtesy.at_once(now)
            courtesy.oldest_due(second - PATIENCE)

    assert begun >= 20


@given(spans, st.floats(0, 100))
def test_whatever_senders_do_who_waited_for_long_is_worked_on(spans, after):
    courtesy, now = Courtesy(0.0), PATIENCE + 1e-3
    for keeping, pause in spans:
        now = sent(courtesy, now, 1e-6, keeping=keeping, pause=pause)

    assert courtesy.at_once(now + after) in (SHARED, MOST)


class Shelf:
    """Keeps nothing; fails when told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    async def keep(self, arrival):
        if self.failure:
            raise self.failure
        return Kept("m1", b"")


async def test_what_could_not_be_kept_is_not_waited_for_any_more():
    courtesy = Courtesy(0.0)
    failed = False
    try:
        await TimedKeeping(Shelf(LookupError()), courtesy).keep(None)
    except LookupError:
        failed = True
    await TimedKeeping(Shelf(), courtesy).keep(None)

    assert failed
    assert courtesy.at_once(1e12) == MOST
