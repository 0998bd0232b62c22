"""A short run of the fuzzing that `make fuzz` does at length; planted faults prove that its contract can be broken."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fuzz.contract import Contract, MemoryStore
from fuzz.mutations import SAMPLES, cuts, stream
from fuzz.run import choice_of, part

from adapter.arrival import Arrival, Kept
from adapter.hl7v2.mllp import Block, Fault, MllpDecoder, encode_block
from adapter.mapping.catalogue import MappingSet
from adapter.reading import KeptMessage, Read, Reading, read

ROOT = Path(__file__).parents[2]
MIXED = next(sample for sample in SAMPLES if b"Impression" in sample)
HEADER = b"MSH|^~\\&|RIS|NUC|||20261120101500||ORU^R01^ORU_R01|M1|P|2.5.1\rPID|1||1^^^H^MR\rOBR|1||A|81555-5^PET^LN"


@pytest.fixture
def contract() -> Iterator[Contract]:
    made = Contract()
    yield made
    made.close()


@pytest.mark.parametrize("start", range(0, 1600, 200))
def test_mutated_streams_are_answered_and_nothing_of_them_is_lost(start: int) -> None:
    results = part((2026, start, start + 200))

    assert results.findings == []
    assert {"answered AA", "answered AE", "answered AR", "read"} <= results.outcomes.keys()


def test_a_seed_makes_the_same_streams_and_cuts_again() -> None:
    first, second = [[(stream(choice_of(3, n)), cuts(choice_of(3, n), 999)) for n in range(50)] for _ in range(2)]

    assert first == second


class LosingStore(MemoryStore):
    async def keep(self, arrival: Arrival) -> Kept:
        return Kept("m1", arrival.answer)


class CuttingStore(MemoryStore):
    async def keep(self, arrival: Arrival) -> Kept:
        return await super().keep(replace(arrival, raw=arrival.raw[:-20]))


class SilentStore(MemoryStore):
    async def keep(self, arrival: Arrival) -> Kept:
        return replace(await super().keep(arrival), answer=b"")


class ForgetfulDecoder(MllpDecoder):
    """Loses what it held when it is fed a second time."""

    def feed(self, data: bytes) -> list[Block | Fault]:
        self._buffer.clear()
        self._start = self._scan = 0
        return super().feed(data)


def without_notes(message: KeptMessage, mappings: MappingSet) -> Reading:
    reading = read(message, mappings)
    if not isinstance(reading, Read):
        return reading
    return replace(reading, notes=(), reports=tuple(replace(report, notes=()) for report in reading.reports))


def stumbling(message: KeptMessage, mappings: MappingSet) -> Reading:
    return read(replace(message, raw=None), mappings)  # type: ignore[arg-type] # that is the fault


@pytest.mark.parametrize(
    "faulty",
    [
        lambda: Contract(store=LosingStore),
        lambda: Contract(store=CuttingStore),
        lambda: Contract(store=SilentStore),
        lambda: Contract(decode=ForgetfulDecoder),
        lambda: Contract(reading=without_notes),
        lambda: Contract(reading=stumbling),
    ],
)
def test_a_planted_fault_breaks_the_contract(faulty: Callable[[], Contract]) -> None:
    broken = faulty()
    with pytest.raises(AssertionError):
        broken.hold_for(encode_block(MIXED), [40])
    broken.close()


HOSTILE = {
    "components": lambda n: b"|" + b"^" * n,
    "repetitions": lambda n: b"|" + b"~" * n,
    "subcomponents": lambda n: b"|" + b"a&" * (n // 2),
    "fields": lambda n: b"|" * n,
    "escapes that never end": lambda n: b"|" + b"\\" * n,
    "escapes": lambda n: b"|" + b"\\F\\" * (n // 3),
    "hex escapes": lambda n: b"|" + b"\\X41\\" * (n // 5),
    "one long hex escape": lambda n: b"|\\X" + b"41" * (n // 2) + b"\\",
    "line ends": lambda n: b"\r" * (n // 2),
    "LF in text": lambda n: b"|" + b"a\n" * (n // 2),
    "blanks": lambda n: b"\r" + b" " * n,
    "blank lines": lambda n: b"\r   " * (n // 4),
    "observations of one row": lambda n: b"\rOBX|1|ST|112039^T^DCM|1|L1||||||F" * (n // 40),
    "observations of many rows": lambda n: b"".join(
        b"\rOBX|1|NM|126401^S^DCM|%d|3||||||F" % row for row in range(n // 40)
    ),
    "unknown codes": lambda n: b"".join(b"\rOBX|1|NM|c%d^S^L|1|3||||||F" % row for row in range(n // 40)),
    "orders": lambda n: b"\rOBR|1||A|81555-5^P^LN" * (n // 22),
    "patients": lambda n: b"\rPID|1||1^^^H^MR" * (n // 16),
    "digits": lambda n: b"\rOBX|1|NM|126401^S^DCM|1|" + b"9" * n + b"||||||F",
    "patient identifiers": lambda n: b"\rPID|1||" + b"1^^^H^MR~" * (n // 9),
    "trailers": lambda n: b"\rBTS|1" * (n // 6),
    "headers": lambda n: b"\rMSH|^~\\&|A||||||ORU^R01|1|P|2.5" * (n // 33),
    "FS in the payload": lambda n: b"|" + b"\x1c" * n,
    "two-byte marks": lambda n: b"|" + b"\x1b$B" * (n // 3),
}
"""What costs more than its length where code looks at the same bytes again and again."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_the_cost_of_a_hostile_message_grows_no_faster_than_its_length(kind: str) -> None:
    contract = Contract(decode=lambda: MllpDecoder(max_block=2**21))

    def seconds(length: int) -> float:
        sent = encode_block(HEADER + HOSTILE[kind](length))
        costs = []
        for _ in range(3):
            contract.hold_for(sent)
            costs.append(contract.tally.cost)
        return min(costs)

    gc.disable()  # its passes over all that a large message makes are the interpreter's, and come when they like
    try:
        short, long = seconds(8_000), seconds(64_000)
    finally:
        gc.enable()
        contract.close()
    assert long < 3 * 8 * short + 0.02


@pytest.mark.slow
def test_the_command_says_what_it_did_and_repeats_one_stream() -> None:
    whole = fuzz("run.py", "--count", "100", "--jobs", "1")
    one = fuzz("run.py", "--one", "1:17")

    assert (whole.returncode, one.returncode) == (0, 0)
    assert "seed 1, 100 streams" in whole.stdout
    assert "findings: 0" in whole.stdout
    assert "nothing found" in one.stdout


@pytest.mark.slow
def test_streams_that_are_bent_towards_new_code_keep_the_contract() -> None:
    guided = fuzz("coverage_guided.py", "-runs=1500", "-seed=3")

    assert guided.returncode == 0, guided.stderr[-2000:]
    assert "Done 1500 runs" in guided.stderr


def fuzz(program: str, *options: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "PYTHONWARNINGS": "default"}
    command = [sys.executable, str(ROOT / "tests/fuzz" / program), *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
