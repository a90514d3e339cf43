"""What agents are called about: live checks, and incidents that they add up to."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, String, Table

from mailprobe.store.tables.catalogue import metadata

# Live checks that an agent began: what was asked, told, seen and said of one call. `told` holds the address and is sealed under
# a key that is not in this file; in `said` and `seen` stand marks instead of names, see `hidden.py`.
calls = Table(
    "calls",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", String, nullable=False),  # for the phone
    Column("owner", String, nullable=False),  # as signed in
    Column("account", String, nullable=False),  # its id; '' if it is not enrolled
    Column("subject", String, nullable=False),  # hash of the address
    Column("carrier", String, nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float),
    Column("watched_until", Float),
    Column("kept", String, nullable=False),  # the ticket that it is kept for
    Column("wrong", String, nullable=False),  # the real cause, as an agent wrote it
    Column("code", String, nullable=False),  # of the verdict, '' without one
    Column("version", Integer, nullable=False),
    Column("told", LargeBinary, nullable=False),
    Column("said", LargeBinary, nullable=False),
    Column("seen", LargeBinary, nullable=False),
    Index("calls_by_owner", "owner", "started"),
    Index("calls_by_time", "started"),
    Index("calls_by_subject", "subject"),
)

# Incidents at carriers, as `mailprobe.incident.Incident` says. No address in the text.
incidents = Table(
    "incidents",
    metadata,
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
    Column("text_ja", String, nullable=False),
    Column("expected_at", Float),
    Column("text_en", String, nullable=False, server_default=""),
    Index("incidents_by_carrier", "carrier", "changed_at"),
    sqlite_autoincrement=True,
)

# What callers met, the newest of each address, which is a hash.
callers = Table(
    "callers",
    metadata,
    Column("carrier", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("confirmed", Boolean, nullable=False),
    Column("code", String, nullable=False),
    Column("status", String, nullable=False),
    Column("at", Float, nullable=False),
    Index("callers_by_time", "at"),
)
