"""Random histories of reports, corrections, retractions, faults and restarts: one score a pair, whatever happened."""

from types import SimpleNamespace

import pytest
from fake_fhir_store import FakeFhirStore
from fakes import FAULTS, Fault, serving
from fhir_deliveries import KNOWS_ALL, KNOWS_NOTHING, FakeLedger, delivering
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lesion_tables import FDG, SSTR
from published_patients import CLAIM, NOW, SITE, C, F, FakeStore, P, X, version

from adapter.delivery import DeliveryError
from adapter.publication import bring_up_to_date, desire
from adapter.scoring.versions import current_reports

pytestmark = pytest.mark.slow

EACH = settings(
    max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
REPORTS = st.tuples(st.sampled_from([SSTR, FDG]), st.sampled_from([P, F, C, X]))
FAULT = st.tuples(st.sampled_from([kind for kind in FAULTS if kind not in ("slow", "ignored", "401")]), st.booleans())
EVENTS = st.one_of(
    REPORTS.map(lambda one: ("report", one)),
    FAULT.map(lambda one: ("fault", one)),
    st.sampled_from([("restart", None), ("outage", None), ("lost answers", None)]),
)
AGREEMENTS = st.sampled_from([KNOWS_ALL, KNOWS_NOTHING, {"client_ids": True}])


class History:
    """One patient at one server; the store and the ledger outlive restarts."""

    def __init__(self, server, plan, agreement):
        self.server, self.plan, self.agreement = server, plan, agreement
        self.store, self.ledger = FakeStore(), FakeLedger()
        self.buried = []
        self.store.bury = self._bury

    async def _bury(self, _claim, publication, answer, _at):
        self.buried.append((publication.score_id, answer))

    async def live(self, events):
        context = delivering(self.server, self.plan, self.ledger, **self.agreement)
        destination = await context.__aenter__()
        for kind, value in events:
            if kind == "restart":
                await context.__aexit__(None, None, None)
                context = delivering(self.server, self.plan, self.ledger, **self.agreement)
                destination = await context.__aenter__()
            await self._happen(kind, value)
            await self._bring(destination, most=1)
        self.server.faults.clear()
        self.server.down = False
        await self._bring(destination, most=8)
        await context.__aexit__(None, None, None)

    async def _happen(self, kind, value):
        if kind == "report":
            self.store.kept.append(version(*value, sequence=len(self.store.kept)))
        elif kind == "fault":
            self.server.faults.append(Fault(*value))
        elif kind == "lost answers":
            self.server.faults += [Fault("reset", after=True)] * 3
        self.server.down = kind == "outage"

    async def _bring(self, destination, most):
        for _ in range(most):
            try:
                await bring_up_to_date(CLAIM, self.store, destination, SITE, NOW)
            except DeliveryError:
                destination._client.breaker.succeeded()
            else:
                return

    def desired(self):
        """What should stand by the reports alone."""
        found = desire(CLAIM.patient, current_reports(self.store.kept), (), SITE, NOW)
        return {one.score_id: one for one in found if one.state == "published"}


@pytest.mark.parametrize("plan", ["transaction", "sequential"])
@EACH
@given(events=st.lists(EVENTS, max_size=14), agreement=AGREEMENTS)
async def test_the_server_ends_with_one_score_a_pair_that_says_what_the_reports_say(plan, events, agreement):
    async with serving() as server:
        history = History(server, plan, agreement)
        await history.live(events)

        standing = {one["identifier"][0]["value"]: one for one in server.store.standing()}
        assert len(standing) == len(server.store.standing())
        assert set(standing) == set(history.desired())
        assert history.buried == []
        for score_id, publication in history.desired().items():
            wanted = next(one for one in publication.resources if one["id"] == score_id)
            assert standing[score_id]["status"] == wanted["status"]
            assert standing[score_id].get("valueCodeableConcept") == wanted.get("valueCodeableConcept")
            lesions = {one["identifier"][0]["value"] for one in server.store.standing("lesion")}
            assert lesions == {one["id"] for one in publication.resources if _is_lesion(one)}


def _is_lesion(resource):
    if resource["resourceType"] != "Observation" or resource["status"] == "entered-in-error":
        return False
    return resource["code"]["coding"][0]["code"] == "lesion"


def test_the_fake_server_has_conditions_that_can_be_left_out():
    """The histories say something only if the fake distinguishes what they rely on."""
    device = {"resourceType": "Device", "identifier": [{"system": "s", "value": "v"}]}
    counted = SimpleNamespace()
    for conditions, number in ((True, 1), (False, 2)):
        counted.store = FakeFhirStore(conditions=conditions)
        for _ in range(2):
            counted.store.create("Device", device, "identifier=s|v")
        assert len(counted.store.of_type("Device")) == number
