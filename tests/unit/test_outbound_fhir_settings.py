"""The settings of FHIR destinations: what cannot work is refused at the start, by the name of what is wrong."""

import pytest
from client_keys import key_file
from pydantic import ValidationError

from adapter.app.fhir_parts import build_fhir_client, build_fhir_destination, published_keys
from adapter.delivery import DeliveryError
from adapter.fhir_in_settings import FhirSource
from adapter.outbound.auth.passwords import BasicPassword, BearerFile, NoCredentials
from adapter.outbound.auth.token_cache import TokenCache
from adapter.outbound.fhir_client import Request
from adapter.outbound.fhir_settings import Destination

BASE = "https://fhir.hospital.example/r4"


def settings(**facts):
    return Destination.model_validate({"plan": "transaction", "fhir_base_url": BASE} | facts)


@pytest.mark.parametrize("url", [BASE, f"{BASE}/", "http://127.0.0.1:8080/fhir", "http://localhost/fhir"])
def test_an_address_is_https_or_on_this_machine(url):
    assert settings(fhir_base_url=url).fhir_base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://fhir.hospital.example/r4",
        "ftp://fhir.hospital.example",
        "fhir.hospital.example",
        "https://user:secret@fhir.hospital.example",
        f"{BASE}?tenant=1",
        f"{BASE}#a",
        "https://",
    ],
)
def test_an_address_that_patients_data_must_not_go_to_is_refused(url):
    with pytest.raises(ValidationError):
        settings(fhir_base_url=url)


@pytest.mark.parametrize("plan", ["transaction", "sequential"])
def test_a_plan_for_a_server_needs_its_address(plan):
    with pytest.raises(ValidationError, match="needs fhir_base_url"):
        Destination.model_validate({"plan": plan})


@pytest.mark.parametrize(
    ("auth", "missing"),
    [
        ({"method": "basic"}, "user and password"),
        ({"method": "basic", "user": "netpet"}, "password"),
        ({"method": "bearer"}, "token"),
        ({"method": "exec"}, "command"),
        ({"method": "smart", "client_id": "netpet"}, "keys"),
    ],
)
def test_a_method_without_what_it_needs_is_refused(auth, missing):
    with pytest.raises(ValidationError, match=f"needs {missing}"):
        settings(auth=auth)


def test_a_certificate_comes_with_its_key():
    with pytest.raises(ValidationError, match="together"):
        settings(tls={"certificate": "ours.pem"})


@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        ({}, NoCredentials),
        ({"method": "basic", "user": "netpet", "password": "p"}, BasicPassword),
        ({"method": "bearer", "token": "t"}, BearerFile),
        ({"method": "exec", "command": "get-token,--quiet"}, TokenCache),
        ({"method": "smart", "client_id": "netpet", "keys": "a.pem,b.pem"}, TokenCache),
    ],
)
def test_each_method_has_its_own_credentials(auth, kind):
    assert isinstance(build_fhir_client(settings(auth=auth))._authorizer, kind)


@pytest.mark.parametrize(
    ("facts", "way"),
    [
        ({}, None),
        ({"report_link": "summary"}, None),
        ({"report_link": "patch"}, "transaction"),
        ({"report_link": "patch", "plan": "sequential"}, "patch"),
        ({"report_link": "put"}, "put"),
    ],
)
def test_a_report_is_linked_in_the_way_of_the_plan(facts, way):
    link = build_fhir_destination(settings(**facts), None)._agreement.report_link

    assert (link and link._way) == way


def test_keys_are_published_where_something_is_signed():
    assert published_keys(settings(), ()) is None
    assert published_keys(settings(auth={"method": "smart", "client_id": "n", "keys": "a.pem"}), ()) is not None


def source(**auth):
    return FhirSource(name="pacs", fhir_base_url="http://127.0.0.1:1", auth=auth)


def test_the_keys_that_we_fetch_by_are_published_beside_those_that_we_send_by_each_once(tmp_path):
    files = [key_file(tmp_path, name) for name in ("a.pem", "b.pem")]
    smart = {"method": "smart", "client_id": "n"}
    sending = settings(auth={**smart, "keys": str(files[0])})
    fetching = source(**smart, keys=",".join(map(str, files)))

    assert len(published_keys(sending, [fetching])()["keys"]) == 2
    assert len(published_keys(settings(), [fetching])()["keys"]) == 2


@pytest.mark.parametrize(
    ("auth", "setting"),
    [
        ({"method": "bearer", "token": "none"}, "token"),
        ({"method": "basic", "user": "u", "password": "none"}, "password"),
        ({"method": "exec", "command": "/does/not/exist"}, "command"),
        ({"method": "smart", "client_id": "n", "keys": "none", "token_url": "http://127.0.0.1:1"}, "keys"),
    ],
)
async def test_what_is_wrong_with_a_sources_credentials_is_told_by_the_sources_name(auth, setting):
    fetching = source(**auth)
    client = build_fhir_client(fetching.to_client(), section=fetching.section)

    with pytest.raises(DeliveryError, match=rf"fhir_in\.sources\.pacs\.auth\.{setting}"):
        await client.send(Request("GET", "metadata"))
    await client.close()
