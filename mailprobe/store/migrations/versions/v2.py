"""What stood in the file before there were migrations: a file of version 1 or 2 has all of it, or only some of the tables.

The definitions are those of that time, and stay as they are whatever becomes of `tables.py`.
"""

from alembic import op
from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, String

revision = "2"
down_revision = None


def upgrade() -> None:
    login_budget()
    manners()
    test_mails()
    what_came_back()


def login_budget() -> None:
    op.create_table(
        "house",
        Column("name", String, primary_key=True),
        Column("value", LargeBinary, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "sign_ins",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("login", String, nullable=False),
        Column("secret", String, nullable=False),
        Column("stage", String, nullable=False),
        Column("state", String, nullable=False),
        Column("reserved_at", Float, nullable=False),
        Column("ended_at", Float),
        Column("words", String, nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("sign_ins_by_login", "sign_ins", ["login", "reserved_at"], if_not_exists=True)
    op.create_index("sign_ins_by_time", "sign_ins", ["reserved_at"], if_not_exists=True)
    op.create_table(
        "controls",
        Column("login", String, primary_key=True),
        Column("good_at", Float, nullable=False),
        if_not_exists=True,
    )


def manners() -> None:
    op.create_table(
        "askings",
        Column("subject", String, primary_key=True),
        Column("host", String, primary_key=True),
        Column("vantage", String, primary_key=True),
        Column("asked_at", Float),
        Column("claimed_at", Float),
        Column("claimed_by", String, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "answers",
        Column("subject", String, primary_key=True),
        Column("host", String, primary_key=True),
        Column("vantage", String, primary_key=True),
        Column("server", String, nullable=False),
        Column("ip", String, nullable=False),
        Column("stage", String, nullable=False),
        Column("code", Integer, nullable=False),
        Column("enhanced", String, nullable=False),
        Column("text", String, nullable=False),
        Column("took", Float, nullable=False),
        Column("at", Float, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "sessions",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("host", String, nullable=False),
        Column("began_at", Float, nullable=False),
        Column("left_at", Float),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("sessions_by_host", "sessions", ["host", "began_at"], if_not_exists=True)


def test_mails() -> None:
    op.create_table(
        "canaries",
        Column("id", String, primary_key=True),
        Column("subject", String, nullable=False),
        Column("of", String, nullable=False),
        Column("account", String, nullable=False),
        Column("vantage", String, nullable=False),
        Column("sender", String, nullable=False),
        Column("number", String, nullable=False),
        Column("consent", String, nullable=False),
        Column("planned_at", Float, nullable=False),
        Column("state", String, nullable=False),
        Column("changed_at", Float, nullable=False),
        Column("watched", Boolean, nullable=False),
        Column("uidvalidity", Integer),
        Column("uidnext", Integer),
        Column("sent_at", Float),
        Column("server", String, nullable=False),
        Column("ip", String, nullable=False),
        Column("reply", String, nullable=False),
        Column("stage", String, nullable=False),
        Column("folder", String),
        Column("mailbox", String, nullable=False),
        Column("uid", Integer),
        Column("found_at", Float),
        Column("took", Float),
        if_not_exists=True,
    )
    op.create_index("canaries_by_subject", "canaries", ["subject", "planned_at"], if_not_exists=True)
    op.create_index("canaries_by_state", "canaries", ["state", "changed_at"], if_not_exists=True)


def what_came_back() -> None:
    op.create_table(
        "inbox",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("digest", String, nullable=False, unique=True),
        Column("mailbox", String, nullable=False),
        Column("day", Integer, nullable=False),
        Column("null_sender", Integer, nullable=False),
        Column("at", Float, nullable=False),
        Column("raw", LargeBinary),
        Column("state", String, nullable=False),
        Column("tries", Integer, nullable=False),
        Column("not_before", Float, nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("inbox_by_state", "inbox", ["state", "not_before"], if_not_exists=True)
    op.create_index("inbox_by_time", "inbox", ["at"], if_not_exists=True)
    op.create_table(
        "returns",
        Column("key", String, primary_key=True),
        Column("mailbox", String, nullable=False),
        Column("canary", String, nullable=False),
        Column("kind", String, nullable=False),
        Column("recipient", String, nullable=False),
        Column("remote", String, nullable=False),
        Column("stage", String, nullable=False),
        Column("code", Integer, nullable=False),
        Column("enhanced", String, nullable=False),
        Column("text", String, nullable=False),
        Column("at", Float, nullable=False),
        if_not_exists=True,
    )
    op.create_index("returns_by_mailbox", "returns", ["mailbox", "at"], if_not_exists=True)
    op.create_index("returns_by_canary", "returns", ["canary"], if_not_exists=True)
    op.create_table(
        "marks",
        Column("mailbox", String, primary_key=True),
        Column("uidvalidity", Integer, nullable=False),
        Column("uid", Integer, nullable=False),
        if_not_exists=True,
    )
