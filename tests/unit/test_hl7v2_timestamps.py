"""A timestamp is as precise as it was sent, in the zone that it states or the sender's own."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapter.hl7v2.datatypes import Moment, Precision, parse_timestamp


@pytest.mark.parametrize(
    ("text", "earliest", "precision"),
    [
        ("2026", "2026-01-01T00:00:00", Precision.YEAR),
        ("202611", "2026-11-01T00:00:00", Precision.MONTH),
        ("20261120", "2026-11-20T00:00:00", Precision.DAY),
        ("2026112010", "2026-11-20T10:00:00", Precision.HOUR),
        ("202611201015", "2026-11-20T10:15:00", Precision.MINUTE),
        ("20261120101530", "2026-11-20T10:15:30", Precision.SECOND),
        ("20261120101530.25", "2026-11-20T10:15:30.250000", Precision.FRACTION),
    ],
)
def test_a_timestamp_is_no_more_precise_than_sent(text, earliest, precision):
    assert parse_timestamp(text) == Moment(datetime.fromisoformat(earliest), precision, zone_known=False)


@pytest.mark.parametrize(("offset", "hours"), [("+0100", 1), ("-0530", -5.5), ("+0000", 0)])
def test_an_offset_is_kept(offset, hours):
    moment = parse_timestamp(f"20261120101500{offset}")
    assert moment.zone_known
    assert moment.datetime == datetime(2026, 11, 20, 10, 15, tzinfo=timezone(timedelta(hours=hours)))


def test_the_senders_own_zone_is_used_where_none_was_sent():
    moment = parse_timestamp("20261120101500", zone=UTC)
    assert (moment.datetime, moment.zone_known) == (datetime(2026, 11, 20, 10, 15, tzinfo=UTC), False)
