"""Deliveries to the fake FHIR server: a ledger in memory that outlives a restart, and publications to deliver."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fhir_scores import RENDERING, SCORE_ID, lesion, score

from adapter.delivery import DeliveryError
from adapter.fhir.bundle import digest, render_publication, withdrawn
from adapter.outbound.auth.passwords import NoCredentials
from adapter.outbound.client_tls import ClientTls, ClientTlsFiles
from adapter.outbound.exchange import Exchange, ExchangeLimits
from adapter.outbound.fhir_client import FhirClient
from adapter.outbound.fhir_destination import Agreement, FhirDestination
from adapter.publication import Claim, Publication

PATIENT = "jane"
CLAIM = Claim(PATIENT, 1)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PATIENT = ExchangeLimits(connect_timeout=10, timeout=20)
QUICK = ExchangeLimits(connect_timeout=10, timeout=0.4)
"""For servers that hang: whoever waits for them gives up soon."""
KNOWS_ALL = {"conditional_create": True, "conditional_update": True}
KNOWS_NOTHING = {"conditional_create": False, "conditional_update": False}


class FakeLedger:
    """What the store keeps of placements; ``fails_after`` writes it raises, as a process that dies there."""

    def __init__(self):
        self.kept = {}
        self.owners = {}
        self.fails_after = None

    async def placements(self, destination, names):
        return [self.kept[destination, *name] for name in names if (destination, *name) in self.kept]

    async def place(self, claim, destination, score_id, placed, at):
        if self.fails_after is not None:
            self.fails_after -= 1
            if self.fails_after < 0:
                raise KilledError
        for one in placed:
            self.kept[destination, one.type, one.id] = one
            self.owners[one.type, one.id] = score_id


class KilledError(Exception):
    """The process ended here."""


def published(*lesions, before=(), score_id=SCORE_ID, state="published", **facts):
    """A publication of Jane's score with these lesions; ``before`` are the resources that stood until now."""
    rendered = render_publication(score(*lesions, id=score_id, **facts), RENDERING)
    resources = rendered + withdrawn(before, rendered)
    return Publication(score_id, PATIENT, state, resources, digest(resources), {"outcome": "scored"})


def retracted(publication):
    """The same score, withdrawn."""
    resources = withdrawn(publication.resources, ())
    return replace(publication, state="retracted", resources=resources, digest=digest(resources))


def lesions(*names):
    return tuple(lesion(name) for name in names)


def client_of(base, authorizer=None, limits=PATIENT):
    return FhirClient(base, Exchange(limits, ClientTls(ClientTlsFiles())), authorizer or NoCredentials())


@asynccontextmanager
async def delivering(server, plan="transaction", ledger=None, *, authorizer=None, limits=PATIENT, **agreement):
    """A destination at the server, as after a (re)start."""
    client = client_of(server.base, authorizer, limits)
    destination = FhirDestination(client, ledger or FakeLedger(), Agreement(plan, **agreement))
    try:
        yield destination
    finally:
        await destination.close()


async def deliver(destination, publication):
    await destination.deliver(CLAIM, publication, NOW)


async def deliver_until_done(destination, publication, most=8):
    """Deliver again and again, as the worker does without its pauses; gives the failures on the way."""
    failures = []
    for _ in range(most):
        try:
            await deliver(destination, publication)
        except DeliveryError as error:
            if error.permanent or "DOE" in str(error):
                raise AssertionError(error) from error
            failures.append(error)
            destination._client.breaker.succeeded()
        else:
            return failures
    raise AssertionError(failures)


def minutes(number):
    return timedelta(minutes=number)
