"""What many scores share, the Device, is written before them, and by one delivery at a time."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from adapter.fhir.resource import Resource
from adapter.outbound.plans.naming import name_of
from adapter.outbound.plans.places import SHARED
from adapter.outbound.plans.writing import ResourceWriter


class SharedFirst:
    """Holds a lock a shared resource, for all deliveries to one destination."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def write(self, writer: ResourceWriter, resources: Sequence[Resource]) -> list[Resource]:
        """Bring the shared resources to the server; gives the others."""
        places = writer.finder.places
        for resource in resources:
            if resource["resourceType"] == SHARED and not places.stands(resource):
                async with self._locks[name_of(resource)[1]]:
                    await places.load([resource])  # somebody else may have written it while we waited
                    await writer.write(resource)
                    await writer.settle_created()
        return [resource for resource in resources if resource["resourceType"] != SHARED]
