"""Page three: a marked patient is brought up to date: desired state against delivered state, not message by message."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Protocol

from adapter.decision import Decision, decided, decision_members, standing_decision
from adapter.delivery import Answer, DeliveryError, is_given_up
from adapter.fhir.bundle import digest, digest_of, render_publication, texts_of, withdrawn
from adapter.fhir.rendering import Rendering
from adapter.fhir.resource import Resource
from adapter.outcome import AdapterError
from adapter.scoring.assessment import assess
from adapter.scoring.pairing import Pair, pair_of, pair_studies, retracted_pairs
from adapter.scoring.reasons import Reason
from adapter.scoring.report import KeptReport
from adapter.scoring.result import Policy, Score
from adapter.scoring.versions import current_reports
from adapter.summary import group_change, summarise

ON_ITS_WAY = "delivering"
"""The state of a score that may be at its destination, or not."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One patient's work, held by one worker: ``token`` fences it, a stale token changes nothing.

    ``attempts`` counts the failures in a row before this claim, ``failing_since`` is when the first of them began: the
    back-off grows by the one, giving up rests on both. ``due`` is since when the work was to be done.
    """

    patient: str
    token: int
    attempts: int = 0
    failing_since: datetime | None = None
    due: datetime | None = field(default=None, compare=False)


class StaleClaimError(AdapterError):
    """``claims`` no longer cover the work (lease lost, given back, another patient): nothing was written under them."""

    def __init__(self, *claims: Claim) -> None:
        super().__init__("the claim no longer covers this patient's work")
        self.claims = claims


@dataclass(frozen=True, slots=True)
class Publication:
    """One score as it should stand at the destination: its resources, and the digest that tells if they already do.

    ``summary`` is the result as the pages show it; ``state`` is ``published``, ``waiting``, ``stopped``, ``rejected``
    or ``retracted``. ``resources`` is empty for what is known here and posted nowhere. ``score`` is what the resources
    say, for plans that do not speak FHIR; None where only the resources that were delivered before are known.
    ``texts`` are the resources as canonical JSON, where that was made already.
    """

    score_id: str
    patient: str
    state: str
    resources: tuple[Resource, ...]
    digest: str
    summary: dict[str, Any]
    score: Score | None = field(default=None, compare=False, repr=False)
    texts: tuple[bytes, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the destination holds of one score, as last told to us: ``resources`` and ``summary`` as last delivered.

    ``decisions`` are what persons decided on it, the last one last.
    """

    score_id: str
    digest: str
    state: str
    resources: tuple[Resource, ...] = ()
    summary: dict[str, Any] = field(default_factory=dict, compare=False)
    decisions: tuple[Decision, ...] = ()


class PatientStore(Protocol):
    """What publication needs of the store; each write is refused when the claim's token is stale."""

    async def reports(self, patient: str) -> list[KeptReport]:
        """All report versions of a patient, in order of arrival."""
        ...

    async def delivered(self, patient: str) -> list[Delivered]:
        """What stands at the destination for the patient."""
        ...

    async def record_delivery(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Keep what was delivered, and the score's new state."""
        ...

    async def bury(self, claim: Claim, publication: Publication, answer: Answer, at: datetime) -> None:
        """Keep that the destination does not take a score: a dead letter, until the patient is marked."""
        ...


class Destination(Protocol):
    """Where scores go, by the site's write plan.

    ``keeps_record`` says that a delivery is recorded in the store by the same commit that makes it visible.
    """

    @property
    def keeps_record(self) -> bool:
        """Is delivering and recording one commit?"""
        ...

    async def deliver(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Bring the destination to the publication's resources; doing it twice changes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """What a site decided: its clinical policy, how its scores are rendered, how long their delivery is tried."""

    policy: Policy
    rendering: Rendering
    give_up_after: timedelta = timedelta(hours=72)


async def bring_up_to_date(
    claim: Claim, store: PatientStore, destination: Destination, site: Site, now: datetime
) -> tuple[list[Publication], datetime | None]:
    """Turn a marked patient into delivered scores; gives what changed, and when to look again (None: when marked).

    Reports -> current versions -> pairs -> scores -> resources; what the destination already holds is left alone, and
    what it holds that no longer stands is withdrawn. A score that it does not take, for good or for too long, becomes
    a dead letter, state ``undeliverable``, and stops no other. Raises DeliveryError for what is to be tried again.
    """
    current = current_reports(await store.reports(claim.patient))
    standing = {delivered.score_id: delivered for delivered in await store.delivered(claim.patient)}
    desired = desire(claim.patient, current, list(standing.values()), site, now)
    changed = [publication for publication in desired if differs(publication, standing)]
    for number, publication in enumerate(changed):
        try:
            await _bring(publication, claim, store, destination, now)
        except DeliveryError as error:
            if not (error.permanent or _is_given_up(claim, site, now)):
                raise
            await store.bury(claim, publication, error.answer, now)
            changed[number] = replace(publication, state="undeliverable")
    return changed, _next_look(current, site.policy, now)


def _is_given_up(claim: Claim, site: Site, now: datetime) -> bool:
    if claim.failing_since is None:
        return False
    return is_given_up(claim.failing_since, now, claim.attempts + 1, site.give_up_after)


async def _bring(
    publication: Publication, claim: Claim, store: PatientStore, destination: Destination, now: datetime
) -> None:
    """Deliver and record; between the two a crash must not leave behind what nobody knows of."""
    if publication.resources and destination.keeps_record:
        await destination.deliver(claim, publication, now)
        return
    if publication.resources:
        await store.record_delivery(claim, _on_its_way(publication), now)
        await destination.deliver(claim, publication, now)
    await store.record_delivery(claim, publication, now)


def _on_its_way(publication: Publication) -> Publication:
    """What may be at the destination from here on, whatever happens: only what is known can be withdrawn."""
    return replace(publication, state=ON_ITS_WAY, digest="")


def desire(
    patient: str, current: Sequence[KeptReport], standing: Sequence[Delivered], site: Site, now: datetime
) -> list[Publication]:
    """Turn a patient's current reports into what should stand at the destination; pure, and the same every time."""
    before = {delivered.score_id: delivered for delivered in standing}
    pairs = {pair.id: pair for pair in pair_studies(current, site.policy)}
    retracted = {pair.id: pair for pair in retracted_pairs(current, site.policy) if pair.id not in pairs}
    gone = [delivered for delivered in standing if delivered.score_id not in pairs | retracted]
    return [
        *(_publish(pair, before.get(pair.id), site, now) for pair in pairs.values()),
        *(_published("retracted", pair, before.get(pair.id), site) for pair in retracted.values()),
        *(_withdraw(patient, delivered, current, site) for delivered in gone),
    ]


def _publish(pair: Pair, before: Delivered | None, site: Site, now: datetime) -> Publication:
    if Reason.PATIENT_MISMATCH in pair.reasons:
        return _unpublished("stopped", assess(pair, site.policy), before)
    if _still_waits(pair, site.policy, now) or _awaits_final(pair):
        return _unpublished("waiting", assess(pair, site.policy), before)
    return _published("published", pair, before, site)


def _withdraw(patient: str, delivered: Delivered, current: Sequence[KeptReport], site: Site) -> Publication:
    """A score that no longer stands is entered-in-error where it was published, and forgotten where it only waited."""
    pair = pair_of(delivered.score_id, current)
    if not delivered.resources:
        return Publication(delivered.score_id, patient, "superseded", (), "", {"state": "superseded"})
    if pair is not None and any(kept.report.study.status.is_retracted for kept in pair.reports):
        return _published("retracted", pair, delivered, site)
    resources = withdrawn(delivered.resources, ())
    return Publication(delivered.score_id, patient, "retracted", resources, digest(resources), {"state": "retracted"})


def _published(state: str, pair: Pair, before: Delivered | None, site: Site) -> Publication:
    computed = assess(pair, site.policy)
    decision = standing_decision(computed, before.decisions) if before else None
    score, confirmation = decided(computed, decision)
    rendering = replace(site.rendering, confirmation=confirmation)
    state = "rejected" if rendering.is_rejected else state
    rendered = render_publication(score, rendering)
    resources = rendered + withdrawn(before.resources if before else (), rendered)
    summary = summarise(score, state) | decision_members(computed, decision)
    summary |= group_change(before.summary, summary) if before and decision is None else {}
    texts = texts_of(resources)
    return Publication(score.id, _patient(score), state, resources, digest_of(texts), summary, score, texts)


def _unpublished(state: str, score: Score, before: Delivered | None) -> Publication:
    """Known here and posted nowhere; what was posted before this came to light is withdrawn."""
    resources = withdrawn(before.resources, ()) if before else ()
    summary = summarise(score, state)
    return Publication(score.id, _patient(score), state, resources, digest((*resources, summary)), summary)


def _patient(score: Score) -> str:
    return score.reports[0].report.patient.key


def differs(publication: Publication, standing: dict[str, Delivered]) -> bool:
    """Is it not what stands at the destination?"""
    before = standing.get(publication.score_id)
    return before is None or (before.digest, before.state) != (publication.digest, publication.state)


def _still_waits(pair: Pair, policy: Policy, now: datetime) -> bool:
    """A study without partner waits until its interval limit is over; one without a date waits until it gets one."""
    if pair.missing is None:
        return False
    until = pair.waits_until(policy)
    return until is None or now.date() <= until


def _awaits_final(pair: Pair) -> bool:
    """A preliminary report gives no score: nothing is posted until it is final."""
    return any(not kept.report.study.status.is_final for kept in pair.reports)


def _next_look(current: Sequence[KeptReport], policy: Policy, now: datetime) -> datetime | None:
    """The first moment at which waiting ends although nothing arrives."""
    deadlines = [pair.waits_until(policy) for pair in pair_studies(current, policy)]
    days = [until for until in deadlines if until is not None and now.date() <= until]
    return datetime.combine(min(days) + timedelta(days=1), time(), UTC) if days else None
