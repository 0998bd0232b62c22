"""doctor looks at a store in PostgreSQL, and says what is wrong when it cannot."""

from postgres_server import PostgresPlace, PostgresServer

from adapter.cli.doctor_site import look_at_store
from adapter.settings import Settings


def settings(url: str) -> Settings:
    return Settings.model_validate({"store": {"url": url}})


def test_a_store_in_postgresql_is_told_with_its_schema(postgres: PostgresPlace):
    assert "PostgreSQL, schema 0" in str(look_at_store(settings(postgres.url)))


def test_a_database_that_is_not_there_is_told_with_a_remedy(server: PostgresServer):
    assert "cannot be reached" in str(look_at_store(settings(server.url("no_such_database"))))
