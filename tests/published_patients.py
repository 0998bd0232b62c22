"""A patient whose reports arrive one after the other, with fakes of the store and the destination around her."""

from dataclasses import replace
from datetime import timedelta

from fhir_scores import RENDERING
from lesion_tables import DAY_0, FDG, JANE, NEGATIVE, SSTR, ReportStatus, kept, row, saw

from adapter.publication import Claim, Delivered, Site, bring_up_to_date
from adapter.scoring.pairing import Pair
from adapter.scoring.result import Policy

SITE = Site(Policy(), RENDERING)
NOW = DAY_0 + timedelta(days=10)
AFTER_THE_LIMIT = DAY_0 + timedelta(days=61)
P, F, C, X = ReportStatus.PRELIMINARY, ReportStatus.FINAL, ReportStatus.CORRECTED, ReportStatus.ENTERED_IN_ERROR
HOURS = {P: 5, F: 6, C: 7, X: 8}
CLAIM = Claim(JANE.key, 1)


def version(kind, status=F, *rows, sequence=0, **facts):
    """One version of a study's report: L1 positive on both, and L2 until the correction takes it back."""
    value = {SSTR: 20, FDG: 3 if status is C else 30}[kind]
    seen = [row("1", saw(value=value), tracking_id="L1"), row("2", NEGATIVE, tracking_id="L2")]
    rows = rows or seen[: 1 if status is C else 2]
    day = 0 if kind is SSTR else 7
    facts = {"issued": DAY_0 + timedelta(days=day, hours=HOURS.get(status, 5))} | facts
    return kept(kind, *rows, day=day, status=status, sequence=sequence, **facts)


class FakeStore:
    """Keeps reports and what was recorded, as the store does: the last record of each score."""

    def __init__(self, *reports):
        self.kept = list(reports)
        self.scores = {}
        self.recorded = []

    async def reports(self, patient):
        return list(self.kept)

    async def delivered(self, patient):
        return list(self.scores.values())

    async def record_delivery(self, claim, publication, at):
        self.recorded.append((claim, publication.score_id, publication.state, at))
        self.scores[publication.score_id] = Delivered(
            publication.score_id, publication.digest, publication.state, publication.resources, publication.summary
        )


class FakeDestination:
    """Holds resources by type and id, as a FHIR server does, and what was ever visible there."""

    keeps_record = False

    def __init__(self):
        self.held = {}
        self.delivered = []
        self.failing = False

    async def deliver(self, claim, publication, at):
        if self.failing:
            raise ConnectionError
        self.delivered.append(publication.score_id)
        self.held |= {(one["resourceType"], one["id"]): one for one in publication.resources}

    def observations(self):
        return {id_: one for (type_, id_), one in self.held.items() if type_ == "Observation"}

    def statuses(self, code):
        return sorted(one["status"] for one in self.observations().values() if one["code"]["coding"][0]["code"] == code)

    @property
    def scores(self):
        return self.statuses("netpet-score")

    @property
    def lesions(self):
        return self.statuses("lesion")


class Patient:
    """Jane, her reports as they arrive, and what the destination then holds of her."""

    def __init__(self, site=SITE):
        self.site = site
        self.store = FakeStore()
        self.destination = FakeDestination()

    async def gets(self, *reports, now=NOW):
        """Let reports arrive and bring her up to date; gives the states that changed, and when to look again."""
        self.store.kept += [replace(one, sequence=len(self.store.kept) + place) for place, one in enumerate(reports)]
        changed, due = await bring_up_to_date(CLAIM, self.store, self.destination, self.site, now)
        return [publication.state for publication in changed], due

    def state(self, *reports):
        return self.store.scores[Pair(*reports).id].state
