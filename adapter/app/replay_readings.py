"""What a message says now, and what is kept of what it said: in one form, so that the two can be compared."""

from collections.abc import Sequence

from adapter.mapping.cases_reading import InputReading
from adapter.mapping.message_reading import Extraction
from adapter.outcome import Held, Ignored, Problem
from adapter.reading import Cancelled, Merged, Read, Reading
from adapter.scoring.report import PetReport
from adapter.store.views import MessageDetail

MERGE = Ignored("a merge of records: no mapping reads it")


def as_input(reading: Reading) -> InputReading:
    """Turn a reading into what is compared of it."""
    if isinstance(reading, Cancelled):
        return InputReading(reading.otherwise)  # which studies are known is no matter of the mapping
    if isinstance(reading, Merged):
        return InputReading(MERGE)
    if not isinstance(reading, Read):
        return InputReading(reading)
    names = (reading.mapping_id, reading.mapping_version, reading.mapping_sha256)
    return InputReading(Extraction(reading.reports, *names, reading.notes), reading.notes)


def as_kept(detail: MessageDetail, reports: Sequence[PetReport]) -> InputReading:
    """Turn what is kept of a message's reading into what is compared of it."""
    if detail.summary.problem is not None:
        return InputReading(Held(Problem(detail.summary.problem), detail.place, detail.rule))
    if detail.summary.state == "ignored":
        return InputReading(Ignored(detail.rule))
    if not detail.mapping_id and not reports:
        return InputReading(MERGE)
    names = (detail.mapping_id or "", detail.mapping_version or "", detail.mapping_sha256 or "")
    return InputReading(Extraction(tuple(reports), *names))
