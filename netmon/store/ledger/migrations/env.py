"""Alembic's entry: runs the revisions on the connection, and in the transaction, that ``migrating.py`` hands in."""

from alembic import context

from netmon.store.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
