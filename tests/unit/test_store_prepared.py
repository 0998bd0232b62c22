"""Prepared statements: the same values by name for each database, the same failures as elsewhere in the store."""

import re

import pytest
from sqlalchemy import Integer, bindparam, column, literal, select, table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from test_store_samples import opened

from adapter.store import deliveries, messages, patients, readings, resources
from adapter.store.prepared import Prepared

MODULES = (deliveries, messages, patients, readings, resources)
STATEMENTS = {
    f"{module.__name__}.{name}": found
    for module in MODULES
    for name, found in vars(module).items()
    if isinstance(found, Prepared)
}
WORD = table("line", column("word"))
PLACEHOLDER = re.compile(r"\$\d+")


@pytest.mark.parametrize("name", STATEMENTS)
def test_each_statement_can_be_run_by_both_databases_with_the_same_values(name):
    on_sqlite = STATEMENTS[name]._for(sqlite.dialect())
    on_postgresql = STATEMENTS[name]._for(postgresql.psycopg.dialect())
    values = {one: 1 for one in (*on_sqlite.order, *on_postgresql.order) if one not in on_sqlite.fixed}

    assert len(on_sqlite.arguments(values)) == on_sqlite.text.count("?")
    assert len(on_postgresql.arguments(values)) == len(set(PLACEHOLDER.findall(on_postgresql.text)))


@pytest.mark.parametrize("name", [name for name, found in STATEMENTS.items() if found._columns])
def test_an_insert_of_many_rows_takes_the_values_of_each_in_one_order(name):
    single = STATEMENTS[name]._for(postgresql.psycopg.dialect())
    if single.fixed or set(single.order) != set(STATEMENTS[name]._columns):
        return  # it has values of its own, and no more than one row at a time is asked of it

    many = STATEMENTS[name]._for(postgresql.psycopg.dialect(), 3)

    assert many.order == single.order
    assert len(set(PLACEHOLDER.findall(many.text))) == 3 * len(single.order)


async def test_a_statement_without_one_of_its_values_is_not_run(tmp_path):
    echo = Prepared(lambda _: select(bindparam("one", type_=Integer), bindparam("other", type_=Integer)))

    async with opened(tmp_path) as store:
        with pytest.raises(KeyError):
            await store._reader.read(lambda connection: echo.rows(connection, {"one": 1}))


async def test_a_value_that_belongs_to_the_statement_need_not_be_given(tmp_path):
    doubled = Prepared(lambda _: select(bindparam("one", type_=Integer) * literal(2)))

    async with opened(tmp_path) as store:
        assert await store._reader.read(lambda connection: doubled.row(connection, {"one": 21})) == (42,)


async def test_a_statement_that_finds_nothing_gives_no_row(tmp_path):
    nothing = Prepared(lambda _: select(literal(1)).where(text("1 = 0")))

    async with opened(tmp_path) as store:
        assert await store._reader.read(lambda connection: nothing.row(connection, {})) is None


async def test_what_the_driver_refuses_is_told_as_elsewhere_and_never_with_a_value(tmp_path):
    missing = Prepared(lambda _: select(WORD).where(WORD.c.word == bindparam("word")))

    def fail(connection):
        with pytest.raises(DBAPIError) as failed:
            missing.rows(connection, {"word": "DOE^JANE"})
        return str(failed.value)

    async with opened(tmp_path) as store:
        assert "DOE" not in await store._reader.read(fail)
