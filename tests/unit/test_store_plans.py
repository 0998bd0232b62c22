"""A message costs as much with a million stored ones as with a thousand: no statement for each goes through all."""

import pytest
from store_plans import hot_statements, scans, sqlite_plan
from test_store_samples import opened

STATEMENTS = hot_statements()


@pytest.mark.parametrize("name", STATEMENTS)
async def test_no_statement_that_runs_for_every_message_goes_through_a_table(name, tmp_path):
    async with opened(tmp_path) as store:
        plan = await store._reader.read(lambda connection: sqlite_plan(connection, STATEMENTS[name]))

    assert scans(plan) == []


def test_a_walk_through_a_table_is_seen():
    assert scans(["SCAN message", "SEARCH patient USING INDEX ix_patient_due (due<?)"]) == ["SCAN message"]
    assert scans(["SCAN message USING COVERING INDEX ix_message_state_sequence"]) != []
