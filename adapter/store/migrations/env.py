"""Runs the migrations on the connection that the store hands over, all in its one transaction."""

from alembic import context

from adapter.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table only by copying it
    transactional_ddl=True,  # the engine issues BEGIN itself, so that on SQLite too a migration is done or not begun
)
with context.begin_transaction():
    context.run_migrations()
