"""FHIR dates and times are no more precise than sent, and what is no date is refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapter.fhir.moments import parse_date_time


@pytest.mark.parametrize(
    ("text", "names_day"), [("2026", False), ("2026-11", False), ("2026-11-19", True), ("2026-11-19T10:05", True)]
)
def test_a_moment_says_whether_it_names_a_day(text, names_day):
    moment = parse_date_time(text)

    assert (moment.names_day, moment.datetime.tzinfo) == (names_day, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-19T10:05:00Z", datetime(2026, 11, 19, 10, 5, tzinfo=UTC)),
        ("2026-11-19T10:05:07.5+01:00", datetime(2026, 11, 19, 10, 5, 7, 500000, timezone(timedelta(hours=1)))),
        (
            "2026-11-19T10:05:07.123456789-05:30",
            datetime(2026, 11, 19, 10, 5, 7, 123456, timezone(-timedelta(hours=5.5))),
        ),
    ],
)
def test_an_offset_is_kept(text, expected):
    assert parse_date_time(text).datetime == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20261119",
        "2026-13-01",
        "2026-02-30",
        "2026-11-19T25:00:00Z",
        "2026-11-19T10:05:00+15:00",
        "2026-11-19T10:05:00+01:60",
        "2026-11-19 10:05",
        "2026-11-19T10",
        "٢٠٢٦-11-19",
        "2026-11-19T10:05:00.Z",
        "2026-11-19\n",
    ],
)
def test_what_is_no_date_is_refused_without_its_text(text):
    with pytest.raises(ValueError, match="not a") as refused:
        parse_date_time(text)
    assert not text or text not in str(refused.value)
