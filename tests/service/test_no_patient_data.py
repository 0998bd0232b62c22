"""Nothing that a message says of a patient leaves by the log, the metrics, an error's body or an acknowledgement."""

import asyncio
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from canaries import CANARY, canaries_in, logged_by_all, planted
from program import Serving
from under_test import FIXTURES, AdapterUnderTest, fixture

from adapter.outbound.mllp_client import MllpClient, MllpClientError

DEMO = sorted(path.name for path in (FIXTURES / "demo").iterdir())


def named_patient(message: bytes) -> bytes:
    """The identifier too is a canary: in all repetitions, in every component."""
    return planted(message, keep_identifier=False)


def hostile(message: bytes) -> list[bytes]:
    """Messages that go wrong in every stage, each with canaries where it goes wrong."""
    lines = planted(message).rstrip(b"\r").split(b"\r")
    whole = b"\r".join(lines)
    return [
        whole.replace(b"|ORU^R01", b"|ADT^A08", 1),
        whole.replace(b"|P|2.5.1", b"|CANARY900|2.5.1", 1),
        whole.replace(b"|P|2.5.1", b"|P|CANARY901", 1),
        whole.replace(b"UNICODE UTF-8", b"CANARY902", 1),
        whole.replace(b"CANARY1", b"CANARY1\xff\xfe", 1),
        b"\r".join([lines[0], b"CANARY903^DOE^JANE", *lines[1:]]),
        b"\r".join([lines[0], b"CANARY904|x", *lines[1:]]),
        b"\r".join([lines[0], b"PID", *lines[2:]]),
        re.sub(rb"\r(OBX\|\d+)\|(\w+)\|", rb"\r\1|CANARY905|", whole),
        re.sub(rb"\r(OBX\|\d+\|\w+)\|[^|]*\|", rb"\r\1|CANARY906^CANARY907^CANARY908|", whole),
        re.sub(rb"\r(OBX(?:\|[^|\r]*){4})\|[^|\r]*", rb"\r\1|CANARY909^CANARY910^CANARY911", whole),
        re.sub(rb"\r(OBX\|\d+\|NM(?:\|[^|\r]*){2})\|[^|\r]*\|[^|\r]*", rb"\r\1|1.0|CANARY912", whole),
        re.sub(rb"\r(OBX\|\d+\|NM(?:\|[^|\r]*){2})\|[^|\r]*", rb"\r\1|CANARY913", whole),
        re.sub(rb"\r(OBR(?:\|[^|\r]*){6})\|[^|\r]*", rb"\r\1|CANARY914", whole),
        re.sub(rb"\r(OBR(?:\|[^|\r]*){24})\|[^|\r]*", rb"\r\1|CANARY915", whole),
        re.sub(rb"\r(OBX(?:\|[^|\r]*){3})\|[^|\r]*", rb"\r\1|CANARY916", whole),
        re.sub(rb"\r(OBX(?:\|[^|\r]*){10})\|[^|\r]*", rb"\r\1|CANARY917", whole),
        re.sub(rb"\rPID[^\r]*", b"\rPID|1||" + b"CANARY918" * 500, whole),
        b"CANARY919|" + whole,
        b"MSH|CANARY920",
        b"PID|1||CANARY921",
    ]


UNFRAMED = (
    b"CANARY930\r\n",
    b"\x0bMSH|^~\\&|CANARY931",
    b"\x0bMSH|^~\\&|RIS\rPID|1||CANARY932\x0b\x1c\r",
    b"\x0bCANARY933\x1cCANARY934\r",
)
PATHS = (
    "/CANARY940",
    "/fhir/CANARY941",
    "/fhir/Observation/CANARY942",
    "/fhir/Observation?CANARY943=1",
    "/fhir/Observation?date=CANARY944",
    "/fhir/Observation?code=CANARY945|CANARY946|CANARY947",
    "/fhir/Observation?_count=CANARY948",
    "/fhir/Observation?status=CANARY950&_lastUpdated=CANARY951",
    f"/fhir/Observation?patient.identifier={quote('CANARY952' * 1000)}",
    "/fhir/Observation/" + quote("CANARY953/../%00"),
)


@pytest.fixture
def everything_logged() -> Iterator[list[logging.LogRecord]]:
    with logged_by_all() as records:
        yield records


async def exchange(address: tuple[str, int], *messages: bytes) -> list[bytes]:
    """Send messages, each on a connection of its own, and give all that came back."""
    answers: list[bytes] = []
    for message in messages:
        async with await MllpClient.connect(*address) as client:
            try:
                answers.append(await client.send(message, 2.0))
            except MllpClientError as error:
                answers += [str(error).encode(), *client.others]
    return answers


async def exchange_raw(address: tuple[str, int], *streams: bytes) -> list[bytes]:
    answers = []
    for stream in streams:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(stream)
        writer.write_eof()
        answers.append(await reader.read())
        writer.close()
    return answers


def test_the_canaries_are_where_a_patients_data_are():
    message = planted(fixture("demo/06_p5_1_sstr.hl7"))

    pid = next(line for line in message.split(b"\r") if line.startswith(b"PID"))
    assert len(CANARY.findall(pid)) == 38
    assert re.search(rb"OBX\|\d+\|FT\|[^|]*\|[^|]*\|CANARY", message)


@pytest.mark.parametrize("name", DEMO)
async def test_what_a_readable_message_says_of_its_patient_is_repeated_nowhere(
    name, tmp_path, capsys, everything_logged
):
    async with AdapterUnderTest(tmp_path, quiet=False) as adapter:
        messages = [planted(fixture(f"demo/{name}")), named_patient(fixture(f"demo/{name}"))]
        answers = await exchange(adapter.addresses.mllp, *messages)
        await adapter.settled()
        metrics = await (await adapter.http.get("/metrics")).read()

    said = [record.getMessage() + str(record.exc_info) for record in everything_logged]
    printed = capsys.readouterr()
    assert canaries_in(*answers, metrics, printed.err, printed.out, *said) == []
    assert '"kept"' in printed.err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["03_p2b_1_sstr.hl7", "06_p5_2_fdg.hl7"])
async def test_what_a_faulty_message_says_is_repeated_nowhere_but_its_own_header_to_its_sender(
    name, tmp_path, capsys, everything_logged
):
    async with AdapterUnderTest(tmp_path, quiet=False) as adapter:
        answers = await exchange(adapter.addresses.mllp, *hostile(fixture(f"demo/{name}")))
        answers += await exchange_raw(adapter.addresses.mllp, *UNFRAMED)
        await adapter.settled()
        metrics = await (await adapter.http.get("/metrics")).read()

    said = [record.getMessage() + str(record.exc_info) for record in everything_logged]
    printed = capsys.readouterr()
    assert canaries_in(metrics, printed.err, printed.out, *said) == []
    assert set(canaries_in(*answers)) <= {b"CANARY900", b"CANARY901", b"CANARY902", b"CANARY931"}


async def test_an_error_of_the_http_side_repeats_no_value_of_its_request(tmp_path, capsys, everything_logged):
    async with AdapterUnderTest(tmp_path, quiet=False) as adapter:
        bodies = []
        for path in PATHS:
            async with adapter.http.get(path) as answer:
                assert answer.status >= 400, path
                bodies.append(await answer.read() + str(answer.headers).encode())
        metrics = await (await adapter.http.get("/metrics")).read()

    printed = capsys.readouterr()
    said = [record.getMessage() for record in everything_logged if not record.name.startswith("aiohttp.client")]
    assert canaries_in(metrics, printed.err, printed.out, *said) == []
    # A parameter that there is not is told by its name, to who asked with it.
    assert set(canaries_in(*bodies)) <= {b"CANARY943"}


@pytest.mark.slow
@pytest.mark.parametrize("variables", [{}, {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1"}], ids=["as is", "debug"])
async def test_a_process_of_its_own_says_nothing_of_a_patient_either(tmp_path: Path, variables):
    messages = [planted(fixture(f"demo/{name}")) for name in DEMO]
    with Serving(tmp_path, **variables) as serving:
        answers = await exchange(serving.address("mllp"), *messages, *hostile(messages[0]))
        serving.wait_for('"event": "published"')
        _, metrics = serving.get("/metrics")
        assert serving.end() == 0

    assert canaries_in(metrics, serving.stderr, serving.stdout) == []
    assert set(canaries_in(*answers)) <= {b"CANARY900", b"CANARY901", b"CANARY902"}
