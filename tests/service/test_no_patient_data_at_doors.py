"""What no log, metric, error or command may tell of a patient, by every door but MLLP, and from who receives scores."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from canaries import canaries_in, logged_by_all, planted
from fakes import serving
from program import run
from under_test import FIXTURES, AdapterUnderTest, fixture

KEY = "0123456789abcdef"
AUTHORISED = {"Authorization": f"Bearer {KEY}"}
STUDIES = [planted(fixture(f"demo/03_p2b_{study}.hl7")) for study in ("1_sstr", "2_fdg")]
HELD = planted(fixture("demo/06_p5_1_sstr.hl7")).replace(b"|NM|", b"|CANARY800|")
SENDERS = {"enabled": True, "senders": [{"name": "ris", "api_clients": ["ris"]}]}
FHIR = json.loads((FIXTURES / "fhir/both_studies_in_one_message.json").read_text("utf-8"))
LINKS = frozenset({"id", "fullUrl", "reference"})
"""Elements that lead to each other still when a canary stands in all of them."""
WORDS = frozenset({"family", "given", "birthDate", "display", "text", "conclusion", "div"})
"""Elements whose text may be a patient's."""
COMMANDS = (
    ("messages", "list", "--state", "all", "--json"),
    ("replay", "--all", "--dry-run"),
    ("replay", "--all", "--dry-run", "--json"),
    ("replay", "--all", "--reason", "again"),
    ("replay", "--offered"),
    ("replay", "--dead"),
    ("review", "list", "--all", "--json"),
    ("waiting", "--json"),
    ("doctor",),
    ("db", "verify"),
)


def sown(value: Any, name: str = "") -> Any:
    """A resource with a canary in every text that may be a patient's."""
    if isinstance(value, dict):
        return {key: sown(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [sown(item, name) for item in value]
    if name in LINKS:
        return value.replace("415198", "CANARY415198")
    return "CANARY810" if name in WORDS else value


def damaged(body: dict[str, Any]) -> Iterator[bytes]:
    """Bodies that go wrong in every stage, each with canaries where it goes wrong."""
    whole = json.dumps(body).encode()
    yield whole[:-400]
    yield whole.replace(b'"final"', b'"CANARY820"')
    yield whole.replace(b'"final"', b'["CANARY821"]')
    yield whole.replace(b'"status"', b'"CANARY822": 1, "CANARY822": 2, "status"', 1)
    yield whole.replace(b'"reference": "Observation/', b'"reference": "Observation/CANARY823')
    yield whole.replace(b'"subject": {"reference": "Patient/', b'"subject": {"reference": "http://CANARY824/Patient/')
    yield whole.replace(b'"code": "10828004"', b'"code": "CANARY825"')
    yield whole.replace(b"19.5", b'"CANARY826"')
    yield whole.replace(b'"unit": "mm"', b'"unit": "CANARY827"').replace(b'"code": "mm"', b'"code": "CANARY828"')
    yield whole.replace(b'"2026-11-05T09:45:00+01:00"', b'"CANARY829"')
    yield whole.replace(b'"collection"', b'"CANARY830"')
    yield whole.replace(b'"resourceType": "Patient"', b'"resourceType": "CANARY831"')
    yield whole.replace(b'"value": "415198"', b'"value": "CANARY832 CANARY833"')
    yield b'{"resourceType": "CANARY834"}'
    yield b"CANARY835"


@pytest.fixture
def everything_logged() -> Iterator[list[logging.LogRecord]]:
    with logged_by_all() as records:
        yield records


@asynccontextmanager
async def running(folder: Path, **sections: Any) -> AsyncIterator[AdapterUnderTest]:
    keys = folder / "keys"
    keys.write_text(f"ris:{KEY}\n")
    keys.chmod(0o600)
    security = {"api_keys": str(keys)}
    async with AdapterUnderTest(folder, quiet=False, security=security, **sections) as adapter:
        yield adapter


async def post(adapter: AdapterUnderTest, path: str, body: bytes, kind: str, method: str = "POST") -> tuple[int, bytes]:
    headers = AUTHORISED | {"Content-Type": kind}
    async with adapter.http.request(method, path, data=body, headers=headers) as answer:
        return answer.status, await answer.read() + str(answer.headers).encode()


async def told(adapter: AdapterUnderTest) -> list[bytes]:
    """What the service tells who runs it: metrics, readiness, dead letters, messages."""
    answers = []
    for path in ("/metrics", "/readyz", "/dead-letters", "/messages", "/mappings"):
        async with adapter.http.get(path, headers=AUTHORISED) as answer:
            answers.append(await answer.read())
    return answers


def said(records: list[logging.LogRecord]) -> list[str]:
    return [record.getMessage() for record in records if not record.name.startswith("aiohttp.client")]


async def test_reports_and_bodies_that_are_none_are_repeated_nowhere_when_they_come_as_fhir(
    tmp_path, capsys, everything_logged
):
    body = sown(FHIR)
    async with running(tmp_path, fhir_in=SENDERS) as adapter:
        whole = await post(adapter, "/fhir", json.dumps(body).encode(), "application/fhir+json")
        answers = [(await post(adapter, "/fhir", one, "application/fhir+json")) for one in damaged(body)]
        path = "/fhir/DiagnosticReport/CANARY840"
        answers.append(
            await post(adapter, path, b'{"resourceType": "DiagnosticReport"}', "application/fhir+json", "PUT")
        )
        await adapter.settled()
        shown = await told(adapter)

    printed = capsys.readouterr()
    assert whole[0] == 200
    assert {status for status, _ in answers} >= {400, 422}
    assert canaries_in(*shown, whole[1], *(answer for _, answer in answers)) == []
    assert canaries_in(printed.err, printed.out, *said(everything_logged)) == []


async def test_a_body_that_came_by_http_is_repeated_nowhere(tmp_path, capsys, everything_logged):
    async with running(tmp_path, http={"port": 0, "hl7v2": SENDERS}) as adapter:
        kind = "application/hl7-v2; charset=utf-8"
        bodies = [*STUDIES, HELD, b"CANARY850", STUDIES[0] + b"CANARY851|\r", b"BHS|CANARY852\r" + HELD]
        answers = [await post(adapter, "/hl7v2", body, kind) for body in bodies]
        answers.append(await post(adapter, "/hl7v2", HELD, "application/hl7-v2; charset=CANARY853"))
        answers.append(await post(adapter, "/hl7v2", HELD, "text/CANARY854"))
        await adapter.settled()
        shown = await told(adapter)

    printed = capsys.readouterr()
    assert [status for status, _ in answers][:2] == [200, 200]
    assert canaries_in(*shown, *(answer for _, answer in answers)) == []
    assert canaries_in(printed.err, printed.out, *said(everything_logged)) == []


def drop_folders(root: Path, files: dict[str, bytes]) -> dict[str, Path]:
    folders = {name: root / name for name in ("folder", "archive", "errors")}
    for path in folders.values():
        path.mkdir()
    for name, content in files.items():
        (folders["folder"] / name).write_bytes(content)
    return folders


def put_away(folders: dict[str, Path]) -> set[str]:
    return {path.name for name in ("archive", "errors") for path in folders[name].iterdir()}


async def test_neither_the_name_nor_the_content_of_a_dropped_file_is_repeated(tmp_path, capsys, everything_logged):
    files = {"CANARY860.hl7": STUDIES[0], "CANARY861.hl7": b"CANARY862", "CANARY863.hl7": HELD + b"\rCANARY864"}
    folders = drop_folders(tmp_path, files)
    (folders["folder"] / "CANARY865.hl7").symlink_to("CANARY866")
    drop = {name: str(path) for name, path in folders.items()} | {"poll": 0.02, "sender": {"name": "files"}}
    async with running(tmp_path, drop=drop) as adapter:
        async with asyncio.timeout(20):
            while len(put_away(folders) & set(files)) < len(files):  # noqa: ASYNC110 - the folder is what is seen
                await asyncio.sleep(0.02)
        await adapter.settled()
        shown = await told(adapter)
    beside = {path.name: path.read_bytes() for name in ("archive", "errors") for path in folders[name].iterdir()}
    answers = [content for name, content in beside.items() if name not in files]

    printed = capsys.readouterr()
    assert {name.removesuffix(".ack") for name in beside if name.endswith(".ack")} == set(files)
    assert canaries_in(*shown, printed.err, printed.out, *said(everything_logged), *answers) == []
    assert '"file-to-errors"' in printed.err


@pytest.mark.slow
async def test_commands_tell_nothing_that_a_message_or_a_server_says_of_a_patient(tmp_path, capsys, everything_logged):
    async with serving() as server:
        server.transactions = False
        destination = {"plan": "transaction", "fhir_base_url": server.base}
        async with running(tmp_path, destination=destination) as adapter:
            await adapter.send(*STUDIES, HELD)
            await adapter.settled()
            config = tmp_path / "site.yaml"
            config.write_text(
                f"http: {{port: {adapter.addresses.http[1]}}}\nsecurity: {{api_keys: {tmp_path / 'keys'}}}\n"
                f"store: {{url: 'sqlite:///{tmp_path}/netpet.db'}}\n"
            )
            ends = [await asyncio.to_thread(run, *one, "--config", config, folder=tmp_path) for one in COMMANDS]
            await adapter.settled()
            states = {one.state for one in await adapter.service.store.messages()}
            shown = await told(adapter)

    printed = capsys.readouterr()
    words = [end.stdout + end.stderr for end in ends]
    assert states == {"read", "held"}
    assert [end.args[3:] for end in ends if end.returncode > 1] == []
    assert canaries_in(*shown, *words, printed.err, printed.out, *said(everything_logged)) == []
    assert not any("DOE" in text for text in words)
