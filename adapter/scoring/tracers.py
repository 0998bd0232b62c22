"""Which radiopharmaceuticals a score may rest on (docs/clinical.md, row "tracer")."""

from enum import Enum
from functools import lru_cache

from adapter.scoring.reasons import Reason
from adapter.scoring.report import TracerKind


class Standing(Enum):
    """What is known of a tracer in the published NETPET cohorts."""

    VALIDATED = "validated"
    PUBLISHED = "published"
    NOT_VALIDATED = "not-validated"
    UNSUPPORTED = "unsupported"


_SSTR = TracerKind.SSTR
_FDG = TracerKind.FDG

TRACERS: dict[str, tuple[TracerKind | None, Standing]] = {
    "18F-FDG": (_FDG, Standing.VALIDATED),
    "68Ga-DOTATATE": (_SSTR, Standing.VALIDATED),
    "68Ga-DOTANOC": (_SSTR, Standing.PUBLISHED),
    "18F-AlF-NOTA-octreotide": (_SSTR, Standing.PUBLISHED),
    "68Ga-DOTATOC": (_SSTR, Standing.NOT_VALIDATED),
    "64Cu-DOTATATE": (_SSTR, Standing.NOT_VALIDATED),
    "68Ga-SiTATE": (_SSTR, Standing.NOT_VALIDATED),
    "18F-SiTATE": (_SSTR, Standing.NOT_VALIDATED),
    "177Lu-DOTATATE": (_SSTR, Standing.UNSUPPORTED),
    "177Lu-DOTATOC": (_SSTR, Standing.UNSUPPORTED),
    "111In-pentetreotide": (_SSTR, Standing.UNSUPPORTED),
    "99mTc-HYNIC-TOC": (_SSTR, Standing.UNSUPPORTED),
    "18F-DOPA": (None, Standing.UNSUPPORTED),
}
"""Tracer name -> (the half of a dual PET that it images, its standing). 177Lu is therapy; 111In and 99mTc are SPECT."""

_REFUSED_NUCLIDES = ("177LU", "111IN", "99MTC")


def _plain(name: str) -> str:
    """Fold what spelling varies in: case, blanks and hyphens, and brackets round the nuclide."""
    return "".join(character for character in name.upper() if character.isalnum())


_BY_PLAIN_NAME = {_plain(name): name for name in TRACERS} | {
    "FDG": "18F-FDG",
    "DOTATATE68GA": "68Ga-DOTATATE",
    "68GAEDOTREOTIDE": "68Ga-DOTATOC",
    "SITATE": "68Ga-SiTATE",
    "18FFDOPA": "18F-DOPA",
}


def canonical_tracer(name: str) -> str | None:
    """Turn a tracer's name as written into the name of this table, or None when the table does not know it."""
    return _BY_PLAIN_NAME.get(_plain(name))


@lru_cache(maxsize=256)
def judge_tracer(name: str | None, wanted: TracerKind) -> Reason | None:
    """Turn a study's tracer into the reason it raises in its half of the pair; None when it raises none."""
    if not name:
        return Reason.TRACER_UNKNOWN
    known = canonical_tracer(name)
    if known is None:
        refused = _plain(name).startswith(_REFUSED_NUCLIDES)
        return Reason.TRACER_UNSUPPORTED if refused else Reason.TRACER_UNKNOWN
    kind, standing = TRACERS[known]
    if kind is not wanted or standing is Standing.UNSUPPORTED:
        return Reason.TRACER_UNSUPPORTED
    return Reason.TRACER_NOT_VALIDATED if standing is Standing.NOT_VALIDATED else None
