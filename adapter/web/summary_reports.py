"""``GET /fhir/DiagnosticReport``: a report of ours for each score, made of the score when it is asked for."""

from dataclasses import dataclass, replace

from adapter.fhir.resource import Resource
from adapter.fhir.resource_filter import Page, ResourceFilter, Token
from adapter.fhir.summary_report import render_summary
from adapter.fhir.vocabulary import term
from adapter.web.parts import ResourceReader

_SCORE = term("netpet-score").coding
_SCORES = (Token(_SCORE["code"], _SCORE["system"]),)


@dataclass(frozen=True, slots=True)
class SummaryReports:
    """Serves DiagnosticReports that say what the scores say: nothing is kept beside a score that could differ from it.

    A report has its score's id, version and time of change.
    """

    scores: ResourceReader

    async def read_resource(self, _type: str, id_: str, /) -> Resource | None:
        """Turn a score's id into its report, or None; a lesion has none."""
        observation = await self.scores.read_resource("Observation", id_)
        if observation is None or _SCORE not in observation["code"]["coding"]:
            return None
        return _report(observation)

    async def search_resources(self, _type: str, filters: ResourceFilter, limit: int, offset: int, /) -> Page:
        """Find the reports of the scores that fit, the newest first, and count them all."""
        found = await self.scores.search_resources("Observation", replace(filters, codes=_SCORES), limit, offset)
        return Page(found.total, tuple(_report(score) for score in found.resources))


def _report(score: Resource) -> Resource:
    report = render_summary(score)
    version = {name: score["meta"][name] for name in ("versionId", "lastUpdated") if name in score["meta"]}
    return report | {"meta": report["meta"] | version}
