"""Each sample of the conformance sheet is sent to a running service, by each door, and answered as the sheet says."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from raw_peer import RawPeer, block, raw_peer
from under_test import AdapterUnderTest

from adapter.hl7v2.batch import split_batch

PAGE = (Path(__file__).parents[2] / "docs/conformance.md").read_text("utf-8")
SAMPLES = dict(
    re.findall(r"^### ([^\n]+)\n(.*?)(?=^### |\Z)", PAGE.partition("## Samples")[2], re.DOTALL | re.MULTILINE)
)
ORIGINAL_MODE = [name for name, text in SAMPLES.items() if "|AL|" not in text]
HTTP = {"port": 0, "hl7v2": {"enabled": True, "senders": [{"name": "default"}]}}
HEADERS = {"Content-Type": "application/hl7-v2"}


def fences(name: str) -> list[str]:
    return [text.strip("\n") for text in re.findall(r"```\n(.*?)```", SAMPLES[name], re.DOTALL)]


def sent(name: str) -> bytes:
    return (fences(name)[0].replace("\n", "\r") + "\r").encode().replace(b"M?LLER", b"M\xdcLLER")


def answered(name: str) -> list[str]:
    return fences(name)[1:]


def plain(payload: bytes) -> str:
    """An answer as the sheet shows it: its own time and its own number are always the same."""
    lines = payload.decode().strip("\r").split("\r")
    return "\n".join(re.sub("[0-9a-f]{20}", "A1", line, count=1) for line in lines)


@pytest.fixture
async def adapter(tmp_path: Path) -> AsyncIterator[AdapterUnderTest]:
    folders = {name: tmp_path / name for name in ("folder", "archive", "errors")}
    for folder in folders.values():
        folder.mkdir()
    async with AdapterUnderTest(tmp_path, http=HTTP, drop=folders | {"poll": 0.02}) as running:
        yield running


async def answers(peer: RawPeer, name: str) -> list[str]:
    await peer.write(block(sent(name)))
    return [plain(await peer.payload()) for _ in answered(name)]


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_sample_sent_over_mllp_is_answered_as_the_sheet_says(name: str, adapter: AdapterUnderTest) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        first = await answers(peer, name)

        assert first == answered(name)
        assert await peer.silence() == b""


@pytest.mark.parametrize("name", ORIGINAL_MODE)
async def test_a_sample_sent_by_http_gets_the_same_answers(name: str, adapter: AdapterUnderTest) -> None:
    async with adapter.http.post("/hl7v2", data=sent(name), headers=HEADERS) as response:
        body = await response.read()

    expected = "\n".join(answered(name))
    assert plain_all(body) == expected
    assert (response.status == 200) is not bool(re.search(r"MSA.A[ER]", expected))


@pytest.mark.parametrize("name", ORIGINAL_MODE)
async def test_a_sample_put_into_the_folder_gets_the_same_answers_beside_it(
    name: str, adapter: AdapterUnderTest, tmp_path: Path
) -> None:
    beside = tmp_path / "beside"
    beside.write_bytes(sent(name))
    beside.rename(tmp_path / "folder/sample.hl7")
    folder = tmp_path / ("errors" if re.search(r"MSA.A[ER]", "\n".join(answered(name))) else "archive")
    async with asyncio.timeout(30):
        while not (folder / "sample.hl7").exists():  # noqa: ASYNC110 - the folder is what its sender sees
            await asyncio.sleep(0.02)

    assert plain_all((folder / "sample.hl7.ack").read_bytes()) == "\n".join(answered(name))


def plain_all(body: bytes) -> str:
    if body.startswith(b"BHS"):
        return plain(body)
    return "\n".join(plain(one) for one in split_batch(body).messages)


async def test_the_words_about_a_file_on_the_sheet_are_those_beside_it(
    adapter: AdapterUnderTest, tmp_path: Path
) -> None:
    first, second = sent("A final report, original mode"), sent("A processing ID that is none, in version 2.3")
    (tmp_path / "beside").write_bytes(first + second + first.replace(b"MSG00001", b"MSG00009"))
    (tmp_path / "beside").rename(tmp_path / "folder/sample.hl7")
    async with asyncio.timeout(30):
        while not (tmp_path / "errors/sample.hl7").exists():  # noqa: ASYNC110 - the folder is what its sender sees
            await asyncio.sleep(0.02)

    words = PAGE.partition("## Folder")[2].partition("```\n")[2].partition("```")[0]
    assert (tmp_path / "errors/sample.hl7.err").read_text() == words
