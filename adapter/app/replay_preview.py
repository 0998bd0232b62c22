"""What reading messages anew would change: each against what is kept of it, and the scores that would follow."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from adapter.app.offers import kept_message
from adapter.app.replay_readings import as_input, as_kept
from adapter.mapping.cases_reading import InputReading
from adapter.mapping.impact import fact_changes, state_of
from adapter.mapping.message_reading import Extraction
from adapter.publication import Delivered, Publication, Site, desire, differs
from adapter.reading import KeptMessage, Read, Reading
from adapter.scoring.report import KeptReport, Source
from adapter.scoring.versions import current_reports
from adapter.store.replays import Candidate, ReplayRecords, Supposed
from adapter.store.views import MessageDetail

SHOWN = ("state", "outcome", "grade", "group", "reasons")
"""Of a score's summary; with the status of its Observation what a person has to know of a change."""


class PreviewStore(Protocol):
    """What holds the messages, and what is known of them."""

    @property
    def replays(self) -> ReplayRecords:
        """What is found and supposed."""
        ...

    async def message(self, message_id: str) -> MessageDetail | None:
        """Turn an id into all that is known of the message."""
        ...


@dataclass(frozen=True, slots=True)
class ReadAnew:
    """One message: what it said, what it says now, and the reports that would be kept of it."""

    message: KeptMessage
    then: InputReading
    now: InputReading
    waits: bool
    reports: tuple[KeptReport, ...]

    @property
    def patients(self) -> set[str]:
        """The records that it names, then and now, and the one in whose lane it is."""
        now = {kept.report.patient.key for kept in self.reports}
        return {self.message.patient, *now, *(report.patient.key for report in self.then.reports)}


class Preview:
    """Reads messages without keeping what they say, and brings their patients up to date without delivering."""

    def __init__(
        self,
        store: PreviewStore,
        read: Callable[[KeptMessage], Reading],
        site: Site,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._read = read
        self._site = site
        self._clock = clock

    async def of_messages(self, candidates: Sequence[Candidate], *, as_sent: bool) -> dict[str, Any]:
        """Turn messages, a patient's together, into what would change: ``messages`` and ``scores`` that differ."""
        read = [one for found in candidates if (one := await self._anew(found, as_sent=as_sent))]
        scores = await self._scores(read)
        return {
            "read": len(read),
            "readings": dict(Counter(_word(one.now) for one in read)),
            "messages": [members for one in read if (members := _message(one))],
            "scores": [score for score in scores if score["then"] != score["now"]],
            "delivered_anew": sum(score["delivered_anew"] for score in scores),
            "unchanged": sum(score["then"] == score["now"] for score in scores),
        }

    async def _anew(self, candidate: Candidate, *, as_sent: bool) -> ReadAnew | None:
        detail = await self._store.message(candidate.id)
        if detail is None or detail.raw is None:
            return None
        message = replace(kept_message(detail), read_with=candidate.mapping if as_sent else "")
        reading = await asyncio.to_thread(self._read, message)
        settled = await self._store.replays.settle(reading)
        then = as_kept(detail, await self._store.replays.reports_of(message.sequence))
        waits = detail.summary.state == "received"
        source = settled.source
        reports = () if source is None else tuple(_kept_reports(message, source))
        return ReadAnew(message, then, as_input(settled.reading), waits, reports)

    async def _scores(self, read: Sequence[ReadAnew]) -> list[dict[str, Any]]:
        keys = {key for one in read for key in one.patients}
        new = tuple(report for one in read for report in one.reports)
        supposed = Supposed(frozenset(one.message.sequence for one in read), new)
        found = []
        for key, reports in (await self._store.replays.suppose(keys, supposed)).items():
            standing = {one.score_id: one for one in await self._store.replays.delivered(key)}
            desired = desire(key, current_reports(reports), list(standing.values()), self._site, self._clock())
            found += [_score(publication, standing) for publication in desired]
        return found


def _kept_reports(message: KeptMessage, source: Read) -> list[KeptReport]:
    names = (source.mapping_id, source.mapping_version, source.mapping_sha256)
    origin = Source(message.id, message.control_id, message.sha256, message.received, *names)
    return [KeptReport(report, origin, message.sequence) for report in source.reports]


def _word(reading: InputReading) -> str:
    return state_of(reading).partition(":")[0]


def _message(one: ReadAnew) -> dict[str, Any] | None:
    """Turn a message into JSON members; None when it says what it said. Neither holds who the patient is."""
    then, now = _reading(one.then), _reading(one.now)
    facts = [] if one.waits else list(fact_changes("", one.then, one.now))
    if _without_mapping(then) == _without_mapping(now) and not facts and not one.waits:
        return None
    changes = [{"report": f.report, "row": f.row, "fact": f.fact, "then": f.old, "now": f.new} for f in facts]
    members = {"then": {"reading": "waits to be read"} if one.waits else then, "now": now, "facts": changes}
    return {"message": one.message.id, "received": one.message.received.isoformat(timespec="milliseconds")} | members


def _without_mapping(said: dict[str, Any]) -> dict[str, Any]:
    """Another version that says the same is no difference."""
    return said | {"mapping": None}


def _reading(reading: InputReading) -> dict[str, Any]:
    found = reading.reading
    mapping = f"{found.mapping_id}@{found.mapping_version}" if isinstance(found, Extraction) else None
    lesions = sum(len(report.rows) for report in reading.reports)
    return {"reading": state_of(reading), "mapping": mapping, "reports": len(reading.reports), "lesions": lesions}


def _score(publication: Publication, standing: dict[str, Delivered]) -> dict[str, Any]:
    before = standing.get(publication.score_id)
    then = None if before is None else _standing(before.summary | {"state": before.state}, before)
    now = _standing(publication.summary | {"state": publication.state}, publication)
    return {
        "score": publication.score_id,
        "messages": publication.summary.get("messages", []),
        "then": then,
        "now": now,
        "delivered_anew": bool(publication.resources) and differs(publication, standing),
    }


def _standing(summary: Mapping[str, Any], of: Delivered | Publication) -> dict[str, Any]:
    statuses = (one.get("status") for one in of.resources if one.get("id") == of.score_id)
    return {name: summary.get(name) for name in SHOWN} | {"status": next(statuses, None)}
