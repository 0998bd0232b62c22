"""What cannot work of FHIR in and of tokens is a fault that names its setting, before anything is opened."""

import pytest

from adapter.settings import SettingsError, load_settings


def faults(folder, text):
    file = folder / "netpet.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    return caught.value.faults


def source(more=""):
    return f"fhir_in: {{sources: [{{name: pacs, fhir_base_url: 'https://a.example/r4'{more}}}]}}"


def issuer(more, name="idp"):
    return f"security: {{jwt: {{issuers: [{{name: {name}, issuer: x, audience: y{more}}}]}}}}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("fhir_in: {enabled: true}", "senders: name who may write"),
        ("fhir_in: {senders: [{name: a}]}", "give api_clients or certificate_subjects"),
        ("fhir_in: {senders: [{name: default, api_clients: [a]}]}", "not for the sender named default"),
        ("fhir_in: {senders: [{name: a, api_clients: [a]}]}", "api_clients need security.api_keys or security.jwt"),
        ("fhir_in: {senders: [{name: a, certificate_subjects: [CN=a]}]}", "need http.tls.client_authorities"),
        ("fhir_in: {enabled: true, name: mllp, senders: [{name: default}]}", "another listener has this name"),
        ("fhir_in: {max_body: 10000000}", "fhir_in.max_body"),
        (source().replace("https://a.example", "http://a.example"), "give an https address"),
        (source(", look_back: -1"), "look_back"),
        (source(", subscription: {}"), "subscription.secret"),
        (source(", subscription: {secret: a, id: '../x'}"), "subscription.id"),
        (source().replace("name: pacs", "name: mllp"), "fhir_in.sources.mllp.name: another listener has this name"),
        (
            "fhir_in: {sources: [{name: a, fhir_base_url: 'https://a'}, {name: a, fhir_base_url: 'https://b'}]}",
            "one name",
        ),
        (issuer(""), "give jwks_file or jwks_url"),
        (issuer(", jwks_file: a, jwks_url: 'https://a/b'"), "give jwks_file or jwks_url"),
        (issuer(", jwks_url: 'http://id.example/jwks'"), "give an https address"),
        (issuer(", jwks_url: 'https://u:p@id.example/jwks'"), "give an address such as"),
        (issuer(", jwks_file: a, algorithms: [HS256]"), "algorithms"),
        (issuer(", jwks_file: a, algorithms: []"), "algorithms"),
        (issuer(", jwks_file: a}, {name: b, issuer: x, audience: z, jwks_file: c"), "two entries have one issuer"),
        (issuer(", jwks_file: a}, {name: idp, issuer: z, audience: z, jwks_file: c"), "two entries have one name"),
        ("security: {jwt: {leeway: 3600}}", "security.jwt.leeway"),
    ],
)
def test_what_cannot_work_is_named(tmp_path, text, fault):
    assert any(fault in one for one in faults(tmp_path, text))


def test_what_a_client_of_a_source_is_made_of(tmp_path):
    file = tmp_path / "netpet.yaml"
    file.write_text(source(", known_as: ['https://b.example/r4/'], timeout: 7"))
    (one,) = load_settings(file).fhir_in.sources

    assert (one.to_client().fhir_base_url, one.to_client().timeout, one.known_as) == (
        "https://a.example/r4",
        7,
        ["https://b.example/r4"],
    )
    assert "system/DiagnosticReport.rs" in one.to_client().auth.scope


def test_a_certificate_may_write_where_certificates_are_asked_for(tmp_path):
    file = tmp_path / "netpet.yaml"
    tls = "http: {tls: {certificate: c, key: k, client_authorities: a}}"
    file.write_text(f"{tls}\nfhir_in: {{enabled: true, senders: [{{name: a, certificate_subjects: [CN=a]}}]}}")

    assert load_settings(file).fhir_in.to_senders().origin("::1", None, None) is None
