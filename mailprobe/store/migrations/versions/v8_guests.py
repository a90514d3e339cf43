"""Whom another house signs in."""

from alembic import op
from sqlalchemy import Column, Float, String

revision = "8"
down_revision = "7"


def upgrade() -> None:
    op.create_table(
        "guests",
        Column("name", String, primary_key=True),
        Column("role", String, nullable=False),
        Column("subject", String, nullable=False),
        Column("came_at", Float, nullable=False),
        if_not_exists=True,
    )
