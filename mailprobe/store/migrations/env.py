"""Run by Alembic: revisions within the transaction of whoever opens the store, who commits all of them or none."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
