"""What a mapping makes of messages, field by field: which fact each field fed, what is not used, and the score of it.

For an engineer's own screen alone: it holds the message. What names the patient or a person is masked unless asked for.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message, Segment
from adapter.hl7v2.segment import HEADERS
from adapter.mapping.cases_reading import InputReading, read_input, scores_of
from adapter.mapping.cases_run import alone
from adapter.mapping.cases_words import lesion_words, report_words
from adapter.mapping.codes import fold
from adapter.mapping.errors import ExtractionError
from adapter.mapping.impact import Replayed, state_of
from adapter.mapping.message_reading import Extraction
from adapter.mapping.plan import Plan
from adapter.mapping.site_mapping import SiteMapping
from adapter.mapping.watch import Touch, Watch
from adapter.outcome import Held, Place, Refused
from adapter.scoring.result import Policy, Score

MASK = "***"

_PERSONS: dict[str, frozenset[int]] = {
    "OBR": frozenset({10, 16, 17, 28, 32, 33, 34, 35}),
    "ORC": frozenset({10, 11, 12, 14, 19}),
    "OBX": frozenset({16, 25}),
}
"""Fields of names and telephone numbers (v2.5); of the segments below every field but the first is masked."""

_OF_PERSONS = frozenset({"PID", "PD1", "NK1", "PV1", "PV2", "GT1", "IN1", "IN2", "MRG"})

_Feeds = dict[tuple[str, int, int], dict[str, None]]


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field as sent (perhaps masked), and the facts that it fed."""

    number: int
    text: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentView:
    """One segment; ``label`` says of an observation that feeds nothing why, and where a message is held."""

    id: str
    sequence: int
    fields: tuple[FieldView, ...]
    label: str = ""

    @property
    def is_used(self) -> bool:
        """Did any of its fields feed a fact?"""
        return any(field.facts for field in self.fields)


@dataclass(frozen=True, slots=True)
class ReportView:
    """One report: its own facts and its lesions' facts, as text."""

    facts: dict[str, str]
    lesions: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message: what became of it, its segments (none of FHIR), its reports, and what was noted.

    ``paths`` are the places of a FHIR body that fed a fact. ``unused`` names what no rule reads.
    """

    name: str
    state: str
    segments: tuple[SegmentView, ...]
    paths: tuple[tuple[str, str], ...]
    reports: tuple[ReportView, ...]
    notes: tuple[str, ...]

    @property
    def unused(self) -> tuple[str, ...]:
        """The observations that no rule reads, each by its place and its code."""
        return tuple(
            f"OBX[{one.sequence}] {_text(one, 3)}" for one in self.segments if one.id == "OBX" and one.label == UNUSED
        )


UNUSED = "unused"
PROSE = "prose"
NO_FACT = "states nothing, or is retracted"


def _text(segment: SegmentView, number: int) -> str:
    return next((field.text for field in segment.fields if field.number == number), "")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a mapping makes of messages together."""

    mapping: SiteMapping
    messages: tuple[MessageView, ...]
    scores: tuple[Score, ...]


def preview(messages: Sequence[Replayed], mapping: SiteMapping, policy: Policy, *, masked: bool = True) -> Preview:
    """Turn messages of one patient, in the order of sending, into what the mapping makes of them."""
    watched, watch = mapping.watched()
    mappings = alone(watched)
    views, readings = [], []
    for one in messages:
        watch.clear()
        reading = read_input(one.content, mappings)
        readings.append(reading)
        views.append(_Viewing(watched.plan, reading, watch, masked=masked).message(one))
    return Preview(mapping, tuple(views), scores_of(readings, policy))


class _Viewing:
    """One message under view."""

    def __init__(self, plan: Plan, reading: InputReading, watch: Watch, *, masked: bool) -> None:
        self._plan = plan
        self._reading = reading
        self._masked = masked
        self._feeds: _Feeds = defaultdict(dict)
        self._paths: dict[tuple[str, str], None] = {}
        for touch in watch.touches:
            self._take(touch)

    def message(self, one: Replayed) -> MessageView:
        """Turn the message into its view."""
        reading = self._reading
        segments = tuple(self._segment(segment) for segment in _segments(one.content))
        reports = tuple(self._report(report_words(one), tuple(map(lesion_words, one.rows))) for one in reading.reports)
        return MessageView(one.name, state_of(reading), segments, tuple(self._paths), reports, reading.notes)

    def _report(self, facts: dict[str, str], lesions: tuple[dict[str, str], ...]) -> ReportView:
        return ReportView(facts | ({"patient": MASK} if self._masked else {}), lesions)

    def _take(self, touch: Touch) -> None:
        """A rule and a position of the header feed a fact; a table's entry is a part of how."""
        part, place = touch.part, touch.place
        if place.segment:
            self._feeds[place.segment, place.sequence, place.field][str(part[1])] = None
        elif part[0] != "tables":
            self._paths[place.path, str(part[1])] = None

    def _segment(self, segment: Segment) -> SegmentView:
        is_header = segment.id in HEADERS
        feeds, label = self._observation(segment) if segment.id == "OBX" else ({}, "")
        fields = []
        for number in range(2 if is_header else 1, segment.field_count + 1):
            fed = self._feeds.get((segment.id, segment.sequence, number), {})
            facts = tuple(fed | (feeds if number == 5 else {}))
            fields.append(FieldView(number, self._shown(segment, number), facts))
        return SegmentView(segment.id, segment.sequence, tuple(fields), self._held_here(segment) or label)

    def _shown(self, segment: Segment, number: int) -> str:
        text = segment.field(number)
        is_of_a_person = number in _PERSONS.get(segment.id, ()) or (segment.id in _OF_PERSONS and number > 1)
        return MASK if self._masked and text and is_of_a_person else text

    def _held_here(self, segment: Segment) -> str:
        found = self._reading.reading
        if not isinstance(found, Held | Refused) or not _is_in(found.place, segment):
            return ""
        return f"held: {found.problem.value}: {found.rule}"

    def _observation(self, obx: Segment) -> tuple[dict[str, None], str]:
        """What its code leads to, where the message was not read to its end, and why it feeds nothing."""
        was_read = isinstance(self._reading.reading, Extraction)
        try:
            entry = self._plan.codebook.entry(obx)
        except ExtractionError:
            return {}, UNUSED
        if entry.readers or entry.is_text:
            facts = {} if was_read else dict.fromkeys(reader.fact for reader in entry.readers)
            fed = any(self._feeds.get(("OBX", obx.sequence, number)) for number in range(obx.field_count + 1))
            return facts, "" if fed or not was_read else NO_FACT
        is_prose = entry.is_prose or fold(obx.value(2)) in self._plan.narrative_types
        return {}, PROSE if is_prose else UNUSED


def _is_in(place: Place, segment: Segment) -> bool:
    return place.segment == segment.id and place.sequence in (0, segment.sequence)


def _segments(content: bytes) -> tuple[Segment, ...]:
    """Of what cannot be parsed, and of a FHIR body, there are none."""
    try:
        decoded = decode_text(content, read_header(content))
        return Message.parse(decoded.text, charset=decoded.charset).segments
    except FormatError:
        return ()
