"""The file of API keys: what it may hold, how its faults are named, and that a change takes effect."""

import os

import pytest
from web_fakes import Told

from adapter.web.api_keys import LOOK_EVERY, ApiKeys, ApiKeysError

GOOD = "# clients\n\ndashboard:0123456789abcdef\n  tumour-board : fedcba9876543210-._~+/==  \n"


class Clock:
    """Goes on when told."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "keys"
    file.write_text(GOOD)
    return file


def test_a_key_belongs_to_its_client(file):
    keys = ApiKeys(file)

    assert keys.client_of("0123456789abcdef") == "dashboard"
    assert keys.client_of("fedcba9876543210-._~+/==") == "tumour-board"


@pytest.mark.parametrize(
    "presented", ["", "0123456789abcde", "0123456789abcdeF", "dashboard", "# clients", "\udcff", "é"]
)
def test_another_key_belongs_to_nobody(file, presented):
    assert ApiKeys(file).client_of(presented) is None


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["holds no key"]),
        ("# nothing\n", ["holds no key"]),
        ("a:short-SECRET\n", ["line 1: the key is shorter than 16 characters"]),
        ("#\na:\n", ["line 2: the key is shorter than 16 characters"]),
        ("a:SECRET SECRET SECRET\n", ["line 1: the key holds characters that no bearer token may hold"]),
        (
            "a:SECRET0123456789a\na:SECRET0123456789b\n",
            ["line 2: the name is given twice"],
        ),
        ("a:SECRET0123456789a\nb:SECRET0123456789a\n", ["line 2: the key is given twice"]),
        (
            "SECRET0123456789a\n",
            [
                "line 1: the key is shorter than 16 characters",
            ],
        ),
        (
            "a b:SECRET0123456789a\n",
            ["line 1: is not name:key (a name is 1 to 64 letters, digits, dots, hyphens and underscores)"],
        ),
        (
            "a:1\nb:2\n",
            [
                "line 1: the key is shorter than 16 characters",
                "line 2: the key is shorter than 16 characters",
            ],
        ),
    ],
)
def test_every_fault_is_named_by_its_line_and_never_by_the_key(tmp_path, text, faults):
    file = tmp_path / "keys"
    file.write_text(text)

    with pytest.raises(ApiKeysError) as caught:
        ApiKeys(file)

    assert caught.value.faults == faults
    assert "SECRET" not in str(caught.value)


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(ApiKeysError, match="No such file"):
        ApiKeys(tmp_path / "absent")


def test_a_file_that_is_not_text_is_a_fault(tmp_path):
    file = tmp_path / "keys"
    file.write_bytes(b"\xff\xfe")

    with pytest.raises(ApiKeysError, match="not UTF-8"):
        ApiKeys(file)


def test_a_changed_file_takes_effect_without_a_restart(file):
    clock, told = Clock(), Told()
    keys = ApiKeys(file, told, clock)

    file.write_text("dashboard:another-key-0123456789\n")
    clock.now += LOOK_EVERY

    assert keys.client_of("0123456789abcdef") is None
    assert keys.client_of("another-key-0123456789") == "dashboard"
    assert told == [("api-keys-reloaded", {"count": 1})]


def test_the_file_is_not_looked_at_for_every_request(file):
    clock = Clock()
    keys = ApiKeys(file, clock=clock)

    file.unlink()
    clock.now += LOOK_EVERY / 2

    assert keys.client_of("0123456789abcdef") == "dashboard"
    assert keys.fault == ""


@pytest.mark.parametrize("text", ["dashboard:short", None])
def test_a_file_that_becomes_faulty_leaves_the_former_keys_in_force_and_says_so(file, text):
    clock, told = Clock(), Told()
    keys = ApiKeys(file, told, clock)

    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    clock.now += LOOK_EVERY

    assert keys.client_of("0123456789abcdef") == "dashboard"
    assert "former keys stay in force" in keys.fault
    assert len(told.named("api-keys-reload-failed")) == 1


def test_a_mended_file_ends_the_fault(file):
    clock = Clock()
    keys = ApiKeys(file, clock=clock)
    file.write_text("faulty")
    clock.now += LOOK_EVERY
    keys.client_of("")

    file.write_text(GOOD)
    os.utime(file, ns=(1, 1))
    clock.now += LOOK_EVERY
    keys.client_of("")

    assert keys.fault == ""


def test_an_unchanged_file_is_not_read_again(file):
    clock, told = Clock(), Told()
    keys = ApiKeys(file, told, clock)

    clock.now += LOOK_EVERY
    keys.client_of("")

    assert told == []
