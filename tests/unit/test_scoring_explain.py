"""The result in a sentence: what it rests on, and never advice or a forecast."""

from lesion_tables import NEGATIVE, POSITIVE, UNKNOWN, Count, lesion, of_pattern, studies, times

from adapter.scoring.netpet import score


def said(table, pair=None):
    return score(table, pair).explanation


def test_a_grade_is_explained_by_its_lesions():
    assert said([of_pattern(2)]) == (
        "lesion L1: SSTR positive, FDG positive, FDG below SSTR: pattern 2; the grade is the worst pattern: P2a."
    )


def test_an_open_grade_names_the_lesions_that_keep_it_open_and_its_bounds():
    assert said([lesion("L1", POSITIVE, UNKNOWN)]) == (
        "lesion L1: SSTR positive, FDG unknown: pattern open (1, 2, 3, 4);"
        " the grade lies between P1 and P4, and is not given until this is known."
    )


def test_a_group_without_grade_is_said():
    assert "the grade lies between P2 and P4, all in group P2-4," in said([lesion("L1", POSITIVE, POSITIVE)])


def test_more_than_five_lesions_are_counted():
    assert "; and 4 more; the grade is the worst pattern: P1." in said(times(9, 1))


def test_a_grouped_row_says_how_many_lesions_it_stands_for():
    assert "lesion L1 (4 lesions):" in said([of_pattern(1, count=Count(4, 4))])
    assert "lesion L1 (2 or more lesions):" in said([of_pattern(1, count=Count(2, None))])


def test_what_forbids_a_score_is_all_that_is_said():
    assert said([of_pattern(1)], studies(therapy=True)) == "not scorable: intervening-therapy."


def test_a_list_without_lesions_is_p0_or_says_what_is_missing():
    assert said([], studies(no_tumour_uptake=True)) == (
        "both reports state that there is no tumour-related uptake: P0."
    )
    assert said([]).startswith("not scorable: no lesion is listed and the two reports do not both state")


def test_no_survival_no_therapy_and_no_figure_of_a_cohort_is_ever_said():
    tables = [times(1, pattern) for pattern in range(6)] + [[lesion("L1", NEGATIVE, UNKNOWN)]]
    text = " ".join(said(table) for table in tables).lower()

    assert not [word for word in ("month", "surviv", "therap", "treat", "101.8", "46.5", "11.5") if word in text]
