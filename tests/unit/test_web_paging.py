"""Pages: every resource is on exactly one of them, and no patient's identifier is in a link that was not asked so."""

import pytest
from web_fakes import observation, serving

from adapter.web.faults import RefusedError
from adapter.web.held_searches import CAPACITY, LIFETIME, HeldSearches
from adapter.web.query_text import Parameter

SEVEN = [observation(number) for number in range(7)]


async def walk(client, answer, relation):
    """All ids along the links of one relation."""
    ids = list(answer.ids)
    while relation in answer.links:
        answer = await client.get(answer.links[relation])
        ids += answer.ids
    return ids


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
async def test_the_next_links_lead_past_every_resource_once(count):
    async with serving(*SEVEN) as client:
        answer = await client.get(f"/fhir/Observation?_count={count}&code=netpet-score")

        assert await walk(client, answer, "next") == [f"o{number}" for number in range(7)]


@pytest.mark.parametrize("count", [2, 3])
async def test_a_search_by_form_is_paged_without_an_identifier_in_any_link_but_self(count):
    async with serving(*SEVEN) as client:
        answer = await client.search({"patient.identifier": "123456", "_count": str(count)})
        others = [url for relation, url in answer.links.items() if relation != "self"]

        assert await walk(client, answer, "next") == [f"o{number}" for number in range(7)]
        assert not any("123456" in url for url in others)


async def test_the_previous_link_leads_back():
    async with serving(*SEVEN) as client:
        last = await client.get("/fhir/Observation?_count=3&_offset=6")

        assert await walk(client, last, "prev") == ["o6", "o3", "o4", "o5", "o0", "o1", "o2"]


async def test_the_first_link_leads_to_the_start():
    async with serving(*SEVEN) as client:
        last = await client.get("/fhir/Observation?_count=3&_offset=6")

        assert (await client.get(last.links["first"])).ids == ["o0", "o1", "o2"]


async def test_beyond_the_end_the_previous_link_leads_to_the_last_page():
    async with serving(*SEVEN) as client:
        beyond = await client.get("/fhir/Observation?_count=3&_offset=900000000")

        assert beyond.ids == []
        assert (await client.get(beyond.links["prev"])).ids == ["o4", "o5", "o6"]


async def test_the_total_counts_all_pages():
    async with serving(*SEVEN) as client:
        assert (await client.get("/fhir/Observation?_count=2")).resource["total"] == 7


@pytest.mark.parametrize("query", ["_count=0", "_summary=count"])
async def test_the_total_alone_can_be_asked_for(query):
    async with serving(*SEVEN) as client:
        answer = await client.get(f"/fhir/Observation?{query}")

    assert answer.resource["total"] == 7
    assert "entry" not in answer.resource
    assert list(answer.links) == ["self"]


async def test_the_total_of_a_search_by_form_needs_no_ticket():
    async with serving(*SEVEN) as client:
        answer = await client.search({"_count": "0"})

    assert list(answer.links) == ["self"]


async def test_a_page_holds_fifty_when_nothing_else_is_asked_for():
    async with serving(*(observation(number) for number in range(60))) as client:
        assert len((await client.get("/fhir/Observation")).ids) == 50


async def test_a_page_holds_at_most_five_hundred_and_the_self_link_says_so():
    async with serving(*(observation(number) for number in range(510))) as client:
        answer = await client.get("/fhir/Observation?_count=1000")

    assert len(answer.ids) == 500
    assert answer.links["self"].endswith("?_count=500")


async def test_a_ticket_that_nobody_gave_is_410():
    async with serving(*SEVEN) as client:
        answer = await client.get("/fhir/Observation?_continue=forged&_offset=2")

    assert (answer.status, answer.issue["details"]["text"]) == (410, "search-expired")


async def test_a_ticket_is_good_for_its_own_type_alone():
    async with serving(*SEVEN) as client:
        answer = await client.search({"_count": "2"})
        elsewhere = answer.links["next"].replace("/Observation?", "/Device?")

        assert (await client.get(elsewhere)).status == 410


HELD = (Parameter("patient.identifier", "123456"),)


def test_a_held_search_is_forgotten_some_time_after_it_was_last_asked_for():
    now = [0.0]
    held = HeldSearches(lambda: now[0])
    ticket = held.hold("Observation", HELD)
    now[0] += LIFETIME
    assert held.find("Observation", ticket) == HELD
    now[0] += LIFETIME
    assert held.find("Observation", ticket) == HELD

    now[0] += LIFETIME + 1

    with pytest.raises(RefusedError):
        held.find("Observation", ticket)


def test_when_too_many_searches_are_held_the_one_not_asked_for_the_longest_goes():
    held = HeldSearches(lambda: 0.0)
    tickets = [held.hold("Observation", HELD) for _ in range(CAPACITY)]
    held.find("Observation", tickets[0])

    held.hold("Observation", HELD)

    assert held.find("Observation", tickets[0]) == HELD
    with pytest.raises(RefusedError):
        held.find("Observation", tickets[1])
