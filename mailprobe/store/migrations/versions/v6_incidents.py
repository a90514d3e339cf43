"""Incidents at carriers, and what callers met; what came back is found by its time."""

from alembic import op
from sqlalchemy import Boolean, Column, Float, Integer, String

revision = "6"
down_revision = "5"


def upgrade() -> None:
    op.create_table(
        "incidents",
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("carrier", String, nullable=False),
        Column("state", String, nullable=False),
        Column("why", String, nullable=False),
        Column("opened_at", Float, nullable=False),
        Column("changed_at", Float, nullable=False),
        Column("changed_by", String, nullable=False),
        Column("seen_at", Float, nullable=False),
        Column("addresses", Integer, nullable=False),
        Column("owner", String, nullable=False),
        Column("text", String, nullable=False),
        Column("expected_at", Float),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("incidents_by_carrier", "incidents", ["carrier", "changed_at"], if_not_exists=True)
    op.create_table(
        "callers",
        Column("carrier", String, primary_key=True),
        Column("subject", String, primary_key=True),
        Column("confirmed", Boolean, nullable=False),
        Column("code", String, nullable=False),
        Column("status", String, nullable=False),
        Column("at", Float, nullable=False),
        if_not_exists=True,
    )
    op.create_index("callers_by_time", "callers", ["at"], if_not_exists=True)
    op.create_index("returns_by_time", "returns", ["at"], if_not_exists=True)
