from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.fhir.datatypes import assigned, concept, count_value, date_time, effective, instant, interval_value
from adapter.fhir.resource import RenderError
from adapter.fhir.text import clean, exact, markdown, narrative
from adapter.scoring.lesion import Interval

MORNING = datetime(2026, 11, 12, 9, 30, tzinfo=timezone(timedelta(hours=1)))


def test_text_for_display_loses_what_no_string_may_hold():
    assert clean(" a\x00b\x1b\x85\ud800\ufffe\u202ec\n ") == "abc"


@pytest.mark.parametrize("value", ["", "  ", "12\x0034", "12\u202e34", "12\ud800"])
def test_an_identifier_is_refused_rather_than_altered(value):
    with pytest.raises(RenderError) as refused:
        exact(value, "the patient's identifier")
    assert "12" not in str(refused.value)


def test_an_identifier_stays_as_it_was_sent():
    assert exact(" 0012 ", "the patient's identifier") == " 0012 "


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "\\<script>alert(1)\\</script>"),
        ("FDG < SSTR", "FDG < SSTR"),
        ("[here](http://evil.example)", "[here]\\(http://evil.example)"),
        ("bounds [1, 4]", "bounds [1, 4]"),
    ],
)
def test_text_becomes_markdown_that_starts_no_tag_and_no_link(text, shown):
    assert markdown(text) == shown


@given(st.text(), st.text())
def test_a_narrative_is_well_formed_whatever_is_written_in_it(first, item):
    div = narrative("Lesion", first, items=(item,))["div"]

    assert [element.tag.rpartition("}")[2] for element in ElementTree.fromstring(div).iter()] == [
        "div",
        "p",
        "ul",
        "li",
    ] + (["p"] if clean(first) else [])


def test_words_without_a_code_are_text_alone():
    assert concept(text="left\x00 lobe") == {"text": "left lobe"}


@pytest.mark.parametrize(
    ("interval", "value"),
    [
        (Interval.exactly(Decimal("2.50")), {"valueQuantity": {"value": Decimal("2.50")}}),
        (Interval.below(Decimal("2.5")), {"valueQuantity": {"value": Decimal("2.5"), "comparator": "<"}}),
        (Interval.below(Decimal(2), inclusive=True), {"valueQuantity": {"value": Decimal(2), "comparator": "<="}}),
        (Interval.above(Decimal(2)), {"valueQuantity": {"value": Decimal(2), "comparator": ">"}}),
        (Interval.above(Decimal(2), inclusive=True), {"valueQuantity": {"value": Decimal(2), "comparator": ">="}}),
        (
            Interval(Decimal(4), Decimal(9)),
            {"valueRange": {"low": {"value": Decimal(4)}, "high": {"value": Decimal(9)}}},
        ),
        (Interval(None, None), {}),
    ],
)
def test_an_interval_keeps_what_is_known_of_it(interval, value):
    assert without_unit(interval_value(interval, "mm", "mm")) == value


def without_unit(element):
    if not isinstance(element, dict):
        return element
    return {name: without_unit(value) for name, value in element.items() if name not in ("unit", "system", "code")}


def test_a_number_of_lesions_is_an_integer_when_it_is_exact():
    assert count_value(3, 3) == {"valueInteger": 3}


@pytest.mark.parametrize(("most", "ends"), [(None, ["low"]), (5, ["low", "high"])])
def test_a_number_of_lesions_is_a_range_when_it_is_not(most, ends):
    assert list(count_value(3, most)["valueRange"]) == ends


def test_a_time_with_a_zone_is_written_with_it():
    assert date_time(MORNING) == "2026-11-12T09:30:00+01:00"


def test_a_time_in_utc_is_written_with_z():
    assert date_time(datetime(2026, 11, 12, 9, 30, 1, 5000, UTC)) == "2026-11-12T09:30:01.005000Z"


def test_a_date_stays_a_date():
    assert date_time(datetime(2026, 11, 12)) == "2026-11-12"  # noqa: DTZ001 - a report that names no zone


@pytest.mark.parametrize("offset", [timedelta(minutes=53, seconds=28), timedelta(hours=18)])
def test_a_zone_that_r4_cannot_write_is_the_same_moment_in_utc(offset):
    moment = datetime(2026, 11, 12, 12, tzinfo=timezone(offset))

    assert datetime.fromisoformat(instant(moment, "issued")) == moment
    assert instant(moment, "issued").endswith("Z")


def test_a_moment_beyond_the_calendar_is_refused():
    with pytest.raises(RenderError):
        instant(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=18))), "issued")


def test_a_time_without_a_zone_is_no_instant():
    with pytest.raises(RenderError):
        instant(datetime(2026, 11, 12), "issued")  # noqa: DTZ001 - a report that names no zone


@pytest.mark.parametrize("later", [MORNING + timedelta(days=7), datetime(2026, 11, 19)])  # noqa: DTZ001 - as above
def test_two_acquisitions_are_a_period_in_order_whichever_comes_first(later):
    assert effective([later, MORNING]) == effective([MORNING, later])
    assert effective([later, MORNING])["effectivePeriod"]["start"] == "2026-11-12T09:30:00+01:00"


def test_an_acquisition_of_which_only_the_day_was_given_is_a_date():
    assert effective([MORNING.replace(hour=0, minute=0)]) == {"effectiveDateTime": "2026-11-12"}


def test_a_day_and_a_time_are_ordered_by_their_days():
    day = datetime(2026, 11, 12, tzinfo=timezone(timedelta(hours=14)))
    earlier_by_its_own_date = datetime(2026, 11, 11, 23, tzinfo=timezone(timedelta(hours=-5)))

    assert effective([day, earlier_by_its_own_date])["effectivePeriod"]["end"] == "2026-11-12"


def test_one_acquisition_is_a_time_and_none_is_nothing():
    assert (effective([None, MORNING]), effective([None])) == ({"effectiveDateTime": date_time(MORNING)}, {})


def test_an_authority_with_an_oid_is_a_system():
    identifier = assigned({}, "1", "HOSP", "1.2.276.0.76")

    assert identifier == {"system": "urn:oid:1.2.276.0.76", "value": "1", "assigner": {"display": "HOSP"}}


@pytest.mark.parametrize("not_an_oid", ["", "1.2.0x3", "01.2", "http://hospital.example"])
def test_an_authority_without_an_oid_is_named_and_is_no_system(not_an_oid):
    assert assigned({}, "1", "HOSP", not_an_oid) == {"value": "1", "assigner": {"display": "HOSP"}}


def test_an_authority_named_by_its_oid_alone_is_a_system():
    assert assigned({}, "1", "1.2.276")["system"] == "urn:oid:1.2.276"


def test_an_identifier_without_authority_is_its_value():
    assert assigned({}, "1", "") == {"value": "1"}
