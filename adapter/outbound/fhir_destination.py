"""A FHIR server as a destination: the resources of a publication, then its link, by the site's plan and rules."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.delivery import DeliveryError
from adapter.fhir.resource import Resource
from adapter.fhir.summary_report import render_summary
from adapter.fhir.terminology import SCORE_PROFILE
from adapter.outbound.capabilities import read_capabilities
from adapter.outbound.fhir_client import FhirClient
from adapter.outbound.plans.finding import Finder
from adapter.outbound.plans.naming import without_repeats
from adapter.outbound.plans.places import Errand, Ledger, Places
from adapter.outbound.plans.server import FhirServer, Rules
from adapter.outbound.plans.shared_first import SharedFirst
from adapter.outbound.plans.transaction import write_together
from adapter.outbound.plans.writing import ResourceWriter, write_in_order
from adapter.outbound.report_link import ReportLink
from adapter.publication import Claim, Publication

Plan = Callable[[ResourceWriter, list[Resource]], Awaitable[None]]
PLANS: dict[str, Plan] = {"transaction": write_together, "sequential": write_in_order}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed with the server; None: its CapabilityStatement is asked.

    ``report_link`` None leaves reports alone; ``summary`` sends a report of ours beside them.
    """

    plan: str
    client_ids: bool = False
    conditional_create: bool | None = None
    conditional_update: bool | None = None
    max_entries: int | None = None
    provenance: bool = True
    summary: bool = False
    report_link: ReportLink | None = None


class FhirDestination:
    """Brings publications to a FHIR server; every step can be done again."""

    keeps_record = False

    def __init__(self, client: FhirClient, ledger: Ledger, agreement: Agreement) -> None:
        self._client = client
        self._server = FhirServer(client)
        self._ledger = ledger
        self._agreement = agreement
        self._plan = PLANS[agreement.plan]
        self._shared = SharedFirst()
        self._rules: Rules | None = None

    async def deliver(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Bring the server to the publication's resources; raises DeliveryError when it is not known to hold them."""
        resources = self._chosen(publication.resources)
        places = Places(self._ledger, self._server.base, Errand(claim, publication, at))
        writer = ResourceWriter(Finder(self._server, await self._agreed(), places))
        await places.load(resources)
        try:
            await self._bring(writer, resources)
            await self._link(writer.finder, publication)
        except DeliveryError as error:
            if error.permanent:
                await places.doubt_shared()
            raise

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def _bring(self, writer: ResourceWriter, resources: list[Resource]) -> None:
        own = await self._shared.write(writer, resources)
        await self._plan(writer, own)
        await writer.settle_created()

    def _chosen(self, resources: Sequence[Resource]) -> list[Resource]:
        kept = [one for one in resources if self._agreement.provenance or one["resourceType"] != "Provenance"]
        if self._agreement.summary:
            kept += [render_summary(one) for one in kept if SCORE_PROFILE in one.get("meta", {}).get("profile", ())]
        return without_repeats(kept)

    async def _link(self, finder: Finder, publication: Publication) -> None:
        """What is withdrawn stays named where it was named: its status tells."""
        link = self._agreement.report_link
        if link is None or publication.state != "published":
            return
        name = ("Observation", publication.score_id)
        score = next(one for one in publication.resources if (one["resourceType"], one["id"]) == name)
        address = finder.address(name)
        if address is not None:
            await link.link(score, address)

    async def _agreed(self) -> Rules:
        """By configuration first, by what the server says of itself second, and what neither says is not so."""
        if self._rules is None:
            agreed = self._agreement
            create, update = agreed.conditional_create, agreed.conditional_update
            if not agreed.client_ids and (create is None or update is None):
                said = await read_capabilities(self._client)
                create = said.conditional_create if create is None else create
                update = said.conditional_update if update is None else update
            self._rules = Rules(
                agreed.client_ids, bool(create), bool(update), agreed.max_entries, provenance=agreed.provenance
            )
        return self._rules
