"""Who may sign in to the console, who is signed in, and what he looked at."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, String, Table

from mailprobe.store.tables.catalogue import metadata

# Who may sign in to the console. name: as he signs in, and as the audit names him; the staff's, never a customer's.
people = Table(
    "people",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("secret", String, nullable=False),  # argon2id; '': signs in at the proxy only
    Column("made_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
)

# Whom another house signs in, and what he was here when it last did. name: begins with where he comes from, so that it is
# nobody's among the people; subject: keyed hash of his number there, which outlives a name.
guests = Table(
    "guests",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("came_at", Float, nullable=False),
)

# What programs show instead of signing in. digest: keyed hash of the token, which is shown once and kept nowhere.
tokens = Table(
    "tokens",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("name", String, nullable=False, unique=True),
    Column("role", String, nullable=False),
    Column("digest", String, nullable=False, unique=True),
    Column("made_by", String, nullable=False),
    Column("made_at", Float, nullable=False),
    Column("ends_at", Float, nullable=False),
    Column("used_at", Float),
    sqlite_autoincrement=True,
)

# Who is signed in. digest: keyed hash of what his cookie holds. A row goes when the visit ends.
visits = Table(
    "visits",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("digest", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("began_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("peer", String, nullable=False),
    Column("program", String, nullable=False),  # the browser, in its own words
    Index("visits_by_name", "name"),
    sqlite_autoincrement=True,
)

# Sign-ins that failed in a row. whom: hash of a name, whether somebody has it or not, or of a name and where he signed in from.
tries = Table(
    "tries",
    metadata,
    Column("whom", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Index("tries_by_time", "at"),
)

# Who looked at what, and why. Each row signs the one before it.
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),
    Column("of", String, nullable=False),
    Column("why", String, nullable=False),
    Column("before", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Index("audit_by_of", "of", "at"),
)
