"""Where a setting comes from, which faults are named at the start, and which doors are never opened."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from program import environment, run

from adapter.settings import Settings, SettingsError, is_loopback, load_settings, shipped_folder

LOAD = """
import json, sys
from pathlib import Path
from adapter.settings import SettingsError, load_settings
file, flags = json.loads(sys.argv[1])
try:
    print(load_settings(Path(file) if file else None, flags).model_dump_json())
except SettingsError as error:
    print(json.dumps({"faults": error.faults}))
"""


def load(file: Path | None = None, flags: dict[str, Any] | None = None, **variables: str) -> dict[str, Any]:
    """The settings that a process of its own finds, with these variables in its environment."""
    question = json.dumps([str(file) if file else None, flags])
    answer = subprocess.run(
        [sys.executable, "-c", LOAD, question],
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "netpet.yaml"
    file.write_text("mllp:\n  port: 7001\n  name: from-file\nhttp:\n  port: 7002\n")
    return file


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "netpet.yaml"
    file.write_text(text)
    return file


def faults_of(file: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    return caught.value.faults


def test_a_value_nobody_names_is_the_default():
    settings = load()

    assert (settings["mllp"]["port"], settings["http"]["port"]) == (2575, 8080)
    assert settings["store"]["url"] == "sqlite:///var/netpet.db"


def test_the_file_goes_before_the_default(config):
    assert load(config)["mllp"]["port"] == 7001


def test_the_environment_goes_before_the_file_key_by_key(config):
    settings = load(config, NETPET_MLLP__PORT="7100")

    assert settings["mllp"]["port"] == 7100
    assert settings["mllp"]["name"] == "from-file"


def test_a_flag_goes_before_environment_and_file_key_by_key(config):
    settings = load(config, {"mllp": {"port": 7200}}, NETPET_MLLP__PORT="7100", NETPET_HTTP__PORT="7101")

    assert (settings["mllp"]["port"], settings["http"]["port"]) == (7200, 7101)
    assert settings["mllp"]["name"] == "from-file"


def test_a_variable_is_read_in_either_case():
    assert load(netpet_mllp__port="7100")["mllp"]["port"] == 7100


def test_the_file_may_be_named_by_a_variable(config):
    assert load(NETPET_CONFIG=str(config))["mllp"]["port"] == 7001


def test_a_file_that_is_given_goes_before_the_one_that_the_variable_names(config, tmp_path):
    assert load(config, NETPET_CONFIG=str(tmp_path / "none.yaml"))["mllp"]["port"] == 7001


def test_a_file_that_the_variable_names_and_that_is_not_there_is_a_fault(tmp_path):
    (fault,) = load(NETPET_CONFIG=str(tmp_path / "none.yaml"))["faults"]

    assert "none.yaml: No such file" in fault


def test_lists_are_written_with_commas_in_the_environment():
    settings = load(
        NETPET_MLLP__ALLOWED_NETWORKS="10.20.0.0/16, fd00::/8", NETPET_POLICY__POSITIVITY_REFERENCES="liver,blood-pool"
    )

    assert settings["mllp"]["allowed_networks"] == ["10.20.0.0/16", "fd00::/8"]
    assert settings["policy"]["positivity_references"] == ["liver", "blood-pool"]


def test_every_fault_of_file_and_environment_is_named_at_once(tmp_path):
    file = written(tmp_path, "mllp:\n  port: 70000\n  colour: blue\nstore:\n  url: mysql://x/y\n")

    faults = load(
        file, NETPET_HTTP__PORT="many", NETPET_MLPP__PORT="1", NETPET_PORT="1", NETPET_POLICY__EQUALITY_TOLERANCE="2"
    )["faults"]

    assert sorted(fault.partition(":")[0] for fault in faults) == [
        "NETPET_MLPP__PORT",
        "NETPET_PORT",
        "http.port",
        "mllp.colour",
        "mllp.port",
        "policy.equality_tolerance",
        "store.url",
    ]


def test_serve_names_every_fault_and_ends_with_3_without_a_traceback(tmp_path):
    file = written(tmp_path, "mllp:\n  port: 70000\nhttps:\n  port: 1\n")

    ended = run("serve", "--config", file, folder=tmp_path, NETPET_STORE__URL="sqlite:///", NETPET_HTPP__PORT="1")

    assert ended.returncode == 3
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert all(line.startswith("settings: ") for line in lines)
    assert {line.split(": ")[1] for line in lines} == {"NETPET_HTPP__PORT", "mllp.port", "https", "store.url"}


@pytest.mark.parametrize("text", ["on", "no", "yes", "off", "010", "1e3", "0x1F", "12:30:00", "null", "2026-11-22"])
def test_a_word_that_yaml_would_turn_into_something_else_stays_text(tmp_path, text):
    assert load_settings(written(tmp_path, f"mllp:\n  name: {text.replace(':', '.')}\n")).mllp.name == text.replace(
        ":", "."
    )


def test_a_number_with_a_leading_zero_is_no_octal_number(tmp_path):
    assert load_settings(written(tmp_path, "mllp:\n  port: 010\n")).mllp.port == 10


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("on", True), ("no", False)])
def test_a_yes_or_no_is_read_where_one_is_asked_for(tmp_path, text, value):
    assert load_settings(written(tmp_path, f"policy:\n  publish_final: {text}\n")).policy.publish_final is value


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("mlpp:\n  port: 1\n", "mlpp: there is no such setting"),
        ("mllp:\n  prot: 1\n", "mllp.prot: there is no such setting"),
        ("mllp:\n  tls:\n    certificate: a.pem\n", "mllp.tls.key: Field required"),
        ("mllp:\n  allowed_networks: [10.0.0.1/8]\n", "mllp.allowed_networks: 10.0.0.1/8 has host bits set"),
        ("mllp:\n  name: my listener\n", "mllp.name: String should match"),
        ("policy:\n  positivity_references: [kidney]\n", "policy.positivity_references.0: Input should be"),
        ("destination:\n  plan: paper\n", "destination.plan: Input should be 'embedded'"),
        ("store:\n  url: postgresql://x/y\n", "store.url: add ?sslmode=verify-full"),
        ("mllp: [1, 2]\n", "mllp: Input should be"),
        ("mllp:\n  port: 1\nmllp:\n  port: 2\n", "netpet.yaml"),
        ("mllp: &a\n  port: 1\nhttp: *a\n", "netpet.yaml"),
        ("mllp: {port: 1\n", "netpet.yaml"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_the_name_of_what_is_wrong(tmp_path, text, fault):
    (found,) = faults_of(written(tmp_path, text))

    assert fault in found


def test_a_fault_in_the_file_has_its_line(tmp_path):
    (fault,) = faults_of(written(tmp_path, "http:\n  port: 1\n  port: 2\n"))

    assert ":3:" in fault


def test_a_file_that_is_not_there_is_named(tmp_path):
    (fault,) = faults_of(tmp_path / "none.yaml")

    assert fault == f"{tmp_path / 'none.yaml'}: No such file or directory"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_needs_neither_tls_nor_keys(tmp_path, host):
    settings = load_settings(written(tmp_path, f'mllp:\n  host: "{host}"\nhttp:\n  host: "{host}"\n'))

    assert (settings.mllp.host, settings.http.host) == (host, host)


OPEN_HOSTS = [
    "0.0.0.0", "::", "10.1.2.3", "192.168.0.1", "fd00::1", "fe80::1%eth0", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
    "ris.hospital.example", "localhost.", "localhost.example", "LOCALHOST", "127.1", "2130706433", "0", " 127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", OPEN_HOSTS)
def test_an_address_that_others_may_reach_needs_tls_and_authentication(tmp_path, host):
    faults = faults_of(written(tmp_path, f'mllp:\n  host: "{host}"\nhttp:\n  host: "{host}"\n'))

    assert [fault.partition(":")[0] for fault in faults] == ["http.tls", "security.api_keys", "mllp.tls"]


TLS = "  tls:\n    certificate: server.pem\n    key: server.key\n"
CLIENTS = "    client_authorities: authorities.pem\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("http:\n  host: 0.0.0.0\nsecurity:\n  api_keys: keys.txt\n", ["http.tls"]),
        (f"http:\n  host: 0.0.0.0\n{TLS}", ["security.api_keys"]),
        (f"mllp:\n  host: 0.0.0.0\n{TLS}", ["mllp.tls"]),
        ("mllp:\n  host: 0.0.0.0\n  allowed_networks: [10.0.0.0/8]\n", ["mllp.tls"]),
        (f"mllp:\n  host: 0.0.0.0\nhttp:\n{TLS}{CLIENTS}security:\n  api_keys: keys.txt\n", ["mllp.tls"]),
    ],
)
def test_a_half_of_what_an_open_door_needs_is_not_enough(tmp_path, text, wanted):
    assert [fault.partition(":")[0] for fault in faults_of(written(tmp_path, text))] == wanted


@pytest.mark.parametrize(
    "text",
    [
        f"http:\n  host: 0.0.0.0\n{TLS}security:\n  api_keys: keys.txt\n",
        f"http:\n  host: '::'\n{TLS}{CLIENTS}",
        f"mllp:\n  host: 0.0.0.0\n{TLS}{CLIENTS}",
    ],
)
def test_with_tls_and_authentication_a_door_may_be_open(tmp_path, text):
    assert load_settings(written(tmp_path, text)).security is not None


def test_an_open_door_is_named_beside_a_setting_that_does_not_exist():
    faults = load(NETPET_HTTP__HOST="0.0.0.0", NETPET_MLP__PORT="1")["faults"]

    assert [fault.split(":")[0] for fault in faults] == ["NETPET_MLP__PORT", "http.tls", "security.api_keys"]


def test_an_empty_host_is_not_loopback():
    assert not is_loopback("")


def test_the_policy_is_what_the_settings_say():
    settings = Settings.model_validate(
        {"policy": {"equality_tolerance": "0.1", "interval_days": 20, "positivity_references": "liver"}}
    )

    policy = settings.policy.to_policy()

    assert str(policy.equality_tolerance) == "0.1"
    assert (policy.interval_days, policy.interval_limit_days) == (20, 60)
    assert policy.positivity_references == ("liver",)


@pytest.mark.parametrize("name", ["mappings", "fixtures"])
def test_what_comes_with_the_program_is_found(name):
    assert shipped_folder(name).is_dir()


def test_the_settings_of_these_tests_are_not_those_of_who_runs_them():
    assert not [name for name in environment() if name.upper().startswith("NETPET_")]
    assert os.environ["PATH"] == environment()["PATH"]
