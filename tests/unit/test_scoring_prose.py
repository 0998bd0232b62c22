"""What was read from free text is scored, named as such, and never final without a person."""

from dataclasses import replace
from datetime import datetime

import pytest
from fhir_scores import BERLIN, RENDERING, assessed, pattern_rows
from lesion_tables import of_pattern, studies

from adapter.fhir.rendering import Confirmation, status
from adapter.scoring.netpet import score
from adapter.scoring.report import ReportStatus

PUBLISHING = replace(RENDERING, publish_final=True)
CONFIRMED = replace(RENDERING, confirmation=Confirmation("Dr A. Reader", datetime(2026, 11, 22, tzinfo=BERLIN)))


@pytest.mark.parametrize("half", ["sstr", "fdg"])
def test_a_score_that_rests_on_prose_asks_for_a_person(half):
    result = score([of_pattern(2)], studies(**{half: {"from_prose": True}}))

    assert result.grade == "P2a"
    assert result.reasons == ("read-from-narrative",)
    assert result.review_required


def test_a_score_that_rests_on_prose_is_never_final_by_a_setting():
    found = assessed(*pattern_rows(1, "20", "3"), from_prose=True)

    assert status(found, PUBLISHING) == "preliminary"
    assert status(found, CONFIRMED) == "final"


def test_a_correction_does_not_confirm_what_was_read_from_prose():
    found = assessed(*pattern_rows(1, "20", "3"), from_prose=True, status=ReportStatus.CORRECTED)

    assert status(found, PUBLISHING) == "preliminary"
    assert status(found, CONFIRMED) == "corrected"


def test_a_retracted_report_of_prose_takes_its_score_back():
    found = assessed(*pattern_rows(1, "20", "3"), from_prose=True, status=ReportStatus.ENTERED_IN_ERROR)

    assert status(found, PUBLISHING) == "entered-in-error"


def test_a_score_of_coded_reports_is_published_as_the_site_decides():
    assert status(assessed(*pattern_rows(1, "20", "3")), PUBLISHING) == "final"
