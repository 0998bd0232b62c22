"""SUVs and sizes in the canonical form: numbers, ranges, comparators and their units."""

from decimal import Decimal

import pytest
from mapping_messages import FDG, POSITIVE, SSTR, oru, report, row

from adapter.scoring.lesion import Interval, Suv, SuvStatistic, SuvType, Uptake


def suv(interval, kind=SuvType.BODY_WEIGHT, *, supported=True):
    return Suv(interval, kind, SuvStatistic.MAX, supported)


def exactly(text):
    return Interval.exactly(Decimal(text))


@pytest.mark.parametrize(
    ("kind", "text", "interval"),
    [
        ("NM", "23.4", exactly("23.4")),
        ("ST", "23.4", exactly("23.4")),
        ("SN", "^23.4", exactly("23.4")),
        ("SN", "^4^-^9", Interval(Decimal(4), Decimal(9))),
        ("SN", "<^2.5", Interval.below(Decimal("2.5"))),
        ("SN", "<=^2.5", Interval.below(Decimal("2.5"), inclusive=True)),
        ("SN", ">^12", Interval.above(Decimal(12))),
        ("SN", ">=^12", Interval.above(Decimal(12), inclusive=True)),
        ("NM", "0", exactly("0")),
        ("NM", "-1.5", exactly("-1.5")),
    ],
)
def test_an_suv_is_a_number_a_range_or_a_comparator_and_nonsense_is_left_to_scoring(kind, text, interval):
    observation = (kind, "126401^SUVbw^DCM", "1", text, "g/mL{SUVbw}^^UCUM")

    assert row(oru(SSTR, observation)).finding.suv == suv(interval)


def test_an_suv_that_could_not_be_computed_is_passed_on_as_no_number():
    found = row(oru(SSTR, POSITIVE, ("NM", "126401^SUVbw^DCM", "1", "NaN", "g/mL")))

    assert found.finding.uptake is Uptake.POSITIVE
    assert (found.finding.suv.value.low, found.finding.suv.value.high) == (None, None)


@pytest.mark.parametrize(
    "unit", ["g/mL{SUVbw}^^UCUM", "g/mL", "1", "g/ml{SUVbw}", "{SUVbw}g/mL", "^g/mL", "x^y^L^g/mL"]
)
def test_the_units_of_an_suv_by_body_weight(unit):
    found = report(oru(SSTR, ("NM", "126401^SUVbw^DCM", "1", "8", unit)))

    assert found.rows[0].finding.suv == suv(exactly("8"))
    assert found.notes == ()


@pytest.mark.parametrize("unit", ["kBq/mL^^UCUM", "%ID/g", "g/mL{SUVlbm}", "mm"])
def test_an_suv_in_a_foreign_unit_is_kept_and_marked_unusable(unit):
    found = report(oru(SSTR, ("NM", "126401^SUVbw^DCM", "1", "8", unit)))

    assert found.rows[0].finding.suv == suv(exactly("8"), supported=False)
    assert found.notes == ("unit not supported OBX[2]-6: lesion.suv",)


def test_an_suv_without_a_unit_is_accepted_with_a_note():
    found = report(oru(SSTR, ("NM", "126401^SUVbw^DCM", "1", "8")))

    assert found.rows[0].finding.suv == suv(exactly("8"))
    assert found.notes == ("unit missing OBX[2]-6: lesion.suv",)


@pytest.mark.parametrize(
    ("code", "kind", "unit"),
    [
        ("126402", SuvType.LEAN_BODY_MASS, "g/mL{SUVlbm}"),
        ("126403", SuvType.BODY_SURFACE, "cm2/ml{SUVbsa}"),
        ("126404", SuvType.IDEAL_WEIGHT, "g/mL{SUVibw}"),
        ("126405", SuvType.LEAN_BODY_MASS_JANMA, "g/mL"),
        ("126406", SuvType.LEAN_BODY_MASS_JAMES, "1"),
    ],
)
def test_an_suv_keeps_its_own_normalisation(code, kind, unit):
    assert row(oru(SSTR, ("NM", f"{code}^SUV^DCM", "1", "8", unit))).finding.suv == suv(exactly("8"), kind)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_normalisations_in_one_row_body_weight_is_taken_and_the_other_named(order):
    both = [("NM", "126401^SUVbw^DCM", "1", "8", "g/mL"), ("NM", "126402^SUVlbm^DCM", "1", "6", "g/mL")]
    found = report(oru(SSTR, *both[::order]))

    assert found.rows[0].finding.suv == suv(exactly("8"))
    assert len(found.notes) == 1
    assert "another value is preferred" in found.notes[0]


@pytest.mark.parametrize(
    ("kind", "text", "unit", "millimetres"),
    [
        ("NM", "23", "mm^^UCUM", "23"),
        ("NM", "2.3", "cm^^UCUM", "23"),
        ("ST", "23", "mm", "23"),
        ("ST", "1.2 x 0.9 cm", "", "12"),
        ("ST", "1.2 x 0.9", "cm", "12"),
        ("TX", "4mmx6mm", "", "6"),
    ],
)
def test_a_size_is_the_long_axis_in_millimetres(kind, text, unit, millimetres):
    found = report(oru(FDG, (kind, "103339001^Long axis^SCT", "1", text, unit)))

    assert found.rows[0].size_mm == Decimal(millimetres)
    assert found.notes == ()


def test_a_size_without_a_unit_is_millimetres_with_a_note():
    found = report(oru(FDG, ("NM", "103339001^Long axis^SCT", "1", "23")))

    assert found.rows[0].size_mm == Decimal(23)
    assert found.notes == ("unit missing OBX[2]-6: lesion.size_mm",)
