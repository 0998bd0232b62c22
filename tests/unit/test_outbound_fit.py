"""The plan that fits a server is what the server says of itself, or what is known of the product it names."""

import pytest

from adapter.outbound.fit import fit_of, server_name


def statement(software="", transaction=True, version="4.0.1", others=("Device", "Provenance"), **observation):
    types = [{"type": "Observation"} | observation, *({"type": name} for name in others)]
    interaction = [{"code": "transaction"}] if transaction else []
    rest = [{"mode": "client"}, {"mode": "server", "resource": types, "interaction": interaction}]
    return {"fhirVersion": version, "software": {"name": software, "version": "8.10"}, "rest": rest}


def codes(*names):
    return [{"code": name} for name in names]


@pytest.mark.parametrize(
    ("said", "plan"),
    [
        (statement(conditionalUpdate=True), "transaction"),
        (statement(updateCreate=True), "transaction"),
        (statement(), "sequential"),
        (statement(transaction=False, conditionalUpdate=True), "sequential"),
        (statement("Epic", conditionalUpdate=True), "oru"),
        (statement("Oracle Health Millennium", conditionalUpdate=True), "oru"),
        (statement("Cerner"), "oru"),
        (statement("Medplum", conditionalUpdate=True), "sequential"),
        (statement(interaction=codes("read", "search-type")), "oru"),
        (statement(interaction=codes("read", "create", "update"), conditionalUpdate=True), "transaction"),
        (statement(version="3.0.2"), "oru"),
        ({"fhirVersion": "4.0.1"}, "sequential"),
    ],
)
def test_the_plan_that_fits(said, plan):
    fit = fit_of(said)

    assert fit.plan == plan
    assert fit.why


def test_a_server_without_any_fault_has_none():
    fit = fit_of(statement("HAPI FHIR Server", conditionalUpdate=True))

    assert (fit.faults, fit.losses, fit.server) == ((), (), "HAPI FHIR Server 8.10")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (statement(version="5.0.0"), "the server does not say that it speaks R4 (4.0.1)"),
        ({"rest": "none"}, "the server does not say that it speaks R4 (4.0.1)"),
        (statement(interaction=codes("read", "create")), "the server offers no update of Observation"),
        (statement(interaction=codes("read")), "the server offers no create and no update of Observation"),
        (
            {"fhirVersion": "4.0.1", "rest": [{"mode": "server", "resource": [{"type": "Patient"}]}]},
            "the server has no Observation",
        ),
    ],
)
def test_what_makes_a_fhir_plan_fail_is_named(said, fault):
    assert fit_of(said).faults == (fault,)


def test_what_the_server_does_not_take_will_not_be_there():
    assert fit_of(statement(others=("Device",))).losses == ("Provenance: the server does not say that it takes one",)
    reads = {"type": "Provenance", "interaction": codes("read")}
    said = statement(others=("Device",))
    said["rest"][1]["resource"].append(reads)
    assert fit_of(said).losses == ("Provenance: the server does not say that it takes one",)


@pytest.mark.parametrize("product", ["Epic", "Oracle Health Millennium"])
def test_what_is_known_of_a_product_is_said_beside_it(product):
    assert "links to reports, images and lesions" in fit_of(statement(product)).losses


@pytest.mark.parametrize(
    ("said", "name"),
    [({}, ""), ({"publisher": "Helios", "software": 7}, "Helios"), ({"software": {"name": ["x"]}}, "")],
)
def test_a_server_is_called_what_it_calls_itself(said, name):
    assert server_name(said) == name
