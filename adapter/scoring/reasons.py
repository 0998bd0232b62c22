"""Every reason code that can stand beside a score: a closed list, each with what it does to the score."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a score is as it is; the value is the code that travels in the output (docs/clinical.md, edge-case table)."""

    MISSING_SSTR_STUDY = "missing-sstr-study"
    MISSING_FDG_STUDY = "missing-fdg-study"
    PATIENT_MISMATCH = "patient-mismatch"
    PARENT_RETRACTED = "parent-retracted"
    REPORT_NOT_FINAL = "report-not-final"
    TRACER_UNKNOWN = "tracer-unknown"
    TRACER_UNSUPPORTED = "tracer-unsupported"
    TRACER_NOT_VALIDATED = "tracer-not-validated"
    ACQUISITION_DATE_MISSING = "acquisition-date-missing"
    INTERVAL_EXCEEDED = "interval-exceeded"
    INTERVAL_EXTENDED = "interval-extended"
    INTERVENING_THERAPY = "intervening-therapy"
    AMBIGUOUS_PAIRING = "ambiguous-pairing"
    PARENT_CORRECTED = "parent-corrected"
    STALE_MESSAGE = "stale-message"
    READ_FROM_NARRATIVE = "read-from-narrative"
    LESION_LIST_COMPLETENESS_UNKNOWN = "lesion-list-completeness-unknown"
    NON_TUMOUR_ROW_EXCLUDED = "non-tumour-row-excluded"
    DUPLICATE_LESION = "duplicate-lesion"
    DUPLICATE_CONFLICT = "duplicate-conflict"
    LESION_MATCH_PROBABLE = "lesion-match-probable"
    LESION_UNMATCHED = "lesion-unmatched"
    LATERALITY_MISSING = "laterality-missing"
    LATERALITY_CONFLICT = "laterality-conflict"
    LESION_STATUS_UNKNOWN = "lesion-status-unknown"
    NEGATIVE_BY_EXHAUSTIVE_STATEMENT = "negative-by-exhaustive-statement"
    OUTSIDE_FIELD_OF_VIEW = "outside-field-of-view"
    EQUIVOCAL_LESION = "equivocal-lesion"
    SMALL_LESION_NEGATIVE = "small-lesion-negative"
    AGGREGATE_ROW = "aggregate-row"
    AGGREGATE_NOT_PAIRED = "aggregate-not-paired"
    SUV_INVALID = "suv-invalid"
    SUV_IMPLAUSIBLE_HIGH = "suv-implausible-high"
    SUV_UNIT_UNSUPPORTED = "suv-unit-unsupported"
    SUV_NORMALISATION_MISMATCH = "suv-normalisation-mismatch"
    SUV_STATISTIC_MISMATCH = "suv-statistic-mismatch"
    SUV_INTERVAL_STRADDLES = "suv-interval-straddles"
    P3_BOUNDARY = "p3-boundary"
    SUFFIX_UNDETERMINED = "suffix-undetermined"
    P5_SIGNIFICANCE_UNCONFIRMED = "p5-significance-unconfirmed"
    P0_WITH_KNOWN_DISEASE = "p0-with-known-disease"
    OUTSIDE_VALIDATED_POPULATION = "outside-validated-population"
    READER_GRADE_DISAGREES = "reader-grade-disagrees"


FORBIDS_A_SCORE = frozenset(
    {
        Reason.MISSING_SSTR_STUDY,
        Reason.MISSING_FDG_STUDY,
        Reason.PATIENT_MISMATCH,
        Reason.PARENT_RETRACTED,
        Reason.REPORT_NOT_FINAL,
        Reason.TRACER_UNKNOWN,
        Reason.TRACER_UNSUPPORTED,
        Reason.ACQUISITION_DATE_MISSING,
        Reason.INTERVAL_EXCEEDED,
        Reason.INTERVENING_THERAPY,
    }
)
"""Whatever the lesions say, the two studies may not be scored together."""

ASKS_FOR_REVIEW = FORBIDS_A_SCORE | {
    Reason.TRACER_NOT_VALIDATED,
    Reason.INTERVAL_EXTENDED,
    Reason.AMBIGUOUS_PAIRING,
    Reason.READ_FROM_NARRATIVE,
    Reason.DUPLICATE_CONFLICT,
    Reason.LESION_MATCH_PROBABLE,
    Reason.LESION_UNMATCHED,
    Reason.LATERALITY_CONFLICT,
    Reason.SMALL_LESION_NEGATIVE,
    Reason.P5_SIGNIFICANCE_UNCONFIRMED,
    Reason.P0_WITH_KNOWN_DISEASE,
    Reason.READER_GRADE_DISAGREES,
}
"""A person has to look at the score before it is relied on."""

_ORDER = {reason: place for place, reason in enumerate(Reason)}


def codes(reasons: set[Reason]) -> tuple[str, ...]:
    """Turn a set of reasons into their codes, always in the order of this list."""
    return tuple(reason.value for reason in sorted(reasons, key=_ORDER.__getitem__))
