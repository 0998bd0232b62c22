"""Which tracers a score may rest on: validated or published, scored with review, or refused."""

import pytest
from lesion_tables import studies, times

from adapter.scoring.netpet import score
from adapter.scoring.reasons import Reason
from adapter.scoring.report import TracerKind
from adapter.scoring.result import Outcome
from adapter.scoring.tracers import TRACERS, canonical_tracer, judge_tracer


def verdict(pair):
    result = score(times(1, 2), pair)
    return result.outcome, result.reasons, result.review_required


def scored(*reasons, review=False):
    return Outcome.SCORED, reasons, review


def refused(*reasons):
    return Outcome.NOT_SCORABLE, reasons, True


@pytest.mark.parametrize(
    ("tracer", "expected"),
    [
        ("68Ga-DOTATATE", scored()),
        ("68Ga-DOTANOC", scored()),
        ("18F-AlF-NOTA-octreotide", scored()),
        ("68Ga-DOTATOC", scored("tracer-not-validated", review=True)),
        ("68Ga-edotreotide", scored("tracer-not-validated", review=True)),
        ("64Cu-DOTATATE", scored("tracer-not-validated", review=True)),
        ("68Ga-SiTATE", scored("tracer-not-validated", review=True)),
        ("18F-SiTATE", scored("tracer-not-validated", review=True)),
        ("177Lu-DOTATATE", refused("tracer-unsupported")),
        ("177Lu-PSMA-617", refused("tracer-unsupported")),
        ("111In-pentetreotide", refused("tracer-unsupported")),
        ("111In-anything", refused("tracer-unsupported")),
        ("99mTc-HYNIC-TOC", refused("tracer-unsupported")),
        ("18F-DOPA", refused("tracer-unsupported")),
        ("18F-FDG", refused("tracer-unsupported")),
        ("18F-PSMA-1007", refused("tracer-unknown")),
        ("DOTATATE", refused("tracer-unknown")),
        ("", refused("tracer-unknown")),
        (None, refused("tracer-unknown")),
    ],
)
def test_the_sstr_tracer_is_validated_published_reviewed_or_refused(tracer, expected):
    assert verdict(studies({"tracer": tracer})) == expected


@pytest.mark.parametrize(
    ("tracer", "expected"),
    [
        ("18F-FDG", scored()),
        ("[18F]FDG", scored()),
        ("68Ga-DOTATATE", refused("tracer-unsupported")),
        ("18F-DOPA", refused("tracer-unsupported")),
        ("18F-choline", refused("tracer-unknown")),
        (None, refused("tracer-unknown")),
    ],
)
def test_the_fdg_half_takes_fdg_alone(tracer, expected):
    assert verdict(studies(fdg={"tracer": tracer})) == expected


@pytest.mark.parametrize(
    "written", ["68ga-dotatate", "[68Ga]DOTATATE", "68Ga DOTATATE", "DOTATATE-68Ga", "68GaDOTATATE"]
)
def test_a_tracers_spelling_varies_in_case_blanks_hyphens_and_brackets_only(written):
    assert canonical_tracer(written) == "68Ga-DOTATATE"


def test_every_tracer_of_the_table_is_refused_in_the_half_that_it_does_not_image():
    judged = {
        name: judge_tracer(name, wanted)
        for name, (kind, _) in TRACERS.items()
        for wanted in TracerKind
        if wanted != kind
    }

    assert set(judged.values()) == {Reason.TRACER_UNSUPPORTED}
