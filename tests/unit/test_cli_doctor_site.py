"""``doctor`` looks at this machine without changing it, and ends with 1 where something is to be mended."""

import json
import socket
import sqlite3
from contextlib import closing

import pytest
from program import Serving, run

from adapter.cli.doctor_findings import ill, note, tell, well
from adapter.cli.doctor_site import look_at_mappings, look_at_site, look_at_store
from adapter.settings import Settings, shipped_folder


def settings(**sections):
    return Settings.model_validate({"http": {"port": 1}} | sections)


def store(file):
    return settings(store={"url": f"sqlite:///{file}"})


def free_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return taken.getsockname()[1]


def test_a_finding_is_a_line_with_what_to_do(capsys):
    assert tell([well("a", "fine"), ill("b", "broken", "mend it")], as_json=False) == 1

    assert capsys.readouterr().out == "ok      a: fine\nfinding b: broken\n        -> mend it\n"


def test_a_note_is_no_fault(capsys):
    assert tell([note("a", "look")], as_json=True) == 0

    found = json.loads(capsys.readouterr().out)
    assert found == {"ok": True, "findings": [{"area": "a", "state": "note", "says": "look", "advice": ""}]}


def test_the_shipped_mappings_can_be_used():
    assert look_at_mappings(settings()).state == "ok"


def test_a_mapping_that_cannot_be_used_is_found_with_its_fault(tmp_path):
    (tmp_path / "site.yaml").write_text("id: [\n")

    finding = look_at_mappings(settings(mappings={"directory": tmp_path}))

    assert (finding.state, finding.advice) == ("finding", "netpet-adapter map lint")
    assert "site.yaml" in finding.says


def test_mappings_of_which_none_is_active_are_found(tmp_path):
    text = (
        (shipped_folder("mappings") / "canonical.yaml").read_text("utf-8").replace("status: active", "status: retired")
    )
    (tmp_path / "site.yaml").write_text(text, "utf-8")

    assert look_at_mappings(settings(mappings={"directory": tmp_path})).state == "finding"


def test_a_store_that_is_not_there_yet_is_made_by_the_service_and_not_by_the_doctor(tmp_path):
    file = tmp_path / "var" / "netpet.db"

    assert look_at_store(store(file)).state == "note"
    assert not file.parent.exists()


def test_a_file_that_is_no_store_is_found_and_left_alone(tmp_path):
    file = tmp_path / "netpet.db"
    file.write_text("my thesis")
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE t (a)")

    assert look_at_store(store(file)).state == "finding"
    assert look_at_store(store(other)).state == "finding"
    assert file.read_text() == "my thesis"


def test_a_place_where_no_file_can_be_is_found(tmp_path):
    file = tmp_path / "file"
    file.write_text("")

    assert look_at_store(store(file / "netpet.db")).state == "finding"
    assert look_at_store(store(tmp_path)).state == "finding"


async def test_a_service_that_is_not_running_is_no_fault_of_the_settings(tmp_path):
    found = await look_at_site(store(tmp_path / "netpet.db"))

    assert [finding.area for finding in found] == ["mappings", "store", "service"]
    assert {finding.state for finding in found} == {"ok", "note"}


@pytest.mark.slow
def test_the_command_ends_with_0_where_nothing_is_wrong_and_changes_nothing(tmp_path):
    ended = run("doctor", folder=tmp_path, NETPET_HTTP__PORT="1")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("ok      settings: all can be used\nok      mappings: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_command_ends_with_1_where_something_is_wrong(tmp_path):
    port = str(free_port())
    ended = run(
        "doctor", "--write-test", "--json", folder=tmp_path, NETPET_HTTP__PORT="1",
        NETPET_DESTINATION__PLAN="oru", NETPET_DESTINATION__MLLP__HOST="127.0.0.1",
        NETPET_DESTINATION__MLLP__PORT=port, NETPET_DESTINATION__MLLP__ENCRYPTED="false",
    )  # fmt: skip

    assert ended.returncode == 1
    assert json.loads(ended.stdout)["findings"][-1]["area"] == "interface"


@pytest.mark.slow
def test_settings_that_cannot_be_used_end_it_with_3(tmp_path):
    assert run("doctor", folder=tmp_path, NETPET_HTTP__PORT="many").returncode == 3


@pytest.mark.slow
def test_a_running_service_is_looked_at_with_its_store_and_its_doors(tmp_path):
    with Serving(tmp_path) as serving:
        http, mllp = (str(serving.address(name)[1]) for name in ("http", "mllp"))
        url = next(tmp_path.rglob("*.db"))
        ended = run(
            "doctor", "--json", folder=tmp_path, NETPET_HTTP__PORT=http, NETPET_MLLP__PORT=mllp,
            NETPET_STORE__URL=f"sqlite:///{url}",
        )  # fmt: skip
        wrong = run(
            "doctor", "--json", folder=tmp_path, NETPET_HTTP__PORT=http, NETPET_MLLP__PORT=str(free_port()),
            NETPET_STORE__URL=f"sqlite:///{url}",
        )  # fmt: skip

    states = {finding["area"]: finding["state"] for finding in json.loads(ended.stdout)["findings"]}
    assert states["store"] == states["mllp"] == states["service, store"] == states["service, worker"] == "ok"
    assert (ended.returncode, wrong.returncode) == (0, 1)
