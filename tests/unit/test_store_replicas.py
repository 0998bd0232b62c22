"""Two processes on one PostgreSQL: what is said of records, and decided on scores, at the same time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from postgres_server import PostgresPlace
from test_store_samples import (
    JANE,
    JOHN,
    LEASE,
    NOON,
    arrival,
    claimed_message,
    later,
    opened,
    publication,
    read,
    report,
)

from adapter.decision import Decision
from adapter.fhir.rendering import Verdict
from adapter.outcome import Held
from adapter.publication import StaleClaimError
from adapter.reading import Merged
from adapter.scoring.merges import Merge
from adapter.scoring.report import PatientIdentity
from adapter.store import Store
from adapter.store.confirmations import Decided, NotDecidableError, OutdatedDecisionError

MARY = PatientIdentity("777777", "HOSP")
ROUNDS = 8
"""How often two processes meet: each time they may cross in another place."""


async def said(store: Store, control_id: str, *merges: Merge):
    """A message that says something of records, kept and read by one process; gives what became of it."""
    survivor = merges[0].survivor
    await store.keep(arrival(control_id, patient=survivor.key))
    return await _read_in_turn(store, survivor.key, {f"MSH|{control_id}|one lesion".encode(): Merged(merges)})


async def _read_in_turn(store: Store, key: str, meanings: dict):
    """Whoever gets the lane reads what is there; messages of another process may be among it."""
    recorded = None
    while True:
        claims = await store.claim(later(5), 20, LEASE)
        mine = [one for one in claims if one.patient == key]
        for claim in claims:
            if claim.patient != key:
                await store.settle(claim, later(9))
        if not mine:
            await asyncio.sleep(0.005)
            continue
        for message in await store.unread(key):
            if bytes(message.raw) in meanings:
                recorded = await store.record_reading(mine[0], message, meanings[bytes(message.raw)])
        await store.settle(mine[0], None if recorded else later(4))
        if recorded is not None:
            return recorded.reading


def merge(old: PatientIdentity, survivor: PatientIdentity, minute: int = 0, *, undone: bool = False) -> Merge:
    return Merge(old, survivor, NOON + timedelta(minutes=minute), undone)


async def reports_of(store: Store, *identities: PatientIdentity) -> list[list[str]]:
    return [[one.report.accession for one in await store.reports(identity.key)] for identity in identities]


async def with_report(store: Store, identity: PatientIdentity, accession: str) -> None:
    claim, message = await claimed_message(store, arrival(accession, patient=identity.key))
    await store.record_reading(claim, message, read(report(accession, identity)))
    await store.settle(claim, None)


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_two_merges_at_once_that_would_close_a_circle_are_one_that_stands_and_one_that_is_held(
    postgres: PostgresPlace, _round
):
    async with opened(postgres) as one, opened(postgres) as other, asyncio.timeout(60):
        await with_report(one, JANE, "ACC-1")
        await with_report(one, JOHN, "ACC-2")
        found = await asyncio.gather(
            said(one, "M1", merge(JANE, MARY), merge(MARY, JOHN, 1)), said(other, "M2", merge(JOHN, JANE, 1))
        )
        held = [isinstance(reading, Held) for reading in found]

        assert sorted(held) == [False, True]
        together = [sorted(accessions) for accessions in await reports_of(one, JANE, JOHN) if accessions]
        assert together == [["ACC-1", "ACC-2"]]
        assert await reports_of(one, JANE, JOHN, MARY) == await reports_of(other, JANE, JOHN, MARY)


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_a_merge_that_one_process_holds_while_another_undoes_what_it_contradicts_is_not_left_held(
    postgres: PostgresPlace, _round
):
    async with opened(postgres) as one, opened(postgres) as other, asyncio.timeout(60):
        await said(one, "M1", merge(JANE, JOHN))
        await asyncio.gather(
            said(one, "M2", merge(JANE, MARY, 1)), said(other, "M3", merge(JANE, JOHN, 2, undone=True))
        )
        state = {message.control_id: message.state for message in await one.messages()}

        assert state["M2"] in ("read", "received")
        if state["M2"] == "received":
            assert MARY.key in {lane.patient for lane in await other.waiting()}


async def test_what_one_process_merges_another_publishes_and_its_undoing_too(postgres: PostgresPlace):
    async with opened(postgres) as one, opened(postgres) as other:
        await with_report(one, JANE, "ACC-1")
        await with_report(other, JOHN, "ACC-2")
        await said(one, "M1", merge(JANE, JOHN))
        assert await reports_of(other, JANE, JOHN) == [[], ["ACC-1", "ACC-2"]]
        assert {lane.patient for lane in await other.waiting()} >= {JANE.key}

        await said(other, "M2", merge(JANE, JOHN, 1, undone=True))
        assert await reports_of(one, JANE, JOHN) == [["ACC-1"], ["ACC-2"]]


async def test_who_lost_the_lease_merges_nothing(postgres: PostgresPlace):
    async with opened(postgres) as one, opened(postgres) as other:
        lapsed, message = await claimed_message(one)
        await other.claim(later(2), 10, LEASE)

        with pytest.raises(StaleClaimError):
            await one.record_reading(lapsed, message, Merged((merge(JANE, JOHN),)))
        assert (await reports_of(other, JANE, JOHN), await one.unread(JANE.key)) == ([[], []], [message])


def decided(verdict: Verdict, basis: str = "b1", person: str = "Dr A. Lee", **more: str) -> Decided:
    return Decided("score-1", Decision(basis, verdict, person, NOON, **more), "station")


async def published(store: Store, basis: str = "b1", state: str = "published") -> None:
    await store.keep(arrival(f"for {basis}"))
    while not (claims := await store.claim(NOON, 1, LEASE)):  # noqa: ASYNC110 - the store tells nobody who is free
        await asyncio.sleep(0.005)
    (claim,) = claims
    await store.record_delivery(claim, publication(basis, state, basis=basis), NOON)
    await store.settle(claim, None)


async def decisions(store: Store) -> list[tuple[str, str]]:
    (standing,) = await store.delivered(JANE.key)
    return [(one.verdict.value, one.person) for one in standing.decisions]


async def test_two_persons_who_decide_at_once_by_two_processes_are_both_kept_in_one_order(postgres: PostgresPlace):
    async with opened(postgres) as one, opened(postgres) as other:
        await published(one)
        await asyncio.gather(
            one.decide(decided(Verdict.CONFIRMED)),
            other.decide(decided(Verdict.OVERRIDDEN, person="Dr B. Ray", grade="P3a", reason="equal on the images")),
        )

        found = await decisions(one)
        assert sorted(found) == [("confirmed", "Dr A. Lee"), ("overridden", "Dr B. Ray")]
        assert found == await decisions(other)
        assert sorted(entry.action for entry in await one.audit_trail()) == ["score-confirmed", "score-overridden"]
        assert [lane.patient for lane in await other.waiting()] == [JANE.key]


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_a_decision_that_meets_a_change_of_the_score_is_of_what_was_seen_or_refused(
    postgres: PostgresPlace, _round
):
    async with opened(postgres) as one, opened(postgres) as other:
        await published(one)
        changed, answer = await asyncio.gather(
            published(other, "b2"), one.decide(decided(Verdict.CONFIRMED)), return_exceptions=True
        )

        assert changed is None
        assert answer is None or isinstance(answer, OutdatedDecisionError)
        assert len(await decisions(other)) == (answer is None)


async def test_a_score_that_another_process_withdrew_is_not_decided_on(postgres: PostgresPlace):
    async with opened(postgres) as one, opened(postgres) as other:
        await published(one)
        await published(other, "b2", "retracted")

        with pytest.raises(NotDecidableError):
            await one.decide(decided(Verdict.CONFIRMED, "b2"))
        assert await decisions(other) == []


async def test_what_was_decided_comes_back_as_it_was_made(postgres: PostgresPlace):
    made = decided(Verdict.REJECTED, reason="Bewegung – \x00 zwischen den Aufnahmen")
    async with opened(postgres) as one, opened(postgres) as other:
        await published(one)
        await one.decide(made)

        (standing,) = await other.delivered(JANE.key)
        kept = replace(made.decision, reason=made.decision.reason.replace("\x00", "\\x00"))
        assert standing.decisions == (kept,)
