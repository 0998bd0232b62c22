"""What the log and the metrics say of a score that was brought to its destination."""

from adapter.publication import Publication
from adapter.telemetry import Telemetry


def tell_publication(telemetry: Telemetry, publication: Publication) -> None:
    """Turn what was delivered into its line and its counts; a group that is another one than it was is an alert."""
    summary = publication.summary
    outcome = str(summary.get("outcome", ""))
    facts = {"score_id": publication.score_id, "patient": publication.patient}
    telemetry.published(publication.state, outcome)
    tell = telemetry.warn if publication.state == "undeliverable" else telemetry.say
    tell(publication.state, outcome=outcome, grade=summary.get("grade"), **facts)
    if "group_changed_from" in summary:
        telemetry.group_changed()
        telemetry.warn("group-changed", group=summary["group"], **facts)
