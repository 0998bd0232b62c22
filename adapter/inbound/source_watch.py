"""A source and its subscription at work until the service stops; what fails is tried again, and said."""

import asyncio
import contextlib
from dataclasses import dataclass

from adapter.fhir.shapes import IncomingError
from adapter.inbound.fhir_intake import KeepingError
from adapter.inbound.fhir_server import SourceError
from adapter.inbound.fhir_source import FhirSource
from adapter.inbound.subscription_keeper import SubscriptionKeeper
from adapter.outcome import StoreUnavailableError

SHORTEST, LONGEST = 1.0, 300.0
"""Seconds between two attempts after a failure."""


@dataclass(slots=True)
class SourceWatch:
    """Works for one source; ``notice`` says in words what a person should see to.

    ``longest``: seconds after which it looks again although nothing is due, for what other processes were told.
    """

    source: FhirSource
    keeper: SubscriptionKeeper | None = None
    longest: float = float("inf")
    _failures: int = 0
    _problem: str = ""

    @property
    def notice(self) -> str:
        """Turn the state of the source into a sentence, empty when all is well."""
        name, given_up = self.source.parts.name, self.source.given_up
        parts = [f"{name}: {self._problem}"] if self._problem else []
        parts += [f"{name}: {given_up} reports could not be fetched"] if given_up else []
        return "; ".join(parts)

    async def run(self) -> None:
        """Work until cancelled; what waits for a person is then for another to say."""
        try:
            while True:
                wait = await self.step()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self.source.wake.wait()
        finally:
            self._failures, self._problem, self.source.given_up = 0, "", 0

    async def step(self) -> float:
        """Do what is due; gives the seconds to wait for more."""
        self.source.wake.clear()
        try:
            wait = await self.source.work()
            if self.keeper is not None:
                wait = min(wait, await self.keeper.work())
        except SourceError as error:
            return self._failed(error.rule, error.retry_after.total_seconds() if error.retry_after else None)
        except (StoreUnavailableError, KeepingError):
            return self._failed("what is fetched cannot be kept now", None)
        except IncomingError as error:
            return self._failed(error.rule, None)
        except Exception as error:  # noqa: BLE001 - a fault in one source must not end the watch over it in silence
            return self._failed(f"the program failed on it ({type(error).__name__})", None)
        self._failures, self._problem = 0, ""
        return min(wait, self.longest)

    def _failed(self, rule: str, retry_after: float | None) -> float:
        if rule != self._problem:
            self.source.parts.tell("source-failed", rule=rule)
        self._failures, self._problem = self._failures + 1, rule
        return max(SHORTEST, retry_after or min(SHORTEST * 2 ** min(self._failures, 10), LONGEST))
