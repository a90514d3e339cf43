"""Slots that were left out, and for how long something has been so."""

from alembic import op
from sqlalchemy import Column, Float, Integer, String

revision = "7"
down_revision = "6"


def upgrade() -> None:
    missed()
    lasting()


def missed() -> None:
    op.create_table(
        "skips",
        Column("id", Integer, primary_key=True),
        Column("account", String, nullable=False),
        Column("slot", Integer, nullable=False),
        Column("at", Float, nullable=False),
        Column("missed", String, nullable=False),
        Column("count", Integer, nullable=False),
        if_not_exists=True,
    )
    op.create_index("skips_by_account", "skips", ["account", "at"], if_not_exists=True)


def lasting() -> None:
    op.create_table(
        "spells",
        Column("account", String, primary_key=True),
        Column("kind", String, primary_key=True),
        Column("since", Float, nullable=False),
        Column("seen_at", Float, nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
