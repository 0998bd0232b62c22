"""``serve``: what the service needs to start, how it says that it does not, and that it ends when told to."""

import json
import signal
import socket
from pathlib import Path

import pytest
from own_certificate import OwnCertificate
from program import Serving, run

pytestmark = pytest.mark.slow


def serve(folder: Path, **variables: str):
    """Run ``serve`` to its end: for what does not start."""
    return run("serve", folder=folder, **({"NETPET_MLLP__PORT": "0", "NETPET_HTTP__PORT": "0"} | variables))


def told(ended) -> list[str]:
    """What was said to a person, beside the lines of the log."""
    return [line for line in ended.stderr.splitlines() if not line.startswith("{")]


def test_a_service_that_has_started_shows_signs_of_life_on_both_doors(tmp_path):
    with Serving(tmp_path) as serving:
        assert serving.get("/livez") == (200, b'{"alive": true}')
        status, body = serving.get("/readyz")
        assert serving.address("mllp")[0] == "127.0.0.1"

    assert (status, json.loads(body)["ready"]) == (200, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_end_drains_and_ends_with_0(tmp_path, number):
    with Serving(tmp_path) as serving, socket.create_connection(serving.address("mllp")) as idle:
        assert serving.end(number) == 0
        assert idle.recv(1) == b""

    events = [line["event"] for line in serving.events]
    assert [event for event in events if event in {"stopping", "draining", "drained", "stopped"}] == [
        "stopping", "draining", "drained", "stopped",
    ]  # fmt: skip
    assert "Traceback" not in serving.stderr


def test_the_log_is_json_line_by_line(tmp_path):
    with Serving(tmp_path) as serving:
        serving.get("/livez")
        serving.end()

    assert len(serving.events) == len(serving.stderr.splitlines())
    assert serving.stdout == ""


def test_without_keys_the_log_says_that_reads_are_open(tmp_path):
    with Serving(tmp_path) as serving:
        (line,) = serving.said("reads-are-open")

    assert line["level"] == "warning"
    assert "security.api_keys" in line["rule"]


def test_with_keys_reads_are_not_open_and_the_log_does_not_say_so(tmp_path):
    (tmp_path / "keys.txt").write_text("board:0123456789abcdef\n")
    with Serving(tmp_path, NETPET_SECURITY__API_KEYS="keys.txt") as serving:
        status, _ = serving.get("/fhir/Observation")

        assert status == 401
        assert serving.said("reads-are-open") == []


def test_where_a_certificate_is_asked_for_reads_are_not_open_and_the_log_does_not_say_so(tmp_path):
    own = OwnCertificate(tmp_path)
    files = {"CERTIFICATE": own.file, "KEY": own.key, "CLIENT_AUTHORITIES": own.file}
    with Serving(tmp_path, **{f"NETPET_HTTP__TLS__{name}": str(file) for name, file in files.items()}) as serving:
        assert serving.said("reads-are-open") == []


def test_bytes_that_are_no_http_are_told_of_without_a_word_of_them(tmp_path):
    with Serving(tmp_path) as serving:
        with socket.create_connection(serving.address("http")) as peer:
            peer.sendall(b"DOE^JANE \x01\r\n\r\n")
            assert b" 400 " in peer.recv(64)
        serving.end()

    assert [line["route"] for line in serving.said("request")] == ["unreadable"]
    assert "DOE" not in serving.stderr


def test_a_second_service_on_the_same_store_is_refused_and_told_why(tmp_path):
    url = {"NETPET_STORE__URL": f"sqlite:///{tmp_path}/one.db"}
    with Serving(tmp_path, **url) as serving:
        second = serve(tmp_path, **url)

        assert serving.get("/livez")[0] == 200

    assert second.returncode == 3
    (line,) = told(second)
    assert "one.db is in use by another netpet-adapter" in line


@pytest.mark.parametrize("door", ["mllp", "http"])
def test_a_port_that_is_taken_is_named(tmp_path, door):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = serve(tmp_path, **{f"NETPET_{door.upper()}__PORT": str(port)})

    assert ended.returncode == 3
    (line,) = told(ended)
    assert line.startswith(f"netpet-adapter serve: cannot listen on 127.0.0.1 port {port}: ")
    assert "address already in use" in line.lower()


def test_every_fault_of_the_mappings_is_named_with_file_and_line(tmp_path):
    sites = tmp_path / "sites"
    sites.mkdir()
    (sites / "one.yaml").write_text("id: one\nid: two\n")
    (sites / "two.yaml").write_text("id: [\n")

    ended = serve(tmp_path, NETPET_MAPPINGS__DIRECTORY=str(sites))

    assert ended.returncode == 3
    lines = told(ended)
    assert all(line.startswith("mappings: ") for line in lines)
    assert any("one.yaml:2:" in line for line in lines)
    assert any("two.yaml:" in line for line in lines)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"NETPET_MAPPINGS__DIRECTORY": "none"}, "none"),
        ({"NETPET_STORE__URL": "sqlite:////proc/none/netpet.db"}, "store.url"),
        ({"NETPET_SECURITY__API_KEYS": "none.txt"}, "security.api_keys: none.txt: "),
        ({"NETPET_MLLP__TLS__CERTIFICATE": "none.pem", "NETPET_MLLP__TLS__KEY": "none.key"}, "mllp.tls: "),
        ({"NETPET_HTTP__TLS__CERTIFICATE": "none.pem", "NETPET_HTTP__TLS__KEY": "none.key"}, "http.tls: "),
        ({"NETPET_MAPPINGS__DIRECTORY": "."}, "mapping"),
    ],
    ids=["no folder", "no place", "no keys", "no certificate", "no certificate for http", "no mapping"],
)
def test_what_the_service_cannot_do_without_is_named_and_no_traceback_is_shown(tmp_path, variables, named):
    ended = serve(tmp_path, **variables)

    assert ended.returncode == 3
    assert named in "\n".join(told(ended))
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("host", ["::1", "localhost"])
def test_the_loopback_of_ipv6_and_of_the_name_work_as_well(tmp_path, host):
    with Serving(tmp_path, NETPET_MLLP__HOST=host, NETPET_HTTP__HOST=host) as serving:
        assert serving.get("/readyz")[0] == 200
        with socket.create_connection(serving.address("mllp")):
            pass

        assert serving.end() == 0


def test_the_store_is_made_where_it_is_wanted_for_this_user_alone(tmp_path):
    with Serving(tmp_path, NETPET_STORE__URL="sqlite:///deep/er/netpet.db") as serving:
        assert serving.end() == 0

    assert (tmp_path / "deep/er/netpet.db").stat().st_mode & 0o077 == 0
