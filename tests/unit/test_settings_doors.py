"""A door that cannot work as it is set is a fault that names its setting, before anything is opened."""

import pytest

from adapter.settings import SettingsError, load_settings

TLS = "{certificate: c.pem, key: k.pem, client_authorities: ca.pem}"
DROP = "{folder: in, archive: done, errors: wrong%s}"


def faults(folder, text):
    file = folder / "netpet.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    return caught.value.faults


def http(entry: str, more: str = "") -> str:
    return f"http:\n  hl7v2: {{enabled: true, senders: [{entry}]}}\n{more}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("http:\n  hl7v2: {enabled: true}", "http.hl7v2: senders: name who may send"),
        (http("{name: ris}"), "give api_clients or certificate_subjects"),
        (http("{name: default, api_clients: [a]}"), "but not for the sender named default"),
        (http("{name: a, api_clients: [a]}, {name: a, api_clients: [b]}"), "two entries have one name"),
        (http("{name: a, api_clients: [a]}"), "http.hl7v2.senders: api_clients need security.api_keys"),
        (http("{name: a, certificate_subjects: [CN=a]}"), "certificate_subjects need tls.client_authorities"),
        (http("{name: a, api_clients: [a], charset_default: klingon}"), "no known character set"),
        (http("{name: default}", "mllp: {name: http}"), "http.hl7v2.name: another listener has this name"),
        ("drop: {folder: in}", "drop: name archive and errors too"),
        ("drop: {folder: in, archive: done, errors: ./in}", "folder, archive and errors are three folders"),
        ("drop: {folder: in, archive: done, errors: wrong, name: mllp}", "drop.name: another listener has this name"),
        ("drop: {folder: in, archive: done, errors: wrong, pattern: a/b}", "drop.pattern"),
        ("drop: {folder: in, archive: done, errors: wrong, poll: 0}", "drop.poll"),
        ("drop: {folder: in, archive: done, errors: wrong, format: fhir}", "drop.format"),
    ],
)
def test_a_door_that_cannot_work_is_named(tmp_path, text, fault):
    assert any(fault in one for one in faults(tmp_path, text))


def test_doors_of_one_name_are_all_named(tmp_path):
    text = http("{name: default}", "drop: {folder: in, archive: done, errors: wrong, name: http}")

    assert faults(tmp_path, text) == [
        "http.hl7v2.name: another listener has this name",
        "drop.name: another listener has this name",
    ]


def test_doors_that_are_shut_ask_for_nothing(tmp_path):
    file = tmp_path / "netpet.yaml"
    file.write_text("mllp: {name: drop}")
    settings = load_settings(file)

    assert (settings.http.hl7v2.enabled, settings.drop.folder) == (False, None)


def test_senders_by_certificate_are_taken_where_certificates_are_asked_for(tmp_path):
    file = tmp_path / "netpet.yaml"
    entry = "{name: a, certificate_subjects: ['CN=a,O=Hospital']}"
    file.write_text(f"http:\n  tls: {TLS}\n  hl7v2: {{enabled: true, senders: [{entry}]}}")

    assert load_settings(file).http.hl7v2.senders[0].certificate_subjects == ["CN=a,O=Hospital"]
