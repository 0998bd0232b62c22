"""What goes into a column comes back the same."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_store_samples import report

from adapter.outcome import Place
from adapter.scoring.report import PetReport
from adapter.store.codec import (
    dump,
    load,
    milliseconds,
    moment,
    place_from_text,
    place_to_text,
    report_from_text,
    report_to_text,
    storable,
)

MINUTES = st.integers(-14 * 60, 14 * 60)
ZONES = MINUTES.map(lambda minutes: timezone(timedelta(minutes=minutes)))
st.register_type_strategy(Decimal, st.decimals(allow_nan=False, allow_infinity=False))
st.register_type_strategy(datetime, st.datetimes(timezones=ZONES) | st.datetimes())


@given(st.from_type(PetReport))
def test_every_report_comes_back_the_same(one):
    assert report_from_text(report_to_text(one)) == one


@pytest.mark.parametrize("digits", ["3.0", "3.00", "0.10", "1E+2", "123456789012345678901234567890.5"])
def test_a_measured_number_keeps_every_digit(digits):
    back = report_from_text(report_to_text(report(suv=digits)))

    assert str(back.rows[0].finding.suv.value.low) == digits


@given(st.datetimes(timezones=ZONES))
def test_a_time_comes_back_in_utc_to_the_millisecond(time):
    back = moment(milliseconds(time))

    assert back.tzinfo is UTC
    assert timedelta(0) <= time - back < timedelta(milliseconds=1)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(TypeError):
        milliseconds(datetime(2026, 11, 20))  # noqa: DTZ001  # just this is the point


@given(st.text(st.characters(exclude_categories=())))
def test_any_header_text_can_be_stored_and_stored_text_stays_as_it_is(text):
    stored = storable(text)

    assert "\x00" not in stored.encode().decode()
    assert storable(stored) == stored


def test_a_place_comes_back_the_same():
    assert place_from_text(place_to_text(Place("OBX", 5, 3, 2, 1))) == Place("OBX", 5, 3, 2, 1)


def test_a_decimal_is_a_number_in_json_and_keeps_its_digits():
    assert dump({"value": Decimal("3.10")}) == '{"value":3.10}'
    assert str(load('{"value":3.10}')["value"]) == "3.10"
