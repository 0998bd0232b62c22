"""The project's own words: terms (99NETPET), grades, groups; each with a display and a definition of our own."""

from adapter.fhir.reason_definitions import REASON_DEFINITIONS
from adapter.fhir.terminology import GRADES, GROUPS, REASONS, TERMS, Code

SCORE_TERMS = {
    "netpet-score": ("NETPET score", "The grade of a dual SSTR and FDG PET by the NETPET scale."),
    "netpet-2017": (
        "NETPET method",
        "Grading by the worst lesion's pattern, after Chan et al. 2017, doi:10.7150/thno.18068.",
    ),
    "outcome": ("Outcome", "How far the data settle the score: scored, group-only or not-scorable."),
    "scored": ("Scored", "The data settle the grade."),
    "group-only": ("Group only", "The data settle the prognostic group, but not the grade."),
    "not-scorable": ("Not scorable", "The data settle neither the grade nor the group, or a rule forbids a score."),
    "group": ("Prognostic group", "The group that the grade belongs to: P0, P1, P2-4 or P5."),
    "base-grade": ("Base grade", "The grade as a number from 0 to 5, without its suffix, for sorting."),
    "suffix": ("Suffix", "a: one or two lesions, b: three or more lesions, of the grade's own pattern."),
    "lesions-at-grade": ("Lesions at grade", "How many lesions show the grade's own pattern."),
    "bounds": ("Bounds", "The lowest and the highest grade that the data leave open, 0 to 5."),
    "scan-interval": ("Scan interval", "Days between the two acquisitions."),
    "reason": ("Reason", "A coded reason that qualifies the score."),
    "review-required": ("Review required", "A person has to look at the score before it is relied on."),
    "karfis": ("Karfis class", "The Karfis C1 to C3 class of the same lesions."),
    "karfis-c1": ("Karfis C1", "All lesions SSTR positive and FDG negative."),
    "karfis-c2": ("Karfis C2", "At least one lesion FDG positive, and all such lesions SSTR positive."),
    "karfis-c3": ("Karfis C3", "At least one lesion FDG positive and SSTR negative."),
    "zidan": ("Zidan category", "The Zidan category, 1 to 4, of the same lesions."),
    "equality-tolerance": ("Equality tolerance", "Policy: relative difference up to which FDG equals SSTR."),
    "interval-days": ("Interval", "Policy: days between the scans up to which they are scored without review."),
    "interval-limit-days": ("Interval limit", "Policy: days between the scans beyond which they are not scored."),
    "positivity-basis": (
        "Basis of positivity",
        "Policy: tissue above whose SUV an SUVmax is positive, where the reader made no call.",
    ),
    "algorithm": ("Algorithm", "Name of the algorithm that computed the score."),
    "algorithm-version": ("Algorithm version", "Version of the algorithm that computed the score."),
    "reader-grade": ("Reader's grade", "The NETPET grade written by the reader of the images: the grade of record."),
    "computed-grade": ("Computed grade", "The grade that was computed, where a named person set another one."),
    "computed-group": ("Computed group", "The group that was computed, where a named person set another grade."),
    "target-lesion": ("Target lesion", "A lesion that sets the grade or, where the grade is open, keeps it open."),
    "sstr-tracer": ("SSTR tracer", "Radiopharmaceutical of the somatostatin receptor study."),
    "fdg-tracer": ("FDG tracer", "Radiopharmaceutical of the FDG study."),
    "explanation": ("Explanation", "The result in words that can be checked against the reports."),
    "disclaimer": ("Disclaimer", "What a score is not, and what it may be used for."),
    "decision-support": ("Decision support software", "Software that proposes a score from report data."),
}

LESION_TERMS = {
    "lesion": ("Lesion", "One lesion row, as one or both PET studies describe it."),
    "lesion-name": ("Lesion name", "Tracking identifier of the lesion, else its UID, else the report's own row."),
    "sstr-uptake": ("SSTR uptake", "The reader's call for the lesion on the somatostatin receptor study."),
    "fdg-uptake": ("FDG uptake", "The reader's call for the lesion on the FDG study."),
    "sstr-krenning": ("SSTR Krenning grade", "Modified Krenning grade, 0 to 4, on the somatostatin receptor study."),
    "fdg-krenning": (
        "FDG Krenning grade",
        "Grade 0 to 4 in the manner of the modified Krenning scale, on the FDG study.",
    ),
    "sstr-suv": ("SSTR SUV", "Standardised uptake value of the lesion on the somatostatin receptor study."),
    "fdg-suv": ("FDG SUV", "Standardised uptake value of the lesion on the FDG study."),
    "sstr-suv-statistic": ("SSTR SUV statistic", "Which statistic of the lesion the SSTR SUV is."),
    "fdg-suv-statistic": ("FDG SUV statistic", "Which statistic of the lesion the FDG SUV is."),
    "sstr-in-field": (
        "In SSTR field",
        "Whether the lesion lay in the field of view of the somatostatin receptor study.",
    ),
    "fdg-in-field": ("In FDG field", "Whether the lesion lay in the field of view of the FDG study."),
    "sstr-rads": ("SSTR-RADS", "SSTR-RADS category as reported."),
    "relative-uptake": ("Relative uptake", "FDG uptake against SSTR uptake in the lesion, in the reader's word."),
    "fdg-lower": ("FDG lower", "FDG uptake is lower than SSTR uptake."),
    "fdg-equal": ("FDG equal", "FDG uptake equals SSTR uptake."),
    "fdg-higher": ("FDG higher", "FDG uptake is higher than SSTR uptake."),
    "nature": ("Nature", "Whether the row is tumour, by the reader's call."),
    "tumour": ("Tumour", "The reader takes the row for tumour."),
    "uncertain": ("Uncertain", "The reader leaves open whether the row is tumour."),
    "not-tumour": ("Not tumour", "The reader takes the row for physiological, inflammatory or otherwise not tumour."),
    "lesion-count": ("Lesion count", "How many lesions the row stands for."),
    "paired": ("Paired", "Whether each member of a grouped row was seen on both tracers one to one."),
    "possible-pattern": ("Possible pattern", "A NETPET pattern, 0 to 5, that the lesion may have."),
    "mean": ("Mean", "The SUV is the mean of the lesion."),
}

REPORT_TERMS = {
    "lesions-complete": ("Lesions complete", "Whether the report states that it lists all tumour lesions."),
    "no-tumour-uptake": ("No tumour uptake", "The report states that there is no tumour-related uptake."),
    "intervening-therapy": ("Intervening therapy", "Whether the report speaks of therapy since the partner study."),
    "liver-suv": ("Liver SUV", "SUV of normal liver in the same study."),
    "spleen-suv": ("Spleen SUV", "SUV of normal spleen in the same study."),
    "blood-pool-suv": ("Blood pool SUV", "SUV of the blood pool in the same study."),
    "extent": ("Disease extent", "How far the disease extends, as reported."),
    "metastatic": ("Metastatic", "The disease is metastatic."),
    "unresectable": ("Unresectable", "The disease cannot be resected."),
    "localised": ("Localised", "The disease is localised."),
    "primary-site": ("Primary site", "Site of the primary tumour, as reported."),
    "who-grade": ("WHO grade", "WHO grade of the tumour, as reported."),
    "uptake": ("Uptake", "The reader's call for a lesion on the report's own tracer."),
    "not-evaluable": ("Not evaluable", "The reader could not judge the uptake."),
    "krenning": ("Krenning grade", "Modified Krenning grade, 0 to 4, on the report's own tracer."),
    "in-field": ("In field", "Whether the lesion lay in the report's own field of view."),
    "68ga-dotanoc": ("68Ga-DOTANOC", "Gallium-68 DOTANOC, an SSTR PET tracer."),
    "64cu-dotatate": ("64Cu-DOTATATE", "Copper-64 DOTATATE, an SSTR PET tracer."),
    "18f-alf-nota-octreotide": ("18F-AlF-NOTA-octreotide", "Fluorine-18 AlF-NOTA-octreotide, an SSTR PET tracer."),
    "68ga-sitate": ("68Ga-SiTATE", "Gallium-68 SiTATE, an SSTR PET tracer."),
}

TERM_DEFINITIONS = SCORE_TERMS | LESION_TERMS | REPORT_TERMS

GRADE_DEFINITIONS = {
    "P0": "SSTR negative and FDG negative.",
    "P1": "SSTR positive and FDG negative.",
    "P2": "Positive on both, FDG lower than SSTR; number of lesions not settled.",
    "P2a": "Positive on both, FDG lower than SSTR, in one or two lesions.",
    "P2b": "Positive on both, FDG lower than SSTR, in three or more lesions.",
    "P3": "Positive on both, FDG equal to SSTR; number of lesions not settled.",
    "P3a": "Positive on both, FDG equal to SSTR, in one or two lesions.",
    "P3b": "Positive on both, FDG equal to SSTR, in three or more lesions.",
    "P4": "Positive on both, FDG higher than SSTR; number of lesions not settled.",
    "P4a": "Positive on both, FDG higher than SSTR, in one or two lesions.",
    "P4b": "Positive on both, FDG higher than SSTR, in three or more lesions.",
    "P5": "SSTR negative and FDG positive.",
}

GROUP_DEFINITIONS = {
    "P0": "Negative on both tracers.",
    "P1": "SSTR positive, FDG negative.",
    "P2-4": "Positive on both tracers, whatever the relation.",
    "P5": "At least one lesion SSTR negative and FDG positive.",
}


def term(code: str) -> Code:
    """Turn one of our terms into its Code; raises KeyError when the vocabulary does not hold it."""
    return Code(TERMS, code, TERM_DEFINITIONS[code][0])


def grade_code(grade: str) -> Code:
    """Turn ``P2b`` into its Code; raises KeyError when the scale does not hold it."""
    if grade not in GRADE_DEFINITIONS:
        raise KeyError(grade)
    return Code(GRADES, grade, f"NETPET {grade}")


def group_code(group: str) -> Code:
    """Turn ``P2-4`` into its Code; raises KeyError when the scale does not hold it."""
    if group not in GROUP_DEFINITIONS:
        raise KeyError(group)
    return Code(GROUPS, group, f"NETPET group {group}")


def reason_display(code: str) -> str:
    """Turn ``missing-fdg-study`` into ``Missing FDG study``."""
    words = [_UPPER.get(word, word) for word in code.split("-")]
    return words[0][:1].upper() + words[0][1:] + "".join(f" {word}" for word in words[1:])


_UPPER = {"fdg": "FDG", "sstr": "SSTR", "suv": "SUV", "p0": "P0", "p3": "P3", "p5": "P5"}


def reason_code(code: str) -> Code:
    """Turn a reason into its Code; raises KeyError when the closed list does not hold it."""
    if code not in REASON_DEFINITIONS:
        raise KeyError(code)
    return Code(REASONS, code, reason_display(code))
