"""What the daemon remembers: results, standings, changes, verdicts; and who looked at what."""

from alembic import op
from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, String

revision = "3"
down_revision = "2"


def upgrade() -> None:
    seen()
    standing()
    said()
    looked_at()
    held_back()
    to_do()


def seen() -> None:
    op.create_table(
        "results",
        Column("id", Integer, primary_key=True),
        Column("account", String, nullable=False),
        Column("probe", String, nullable=False),
        Column("vantage", String, nullable=False),
        Column("slot", Integer),
        Column("started", Float, nullable=False),
        Column("began", Float, nullable=False),
        Column("took", Float, nullable=False),
        Column("ending", String, nullable=False),
        Column("reason", String, nullable=False),
        Column("not_before", Float),
        Column("outcome", String, nullable=False),
        Column("code", String, nullable=False),
        Column("version", Integer, nullable=False),
        Column("facts", LargeBinary, nullable=False),
        Column("times", LargeBinary, nullable=False),
        if_not_exists=True,
    )
    op.create_index("results_by_account", "results", ["account", "started"], if_not_exists=True)
    op.create_table(
        "transcripts",
        Column("result", Integer, primary_key=True),
        Column("started", Float, nullable=False),
        Column("lines", LargeBinary, nullable=False),
        Column("times", LargeBinary, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "last_results",
        Column("account", String, primary_key=True),
        Column("probe", String, primary_key=True),
        Column("vantage", String, primary_key=True),
        Column("at", Float, nullable=False),
        Column("outcome", String, nullable=False),
        Column("good_at", Float),
        Column("result", Integer, nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )


def standing() -> None:
    op.create_table(
        "standings",
        Column("account", String, primary_key=True),
        Column("status", String, nullable=False),
        Column("since", Float, nullable=False),
        Column("code", String, nullable=False),
        Column("read_at", Float),
        Column("read_status", String, nullable=False),
        Column("known_at", Float),
        Column("unconfirmed_at", Float),
        Column("unconfirmed_code", String, nullable=False),
        Column("unconfirmed_status", String, nullable=False),
        Column("unconfirmed_controls_good", Boolean, nullable=False),
        Column("unconfirmed_seen_at", Float),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "changes",
        Column("id", Integer, primary_key=True),
        Column("account", String, nullable=False),
        Column("at", Float, nullable=False),
        Column("since", Float, nullable=False),
        Column("old", String, nullable=False),
        Column("new", String, nullable=False),
        Column("old_code", String, nullable=False),
        Column("code", String, nullable=False),
        Column("revised", Boolean, nullable=False),
        if_not_exists=True,
    )
    op.create_index("changes_by_account", "changes", ["account", "at"], if_not_exists=True)
    op.create_index("changes_by_time", "changes", ["at"], if_not_exists=True)


def said() -> None:
    op.create_table(
        "verdicts",
        Column("id", Integer, primary_key=True),
        Column("account", String, nullable=False),
        Column("live", Boolean, nullable=False),
        Column("said_at", Float, nullable=False),
        Column("seen_at", Float, nullable=False),
        Column("code", String, nullable=False),
        Column("status", String, nullable=False),
        Column("actor", String, nullable=False),
        Column("confidence", String, nullable=False),
        Column("version", Integer, nullable=False),
        Column("said", LargeBinary, nullable=False),
        if_not_exists=True,
    )
    op.create_index("verdicts_by_account", "verdicts", ["account", "live", "seen_at"], if_not_exists=True)


def looked_at() -> None:
    op.create_table(
        "audit",
        Column("number", Integer, primary_key=True),
        Column("at", Float, nullable=False),
        Column("who", String, nullable=False),
        Column("what", String, nullable=False),
        Column("of", String, nullable=False),
        Column("why", String, nullable=False),
        Column("before", LargeBinary, nullable=False),
        Column("digest", LargeBinary, nullable=False),
        if_not_exists=True,
    )
    op.create_index("audit_by_of", "audit", ["of", "at"], if_not_exists=True)


def held_back() -> None:
    op.create_table(
        "deferrals",
        Column("subject", String, primary_key=True),
        Column("host", String, primary_key=True),
        Column("times", Integer, nullable=False),
        Column("at", Float, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "breakers",
        Column("server", String, primary_key=True),
        Column("vantage", String, primary_key=True),
        Column("failures", Integer, nullable=False),
        Column("opens", Integer, nullable=False),
        Column("opened_at", Float),
        Column("until", Float),
        Column("asked", Boolean, nullable=False),
        Column("failed_at", Float),
        Column("words", String, nullable=False),
        Column("claimed_at", Float),
        Column("claimed_by", String, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "strangers",
        Column("carrier", String, primary_key=True),
        Column("operator", String, primary_key=True),
        Column("subject", String, primary_key=True),
        Column("asked_at", Float, nullable=False),
        Column("counts", Boolean, nullable=False),
        Column("unknown", Boolean, nullable=False),
        if_not_exists=True,
    )
    op.create_index("strangers_by_time", "strangers", ["asked_at"], if_not_exists=True)
    op.create_table(
        "releases",
        Column("carrier", String, primary_key=True),
        Column("operator", String, primary_key=True),
        Column("since", Float, nullable=False),
        Column("until", Float, nullable=False),
        Column("by", String, nullable=False),
        if_not_exists=True,
    )


def to_do() -> None:
    op.create_table(
        "jobs",
        Column("key", String, primary_key=True),
        Column("account", String, nullable=False),
        Column("probe", String, nullable=False),
        Column("not_before", Float, nullable=False),
        Column("taken_at", Float),
        Column("tries", Integer, nullable=False),
        Column("done_at", Float),
        if_not_exists=True,
    )
    op.create_index("jobs_by_time", "jobs", ["done_at", "not_before"], if_not_exists=True)
    op.create_table(
        "maintenance",
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("carrier", String, nullable=False),
        Column("group", String, nullable=False),
        Column("begins", Float, nullable=False),
        Column("ends", Float, nullable=False),
        Column("note", String, nullable=False),
        Column("set_by", String, nullable=False),
        Column("set_at", Float, nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("maintenance_by_end", "maintenance", ["ends"], if_not_exists=True)
    op.create_table(
        "outbox",
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("id", String, nullable=False, unique=True),
        Column("kind", String, nullable=False),
        Column("body", String, nullable=False),
        Column("at", Float, nullable=False),
        Column("tries", Integer, nullable=False),
        Column("not_before", Float, nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
