"""One lesion as the two tracers saw it: what is stated, what is unknown, and never anything in between."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, StrEnum


class Status(StrEnum):
    """Is the lesion's uptake above background on one tracer? (modified Krenning 2-4 is positive; docs/clinical.md)"""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNKNOWN = "unknown"

    def readings(self) -> tuple["Status", ...]:
        """UNKNOWN may be either: a report's silence is not a negative."""
        return (Status.POSITIVE, Status.NEGATIVE) if self is Status.UNKNOWN else (self,)


class Uptake(StrEnum):
    """The reader's own coded call for one lesion on one tracer; SILENT means that the report does not mention it."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    EQUIVOCAL = "equivocal"
    NOT_EVALUABLE = "not-evaluable"
    UNKNOWN = "unknown"
    SILENT = "silent"


class Nature(Enum):
    """Is the row tumour? The reader's call, never inferred from the site."""

    TUMOUR = "tumour"
    UNCERTAIN = "uncertain"
    NOT_TUMOUR = "not-tumour"


class Relation(Enum):
    """The reader's word for FDG uptake against SSTR uptake in one lesion; the value is the pattern it means."""

    FDG_LOWER = 2
    FDG_EQUAL = 3
    FDG_HIGHER = 4


class SuvType(Enum):
    """How an SUV was normalised (DCM 126401-126406); values of two types are never compared, never converted."""

    BODY_WEIGHT = "SUVbw"
    LEAN_BODY_MASS = "SUVlbm"
    LEAN_BODY_MASS_JANMA = "SUVlbm(Janma)"
    LEAN_BODY_MASS_JAMES = "SUVlbm(James128)"
    BODY_SURFACE = "SUVbsa"
    IDEAL_WEIGHT = "SUVibw"


class SuvStatistic(Enum):
    """Which statistic of the lesion's voxels an SUV is (maximum SCT 56851009, peak DCM 126031)."""

    MAX = "max"
    PEAK = "peak"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Interval:
    """A number known to lie between two ends: ``None`` is no bound on that side, an open end excludes its number.

    Without any end it is a value that was stated and is no number.
    """

    low: Decimal | None
    high: Decimal | None
    low_open: bool = False
    high_open: bool = False

    @classmethod
    def exactly(cls, value: Decimal) -> "Interval":
        """Turn one number into the interval that holds only it."""
        return cls(value, value)

    @classmethod
    def below(cls, value: Decimal, *, inclusive: bool = False) -> "Interval":
        """Turn ``<2.5`` (or, inclusive, ``<=2.5``) into its interval."""
        return cls(None, value, high_open=not inclusive)

    @classmethod
    def above(cls, value: Decimal, *, inclusive: bool = False) -> "Interval":
        """Turn ``>2.5`` (or, inclusive, ``>=2.5``) into its interval."""
        return cls(value, None, low_open=not inclusive)

    @property
    def is_point(self) -> bool:
        """Is it one exact number?"""
        return self.low is not None and self.low == self.high


@dataclass(frozen=True, slots=True)
class Suv:
    """A standardised uptake value in g/mL (dimensionless where the report says so) of one lesion or tissue."""

    value: Interval
    type: SuvType = SuvType.BODY_WEIGHT
    statistic: SuvStatistic = SuvStatistic.MAX
    unit_supported: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What one report states of one lesion; the default is a report that does not mention it."""

    uptake: Uptake = Uptake.SILENT
    krenning: int | None = None
    suv: Suv | None = None
    in_field: bool = True
    sstr_rads: str | None = None

    @property
    def is_silent(self) -> bool:
        """Does the report say nothing at all of this lesion on its tracer?"""
        return self == SILENT


SILENT = Finding()


@dataclass(frozen=True, slots=True)
class Count:
    """How many lesions a row stands for: at least ``min`` (1 or more), at most ``max`` (``None`` is open)."""

    min: int = 1
    max: int | None = 1

    @property
    def may_be_several(self) -> bool:
        """May the row stand for more than one lesion?"""
        return self.max is None or self.max > 1


@dataclass(frozen=True, slots=True)
class Lesion:
    """One lesion row after the two reports were brought together; ``id`` is the tracking identifier where there is one.

    ``paired`` says that each member of a grouped row was seen on both tracers one to one; it means nothing for a single
    lesion. ``size_mm`` is the long axis.
    """

    id: str
    sstr: Finding = SILENT
    fdg: Finding = SILENT
    relation: Relation | None = None
    site: str | None = None
    laterality: str | None = None
    size_mm: Decimal | None = None
    nature: Nature = Nature.TUMOUR
    count: Count = field(default_factory=Count)
    paired: bool = True
    tracking_uid: str | None = None
