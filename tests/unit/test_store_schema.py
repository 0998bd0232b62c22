"""One schema for two databases: what SQLite keeps today, PostgreSQL can keep as it is."""

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from adapter.store.messages import _insert_new
from adapter.store.patients import _mark
from adapter.store.schema import metadata


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_every_table_can_be_made_in_postgresql(table):
    ddl = str(CreateTable(table).compile(dialect=postgresql.dialect()))

    assert ddl.strip().startswith(f"CREATE TABLE {table.name}")
    assert "sqlite" not in ddl.lower()


INDEXES = sorted((index for table in metadata.sorted_tables for index in table.indexes), key=lambda index: index.name)


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: index.name)
def test_every_index_has_a_name_that_postgresql_takes(index):
    """PostgreSQL cuts a longer name off and may then find two alike."""
    assert str(CreateIndex(index).compile(dialect=postgresql.dialect()))
    assert len(index.name) <= 63


@pytest.mark.parametrize("statement", [_insert_new, _mark])
@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_what_each_database_spells_in_its_own_way_is_spelled_for_it(statement, dialect):
    assert dialect in type(statement(dialect)).__module__
