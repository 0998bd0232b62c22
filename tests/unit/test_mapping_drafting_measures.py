"""The unit, normalisation and decimal sign of a number are read from the samples or asked."""

import pytest
from drafts import CLASS, drafted, form, loaded
from mapping_messages import FDG, oru


@pytest.mark.parametrize(
    ("unit", "spelt", "asked"),
    [
        ("g/mL{SUVbw}", (), False),
        ("g/ml", ("g/ml",), False),
        ("SUV", ("SUV",), False),
        ("kBq/mL", (), True),
        ("", (), True),
    ],
)
def test_the_unit_of_an_suv_is_spelt_or_asked(unit, spelt, asked):
    suv = ("NM", "126401^SUVbw^DCM", "1", "8", unit)
    made = drafted(oru(FDG, CLASS, suv))

    assert loaded(made.text).form.units.get("g/mL{SUVbw}", ()) == spelt
    assert any(todo.startswith("suv") for todo in made.todos) is asked


def test_an_suv_of_another_normalisation_has_its_type_and_unit():
    lean = ("NM", "126402^SUVlbm^DCM", "1", "8", "g/mL{SUVlbm}")
    surface = ("NM", "126403^SUVbsa^DCM", "1", "8", "cm2/mL{SUVbsa}")

    rules = form(oru(FDG, CLASS, lean, surface)).lesion.suv

    assert [(rule.type.value, rule.unit) for rule in rules] == [
        ("SUVlbm", "g/mL{SUVlbm}"),
        ("SUVbsa", "cm2/mL{SUVbsa}"),
    ]


def test_an_suv_by_its_words_is_taken_for_body_weight_and_asked():
    made = drafted(oru(FDG, CLASS, ("NM", "SUVMAX^SUVmax^99X", "1", "8,4", "g/mL")))
    (rule,) = loaded(made.text).form.lesion.suv

    assert (rule.type.value, rule.decimal) == ("SUVbw", ",")
    assert "suv: is SUVMAX^SUVmax^99X normalised by body weight (SUVbw), and the maximum?" in made.todos


@pytest.mark.parametrize(
    ("unit", "expected", "spelt", "asked"),
    [
        ("mm", "mm", {}, False),
        ("Zentimeter", "cm", {"cm": ("Zentimeter",)}, False),
        ("MM", "mm", {"mm": ("MM",)}, False),
        ("inch", "mm", {}, True),
        ("", "mm", {}, True),
    ],
)
def test_the_unit_of_a_size_is_read_or_asked(unit, expected, spelt, asked):
    made = drafted(oru(FDG, CLASS, ("NM", "103339001^Long axis^SCT", "1", "23", unit)))
    found = loaded(made.text).form

    assert found.lesion.size_mm[0].unit == expected
    assert found.units == spelt
    assert any(todo.startswith("size_mm") for todo in made.todos) is asked


def test_a_proportion_is_in_percent_however_that_is_written():
    found = form(oru(FDG, CLASS, ("NM", "29593-1^Ki-67^LN", "", "5", "percent")))

    assert (found.report.ki67[0].unit, found.units) == ("%", {"%": ("percent",)})
