"""Whatever body comes to the FHIR door, it is answered at once, and the process stays small."""

import http.client
import re
import sys
import time
from pathlib import Path

import pytest
from program import Serving
from under_test import FIXTURES

LIMIT = 0.2 if sys.gettrace() is None else 2.0
"""Seconds."""
MOST_MEMORY = 200 * 1024
"""KiB that the process has ever held."""
GOOD = (FIXTURES / "fhir/both_studies_in_one_message.json").read_bytes()


def changed(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new)


def batch(entries: bytes) -> bytes:
    return b'{"resourceType":"Bundle","type":"batch","entry":' + entries + b"}"


STATUS = re.search(rb'"status":\s*"final"', GOOD)[0]
REPORT = b'{"resource":{"resourceType":"DiagnosticReport"}}'
HOSTILE = {
    "empty": b"",
    "no JSON": b"<Bundle/>",
    "half": GOOD[: len(GOOD) // 2],
    "two documents": GOOD + GOOD,
    "not UTF-8": changed(STATUS, b'"status":"fin\xff"'),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "half a surrogate": changed(STATUS, b'"status":"\\ud800"'),
    "NaN": changed(STATUS, b'"status":NaN'),
    "Infinity": changed(STATUS, b'"status":-Infinity'),
    "a huge exponent": changed(STATUS, b'"status":1e999999999999999999'),
    "a huge integer": changed(STATUS, b'"status":' + b"9" * 5000),
    "a key twice": changed(STATUS, STATUS + b"," + STATUS),
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "text": b'"x"',
    "NUL": b"\0" * 1000,
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 90_000 + b"1" + b"}" * 90_000,
    "deep entries": batch(b"[" * 70 + b"]" * 70),
    "many entries": batch(b"[" + b"{}," * 150_000 + b"{}]"),
    "many nothings": b"[" + b"0," * 3_000_000 + b"0]",
    "too large": b'"' + b"x" * 9_000_000 + b'"',
    "large text": b'{"a":"' + b"x" * 8_000_000 + b'"}',
    "many escapes": b'{"a":"' + b"\\u0041" * 1_300_000 + b'"}',
    "many keys": b"{" + b",".join(b'"%d":0' % number for number in range(150_000)) + b"}",
    "many reports": batch(b"[" + REPORT + (b"," + REPORT) * 999 + b"]"),
    "another resource": b'{"resourceType":"Patient"}',
    "no resource": b'{"a":1}',
    "resourceType a list": b'{"resourceType":["Bundle"]}',
    "a Bundle without type": b'{"resourceType":"Bundle"}',
    "an unknown Bundle": b'{"resourceType":"Bundle","type":"x"}',
    "an empty Bundle": b'{"resourceType":"Bundle","type":"collection"}',
    "entry no list": batch(b"{}"),
    "an entry of text": batch(b'["x"]'),
    "a request of text": batch(b'[{"request":"DELETE"}]'),
    "a transaction that deletes": batch(b'[{"request":{"method":"DELETE","url":"DiagnosticReport/1"}}]'),
    "a transaction that reads": batch(b'[{"request":{"method":"GET","url":"Patient"}}]'),
    "status a list": changed(STATUS, b'"status":["final"]'),
    "contained of text": b'{"resourceType":"DiagnosticReport","contained":["x"]}',
}


def peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def post(address: tuple[str, int], body: bytes) -> tuple[int, float]:
    """Send a body on a connection of its own; gives the status and the seconds that the answer took."""
    connection = http.client.HTTPConnection(*address, timeout=10)
    try:
        connection.connect()
        started = time.perf_counter()
        connection.request("POST", "/fhir", body, {"Content-Type": "application/fhir+json", "Expect": ""})
        return connection.getresponse().status, time.perf_counter() - started
    except (BrokenPipeError, ConnectionResetError):
        return connection.getresponse().status, time.perf_counter() - started
    finally:
        connection.close()


@pytest.mark.slow
def test_hostile_bodies_are_refused_at_once_and_cost_little_memory(tmp_path: Path) -> None:
    settings = tmp_path / "netpet.yaml"
    settings.write_text("fhir_in: {enabled: true, senders: [{name: default}]}\n")
    variables = {"NETPET_STORE__URL": f"sqlite:///{tmp_path}/netpet.db", "NETPET_CONFIG": str(settings)}
    with Serving(tmp_path, **variables) as serving:
        answers = {name: post(serving.address("http"), body) for name, body in HOSTILE.items()}
        # Another program may have had the machine just then: what was late has a second chance.
        late = [name for name, (_, seconds) in answers.items() if seconds > LIMIT]
        answers |= {name: post(serving.address("http"), HOSTILE[name]) for name in late}
        _, metrics = serving.get("/metrics")
        most = peak(serving.process.pid)

    assert {name: status for name, (status, _) in answers.items() if not 400 <= status < 500} == {}
    assert {name: seconds for name, (_, seconds) in answers.items() if seconds > LIMIT} == {}
    assert most < MOST_MEMORY
    assert b'answer="kept"' not in metrics
