"""Both engines of the store: durable accepts of each, and studies a second of several processes on PostgreSQL.

``python -m bench.engines`` prints what it finds; it starts a PostgreSQL of its own, as the tests do.
"""

import asyncio
import itertools
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from adapter.arrival import Arrival
from adapter.store import Store
from bench.child_service import ChildService
from bench.mllp_load import Sender
from bench.report_message import report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from postgres_server import PostgresServer, postgres_server

SECONDS = 3.0
PATIENTS = 150
CONNECTIONS = 8
PATIENCE = 60.0
BODY = 2000


def arrival(number: int, of: int) -> Arrival:
    """A message of 2 kB that nobody reads."""
    text = f"MSH|{of}.{number}|" + "x" * BODY
    return Arrival(
        raw=text.encode(),
        received=datetime.now(UTC),
        control_id=f"{of}.{number}",
        patient=f"patient {number % 500}",
        answer=b"MSA|AA",
        channel="mllp",
        peer="127.0.0.1",
        format="hl7v2",
        sending_application="RIS",
        sending_facility="NUCMED",
        processing_id="P",
    )


async def accepts(url: str, senders: int) -> float:
    """Turn a store and a number of senders into accepts a second."""
    store = await Store.open(url)
    numbers = itertools.count()
    began = time.perf_counter()

    async def send() -> int:
        sent = 0
        while time.perf_counter() - began < SECONDS:
            await store.keep(arrival(next(numbers), senders))
            sent += 1
        return sent

    sent = sum(await asyncio.gather(*(send() for _ in range(senders))))
    rate = sent / (time.perf_counter() - began)
    await store.close()
    return rate


def studies(server: PostgresServer, folder: Path, workers: int) -> float:
    """Turn a number of working processes, beside one that receives, into scored studies a second."""
    name = server.create()
    with ExitStack() as stack:
        places = [("receive", folder / f"{workers}-receiver")]
        places += [("receive,work", folder / f"{workers}-worker-{number}") for number in range(workers)]
        told = {"NETPET_STORE__URL": server.url(name)}
        receiver, *_ = [
            stack.enter_context(ChildService(place, settings=told | {"NETPET_SERVICE__ROLES": roles}))
            for roles, place in places
        ]
        payloads = [report(f"{study}{number}", str(number), study) for number in range(PATIENTS) for study in "SF"]
        left = iter(payloads)
        began = time.perf_counter()
        with Sender(receiver.mllp, CONNECTIONS) as sender:
            sender.exactly(len(payloads), CONNECTIONS, lambda: next(left))
        _await_scores(server, name, began + PATIENCE)
        return len(payloads) / (time.perf_counter() - began)


def _await_scores(server: PostgresServer, name: str, until: float) -> None:
    count = "SELECT count(*) FROM score WHERE state = 'published'"
    while server.run(count, name) != [(PATIENTS,)]:
        if time.perf_counter() > until:
            raise TimeoutError(f"not all scores were there: {server.run(count, name)}")
        time.sleep(0.1)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, postgres_server() as server:
        for senders in (1, 50):
            print(f"accepts/s, SQLite, {senders}: {asyncio.run(accepts(f'sqlite:///{folder}/netpet.db', senders)):.0f}")
        address = server.url(server.create())
        for senders in (1, 50):
            print(f"accepts/s, PostgreSQL, {senders}: {asyncio.run(accepts(address, senders)):.0f}")
        for workers in (1, 2):
            print(f"studies/s, PostgreSQL, {workers} working: {studies(server, Path(folder), workers):.0f}", flush=True)


if __name__ == "__main__":
    main()
