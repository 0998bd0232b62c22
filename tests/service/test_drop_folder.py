"""The drop folder of a service that is killed, restarted, on a full disk: each message is there once, each file too."""

import asyncio
import json
import random
import resource
import signal
import time
from pathlib import Path

import pytest
from mllp_messages import message
from program import PATIENCE, Serving, run
from under_test import AdapterUnderTest, fixture

from adapter.store import Store

FILES = 40
DROP = {"NETPET_DROP__POLL": "0.05", "NETPET_DROP__SENDER__NAME": "files"}


class Folders:
    """The three folders of a drop, and what a service is told of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("in", "done", "wrong"):
            (root / name).mkdir()
        self.section = {"folder": root / "in", "archive": root / "done", "errors": root / "wrong", "poll": 0.02}
        self.url = f"sqlite:///{root}/netpet.db"
        places = {f"NETPET_DROP__{name.upper()}": str(self.section[name]) for name in ("folder", "archive", "errors")}
        self.variables = DROP | places | {"NETPET_STORE__URL": self.url}

    def put(self, name: str, content: bytes) -> None:
        beside = self.root / "beside"
        beside.write_bytes(content)
        beside.rename(self.root / "in" / name)

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.root / folder).iterdir() if path.is_file())

    @property
    def waiting(self) -> list[str]:
        in_hand = self.root / "in/.in-hand"
        return self.names("in") + (self.names("in/.in-hand") if in_hand.exists() else [])

    def wait(self, condition, seconds: float = PATIENCE) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, (self.waiting, self.names("done"), self.names("wrong"))
            time.sleep(0.02)

    async def kept(self) -> list[str]:
        store = await Store.open(self.url)
        messages = await store.messages(limit=500)
        await store.close()
        return sorted(one.control_id for one in messages)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


async def test_reports_that_came_as_files_are_scored(folders: Folders) -> None:
    async with AdapterUnderTest(folders.root, drop=folders.section | {"sender": {"name": "files"}}) as adapter:
        folders.put("both.hl7", fixture("demo/03_p2b_1_sstr.hl7") + fixture("demo/03_p2b_2_fdg.hl7"))
        async with asyncio.timeout(PATIENCE):
            while folders.names("done") != ["both.hl7", "both.hl7.ack"]:  # noqa: ASYNC110 - the folder is what is seen
                await asyncio.sleep(0.02)
        await adapter.settled()
        scores = await adapter.observations("700103")
        ready = await adapter.get("/readyz")

    assert [score["valueCodeableConcept"]["text"] for score in scores] == ["P2b"]
    assert ready[0] == 200
    checks = {check["name"]: check for check in ready[1]["checks"]}
    assert {"ready": True, "reason": ""}.items() <= checks["drop"].items()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_service_that_is_killed_again_and_again_loses_no_message_and_doubles_none(
    folders: Folders, seed: int
) -> None:
    choice = random.Random(seed)
    for number in range(FILES):
        content = message(f"A{number:02}") + (message(f"B{number:02}") if number % 2 else b"")
        folders.put(f"{number:02}.hl7", content)
    for _ in range(3):
        with Serving(folders.root, **folders.variables) as serving:
            some = min(FILES, len(folders.names("done")) // 2 + choice.randint(1, FILES // 4))
            folders.wait(lambda some=some: len(folders.names("done")) >= some * 2)
            time.sleep(choice.random() * 0.02)
            serving.end(signal.SIGKILL)
    with Serving(folders.root, **folders.variables) as serving:
        folders.wait(lambda: not folders.waiting)
        serving.end()

    expected = [f"A{number:02}" for number in range(FILES)] + [f"B{number:02}" for number in range(1, FILES, 2)]
    assert asyncio.run(folders.kept()) == sorted(expected)
    assert folders.names("wrong") == []
    assert folders.names("done") == sorted(f"{n:02}.hl7{end}" for n in range(FILES) for end in ("", ".ack"))


@pytest.mark.slow
async def test_on_a_full_disk_files_wait_and_go_on_when_there_is_room(folders: Folders) -> None:
    with Serving(folders.root, **folders.variables) as serving:
        unlimited = resource.RLIM_INFINITY
        resource.prlimit(serving.process.pid, resource.RLIMIT_FSIZE, (1, unlimited))
        folders.put("a.hl7", message("M1"))
        folders.put("b.hl7", message("M2"))
        folders.wait(lambda: any(check["reason"] for check in checks(serving) if check["name"] == "drop"))
        before = folders.names("done"), folders.names("wrong"), len(folders.waiting)
        resource.prlimit(serving.process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        folders.wait(lambda: not folders.waiting)
        said = serving.stderr
        serving.end()

    assert before == ([], [], 2)
    assert await folders.kept() == ["M1", "M2"]
    assert folders.names("done") == ["a.hl7", "a.hl7.ack", "b.hl7", "b.hl7.ack"]
    assert ".hl7" not in said


def checks(serving: Serving) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(serving.get("/readyz")[1])["checks"]
    return found


@pytest.mark.slow
def test_a_folder_that_is_not_there_is_named_at_the_start(folders: Folders) -> None:
    (folders.root / "wrong").rmdir()
    ended = run("serve", folder=folders.root, NETPET_MLLP__PORT="0", NETPET_HTTP__PORT="0", **folders.variables)

    assert ended.returncode == 3
    assert f"drop.errors: {folders.root}/wrong is no folder" in ended.stderr
