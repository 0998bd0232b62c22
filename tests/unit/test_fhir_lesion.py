from dataclasses import replace
from decimal import Decimal

import pytest
from fhir_scores import RENDERING, component, lesion, score

from adapter.fhir.lesion import named_lesions, render_lesions
from adapter.scoring.lesion import (
    SILENT,
    Count,
    Finding,
    Interval,
    Lesion,
    Nature,
    Relation,
    Suv,
    SuvStatistic,
    SuvType,
    Uptake,
)


def rendered(the_lesion, **facts):
    (only,) = render_lesions(score(the_lesion, **facts), RENDERING)
    return only


def answer(resource, code):
    """The value (or its absence) of the one component with this code, without its code."""
    (one,) = component(resource, code)
    return {name: element for name, element in one.items() if name != "code"}


def coded(element):
    return element["valueCodeableConcept"]["coding"][0]["code"]


def test_a_lesion_has_no_value_of_its_own():
    assert [name for name in rendered(lesion()) if name.startswith("value")] == []


def test_a_lesion_shares_patient_time_and_status_with_its_score():
    observation = rendered(lesion(), retracted=True)

    assert observation["status"] == "entered-in-error"
    assert observation["subject"]["identifier"]["value"] == "123456"
    assert "WITHDRAWN" in observation["text"]["div"]


def test_a_tracking_uid_is_a_dicom_uid():
    identifiers = rendered(lesion(tracking_uid="2.25.1234"))["identifier"]

    assert identifiers[1] == {"system": "urn:dicom:uid", "value": "urn:oid:2.25.1234"}


@pytest.mark.parametrize("not_a_uid", [None, "L1", "2.25." + "1" * 64])
def test_what_is_no_uid_is_not_sent_as_one(not_a_uid):
    assert len(rendered(lesion(tracking_uid=not_a_uid))["identifier"]) == 1


def test_a_site_is_coded_and_shown():
    assert rendered(lesion(site="10200004"))["bodySite"]["coding"][0]["display"] == "Liver"


def test_a_site_that_we_have_no_words_for_travels_as_its_code():
    coding = {"system": "http://snomed.info/sct", "code": "181414000"}

    assert rendered(lesion(site="181414000"))["bodySite"] == {"coding": [coding]}


def test_a_site_in_words_stays_in_words():
    assert rendered(lesion(site="liver segment 4"))["bodySite"] == {"text": "liver segment 4"}


def test_a_lesion_without_site_has_none():
    assert "bodySite" not in rendered(lesion())


@pytest.mark.parametrize(("side", "code"), [("left", "7771000"), ("Right", "24028007"), ("51440002", "51440002")])
def test_a_side_is_coded(side, code):
    assert coded(answer(rendered(lesion(laterality=side)), "272741003")) == code


def test_a_side_in_other_words_stays_in_words():
    assert answer(rendered(lesion(laterality="medial")), "272741003") == {"valueCodeableConcept": {"text": "medial"}}


@pytest.mark.parametrize(
    ("uptake", "code"),
    [
        (Uptake.POSITIVE, "10828004"),
        (Uptake.NEGATIVE, "260385009"),
        (Uptake.EQUIVOCAL, "42425007"),
        (Uptake.NOT_EVALUABLE, "not-evaluable"),
    ],
)
def test_the_readers_call_is_coded(uptake, code):
    assert coded(answer(rendered(Lesion("L1", Finding(uptake))), "sstr-uptake")) == code


@pytest.mark.parametrize(
    ("finding", "words"), [(SILENT, "Not mentioned in the report"), (Finding(Uptake.UNKNOWN), "Unknown")]
)
def test_silence_is_not_a_negative(finding, words):
    absent = answer(rendered(Lesion("L1", fdg=finding)), "fdg-uptake")["dataAbsentReason"]

    assert (absent["coding"][0]["code"], absent["text"]) == ("unknown", words)


def test_the_facts_of_the_two_studies_have_codes_of_their_own():
    observation = rendered(lesion())

    assert str(answer(observation, "sstr-suv")["valueQuantity"]["value"]) == "20.0"
    assert str(answer(observation, "fdg-suv")["valueQuantity"]["value"]) == "3.0"


def suv(interval, **facts):
    return rendered(Lesion("L1", Finding(Uptake.POSITIVE, suv=Suv(interval, **facts))))


@pytest.mark.parametrize(
    ("suv_type", "code", "unit"),
    [
        (SuvType.BODY_WEIGHT, "126401", "g/mL{SUVbw}"),
        (SuvType.LEAN_BODY_MASS, "126402", "g/mL{SUVlbm}"),
        (SuvType.BODY_SURFACE, "126403", "cm2/mL{SUVbsa}"),
        (SuvType.IDEAL_WEIGHT, "126404", "g/mL{SUVibw}"),
        (SuvType.LEAN_BODY_MASS_JANMA, "126405", "g/mL{SUVlbm(Janma)}"),
        (SuvType.LEAN_BODY_MASS_JAMES, "126406", "g/mL{SUVlbm(James128)}"),
    ],
)
def test_an_suv_names_its_normalisation_in_code_and_unit(suv_type, code, unit):
    observation = suv(Interval.exactly(Decimal("2.50")), type=suv_type)

    assert answer(observation, code)["valueQuantity"]["code"] == unit


@pytest.mark.parametrize(
    ("statistic", "code"),
    [(SuvStatistic.MAX, "56851009"), (SuvStatistic.PEAK, "126031"), (SuvStatistic.MEAN, "mean")],
)
def test_an_suv_names_its_statistic(statistic, code):
    observation = suv(Interval.exactly(Decimal(2)), statistic=statistic)

    assert coded(answer(observation, "sstr-suv-statistic")) == code


def test_a_comparator_stays_a_comparator():
    quantity = answer(suv(Interval.below(Decimal("2.5"))), "sstr-suv")["valueQuantity"]

    assert (quantity["comparator"], str(quantity["value"])) == ("<", "2.5")


def test_a_range_stays_a_range():
    ends = answer(suv(Interval(Decimal("4.0"), Decimal("9.0"))), "sstr-suv")["valueRange"]

    assert [str(ends[end]["value"]) for end in ("low", "high")] == ["4.0", "9.0"]


@pytest.mark.parametrize(
    ("interval", "supported", "because"),
    [
        (Interval.exactly(Decimal(5)), False, "unsupported"),
        (Interval.exactly(Decimal(0)), True, "error"),
        (Interval.exactly(Decimal("NaN")), True, "error"),
        (Interval(None, None), True, "error"),
    ],
)
def test_an_suv_that_cannot_be_used_is_not_sent_as_a_number(interval, supported, because):
    absent = answer(suv(interval, unit_supported=supported), "sstr-suv")["dataAbsentReason"]

    assert absent["coding"][0]["code"] == because


def test_the_krenning_grade_is_a_number():
    assert answer(rendered(Lesion("L1", Finding(krenning=3))), "sstr-krenning") == {"valueInteger": 3}


def test_what_lay_outside_the_field_of_view_says_so():
    observation = rendered(Lesion("L1", fdg=Finding(in_field=False)))

    assert answer(observation, "fdg-in-field") == {"valueBoolean": False}
    assert component(observation, "sstr-in-field") == []


def test_an_sstr_rads_category_is_passed_on_as_reported():
    assert answer(rendered(Lesion("L1", Finding(sstr_rads="3A"))), "sstr-rads") == {"valueString": "3A"}


@pytest.mark.parametrize("relation", Relation)
def test_the_readers_word_on_relative_uptake_is_coded(relation):
    words = {Relation.FDG_LOWER: "fdg-lower", Relation.FDG_EQUAL: "fdg-equal", Relation.FDG_HIGHER: "fdg-higher"}

    assert coded(answer(rendered(lesion(relation=relation)), "relative-uptake")) == words[relation]


@pytest.mark.parametrize("nature", Nature)
def test_what_the_reader_takes_the_row_for_is_coded(nature):
    assert coded(answer(rendered(lesion(nature=nature)), "nature")) == nature.value


def test_a_row_that_is_not_tumour_says_that_no_score_rests_on_it():
    assert "left out of the score" in rendered(lesion(nature=Nature.NOT_TUMOUR))["text"]["div"]


def test_a_single_lesion_is_counted_and_not_paired():
    observation = rendered(lesion())

    assert (answer(observation, "lesion-count"), component(observation, "paired")) == ({"valueInteger": 1}, [])


def test_a_grouped_row_says_how_many_and_whether_they_are_paired():
    observation = rendered(lesion(count=Count(3, None), paired=False))

    assert answer(observation, "lesion-count")["valueRange"]["low"]["value"] == 3
    assert answer(observation, "paired") == {"valueBoolean": False}


@pytest.mark.parametrize(
    ("size", "expected"), [(Decimal("23.0"), "valueQuantity"), (Decimal("Infinity"), "dataAbsentReason")]
)
def test_the_long_axis_is_in_millimetres(size, expected):
    assert list(answer(rendered(lesion(size_mm=size)), "103339001")) == [expected]


def test_the_patterns_that_a_lesion_may_have_are_listed():
    observation = rendered(lesion("L1"), patterns={"L1": (2, 3, 4)})

    assert [one["valueInteger"] for one in component(observation, "possible-pattern")] == [2, 3, 4]


def test_a_lesion_without_a_name_that_can_be_shown_has_none():
    assert component(rendered(lesion("\x00")), "lesion-name") == []


def test_the_order_of_rows_does_not_matter():
    one, other = lesion("L1"), lesion("L2")

    assert list(named_lesions(score(one, other)).items()) == list(named_lesions(score(other, one)).items())


def test_equal_rows_are_one_lesion():
    assert list(named_lesions(score(lesion(), lesion()))) == ["L1"]


def test_rows_that_differ_under_one_id_are_all_kept():
    rows = (lesion("L1"), lesion("L1", size_mm=Decimal(5)), lesion("L1 (2)"))

    assert sorted(named_lesions(score(*rows))) == ["L1", "L1 (2)", "L1 (2) (2)"]


def test_a_lesion_id_does_not_depend_on_what_is_found_in_it():
    before, after = rendered(lesion("L1")), rendered(replace(lesion("L1"), fdg=SILENT))

    assert before["id"] == after["id"]
