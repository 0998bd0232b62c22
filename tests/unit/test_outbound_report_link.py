"""The hospital's report comes to name the score: once, on the right report, and not another byte of it changed."""

import json
from decimal import Decimal

import pytest
from fakes import FAULTS, Fault, serving
from fhir_deliveries import (
    KNOWS_ALL,
    PATIENT,
    QUICK,
    FakeLedger,
    client_of,
    deliver,
    delivering,
    lesions,
    published,
    retracted,
)
from hypothesis import given
from hypothesis import strategies as st

from adapter.delivery import DeliveryError
from adapter.fhir.json_text import from_json
from adapter.outbound.json_array import JsonTextError, with_appended
from adapter.outbound.report_link import ReportLink

SYSTEM = "urn:oid:1.2.3.4"
ACCESSIONS = ("ACC-SSTR-1", "ACC-FDG-1")
WAYS = ("patch", "transaction", "put")


def report(accession, **facts):
    return {
        "resourceType": "DiagnosticReport",
        "meta": {"profile": ["https://hospital.example/report"]},
        "identifier": [{"system": SYSTEM, "value": accession}],
        "status": "final",
        "extension": [{"url": "https://hospital.example/dose", "valueDecimal": Decimal("1.50")}],
    } | facts


def with_reports(server, **facts):
    for accession in ACCESSIONS:
        server.store.create("DiagnosticReport", report(accession, **facts))
    return server


def results(server):
    return [[one["reference"] for one in found.get("result", ())] for found in server.store.of_type("DiagnosticReport")]


def versions(server):
    return [found["meta"]["versionId"] for found in server.store.of_type("DiagnosticReport")]


def linked(server, way, ledger=None, limits=PATIENT):
    link = ReportLink(client_of(server.base, limits=limits), way, SYSTEM)
    return delivering(server, "transaction", ledger, report_link=link, **KNOWS_ALL), link


async def delivered(server, way, *publications):
    context, link = linked(server, way)
    async with context as destination:
        for publication in publications:
            await deliver(destination, publication)
    await link._client.close()


def score_of(server):
    (score,) = server.store.standing()
    return f"Observation/{score['id']}"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("there", [[], [{"reference": "Observation/hospital"}]])
async def test_both_reports_name_the_score_after_what_they_named_before(way, there):
    async with serving() as server:
        with_reports(server, **({"result": there} if there else {}))
        await delivered(server, way, published())

        before = [one["reference"] for one in there]
        assert results(server) == [[*before, score_of(server)]] * 2


@pytest.mark.parametrize("way", WAYS)
async def test_a_report_that_names_the_score_is_left_alone(way):
    async with serving() as server:
        with_reports(server)
        first = published(*lesions("L1", "L2"))
        await delivered(server, way, first, published(*lesions("L1"), before=first.resources))
        await delivered(server, way, published())

        assert results(server) == [[score_of(server)]] * 2
        assert versions(server) == ["2", "2"]


async def test_by_put_every_byte_of_the_report_but_the_new_result_is_the_hospitals():
    async with serving() as server:
        with_reports(server)
        await delivered(server, "put", published())
        sent = [entry for entry in server.writes() if entry[0] == "PUT"]

        assert b'"valueDecimal":1.50' in sent[0][2]
        assert sent[0][3]["If-Match"] == 'W/"1"'
        assert server.store.of_type("DiagnosticReport")[0]["extension"][0]["valueDecimal"] == Decimal("1.50")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind not in ("batch", "duplicate", "ignored")])
async def test_after_any_fault_each_report_names_the_score_once(kind, after, way):
    async with serving() as server:
        with_reports(server)
        context, link = linked(server, way, FakeLedger(), QUICK if kind == "slow" else PATIENT)
        async with context as destination:
            server.faults[:] = [None, None, Fault(kind, after)]
            for _ in range(8):
                try:
                    await deliver(destination, published())
                    break
                except DeliveryError as error:
                    failure = error
                    link._client.breaker.succeeded()
            else:
                raise failure
        await link._client.close()

        assert results(server) == [[score_of(server)]] * 2


async def test_a_report_that_somebody_changed_in_between_is_read_again():
    async with serving() as server:
        with_reports(server)
        link = ReportLink(client_of(server.base), "put", SYSTEM)
        before = link._write

        async def slower(seen, address):
            if seen.version == "1":
                found = server.store.read("DiagnosticReport", seen.server_id)
                server.store.update("DiagnosticReport", seen.server_id, found | {"status": "amended"})
            return await before(seen, address)

        link._write = slower
        async with delivering(server, report_link=link, **KNOWS_ALL) as destination:
            await deliver(destination, published())
        await link._client.close()

        assert results(server) == [[score_of(server)]] * 2
        assert {found["status"] for found in server.store.of_type("DiagnosticReport")} == {"amended"}


async def test_no_accession_stands_in_an_address():
    async with serving() as server:
        with_reports(server)
        await delivered(server, "patch", published())

        assert ("POST", "DiagnosticReport/_search") in [entry[:2] for entry in server.log]
        assert not any("ACC" in entry[1] for entry in server.log)


async def refused(server, way="patch", system=SYSTEM):
    link = ReportLink(client_of(server.base), way, system)
    async with delivering(server, report_link=link, **KNOWS_ALL) as destination:
        with pytest.raises(DeliveryError) as caught:
            await deliver(destination, published())
    await link._client.close()
    assert len(server.store.standing()) == 1
    assert "ACC" not in str(caught.value)
    return caught.value


async def test_a_report_that_is_not_there_yet_is_waited_for():
    async with serving() as server:
        assert not (await refused(server)).permanent


async def test_of_two_reports_with_one_accession_neither_is_guessed():
    async with serving() as server:
        with_reports(with_reports(server))
        error = await refused(server)

        assert error.permanent
        assert "several reports" in str(error)
        assert results(server) == [[], [], [], []]


async def test_an_accession_of_nobody_knows_whom_is_not_looked_for():
    async with serving() as server:
        with_reports(server)
        error = await refused(server, system=None)

        assert error.permanent
        assert "destination.report_system" in str(error)


async def test_a_server_without_patch_says_so_for_good():
    async with serving() as server:
        with_reports(server)
        server.patches = False
        error = await refused(server)

        assert error.permanent
        assert error.answer.status == 405


async def test_a_server_that_does_not_keep_the_result_is_found_out():
    async with serving() as server:
        with_reports(server)
        server.store.drops = True
        error = await refused(server, "put")

        assert "does not keep its result" in str(error)


@pytest.mark.parametrize("way", WAYS)
async def test_a_withdrawn_score_changes_no_report(way):
    async with serving() as server:
        with_reports(server)
        await delivered(server, way, published(), retracted(published()))

        assert versions(server) == ["2", "2"]


# the text


NUMBERS = st.sampled_from(["1.50", "1e3", "0.000", "12345678901234567.123", "-0"])
VALUES = st.recursive(
    st.one_of(NUMBERS, st.text().map(json.dumps), st.sampled_from(["true", "null", '"\\u00e9"', '"]}"'])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: f"[ {' , '.join(found)}]"),
        st.lists(inner, max_size=3).map(
            lambda found: "{" + ",".join(f'"k{n}" : {v}' for n, v in enumerate(found)) + "}"
        ),
    ),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=4), st.lists(VALUES, max_size=3), st.booleans(), st.sampled_from(["", " ", "\n\t"]))
def test_one_entry_more_and_not_another_byte(members, held, has_array, blank):
    parts = [f'"m{number}"{blank}:{blank}{value}' for number, value in enumerate(members)]
    if has_array:
        parts.insert(len(parts) // 2, f'"result"{blank}:{blank}[{",".join(held)}]')
    text = f"{blank}{{{blank}{','.join(parts)}{blank}}}{blank}"

    changed = with_appended(text, "result", '"NEW"')

    before, after = json.loads(text), json.loads(changed)
    assert after == before | {"result": [*before.get("result", []), "NEW"]}
    removed = changed.replace(',"result":["NEW"]', "").replace('"result":["NEW"]', "") if not has_array else changed
    assert removed.replace(',"NEW"', "").replace('"NEW"', "") == text


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"a"}', '{"a":1', '{"result":5}', "{a:1}", '{"a" 1}', "{" * 9]
)
def test_what_is_no_object_with_such_an_array_is_refused(text):
    with pytest.raises(JsonTextError):
        with_appended(text, "result", "1")


def test_an_entry_does_not_go_into_an_array_of_the_same_name_further_in():
    text = '{"contained":[{"result":[]}],"result":[ ]}'

    assert from_json(with_appended(text, "result", "1").encode())["contained"] == [{"result": []}]
