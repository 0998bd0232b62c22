"""``send``: every message of every file goes out in order, each answer is printed, and the exit code says the rest."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from own_certificate import OwnCertificate
from program import run
from typer import Exit

from adapter.cli.send import Target, acknowledgement_code, make_target, run_send

NO_FILES = (None, None, None)


def message(control_id: str, end: str = "\r") -> bytes:
    lines = (
        f"MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|20261120101500+0100||ORU^R01^ORU_R01|{control_id}|P|2.5.1",
        "PID|1||123456^^^HOSP^MR||DOE^JANE||19600101|F",
    )
    return end.join((*lines, "")).encode()


class Listener:
    """Answers each block with the code that ``code_of`` gives for its control ID, None: not at all."""

    def __init__(self, code_of: Callable[[str], str | None], tls: ssl.SSLContext | None = None) -> None:
        self.received: list[bytes] = []
        self._code_of = code_of
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        try:
            accepted, _ = self._socket.accept()
            with accepted, self._tls.wrap_socket(accepted, server_side=True) if self._tls else accepted as peer:
                self._answer(peer)
        except OSError:
            return

    def _answer(self, peer: socket.socket) -> None:
        held = b""
        while chunk := peer.recv(65536):
            held += chunk
            if held[:1] not in (b"\x0b", b""):
                return
            while (end := held.find(b"\x1c\r")) >= 0:
                payload, held = held[1:end], held[end + 2 :]
                self.received.append(payload)
                control_id = payload.split(b"|")[9].decode()
                code = self._code_of(control_id)
                if code is None:
                    return
                msh = "MSH|^~\\&|NETPET|HOSP|RIS|NUCMED|20261120||ACK|A1|P|2.5.1"
                peer.sendall(f"\x0b{msh}\rMSA|{code}|{control_id}\r\x1c\r".encode())


@contextmanager
def listening(code_of: Callable[[str], str | None], tls: ssl.SSLContext | None = None) -> Iterator[Listener]:
    listener = Listener(code_of, tls)
    try:
        yield listener
    finally:
        listener.close()


def accept(_control_id: str) -> str:
    return "AA"


def files(folder: Path, **contents: bytes) -> list[Path]:
    for name, content in contents.items():
        (folder / f"{name}.hl7").write_bytes(content)
    return [folder / f"{name}.hl7" for name in contents]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def control_ids(listener: Listener) -> list[str]:
    return [payload.split(b"|")[9].decode() for payload in listener.received]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"], ids=["CR", "LF", "CRLF"])
def test_several_messages_in_several_files_are_sent_in_order(tmp_path, capsys, end):
    both = files(tmp_path, one=message("M1", end) + message("M2", end), two=message("M3", end))

    with listening(accept) as listener:
        code = run_send(both, Target("127.0.0.1", listener.port))

    assert code == 0
    assert control_ids(listener) == ["M1", "M2", "M3"]
    told = re.findall(r"(\w+)\.hl7 \[(\d)\]: (\w+)", capsys.readouterr().out)
    assert told == [("one", "1", "AA"), ("one", "2", "AA"), ("two", "1", "AA")]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"], ids=["CR", "LF", "CRLF"])
def test_every_segment_arrives_as_a_segment_whatever_ends_the_lines_of_the_file(tmp_path, end):
    with listening(accept) as listener:
        run_send(files(tmp_path, one=message("M1", end)), Target("127.0.0.1", listener.port))

    assert [part[:3] for part in re.split(rb"[\r\n]+", listener.received[0]) if part] == [b"MSH", b"PID"]


def test_each_answer_is_printed_with_its_segments(tmp_path, capsys):
    with listening(accept) as listener:
        run_send(files(tmp_path, one=message("M1")), Target("127.0.0.1", listener.port))

    printed = capsys.readouterr().out.splitlines()
    assert printed[1].startswith("    MSH|^~\\&|NETPET|")
    assert printed[2] == "    MSA|AA|M1"


def test_a_message_that_is_not_accepted_makes_it_1_and_the_others_are_sent_all_the_same(tmp_path):
    both = files(tmp_path, one=message("M1") + message("M2"), two=message("M3"))

    with listening(lambda control_id: "AE" if control_id == "M1" else "AA") as listener:
        code = run_send(both, Target("127.0.0.1", listener.port))

    assert (code, control_ids(listener)) == (1, ["M1", "M2", "M3"])


@pytest.mark.parametrize(("code", "ended"), [("AA", 0), ("CA", 0), ("AE", 1), ("AR", 1), ("CE", 1), ("CR", 1), ("", 1)])
def test_only_an_accept_is_an_accept(tmp_path, code, ended):
    with listening(lambda _: code) as listener:
        assert run_send(files(tmp_path, one=message("M1")), Target("127.0.0.1", listener.port)) == ended


def test_a_file_that_is_not_there_is_named_and_nothing_is_sent(tmp_path, capsys):
    there = files(tmp_path, one=message("M1"))

    with listening(accept) as listener:
        code = run_send([*there, tmp_path / "none.hl7"], Target("127.0.0.1", listener.port))

    assert (code, listener.received) == (2, [])
    assert "none.hl7: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"\r\n\r\n", b"not a message\n", b"PID|1||123456\r"])
def test_a_file_without_a_message_is_bad_input(tmp_path, content, capsys):
    assert run_send(files(tmp_path, one=content), Target("127.0.0.1", 1)) == 2
    assert capsys.readouterr().err


def test_a_folder_is_bad_input(tmp_path, capsys):
    assert run_send([tmp_path], Target("127.0.0.1", 1)) == 2
    assert "Is a directory" in capsys.readouterr().err


def test_nobody_listening_is_the_environment(tmp_path, capsys):
    port = free_port()

    assert run_send(files(tmp_path, one=message("M1")), Target("127.0.0.1", port)) == 3
    assert f"127.0.0.1:{port}: no connection" in capsys.readouterr().err


def test_a_message_without_an_answer_is_named_for_the_ones_before_it_were_answered(tmp_path, capsys):
    both = files(tmp_path, one=message("M1") + message("M2"))

    with listening(lambda control_id: "AA" if control_id == "M1" else None) as listener:
        code = run_send(both, Target("127.0.0.1", listener.port))

    told = capsys.readouterr()
    assert code == 3
    assert "one.hl7 [1]: AA" in told.out
    assert "one.hl7 [2]: no answer, it may have arrived" in told.err


@pytest.mark.parametrize(
    "to", ["", "host", "host:", ":2575", "host:port", "host:0", "host:65536", "host:-1", "host:²", "2575", "host: 2575"]
)
def test_a_target_that_is_no_host_and_port_is_bad_input(to, capsys):
    with pytest.raises(Exit) as ended:
        make_target(to, NO_FILES)

    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == "--to: give HOST:PORT\n"


@pytest.mark.parametrize(
    ("to", "host"), [("127.0.0.1:2575", "127.0.0.1"), ("ris.example:2575", "ris.example"), ("[::1]:2575", "::1")]
)
def test_a_target_is_a_host_and_a_port(to, host):
    target = make_target(to, NO_FILES)

    assert (target.host, target.port, target.tls) == (host, 2575, None)


def test_certificates_that_cannot_be_read_are_the_environment(tmp_path, capsys):
    with pytest.raises(Exit) as ended:
        make_target("host:1", (tmp_path / "none.pem", None, None))

    assert ended.value.exit_code == 3
    assert "--ca" in capsys.readouterr().err


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return OwnCertificate(tmp_path_factory.mktemp("certificate"))


def test_messages_go_over_tls_when_authorities_are_given(tmp_path, certificate):
    with listening(accept, certificate.server()) as listener:
        target = make_target(f"127.0.0.1:{listener.port}", (certificate.file, None, None))
        code = run_send(files(tmp_path, one=message("M1")), target)

    assert (code, control_ids(listener)) == (0, ["M1"])


def test_a_listener_that_shows_another_certificate_is_sent_nothing(tmp_path, certificate, capsys):
    other = tmp_path / "other"
    other.mkdir()
    stranger = OwnCertificate(other)

    with listening(accept, stranger.server()) as listener:
        target = make_target(f"127.0.0.1:{listener.port}", (certificate.file, None, None))
        code = run_send(files(tmp_path, one=message("M1")), target)

    assert (code, listener.received) == (3, [])
    assert "no TLS" in capsys.readouterr().err


def test_tls_with_a_listener_that_speaks_none_is_the_environment(tmp_path, certificate, capsys):
    with listening(accept) as listener:
        target = make_target(f"127.0.0.1:{listener.port}", (certificate.file, None, None))
        code = run_send(files(tmp_path, one=message("M1")), target)

    assert code == 3
    assert f"127.0.0.1:{listener.port}: no " in capsys.readouterr().err


def test_the_command_sends_and_ends_with_its_code(tmp_path):
    one, two = files(tmp_path, one=message("M1"), two=message("M2"))

    with listening(lambda control_id: "AR" if control_id == "M2" else "AA") as listener:
        ended = run("send", one, two, "--to", f"127.0.0.1:{listener.port}", folder=tmp_path)

    assert ended.returncode == 1
    assert f"{two} [1]: AR" in ended.stdout
    assert ended.stderr == ""


def test_the_command_without_a_listener_ends_with_3_and_no_traceback(tmp_path):
    ended = run("send", *files(tmp_path, one=message("M1")), "--to", f"127.0.0.1:{free_port()}", folder=tmp_path)

    assert ended.returncode == 3
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [(), ("--to", "127.0.0.1:1"), ("a.hl7",)])
def test_the_command_without_what_it_needs_is_used_wrongly(tmp_path, arguments):
    assert run("send", *arguments, folder=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"MSH|^~\\&|\rMSA|AA|1\r", "AA"),
        (b"MSH|^~\\&|\r\nMSA| CA |1\r\n", "CA"),
        (b"MSH#^~\\&#\rMSA#AE#1\r", "AE"),
        (b"MSH|^~\\&|\rMSAX|AA|1\r", ""),
        (b"MSH|^~\\&|\r", ""),
        (b"", ""),
        (b"\xff\xff", ""),
    ],
)
def test_the_code_of_an_answer_is_its_msa_1(answer, code):
    assert acknowledgement_code(answer) == code
