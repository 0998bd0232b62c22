"""The worker reads all that came for a patient, in order; a message that cannot be read holds up no other."""

from functools import partial
from pathlib import Path

from work_fakes import NOW, FakeDestination, FakeWorkStore, eventually, message, working

from adapter.mapping.catalogue import MappingSet
from adapter.outcome import Held, Ignored, Problem
from adapter.reading import KeptMessage, Read, Reading, read
from adapter.settings import shipped_folder
from adapter.store.codec import ReportNotKeepableError

DEMO = Path(__file__).parents[2] / "fixtures/demo"


async def test_all_messages_of_a_patient_are_read_in_the_order_of_their_arrival_before_it_is_brought_up_to_date():
    store, destination = FakeWorkStore(), FakeDestination()
    store.mark("a", *(message("a", number) for number in range(250)), scores=1)

    async with working(store, destination):
        await eventually(lambda: store.settled)

    assert [id_ for id_, _ in store.readings] == [f"a-{number}" for number in range(250)]
    assert destination.taken == ["a"]


async def test_a_report_that_cannot_be_kept_as_it_is_is_held_and_the_next_message_is_read(capsys):
    store = FakeWorkStore()
    store.mark("a", message("a", 1), message("a", 2))
    store.failures["record"] = ReportNotKeepableError("a value")

    def read(one: KeptMessage) -> Reading:
        return Read((), "canonical", "1", "0") if one.sequence == 1 else Ignored()

    async with working(store, read=read):
        await eventually(lambda: store.settled)

    (first, held), second = store.readings
    assert first == "a-1"
    assert isinstance(held, Held)
    assert held.problem is Problem.INTERNAL
    assert second == ("a-2", Ignored())
    assert '"problem": "internal"' in capsys.readouterr().err


async def test_what_became_of_each_message_is_counted():
    store = FakeWorkStore()
    store.mark("a", message("a", 1), message("a", 2), message("a", 3))
    answers = {1: Read((), "canonical", "1", "0"), 2: Ignored(), 3: Held(Problem.CODE_UNKNOWN)}

    async with working(store, read=lambda one: answers[one.sequence]) as running:
        await eventually(lambda: store.settled)

    states = [("read", ""), ("ignored", ""), ("held", "code-unknown")]
    registry = running.telemetry.registry
    counted = [registry.get_sample_value("netpet_readings_total", {"state": s, "problem": p}) for s, p in states]
    assert counted == [1, 1, 1]


class FailingOnce:
    """Mappings that break at the first message, as a fault of the program would, and read the next."""

    def __init__(self) -> None:
        self._sound = MappingSet.load(shipped_folder("mappings"))
        self._broken = True

    def __getattr__(self, name: str):
        if self._broken:
            self._broken = False
            raise ZeroDivisionError("DOE^JANE")
        return getattr(self._sound, name)


def demo_message(number: int, name: str) -> KeptMessage:
    raw = (DEMO / name).read_bytes()
    return KeptMessage(f"m{number}", number, "mllp", "hl7v2", raw, NOW, str(number), "P", "a", "")


async def test_a_message_that_the_program_fails_on_is_held_as_internal_and_the_patients_others_are_read(capsys):
    store = FakeWorkStore()
    store.mark("a", demo_message(1, "01_p0_1_sstr.hl7"), demo_message(2, "01_p0_2_fdg.hl7"))

    async with working(store, read=partial(read, mappings=FailingOnce())):
        await eventually(lambda: store.settled)

    (_, held), (_, second) = store.readings
    assert isinstance(held, Held)
    assert (held.problem, "ZeroDivisionError" in held.rule) == (Problem.INTERNAL, True)
    assert isinstance(second, Read)
    assert len(second.reports) == 1
    assert "DOE" not in capsys.readouterr().err
