"""Live checks that an agent began."""

from alembic import op
from sqlalchemy import Column, Float, Integer, LargeBinary, String

revision = "5"
down_revision = "4"


def upgrade() -> None:
    op.create_table(
        "calls",
        Column("id", String, primary_key=True),
        Column("number", String, nullable=False),
        Column("owner", String, nullable=False),
        Column("account", String, nullable=False),
        Column("subject", String, nullable=False),
        Column("carrier", String, nullable=False),
        Column("started", Float, nullable=False),
        Column("ended", Float),
        Column("watched_until", Float),
        Column("kept", String, nullable=False),
        Column("wrong", String, nullable=False),
        Column("code", String, nullable=False),
        Column("version", Integer, nullable=False),
        Column("told", LargeBinary, nullable=False),
        Column("said", LargeBinary, nullable=False),
        Column("seen", LargeBinary, nullable=False),
        if_not_exists=True,
    )
    op.create_index("calls_by_owner", "calls", ["owner", "started"], if_not_exists=True)
    op.create_index("calls_by_time", "calls", ["started"], if_not_exists=True)
    op.create_index("calls_by_subject", "calls", ["subject"], if_not_exists=True)
