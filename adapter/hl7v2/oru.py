"""The groups of an ORU, by the order of its segments alone, and what its status codes mean.

The group tables of hl7apy file observations of v2.8 under the wrong order and drop segments that they do not expect,
so grouping is our own: an OBR (or the ORC before it) opens a group, and an OBX belongs to the group that it stands in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from adapter.hl7v2.deviations import Deviation
from adapter.hl7v2.message import Message, MessageError, Segment
from adapter.outcome import Problem
from adapter.scoring.report import ReportStatus


@dataclass(frozen=True, slots=True)
class ObservationGroup:
    """One order with its observations, wherever they stood; ``others`` are the segments that are not read.

    Without ``obr`` the observations belong to no order that the message names.
    """

    orc: Segment | None
    obr: Segment | None
    observations: tuple[Segment, ...]
    notes: tuple[Segment, ...]
    others: tuple[Segment, ...] = ()
    deviations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PatientResult:
    """One patient's groups; ``others`` are the segments beside PID before the first group (PD1, NTE, PV1, ...)."""

    pid: Segment | None
    groups: tuple[ObservationGroup, ...]
    others: tuple[Segment, ...] = ()
    deviations: tuple[str, ...] = ()


_STRUCTURE = frozenset({"PID", "ORC", "OBR", "OBX"})
"""The segments that make groups; all others go where they stand."""


class _Group:
    """A group under construction."""

    def __init__(self) -> None:
        self.orc: Segment | None = None
        self.obr: Segment | None = None
        self.observations: list[Segment] = []
        self.notes: list[Segment] = []
        self.others: list[Segment] = []
        self.deviations: list[str] = []
        self._specimen = False

    def observe(self, run: list[Segment]) -> None:
        """Take observations that follow one another."""
        if self._specimen:
            self.deviations.append(Deviation.OBX_AFTER_SPM.note(str(run[0].place())))
            self._specimen = False
        self.observations += run

    def add(self, segment: Segment) -> None:
        """Take a segment where it stands; a second OBR never comes here, a second ORC is one of the others."""
        if segment.id == "NTE":
            self.notes.append(segment)
        elif segment.id == "OBR":
            self.obr = segment
            if self.observations:
                self.deviations.append(Deviation.OBX_BEFORE_OBR.note(str(self.observations[0].place())))
        elif segment.id == "ORC":
            self.orc = segment
            if self.obr:
                self.deviations.append(Deviation.ORC_AFTER_OBR.note(str(segment.place())))
        else:
            self._specimen = self._specimen or segment.id == "SPM"
            self.others.append(segment)

    def absorb(self, later: "_Group") -> None:
        """Take the order whose observations stood before it."""
        earlier = self.observations[0].place()
        self.orc, self.obr = later.orc, later.obr
        self.observations += later.observations
        self.notes += later.notes
        self.others += later.others
        self.deviations += [Deviation.OBX_BEFORE_OBR.note(str(earlier)), *later.deviations]

    def is_of_another_order(self, obr: Segment) -> bool:
        """Do observations already stand under an ORC whose order numbers are not this OBR's?"""
        numbers = [(self.orc.value(number), obr.value(number)) for number in (2, 3)] if self.orc else []
        return bool(self.observations) and any(ours and theirs and ours != theirs for ours, theirs in numbers)

    def finished(self) -> ObservationGroup:
        if not self.obr:
            self.deviations.append(Deviation.OBR_MISSING.note())
        read = (tuple(self.observations), tuple(self.notes))
        return ObservationGroup(self.orc, self.obr, *read, tuple(self.others), tuple(self.deviations))


class _Patient:
    """A patient's result under construction."""

    def __init__(self) -> None:
        self.pid: Segment | None = None
        self._groups: list[_Group] = []
        self._others: list[Segment] = []

    def observe(self, run: list[Segment]) -> None:
        """Put observations that follow one another into the group that they stand in; without any they open one."""
        if not self._groups:
            self._groups.append(_Group())
        self._groups[-1].observe(run)

    def add(self, segment: Segment, follower: str) -> None:
        """Put a segment where it belongs; ``follower`` is the id of the next one that makes groups."""
        if segment.id in _STRUCTURE and self._opens_group(segment, follower):
            self._groups.append(_Group())
        if self._groups:
            self._groups[-1].add(segment)
        else:
            self._others.append(segment)

    def _opens_group(self, segment: Segment, follower: str) -> bool:
        """Each order is one group; a lone ORC right after its OBR is still that order's."""
        if not self._groups:
            return True
        group = self._groups[-1]
        if segment.id == "OBR":
            return bool(group.obr) or not group.orc or group.is_of_another_order(segment)
        return follower == "OBR" or not group.obr or bool(group.orc or group.observations)

    def finished(self) -> PatientResult:
        groups = self._groups
        if len(groups) == 2 and not (groups[0].orc or groups[0].obr):
            groups[0].absorb(groups.pop())
        deviations = () if self.pid else (Deviation.PID_MISSING.note(),)
        return PatientResult(self.pid, tuple(group.finished() for group in groups), tuple(self._others), deviations)


def patient_results(message: Message) -> tuple[PatientResult, ...]:
    """Turn a message into its patients' results, one a PID; segments before the first PID or order are left out.

    Observations before a patient's only order are that order's; before several they are nobody's, and stay apart.
    Raises MessageError for one part of a continued message (MSH-14 or DSC-1): it is not the whole report.
    """
    _refuse_continued(message)
    results: list[_Patient] = []
    for run, follower in _runs(message.segments):
        segment = run[0]
        if segment.id == "PID":
            results.append(_Patient())
            results[-1].pid = segment
            continue
        if not results and segment.id in _STRUCTURE:
            results.append(_Patient())
        if segment.id == "OBX":
            results[-1].observe(run)
        elif results:
            results[-1].add(segment, follower)
    return tuple(result.finished() for result in results)


def _runs(segments: Iterable[Segment]) -> list[tuple[list[Segment], str]]:
    """Observations that follow one another, any other segment alone; each with the id of the next that makes groups."""
    runs: list[list[Segment]] = []
    for name, group in groupby(segments, attrgetter("id")):
        run = list(group)
        runs += [run] if name == "OBX" else [[segment] for segment in run]
    follower, found = "", []
    for one in reversed(runs):
        found.append((one, follower))
        if one[0].id in _STRUCTURE:
            follower = one[0].id
    return found[::-1]


def _refuse_continued(message: Message) -> None:
    for name, number in (("MSH", 14), ("DSC", 1)):
        segment = message.first(name)
        if segment and segment.value(number):
            raise MessageError(Problem.SEGMENT_MISSING, segment.place(number), "the message is continued in another")


class Standing(Enum):
    """How an observation stands in its report."""

    FINAL = "final"
    PRELIMINARY = "preliminary"
    REGISTERED = "registered"
    CORRECTED = "corrected"
    RETRACTED = "retracted"
    ABSENT = "absent"


REPORT_STATUSES = {
    **dict.fromkeys("OISN", ReportStatus.REGISTERED),
    **dict.fromkeys("PM", ReportStatus.PRELIMINARY),
    **dict.fromkeys("RA", ReportStatus.PARTIAL),
    "F": ReportStatus.FINAL,
    "C": ReportStatus.CORRECTED,
    "X": ReportStatus.CANCELLED,
}
"""OBR-25, table 0123. O I S P R F C X by the V2-to-FHIR guide; A M N are ours (docs/hl7v2.md).

M is "corrected, not final": no score may rest on it. Y and Z answer queries and are no report.
"""

OBSERVATION_STANDINGS = {
    **dict.fromkeys("FV", Standing.FINAL),
    **dict.fromkeys("PRS", Standing.PRELIMINARY),
    **dict.fromkeys("IO", Standing.REGISTERED),
    **dict.fromkeys("CAB", Standing.CORRECTED),
    **dict.fromkeys("DWX", Standing.RETRACTED),
    "N": Standing.ABSENT,
}
"""OBX-11, table 0085. A C D F P W X by the V2-to-FHIR guide; B I N O R S V are ours (docs/hl7v2.md).

U makes an earlier, preliminary value final without sending it: this message does not carry the value, so it is held.
"""


def report_status(obr: Segment) -> ReportStatus:
    """Turn OBR-25 into the report's status; raises MessageError when it is empty or not in the table."""
    return _settled(obr, 25, REPORT_STATUSES)


def observation_standing(obx: Segment) -> Standing:
    """Turn OBX-11 into the observation's standing; raises MessageError when it is empty or not in the table."""
    return _settled(obx, 11, OBSERVATION_STANDINGS)


_S = TypeVar("_S")


def _settled(segment: Segment, number: int, table: Mapping[str, _S]) -> _S:
    code = segment.value(number).strip()
    if not code:
        raise MessageError(Problem.FIELD_MISSING, segment.place(number), "a result has a status")
    if code not in table:
        raise MessageError(Problem.STATUS_UNKNOWN, segment.place(number), "the status is not one that can be read")
    return table[code]
