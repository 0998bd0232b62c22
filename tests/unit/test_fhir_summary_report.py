"""The summary report of ours: an addendum that names the score and its lesions, and is withdrawn with them."""

import pytest
from fhir_scores import RENDERING, every_kind_of_score

from adapter.fhir.bundle import render_publication, withdrawn
from adapter.fhir.check import check
from adapter.fhir.summary_report import ADDENDUM_OF, render_summary
from adapter.fhir.terminology import SCORE_PROFILE

SCORES = every_kind_of_score()


def score_of(name):
    resources = render_publication(SCORES[name], RENDERING)
    return next(one for one in resources if SCORE_PROFILE in one.get("meta", {}).get("profile", ()))


@pytest.mark.parametrize("name", SCORES)
def test_the_summary_of_every_kind_of_score_is_sound(name):
    check(render_summary(score_of(name)))


@pytest.mark.parametrize("name", SCORES)
def test_it_names_the_score_and_its_lesions(name):
    score = score_of(name)
    lesions = [one["reference"] for one in score["derivedFrom"] if "reference" in one]

    assert [one["reference"] for one in render_summary(score)["result"]] == [f"Observation/{score['id']}", *lesions]


@pytest.mark.parametrize("name", SCORES)
def test_it_is_an_addendum_of_one_report_as_r4_has_it_and_names_all_that_the_score_names(name):
    score = score_of(name)
    addendum, *others = render_summary(score)["extension"]

    assert addendum == {"url": ADDENDUM_OF, "valueReference": score["extension"][-1]["valueReference"]}
    assert others == score["extension"]


def test_its_status_is_the_scores():
    assert render_summary(score_of("P1"))["status"] == "preliminary"
    assert render_summary(score_of("corrected"))["status"] == "corrected"
    (gone,) = withdrawn([score_of("P1")], ())
    assert render_summary(gone)["status"] == "entered-in-error"


def test_it_is_the_same_report_after_a_correction():
    assert render_summary(score_of("corrected"))["id"] == render_summary(score_of("P5"))["id"]
