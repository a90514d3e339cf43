"""Who may come in to the console: people, tokens, who is signed in, and sign-ins that failed."""

from alembic import op
from sqlalchemy import Column, Float, Integer, String

revision = "4"
down_revision = "3"


def upgrade() -> None:
    op.create_table(
        "people",
        Column("name", String, primary_key=True),
        Column("role", String, nullable=False),
        Column("secret", String, nullable=False),
        Column("made_at", Float, nullable=False),
        Column("changed_at", Float, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "tokens",
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("name", String, nullable=False, unique=True),
        Column("role", String, nullable=False),
        Column("digest", String, nullable=False, unique=True),
        Column("made_by", String, nullable=False),
        Column("made_at", Float, nullable=False),
        Column("ends_at", Float, nullable=False),
        Column("used_at", Float),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_table(
        "visits",
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("digest", String, nullable=False, unique=True),
        Column("name", String, nullable=False),
        Column("began_at", Float, nullable=False),
        Column("seen_at", Float, nullable=False),
        Column("peer", String, nullable=False),
        Column("program", String, nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("visits_by_name", "visits", ["name"], if_not_exists=True)
    op.create_table(
        "tries",
        Column("whom", String, primary_key=True),
        Column("failures", Integer, nullable=False),
        Column("at", Float, nullable=False),
        if_not_exists=True,
    )
    op.create_index("tries_by_time", "tries", ["at"], if_not_exists=True)
