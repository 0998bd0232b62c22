"""Whatever is done to the store, in whatever order, it holds what a small model in memory says that it should."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from store_places import url
from test_store_samples import JANE, JOHN, LEASE, NOON, arrival, read, report

from adapter.outcome import Held, Ignored, Problem
from adapter.publication import Claim, StaleClaimError
from adapter.store import Store
from adapter.store.codec import milliseconds

MARY = JANE.__class__("777777", "HOSP")
PATIENTS = {one.key: one for one in (JANE, JOHN, MARY)}
KEYS = st.sampled_from(sorted(PATIENTS))
PICK = st.integers(0, 10**6)
MINUTES = st.integers(0, 5)


@dataclass
class Letter:
    id: str
    patient: str
    received: datetime
    state: str = "received"
    again: bool = False
    reports: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Lane:
    due: datetime | None
    token: int = 0
    claimed: datetime | None = None
    marked: datetime | None = None
    attempts: int = 0
    since: datetime | None = None
    problem: str | None = None


class StoreMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.store = self.do(Store.open(url(self.folder)))
        self.now = NOON
        self.letters: dict[str, Letter] = {}
        self.lanes: dict[str, Lane] = {}
        self.claims: list[Claim] = []

    def do(self, work):
        return self.runner.run(work)

    def teardown(self):
        self.do(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    def mark(self, key, at):
        lane = self.lanes.setdefault(key, Lane(at, milliseconds(at)))
        if lane.claimed is not None:
            lane.marked = lane.marked or at
        elif lane.due is None or at < lane.due:
            lane.due = at

    def stands(self, claim):
        lane = self.lanes.get(claim.patient)
        return lane is not None and lane.token == claim.token and lane.claimed is not None

    def under(self, claim, work):
        """Do work under a claim; tell whether it should have been done, which the store must see alike."""
        if self.stands(claim):
            self.do(work)
            return True
        with pytest.raises(StaleClaimError):
            self.do(work)
        return False

    def unread(self, key):
        return [letter for letter in self.letters.values() if letter.patient == key and letter.state == "received"]

    @initialize()
    def a_first_message(self):
        self.keep(0, "text", JANE.key)

    @rule(number=st.integers(0, 3), text=st.sampled_from(["text", "other"]), key=KEYS)
    def keep(self, number, text, key):
        kept = self.do(self.store.keep(arrival(f"MSG{number}", text, key, self.now)))
        assert kept.duplicate == (kept.message_id in self.letters)
        if not kept.duplicate:
            self.letters[kept.message_id] = Letter(kept.message_id, key, self.now)
            self.mark(key, self.now)

    @rule(minutes=st.sampled_from([0.5, 1, 5]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(limit=st.integers(1, 3))
    def claim(self, limit):
        due = sorted(
            (lane.due, key) for key, lane in self.lanes.items() if lane.due is not None and lane.due <= self.now
        )
        expected = []
        for _, key in due[:limit]:
            lane = self.lanes[key]
            if lane.claimed is not None:
                lane.attempts += 1
                lane.since = lane.since or lane.claimed
            lane.due, lane.claimed, lane.marked, lane.token = self.now + LEASE, self.now, None, lane.token + 1
            expected.append(Claim(key, lane.token, lane.attempts, lane.since))
        assert self.do(self.store.claim(self.now, limit, LEASE)) == expected
        self.claims += expected

    @precondition(lambda self: self.claims)
    @rule(pick=PICK)
    def renew(self, pick):
        claim = self.claims[pick % len(self.claims)]
        if self.under(claim, self.store.renew([claim], self.now, LEASE)):
            self.lanes[claim.patient].due = self.now + LEASE

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, about=KEYS, outcome=st.sampled_from(["read", "held", "ignored"]))
    def record_reading(self, pick, about, outcome):
        claim = self.claims[pick % len(self.claims)]
        messages = self.do(self.store.unread(claim.patient))
        if not messages:
            return
        letter = self.letters[messages[0].id]
        accession = f"ACC-{len(letter.reports)}-{about[:4]}"
        reading = {
            "read": read(report(accession, PATIENTS[about])),
            "held": Held(Problem.NO_MAPPING),
            "ignored": Ignored(),
        }[outcome]
        if self.under(claim, self.store.record_reading(claim, messages[0], reading)):
            concerned = {key for key, _ in letter.reports}
            letter.reports = [(about, accession)] if outcome == "read" else []
            letter.state, letter.again = ("received" if letter.again else outcome), False
            for key in (concerned | {key for key, _ in letter.reports}) - {claim.patient}:
                self.mark(key, letter.received)

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, minutes=st.none() | MINUTES)
    def settle(self, pick, minutes):
        claim = self.claims[pick % len(self.claims)]
        due = None if minutes is None else self.now + timedelta(minutes=minutes)
        if self.under(claim, self.store.settle(claim, due)):
            lane = self.lanes[claim.patient]
            times = [due, lane.marked, *(letter.received for letter in self.unread(claim.patient))]
            due = min((time for time in times if time is not None), default=None)
            self.lanes[claim.patient] = Lane(due, lane.token)

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, minutes=MINUTES)
    def postpone(self, pick, minutes):
        claim = self.claims[pick % len(self.claims)]
        due = self.now + timedelta(minutes=minutes)
        if self.under(claim, self.store.postpone(claim, due, "down")):
            lane = self.lanes[claim.patient]
            lane.due = min(due, lane.marked or due)
            lane.attempts, lane.since, lane.problem = lane.attempts + 1, lane.since or lane.claimed, "down"
            lane.claimed = lane.marked = None

    @rule(pick=PICK)
    def replay(self, pick):
        letter = list(self.letters.values())[pick % len(self.letters)]
        possible = letter.state != "ignored"
        assert self.do(self.store.replay(letter.id, "mapping mended", self.now)) == possible
        if possible:
            letter.again = letter.state == "received" and self.lanes[letter.patient].claimed is not None
            letter.state = "received"
            self.mark(letter.patient, self.now)

    @rule()
    def restart(self):
        self.do(self.store.close())
        self.store = self.do(Store.open(url(self.folder)))
        for lane in self.lanes.values():
            if lane.claimed is not None:
                lane.attempts, lane.since = lane.attempts + 1, lane.since or lane.claimed
                lane.due, lane.claimed, lane.marked = lane.claimed, None, None

    @invariant()
    def the_lanes_are_as_they_should_be(self):
        waiting = [
            (lane.due, key, lane.claimed, lane.attempts, lane.since, lane.problem)
            for key, lane in self.lanes.items()
            if lane.due is not None
        ]
        assert sorted(waiting, key=lambda one: one[:2]) == [
            (one.due, one.patient, one.claimed, one.attempts, one.failing_since, one.problem)
            for one in self.do(self.store.waiting())
        ]

    @invariant()
    def the_messages_are_as_they_should_be(self):
        stored = self.do(self.store.messages())
        assert [(letter.id, letter.state) for letter in self.letters.values()] == [
            (one.id, one.state) for one in reversed(stored)
        ]

    @invariant()
    def the_reports_are_as_they_should_be(self):
        for key in PATIENTS:
            expected = [
                accession for letter in self.letters.values() for about, accession in letter.reports if about == key
            ]
            assert expected == [kept.report.accession for kept in self.do(self.store.reports(key))]

    @invariant()
    def no_unread_message_is_forgotten(self):
        assert all(self.lanes[key].due is not None for key in PATIENTS if self.unread(key))


QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}


class TestBriefly(StoreMachine.TestCase):
    settings = settings(max_examples=5, stateful_step_count=20, **QUIET)


@pytest.mark.slow
class TestAtLength(StoreMachine.TestCase):
    settings = settings(max_examples=40, stateful_step_count=50, **QUIET)
