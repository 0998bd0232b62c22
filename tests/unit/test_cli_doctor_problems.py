"""``doctor`` tells what waits for a person, of each kind how much, and that is no fault of the settings."""

from pathlib import Path

from postgres_server import PostgresPlace
from store_places import url
from test_store_answers import Answering, asked, read_all
from test_store_samples import claimed_message, later

from adapter.cli.doctor_problems import look_at_problems
from adapter.outcome import Held, Problem
from adapter.settings import Settings
from adapter.store import Store


def found(place: Path | PostgresPlace) -> list[tuple[str, str, str]]:
    settings = Settings.model_validate({"store": {"url": url(place)}})
    return [(finding.state, finding.says, finding.advice) for finding in look_at_problems(settings)]


async def test_where_nothing_waits_for_a_person_that_is_said(place):
    await (await Store.open(url(place))).close()

    assert found(place) == [("ok", "nothing waits for a person", "")]


async def test_what_is_held_and_what_was_given_up_is_counted_with_the_command_that_lists_it(place):
    store = await Store.open(url(place), after=Answering())
    for one in await read_all(store, asked("M1"), asked("M2")):
        await store.answers.give_up(one, "refused: AE, 101", later(6))
    claim, message = await claimed_message(store)
    await store.record_reading(claim, message, Held(Problem.NO_MAPPING))
    await store.close()

    assert found(place) == [
        ("note", "1 message(s) are held", "netpet-adapter messages list"),
        ("note", "2 answer(s) to senders were given up", "netpet-adapter replay --dead"),
    ]


def test_of_a_store_that_is_not_there_nothing_is_said(tmp_path):
    assert found(tmp_path) == []
