"""When a message was sent orders two versions of a report, where MSH-7 says so."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from mapping_messages import MSH, SSTR, oru, report

SENT = "20261120101500+0100"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (SENT, datetime(2026, 11, 20, 10, 15, tzinfo=timezone(timedelta(hours=1)))),
        ("20261120101500", datetime(2026, 11, 20, 10, 15, tzinfo=UTC)),
        ("202611", None),
        ("", None),
    ],
)
def test_the_time_of_a_message_is_that_of_msh_7_if_it_names_a_day(written, sent):
    assert report(oru(SSTR, msh=MSH.replace(SENT, written))).sent == sent
