"""A delivery is recorded as done before it is made."""

from datetime import datetime

from adapter import publication
from adapter.publication import Claim, Destination, PatientStore, Publication


def plant() -> None:
    async def too_early(
        result: Publication, claim: Claim, store: PatientStore, destination: Destination, now: datetime
    ) -> None:
        await store.record_delivery(claim, result, now)
        if result.resources:
            await destination.deliver(claim, result, now)

    publication._bring = too_early
