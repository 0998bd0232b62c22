"""Resources that are the same at every site and change with the software only: CodeSystems, profiles, ValueSets."""

from collections.abc import Iterable

from adapter.fhir.resource import Resource
from adapter.fhir.resource_filter import Page, ResourceFilter


class StaticResources:
    """Serves a fixed set of resources of one type, found by id, in their given order."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_id = {str(resource["id"]): resource for resource in resources}

    async def read_resource(self, _type: str, id_: str, /) -> Resource | None:
        """Turn an id into its resource, or None."""
        return self._by_id.get(id_)

    async def search_resources(self, _type: str, filters: ResourceFilter, limit: int, offset: int, /) -> Page:
        """Find resources by id; without ids all of them."""
        found = [resource for id_, resource in self._by_id.items() if not filters.ids or id_ in filters.ids]
        return Page(len(found), tuple(found[offset : offset + limit]))
