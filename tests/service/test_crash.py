"""A process that is killed right after an answer: what it accepted is there for the next one and becomes its result."""

import random
import signal
import socket
import time
from pathlib import Path

import pytest
from program import PATIENCE, Serving
from raw_peer import BLOCK_END, block, read_answer

from adapter.hl7v2.header import read_header
from adapter.settings import shipped_folder
from adapter.store import Store

pytestmark = pytest.mark.slow
DEMO = shipped_folder("fixtures") / "demo"
GRADES = {"700101": "P0", "700102": "P1", "700103": "P2b", "700104": "P3a", "700105": "P4a", "700106": "P5"}
STUDIES = {number: tuple(path.read_bytes() for path in sorted(DEMO.glob(f"0{number[-1]}_*.hl7"))) for number in GRADES}


class Sender:
    """Sends all it has at once and reads the answers one by one."""

    def __init__(self, address: tuple[str, int], payloads: list[bytes]) -> None:
        self._socket = socket.create_connection(address, PATIENCE)
        self._socket.sendall(b"".join(map(block, payloads)))
        self._answers = self._socket.makefile("rb")

    def accepted(self) -> str:
        """The control ID of the next message, which was accepted."""
        framed = bytearray()
        while not framed.endswith(BLOCK_END):
            framed += self._answers.read(1)
        answer = read_answer(bytes(framed[1:-2]))
        assert answer.code == "AA"
        return answer.control_id

    def close(self) -> None:
        self._answers.close()
        self._socket.close()


def control_id(payload: bytes) -> str:
    return read_header(payload).control_id


def grade(serving: Serving, number: str) -> str | None:
    scores = serving.scores(number)
    return scores[0].get("valueCodeableConcept", {}).get("text") if len(scores) == 1 else None


def wait_for_grades(serving: Serving, numbers: list[str]) -> None:
    until = time.monotonic() + PATIENCE
    while any(grade(serving, number) != GRADES[number] for number in numbers):
        assert time.monotonic() < until, {number: grade(serving, number) for number in numbers}
        time.sleep(0.1)


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def killed(tmp_path: Path, url: str, chance: random.Random, payloads: list[bytes]) -> set[str]:
    """Kill a service right after an answer; gives the control IDs that it accepted."""
    with Serving(folder(tmp_path, "first"), NETPET_STORE__URL=url) as first:
        sender = Sender(first.address("mllp"), payloads)
        accepted = {sender.accepted() for _ in range(chance.randint(len(payloads) // 2, len(payloads)))}
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        sender.close()
    return accepted


def shuffled(chance: random.Random) -> list[bytes]:
    payloads = [payload for studies in STUDIES.values() for payload in studies]
    chance.shuffle(payloads)
    return payloads


async def kept(url: str) -> list[str]:
    store = await Store.open(url)
    messages = await store.messages()
    await store.close()
    return [one.control_id for one in messages]


@pytest.mark.parametrize("seed", range(8))
async def test_what_was_accepted_before_a_kill_is_on_disk(seed: int, tmp_path: Path) -> None:
    chance, url = random.Random(seed), f"sqlite:///{tmp_path}/netpet.db"

    accepted = killed(tmp_path, url, chance, shuffled(chance))

    assert accepted <= set(await kept(url))


@pytest.mark.parametrize("seed", [11, 12])
async def test_what_was_accepted_before_a_kill_becomes_its_result_after_it(seed: int, tmp_path: Path) -> None:
    chance, url = random.Random(seed), f"sqlite:///{tmp_path}/netpet.db"
    payloads = shuffled(chance)

    accepted = killed(tmp_path, url, chance, payloads)

    whole = [number for number, studies in STUDIES.items() if {control_id(one) for one in studies} <= accepted]
    with Serving(folder(tmp_path, "second"), NETPET_STORE__URL=url) as second:
        wait_for_grades(second, whole)
        again = Sender(second.address("mllp"), payloads)
        assert [again.accepted() for _ in payloads] == [control_id(payload) for payload in payloads]
        again.close()
        wait_for_grades(second, list(GRADES))
    assert whole
    assert sorted(await kept(url)) == sorted(map(control_id, payloads))
