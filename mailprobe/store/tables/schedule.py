"""What is still to be done: asked again, announced, told."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, String, Table

from mailprobe.store.tables.catalogue import metadata

# What is to be asked again later: one row per job, kept for a while after it ran so that the same key is not run twice.
jobs = Table(
    "jobs",
    metadata,
    Column("key", String, primary_key=True),
    Column("account", String, nullable=False),  # its id
    Column("probe", String, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("taken_at", Float),
    Column("tries", Integer, nullable=False, default=0),
    Column("done_at", Float),
    Index("jobs_by_time", "done_at", "not_before"),
)

# Windows of announced work that were set while the daemon ran; those of the configuration stand there. No address in a note.
maintenance = Table(
    "maintenance",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("carrier", String, nullable=False),
    Column("group", String, nullable=False),
    Column("begins", Float, nullable=False),
    Column("ends", Float, nullable=False),
    Column("note", String, nullable=False),
    Column("set_by", String, nullable=False),
    Column("set_at", Float, nullable=False),
    Index("maintenance_by_end", "ends"),
    sqlite_autoincrement=True,
)

# What a webhook is still to be told, in order. The body holds account ids, no addresses. A row goes once it is accepted.
outbox = Table(
    "outbox",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("body", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
    sqlite_autoincrement=True,
)
