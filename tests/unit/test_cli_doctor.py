"""``doctor --ready``: what a container's health check learns of a service, and how it ends."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from own_certificate import OwnCertificate
from program import Serving, run

from adapter.cli.doctor_ready import run_ready

READY = {"ready": True, "checks": [{"name": "store", "ready": True, "reason": ""}]}
NOT_READY = {"ready": False, "checks": [{"name": "store", "ready": False, "reason": "the disk is full"}]}


@contextmanager
def answering(body: bytes, status: int = 200, kind: str = "application/json") -> Iterator[ThreadingHTTPServer]:
    """A server on a free loopback port that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def config(folder: Path, port: int, more: str = "") -> Path:
    file = folder / "netpet.yaml"
    file.write_text(f"http:\n  port: {port}\n{more}")
    return file


@pytest.mark.parametrize(("body", "status", "code"), [(READY, 200, 0), (NOT_READY, 503, 1)])
def test_a_service_is_as_ready_as_it_says(tmp_path, capsys, body, status, code):
    with answering(json.dumps(body).encode(), status) as server:
        assert run_ready(config(tmp_path, server.server_port), as_json=True) == code

    assert json.loads(capsys.readouterr().out) == body


def test_a_person_reads_each_check_and_why_it_fails(tmp_path, capsys):
    with answering(json.dumps(NOT_READY).encode(), 503) as server:
        run_ready(config(tmp_path, server.server_port), as_json=False)

    assert capsys.readouterr().out == "not ready\n  store: the disk is full\n"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>", "text/html"),
        (b"{", "application/json"),
        (b"\xff", "application/json"),
        (b"[]", "application/json"),
        (b"{}", "application/json"),
        (b'"ready"', "application/json"),
        (b'{"ready": true}', "application/json"),
        (b'{"ready": "no", "checks": []}', "application/json"),
        (b'{"ready": true, "checks": [{}]}', "application/json"),
    ],
)
def test_a_stranger_on_the_port_is_not_a_service_that_is_ready(tmp_path, capsys, body, kind):
    with answering(body, 200, kind) as server:
        assert run_ready(config(tmp_path, server.server_port), as_json=True) == 1

    assert json.loads(capsys.readouterr().out)["ready"] is False


def test_a_service_that_nobody_started_is_not_ready(tmp_path):
    with answering(b"") as server:
        port = server.server_port
    ended = run("doctor", "--ready", "--json", "--config", config(tmp_path, port), folder=tmp_path)

    assert ended.returncode == 1
    (check,) = json.loads(ended.stdout)["checks"]
    assert f"no answer on 127.0.0.1 port {port}" in check["reason"]
    assert ended.stderr == ""


def test_settings_that_cannot_be_used_are_the_environment(tmp_path):
    ended = run("doctor", "--ready", folder=tmp_path, NETPET_HTTP__PORT="many")

    assert ended.returncode == 3
    assert ended.stderr.startswith("settings: http.port: ")


@pytest.mark.slow
def test_a_running_service_is_ready(tmp_path):
    with Serving(tmp_path) as serving:
        port = str(serving.address("http")[1])
        ended = run("doctor", "--ready", folder=tmp_path, NETPET_HTTP__PORT=port)

    assert ended.returncode == 0
    assert ended.stdout.startswith("ready\n  store: ok\n  worker: ok\n")


TLS = "  tls:\n    certificate: {0.file}\n    key: {0.key}\n    key_password: {0.password_file}\n"
CLIENTS = "    client_authorities: {0.file}\n"


@pytest.mark.slow
@pytest.mark.parametrize("more", [TLS, TLS + CLIENTS], ids=["server", "mutual"])
def test_a_service_over_tls_is_asked_with_its_own_certificate_whose_key_may_have_a_password(tmp_path, more):
    own = OwnCertificate(tmp_path, "a password")
    with Serving(tmp_path, "--config", config(tmp_path, 0, more.format(own))) as serving:
        port = str(serving.address("http")[1])
        ended = run("doctor", "--ready", "--config", tmp_path / "netpet.yaml", folder=tmp_path, NETPET_HTTP__PORT=port)

    assert (ended.returncode, ended.stdout.splitlines()[0]) == (0, "ready")


def test_a_certificate_that_cannot_be_read_makes_nothing_ready(tmp_path, capsys):
    more = "  tls:\n    certificate: none.pem\n    key: none.key\n"

    assert run_ready(config(tmp_path, 1, more), as_json=False) == 1
    assert "FileNotFoundError" in capsys.readouterr().out
