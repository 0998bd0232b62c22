"""A service that dies under load, by kill and by power cut, loses nothing and doubles nothing; one that would is found.

The short form of ``make chaos`` (docs/chaos.md), which goes on for as long as wished.
"""

import random
from pathlib import Path

import pytest
from chaos.controls import CONTROLS
from chaos.hospital import Hospital
from chaos.lives import Lives
from chaos.power import ENTRY, SHARED_MEMORY, Disk, build
from chaos.replicas import ReplicaTrial
from chaos.sender import Ledger, Sender
from chaos.trial import Plan, Trial
from postgres_server import postgres_server

pytestmark = pytest.mark.slow
FOUND_AT_ONCE = [one for one in CONTROLS if one.name in ("a disk that only says that it synced", "no deduplication")]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("power"))


@pytest.mark.parametrize(
    "plan", [Plan(31, 4, destination="hapi"), Plan(32, 4, power=True)], ids=["kills", "power cuts"]
)
async def test_whatever_ends_a_life_nothing_is_lost_and_nothing_doubled(
    plan: Plan, tmp_path: Path, library: Path
) -> None:
    outcome = await Trial(plan, tmp_path, library).run()

    assert outcome.wrong == []
    assert outcome.deaths.total() == plan.lives
    assert outcome.scores > 0


async def test_whatever_befalls_replicas_and_their_database_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path, library: Path
) -> None:
    with postgres_server() as server:
        outcome = await ReplicaTrial(Plan(34, 9), tmp_path, library, server).run()

    assert outcome.wrong == []
    assert outcome.deaths.total() == 9
    assert outcome.scores > 0


@pytest.mark.parametrize("control", FOUND_AT_ONCE, ids=lambda control: control.plan.planted or "lies")
async def test_a_service_that_loses_or_doubles_is_found(control, tmp_path: Path, library: Path) -> None:
    findings: list[str] = []
    for plan in control.plans():
        place = tmp_path / str(plan.seed)
        place.mkdir()
        findings = findings or (await Trial(plan, place, library).run()).wrong

    assert findings


async def test_the_record_of_a_life_explains_every_byte_of_its_files(tmp_path: Path, library: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    async with Lives(tmp_path, library, {}) as lives:
        lives.keeps_record = True
        disk = Disk(lives.folder)
        await lives.conceive()
        await lives.born()
        sender = Sender(Hospital(7).messages(), ledger, lambda: lives.mllp)
        sender.listeners.append(lambda _: setattr(sender, "stopping", len(ledger.accepted) >= 20))
        await sender.run(2, 2)
        await lives.stop()
        disk.follow(lives.record.read_bytes())
        files = {path.name: path.read_bytes() for path in lives.folder.iterdir()}
    ledger.close()

    assert {name: content for name, content in files.items() if not name.endswith(SHARED_MEMORY)} == disk.whole()
    assert len(files["netpet.db"]) > 0


@pytest.mark.parametrize("seed", range(20))
def test_a_power_cut_takes_only_what_was_not_synced(seed: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0" * 8192)
    number = (tmp_path / "file").stat().st_ino
    record = [entry("W", number, 0, b"1" * 4096), entry("S", number), entry("W", number, 4096, b"2" * 4096)]
    disk = Disk(tmp_path)
    disk.follow(b"".join(record))

    left = disk.cut(random.Random(seed))["file"]

    assert left[:4096] == b"1" * 4096
    assert set(left[4096:]) <= set(b"02")
    assert len(left) == 8192


def entry(kind: str, number: int, offset: int = 0, data: bytes = b"") -> bytes:
    return ENTRY.pack(ord(kind), number, offset, len(data)) + data
