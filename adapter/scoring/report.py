"""One PET study as one report states it: a header, report-level facts and the lesion rows of its own tracer."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID, uuid5

from adapter.scoring.lesion import Count, Finding, Nature, Relation, Suv

OID_NAMESPACE = uuid5(UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8"), "2.25.54930188285360043366174129075465106905")
"""The UUIDv5 namespace of every id that we derive: RFC 4122's OID namespace over the project's own OID root."""


class TracerKind(Enum):
    """Which half of a dual PET a tracer images."""

    SSTR = "sstr"
    FDG = "fdg"


class ReportStatus(Enum):
    """The report's own state, in the words of FHIR's DiagnosticReport.status."""

    REGISTERED = "registered"
    PARTIAL = "partial"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    CORRECTED = "corrected"
    APPENDED = "appended"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """May a score rest on it?"""
        return self in (ReportStatus.FINAL, ReportStatus.AMENDED, ReportStatus.CORRECTED, ReportStatus.APPENDED)

    @property
    def is_corrected(self) -> bool:
        """Did it change after it was final?"""
        return self in (ReportStatus.AMENDED, ReportStatus.CORRECTED, ReportStatus.APPENDED)

    @property
    def is_retracted(self) -> bool:
        """Does it no longer stand?"""
        return self in (ReportStatus.CANCELLED, ReportStatus.ENTERED_IN_ERROR)


@dataclass(frozen=True, slots=True)
class SuvCutoff:
    """A bare absolute SUV above which uptake counts as positive, signed off by a named person in the site's mapping."""

    value: Decimal
    signed_by: str


@dataclass(frozen=True, slots=True)
class Study:
    """Report-level facts of one study. ``None`` is not stated. ``tracer`` is a name of ``tracers.py`` or as sent.

    ``acquired`` is the acquisition (never issue or message time). ``therapy`` is True when the report speaks of therapy
    since the partner study. Reference SUVs are those of normal tissue in the same report. ``from_prose``: lesions were
    read from free text by patterns, so a person has to look.
    """

    tracer: str | None = None
    acquired: datetime | None = None
    status: ReportStatus = ReportStatus.UNKNOWN
    lesions_complete: bool | None = None
    no_tumour_uptake: bool = False
    therapy: bool | None = None
    reader_grade: str | None = None
    liver_suv: Suv | None = None
    spleen_suv: Suv | None = None
    blood_pool_suv: Suv | None = None
    suv_cutoff: SuvCutoff | None = None
    extent: str | None = None
    primary_site: str | None = None
    who_grade: str | None = None
    ki67: str | None = None
    from_prose: bool = False

    @property
    def is_exhaustive(self) -> bool:
        """Does the report say that a lesion it does not mention has no uptake?"""
        return bool(self.lesions_complete) or self.no_tumour_uptake


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One lesion row of one report: who it is (identifiers, site, side) and what this report's tracer shows there.

    ``row`` is the sender's own row key (OBX-4), unique in its study; ``paired`` and ``count`` are None when the report
    does not say (a row whose count nobody states is one lesion).
    """

    row: str
    finding: Finding
    tracking_uid: str | None = None
    tracking_id: str | None = None
    cross_reference: str | None = None
    site: str | None = None
    laterality: str | None = None
    size_mm: Decimal | None = None
    nature: Nature = Nature.TUMOUR
    count: Count | None = None
    paired: bool | None = None
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class PatientIdentity:
    """Who the report says it is about: one identifier with its assigning authority (PID-3), and the birth date (PID-7).

    ``authority`` is the namespace as sent, ``authority_oid`` its ISO OID where there is one, ``type`` is PID-3.5.
    ``birth_date`` (``YYYYMMDD``) is no part of the identity: two reports that disagree on it are never paired.
    """

    value: str
    authority: str = ""
    authority_oid: str = ""
    type: str = ""
    birth_date: str | None = None

    @property
    def key(self) -> str:
        """Turn the identifier into an opaque key that a log or a URL may carry."""
        return patient_key(self.authority_oid or self.authority, self.value)


def patient_key(authority: str, value: str) -> str:
    """Turn an assigning authority and an identifier into the patient's opaque key (UUIDv5)."""
    escaped = authority.replace("\\", "\\\\").replace("|", "\\|")  # an authority may itself hold the separator
    return str(uuid5(OID_NAMESPACE, f"patient|{escaped}|{value}"))


@dataclass(frozen=True, slots=True)
class PetReport:
    """One study's report as read: the study's facts, its rows, and the identity it is kept under.

    ``accession`` names the study (OBR-3, else OBR-18, else OBR-2), ``order`` the placer's order (with
    ``order_authority`` who numbered it), ``procedure`` is OBR-4. ``issued`` is the report's own time (OBR-22, else
    MSH-7) and orders its versions; ``sent`` is its message's time (MSH-7, meta.lastUpdated), which orders those of one
    time and state. ``kind`` is None when the tracer is not one of a dual PET. ``notes`` are what the mapping saw and
    did not use: tolerated, shown, never silent.
    """

    patient: PatientIdentity
    accession: str
    study: Study
    kind: TracerKind | None
    rows: tuple[ReportRow, ...] = ()
    accession_authority: str = ""
    order: str | None = None
    procedure: str | None = None
    issued: datetime | None = None
    notes: tuple[str, ...] = ()
    order_authority: str = ""
    sent: datetime | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a report came from: the kept message and the mapping that read it. ``received`` is when it was kept."""

    message_id: str
    control_id: str
    sha256: str
    received: datetime
    mapping_id: str
    mapping_version: str
    mapping_sha256: str


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report with its source; ``sequence`` is the order of arrival, which settles nothing.

    ``rivals`` are the sources of the versions that stand as high as this one and say something else: which of them is
    true is not for a program to say. They are empty until versions were compared.
    """

    report: PetReport
    source: Source
    sequence: int
    rivals: tuple[Source, ...] = ()
