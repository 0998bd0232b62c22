"""What the log and the metrics may say, and that nothing else can be said."""

import json
from datetime import UTC, datetime

import pytest

from adapter.outcome import Place
from adapter.telemetry import ALLOWED_KEYS, Telemetry, UnlistedKeyError


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def sample(telemetry: Telemetry, name: str, **labels: str) -> float | None:
    return telemetry.registry.get_sample_value(name, labels)


@pytest.mark.parametrize("key", ["name", "birth_date", "identifier", "value", "text", "raw", "path", "query", "Peer"])
@pytest.mark.parametrize("verb", ["say", "warn", "listener_event", "web_event"])
def test_a_key_that_is_not_on_the_list_is_never_logged(capsys, verb, key):
    telemetry = Telemetry()
    speak = {"say": telemetry.say, "warn": telemetry.warn, "web_event": telemetry.web_event}.get(
        verb, telemetry.listener_event
    )

    with pytest.raises((UnlistedKeyError, TypeError)):
        speak("event", **{key: "DOE"})

    assert capsys.readouterr().err == ""


def test_the_fault_names_the_keys_and_no_value():
    with pytest.raises(UnlistedKeyError) as caught:
        Telemetry().say("kept", surname="DOE", peer="127.0.0.1", given="JANE")

    assert str(caught.value) == "not on the list of what may be logged: given, surname"


@pytest.mark.parametrize("quiet", [True, False])
def test_a_quiet_telemetry_is_as_strict(quiet):
    with pytest.raises(UnlistedKeyError):
        Telemetry(quiet=quiet).say("kept", surname="DOE")


def test_a_line_is_json_with_time_level_event_and_its_facts(capsys):
    Telemetry().warn("refused", place=Place("OBX", 5, 3, 1, 1), rule="a rule", port=2575)

    (line,) = lines(capsys)
    assert abs(datetime.fromisoformat(line.pop("timestamp")) - datetime.now(UTC)).total_seconds() < 60
    assert line == {"level": "warning", "event": "refused", "place": "OBX[5]-3.1", "rule": "a rule", "port": "2575"}


def test_a_fact_that_is_not_known_is_left_out(capsys):
    Telemetry().say("published", grade=None, outcome="group-only")

    (line,) = lines(capsys)
    assert "grade" not in line


def test_a_line_end_in_a_fact_does_not_begin_a_line(capsys):
    Telemetry().say("kept", peer='x"}\n{"event": "forged"')

    assert len(lines(capsys)) == 1


def test_a_quiet_telemetry_says_nothing_and_counts_all(capsys):
    telemetry = Telemetry(quiet=True)
    telemetry.say("kept")
    telemetry.warn("refused")
    telemetry.answered("mllp", "AA")

    assert capsys.readouterr().err == ""
    assert sample(telemetry, "netpet_messages_total", listener="mllp", answer="AA") == 1


def test_what_happens_is_counted_by_closed_labels():
    telemetry = Telemetry(quiet=True)
    telemetry.read("held", "code-unknown")
    telemetry.published("published", "scored")
    telemetry.failed("claim")
    telemetry.listener_event("connection-opened", listener="mllp", peer="10.0.0.1")
    telemetry.running("1.2.3")

    assert sample(telemetry, "netpet_readings_total", state="held", problem="code-unknown") == 1
    assert sample(telemetry, "netpet_publications_total", state="published", outcome="scored") == 1
    assert sample(telemetry, "netpet_failures_total", stage="claim") == 1
    assert sample(telemetry, "netpet_listener_events_total", listener="mllp", event="connection-opened") == 1
    assert b'netpet_build_info{version="1.2.3"} 1.0' in telemetry.metrics()


def test_two_services_in_one_process_count_apart():
    first, second = Telemetry(quiet=True), Telemetry(quiet=True)
    first.failed("claim")

    assert sample(second, "netpet_failures_total", stage="claim") is None


def test_no_key_of_the_list_names_what_a_patient_has():
    assert not {"name", "birth", "address_of_patient", "identifier", "accession", "sex", "text"} & ALLOWED_KEYS
