"""Page one for FHIR: each report of a body is kept on disk, and only then answered."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from adapter.arrival import Arrival, Kept, Origin
from adapter.fhir.unit import Unit
from adapter.intake import MessageStore
from adapter.outcome import AdapterError, Held, Problem, Refused, StoreUnavailableError
from adapter.telemetry import Telemetry

FORMAT = "fhir"
LATER = timedelta(days=1)
"""A report's version that comes again with other Observations beside it is no misuse of its name."""


class KeepingError(AdapterError):
    """A body was not kept, or not all of it; ``refused`` says why. When it is repeated, what is kept is known again."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.rule)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class FhirTerms:
    """What the site decided for all senders: ``foresee`` says of a report that it would be held (None: not asked).

    ``authorities`` are the site's names of identifier systems: a patient's work is ordered by them.
    """

    authorities: Callable[[], Mapping[str, str]] = dict
    foresee: Callable[[Arrival], Held | None] | None = None


class FhirIntake:
    """Keeps reports; ``marked`` is told that somebody is due."""

    def __init__(
        self,
        store: MessageStore,
        telemetry: Telemetry,
        clock: Callable[[], datetime],
        marked: Callable[[], None],
        terms: FhirTerms = FhirTerms(),
    ) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._marked = marked
        self._terms = terms

    async def keep(self, units: Sequence[Unit], origin: Origin) -> tuple[Kept, ...]:
        """Turn the reports of one body into kept messages, all on disk when this returns; raises KeepingError."""
        arrivals = await asyncio.to_thread(lambda: [self._arrival(unit, origin) for unit in units])
        try:
            await self._check_readable(arrivals, origin)
            kept = await asyncio.gather(*(self._store.keep(arrival) for arrival in arrivals), return_exceptions=True)
            for one in kept:
                if isinstance(one, BaseException):
                    raise one
        except StoreUnavailableError:
            raise self.refused(Refused(Problem.STORE_UNAVAILABLE, rule="not stored: send again"), origin) from None
        finally:
            self._marked()
        found = tuple(one for one in kept if isinstance(one, Kept))
        for one in found:
            self._tell(one, origin)
        return found

    def refused(self, refused: Refused, origin: Origin) -> KeepingError:
        """Count a refusal, say in the log what was broken and where, and give what is raised for it."""
        self._telemetry.answered(origin.listener, refused.problem.value)
        facts = {"listener": origin.listener, "sender": origin.sender.name, "peer": origin.peer}
        said = {"problem": refused.problem.value, "place": refused.place, "rule": refused.rule}
        self._telemetry.warn("refused", format=FORMAT, **facts, **said)
        return KeepingError(refused)

    async def _check_readable(self, arrivals: Sequence[Arrival], origin: Origin) -> None:
        if self._terms.foresee is None:
            return
        for arrival in arrivals:
            held = await asyncio.to_thread(self._terms.foresee, arrival)
            if held is not None:
                raise self.refused(Refused(held.problem, held.place, held.rule), origin)

    def _arrival(self, unit: Unit, origin: Origin) -> Arrival:
        now = self._clock()
        return Arrival(
            channel=origin.listener,
            peer=origin.peer,
            format=FORMAT,
            raw=unit.raw,
            received=now,
            control_id=unit.control_id,
            sending_application="",
            sending_facility="",
            processing_id=unit.processing_id,
            patient=unit.lane(self._terms.authorities()) or f"message:{uuid4()}",
            answer=b"",
            sender=origin.sender.name,
            reused_since=now + LATER,
        )

    def _tell(self, kept: Kept, origin: Origin) -> None:
        self._telemetry.answered(origin.listener, "duplicate" if kept.duplicate else "kept")
        facts = {"listener": origin.listener, "sender": origin.sender.name, "message_id": kept.message_id}
        self._telemetry.say("kept", duplicate=kept.duplicate, format=FORMAT, **facts)
