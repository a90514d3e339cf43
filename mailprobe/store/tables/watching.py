"""What was seen and said of the watched accounts."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, String, Table

from mailprobe.store.tables.catalogue import metadata

# What one run of one probe saw. No address and no user name: in their place stand marks, see `hidden.py`.
results = Table(
    "results",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String, nullable=False),
    Column("probe", String, nullable=False),
    Column("vantage", String, nullable=False),
    Column("slot", Integer),  # NULL: a live check
    Column("started", Float, nullable=False),
    Column("began", Float, nullable=False),
    Column("took", Float, nullable=False),
    Column("ending", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("not_before", Float),
    Column("outcome", String, nullable=False),
    Column("code", String, nullable=False),  # of the verdict, '' if none was judged from it
    Column("version", Integer, nullable=False),  # of the facts' writing, see `facts.py`
    Column("facts", LargeBinary, nullable=False),
    Column("times", LargeBinary, nullable=False),
    Index("results_by_account", "account", "started"),
)

# Apart from the results, because it goes earlier.
transcripts = Table(
    "transcripts",
    metadata,
    Column("result", Integer, primary_key=True),
    Column("started", Float, nullable=False),
    Column("lines", LargeBinary, nullable=False),
    Column("times", LargeBinary, nullable=False),
)

# Of each account's probes, what came last: the results themselves go after a while.
last_results = Table(
    "last_results",
    metadata,
    Column("account", String, primary_key=True),
    Column("probe", String, primary_key=True),
    Column("vantage", String, primary_key=True),
    Column("at", Float, nullable=False),
    Column("outcome", String, nullable=False),
    Column("good_at", Float),
    Column("result", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# The status of each account, as `mailprobe.status.Standing` says.
standings = Table(
    "standings",
    metadata,
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
)

# Since when something has been so without a break, as `mailprobe.status.spells` says; a row per account of which it is.
spells = Table(
    "spells",
    metadata,
    Column("account", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("since", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    sqlite_with_rowid=False,
)

# Slots of the schedule in which nothing was asked; with the results, every slot ends as one row.
skips = Table(
    "skips",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String, nullable=False),
    Column("slot", Integer, nullable=False),  # the last of `count`
    Column("at", Float, nullable=False),
    Column("missed", String, nullable=False),
    Column("count", Integer, nullable=False),
    Index("skips_by_account", "account", "at"),
)

# What became of each status; kept for ever.
changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("since", Float, nullable=False),
    Column("old", String, nullable=False),
    Column("new", String, nullable=False),
    Column("old_code", String, nullable=False),
    Column("code", String, nullable=False),
    Column("revised", Boolean, nullable=False),
    Index("changes_by_account", "account", "at"),
    Index("changes_by_time", "at"),
)

# What was said of each account: a row per verdict that differs from the one before it.
verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("said_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),  # when the same was said last
    Column("code", String, nullable=False),
    Column("status", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("confidence", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("said", LargeBinary, nullable=False),  # the rest of it, without addresses
    Index("verdicts_by_account", "account", "live", "seen_at"),
)
