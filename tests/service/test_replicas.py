"""Several processes on one PostgreSQL database: any of them takes, reads and serves; one that dies is replaced."""

import random
import signal
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from postgres_server import PostgresPlace
from program import Serving, run
from test_crash import GRADES, STUDIES, Sender, control_id, folder, kept, wait_for_grades

pytestmark = pytest.mark.slow
LEASE = "3"


def replica(parent: Path, name: str, place: PostgresPlace, *arguments: object) -> Serving:
    told = {"NETPET_STORE__URL": place.url, "NETPET_STORE__LEASE": LEASE}
    return Serving(folder(parent, name), *arguments, **told)


def send_all(serving: Serving, payloads: list[bytes]) -> list[str]:
    sender = Sender(serving.address("mllp"), payloads)
    answered = [sender.accepted() for _ in payloads]
    sender.close()
    return answered


def everything() -> list[bytes]:
    return [payload for studies in STUDIES.values() for payload in studies]


async def test_of_three_replicas_one_is_killed_and_every_score_is_there_exactly_once(
    tmp_path: Path, postgres: PostgresPlace
) -> None:
    chance = random.Random(3)
    with ExitStack() as stack:
        replicas = [stack.enter_context(replica(tmp_path, f"replica-{n}", postgres)) for n in range(3)]
        unsent = {one: chance.sample(everything(), len(everything())) for one in replicas}
        first = replicas[0]
        killed = Sender(first.address("mllp"), unsent[first])
        taken = {killed.accepted() for _ in range(3)}
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        killed.close()
        senders = [threading.Thread(target=send_all, args=(one, unsent[one])) for one in replicas[1:]]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        for one in replicas[1:]:
            wait_for_grades(one, list(GRADES))

    assert taken <= set(await kept(postgres.url))
    assert sorted(await kept(postgres.url)) == sorted(map(control_id, everything()))
    ((published, patients),) = postgres.server.run(
        "SELECT count(*), count(DISTINCT patient) FROM score WHERE state = 'published'", postgres.name
    )
    assert (published, patients) == (len(GRADES), len(GRADES))


async def test_the_roles_of_three_processes_make_one_service(tmp_path: Path, postgres: PostgresPlace) -> None:
    with ExitStack() as stack:
        receiver = stack.enter_context(replica(tmp_path, "receiver", postgres, "--role", "receive"))
        stack.enter_context(replica(tmp_path, "worker", postgres, "--role", "work"))
        web = stack.enter_context(replica(tmp_path, "web", postgres, "--role", "web"))

        send_all(receiver, everything())
        wait_for_grades(web, list(GRADES))

        assert receiver.get("/fhir/metadata")[0] == 404
        assert [line for line in web.said("listening") if line["listener"] == "mllp"] == []
        assert all(one.get("/readyz")[0] == 200 for one in (receiver, web))


def test_with_sqlite_one_process_has_all_roles(tmp_path: Path) -> None:
    done = run("serve", "--role", "receive", folder=tmp_path)

    assert (done.returncode, "service.roles: with SQLite" in done.stderr) == (3, True)


def test_a_role_that_there_is_not_is_named(tmp_path: Path) -> None:
    done = run("serve", "--role", "cook", folder=tmp_path)

    assert (done.returncode, "service.roles" in done.stderr) == (3, True)
