"""A server that reports come from: each version is kept once, and nothing is asked of any other address."""

from datetime import timedelta

import pytest
from fetching import fetching
from fhir_bodies import PATIENT, lesion, report, tracer

from adapter.fhir.incoming import parse_incoming
from adapter.inbound.fhir_server import Bases, SourceError
from adapter.inbound.source_watch import SourceWatch

LESION = lesion("l1")


def fill(server, count=1, **more):
    """Reports r0, r1 ..., changed a minute after each other, with what they reference."""
    for one in (PATIENT, tracer(), LESION):
        server.put(one)
    for number in range(count):
        server.put(report(tracer(), LESION, id=f"r{number}", **more), minutes=number)


async def test_a_sweep_keeps_each_report_whole(tmp_path):
    async with fetching(tmp_path, page_size=2) as one:
        fill(one.server, 5)
        await one.source.sweep()
        kept = await one.store.messages()
        details = [await one.store.message(message.id) for message in kept]
        units = [parse_incoming(detail.raw).units[0] for detail in details]

        assert await one.kept() == [f"DiagnosticReport/r{number}/_history/1" for number in range(5)]
        assert not any(unit.missing for unit in units)
        assert {detail.summary.channel for detail in details} == {"pacs"}


async def test_what_a_search_leaves_out_is_fetched_by_itself(tmp_path):
    async with fetching(tmp_path) as one:
        one.server.includes = False
        fill(one.server)
        await one.source.sweep()
        (message,) = await one.store.messages()
        detail = await one.store.message(message.id)

        assert not parse_incoming(detail.raw).units[0].missing
        assert sorted(one.asked("Observation")) == ["Observation/l1", "Observation/tracer"]


async def test_a_second_sweep_overlaps_the_first_and_keeps_nothing_twice(tmp_path):
    async with fetching(tmp_path) as one:
        fill(one.server, 3)
        await one.source.sweep()
        one.server.put(report(tracer(), LESION, id="r2"), minutes=9, version="2")
        await one.source.sweep()
        searches = one.asked("DiagnosticReport?")

        assert (await one.kept())[3:] == ["DiagnosticReport/r2/_history/2"]
        assert "ge2026-11-20T11:57:00.000Z" in searches[1]


async def test_the_first_sweep_looks_back_by_the_servers_clock(tmp_path):
    async with fetching(tmp_path, look_back=timedelta(hours=2)) as one:
        await one.source.sweep()

        assert "ge2026-11-20T10:00:00.000Z" in one.asked("DiagnosticReport?")[0]


async def test_a_page_that_is_no_r4_hides_none_of_its_reports(tmp_path):
    async with fetching(tmp_path) as one:
        fill(one.server, 3)
        one.server.put(report(tracer(), LESION, id="r1") | {"status": ["final"]}, minutes=1)
        await one.source.ask_for_sweep()
        await one.source.work()

        assert sorted(await one.kept()) == ["DiagnosticReport/r0/_history/1", "DiagnosticReport/r2/_history/1"]
        assert one.source.given_up == 1
        assert "report-given-up" in one.told
        assert SourceWatch(one.source).notice == "pacs: 1 reports could not be fetched"


@pytest.mark.parametrize("base", ["http://127.0.0.1:1/fhir", "http://elsewhere.example/fhir"])
async def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path, base):
    async with fetching(tmp_path, page_size=1) as one:
        fill(one.server, 2)
        one.server.next_base = base
        watch = SourceWatch(one.source)
        await one.source.ask_for_sweep()
        await watch.step()

        assert "another address" in watch.notice
        assert "source-failed" in one.told


async def test_a_server_behind_a_proxy_may_call_itself_by_another_name(tmp_path):
    async with fetching(tmp_path, page_size=1, known_as=("https://fhir.hospital.example/r4",)) as one:
        fill(one.server, 2)
        one.server.next_base = "https://fhir.hospital.example/r4"
        await one.source.sweep()

        assert len(await one.kept()) == 2


HOSTILE = [
    "http://127.0.0.1:1/fhir/Patient/p1",
    "http://169.254.169.254/latest/Patient/p1",
    "//elsewhere.example/Patient/p1",
    "Patient/../../../secret",
    "Patient/..",
    "Patient/p1?_include=x",
    "../Patient/p1",
    "Binary/p1",
    "file:///etc/Patient/p1",
    "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
    "Patient/p1/_history/..",
]


@pytest.mark.parametrize("reference", HOSTILE)
async def test_a_hostile_reference_is_never_asked_for(tmp_path, reference):
    async with fetching(tmp_path) as one:
        one.server.includes = False
        one.server.put(report(id="r0", result=[], subject={"reference": reference}))
        await one.source.sweep()

        assert [path.partition("?")[0] for path in one.asked()] == ["metadata", "DiagnosticReport"]
        assert await one.kept() == ["DiagnosticReport/r0/_history/1"]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://h/fhir?page=2", "?page=2"),
        ("http://h/fhir/DiagnosticReport?page=2", "DiagnosticReport?page=2"),
        ("https://public/r4/x", "x"),
        ("http://h/fhir.evil.example/x", None),
        ("http://h/fhirx", None),
        ("http://h:80@evil/fhir", None),
        ("http://h/fhir/../admin", None),
        ("http://h/fhir/%2e%2e/admin", None),
        ("http://h/fhir/%252e%252e/admin", None),
        ("http://h/fhir/..\\admin", None),
        ("http://h/fhir//evil/x", None),
        ("http://h/fhir/x#y", None),
        ("http://h/fhir/x y", None),
        ("HTTP://h/fhir/x", None),
        ("", None),
    ],
)
def test_only_what_lies_below_a_base_of_the_servers_own_is_asked_for(url, path):
    assert Bases("http://h/fhir", ("https://public/r4",)).below(url) == path


async def test_a_report_that_cannot_be_fetched_now_is_tried_again(tmp_path):
    async with fetching(tmp_path) as one:
        fill(one.server)
        await one.store.sources.note("pacs", ["r0"], one.now)
        one.server.failing = [503]
        await one.source.work()
        first = await one.kept()
        one.now += timedelta(minutes=1)
        one.source.parts.fetcher.server._client.breaker.succeeded()
        await one.source.work()

        assert (first, await one.kept()) == ([], ["DiagnosticReport/r0/_history/1"])
        assert await one.store.sources.next_due("pacs") is None


async def test_a_clock_that_jumps_gives_up_no_report(tmp_path):
    async with fetching(tmp_path) as one:
        fill(one.server)
        await one.store.sources.note("pacs", ["r0"], one.now)
        for _ in range(3):
            one.now += timedelta(hours=72)
            one.server.failing = [503]
            one.source.parts.fetcher.server._client.breaker.succeeded()
            await one.source.work()
        given_up = one.source.given_up
        one.now += timedelta(hours=1)
        one.source.parts.fetcher.server._client.breaker.succeeded()
        await one.source.work()

        assert (given_up, await one.kept()) == (0, ["DiagnosticReport/r0/_history/1"])


async def test_a_report_that_could_not_be_fetched_for_three_days_is_for_a_person(tmp_path):
    async with fetching(tmp_path) as one:
        await one.store.sources.note("pacs", ["r0"], one.now)
        for _ in range(73):
            given_up = one.source.given_up
            one.server.failing = [503]
            one.source.parts.fetcher.server._client.breaker.succeeded()
            await one.source.work()
            one.now += timedelta(hours=1)

        assert (given_up, one.source.given_up) == (0, 1)


async def test_a_report_that_is_gone_is_for_a_person_until_it_is_named_again(tmp_path):
    async with fetching(tmp_path) as one:
        await one.store.sources.note("pacs", ["r0"], one.now)
        await one.source.work()
        given_up = one.source.given_up
        fill(one.server)
        await one.store.sources.note("pacs", ["r0"], one.now)
        await one.source.work()

        assert (given_up, one.source.given_up) == (1, 0)
        assert await one.kept() == ["DiagnosticReport/r0/_history/1"]


async def test_a_server_that_does_not_sort_and_has_too_many_pages_is_told_of(tmp_path):
    async with fetching(tmp_path, page_size=1, most_pages=2) as one:
        one.server.sorts = False
        fill(one.server, 4)
        with pytest.raises(SourceError, match="most_pages"):
            await one.source.sweep()

        assert (await one.state()).high_water == ""


async def test_a_sweep_of_too_many_pages_goes_on_where_it_ended(tmp_path):
    async with fetching(tmp_path, page_size=1, most_pages=2, overlap=timedelta(0)) as one:
        fill(one.server, 4)
        for _ in range(4):
            await one.source.sweep()

        assert len(await one.kept()) == 4
