"""What makes us harmless: what was asked of whom, and when it may be asked again."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table

from mailprobe.store.tables.catalogue import metadata

# One row per login that was or may have been spent. Times are Unix seconds.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("login", String, nullable=False),  # hash of user and host
    Column("secret", String, nullable=False),  # fingerprint
    Column("stage", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reserved_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("words", String, nullable=False, default=""),
    Index("sign_ins_by_login", "login", "reserved_at"),
    Index("sign_ins_by_time", "reserved_at"),
    sqlite_autoincrement=True,
)

controls = Table(
    "controls",
    metadata,
    Column("login", String, primary_key=True),
    Column("good_at", Float, nullable=False),
)

# When an address was last named to a host. `claimed_*`: somebody is about to.
askings = Table(
    "askings",
    metadata,
    Column("subject", String, primary_key=True),  # hash of the address, or of "any dead control"
    Column("host", String, primary_key=True),
    Column("vantage", String, primary_key=True),
    Column("asked_at", Float),
    Column("claimed_at", Float),
    Column("claimed_by", String, nullable=False, default=""),
)

# The last answer about an address at a host; the address in the text is replaced by a mark.
answers = Table(
    "answers",
    metadata,
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
)

# How often in a row a host has put an address off (4yz), and when it did so last.
deferrals = Table(
    "deferrals",
    metadata,
    Column("subject", String, primary_key=True),  # hash of the address
    Column("host", String, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("at", Float, nullable=False),
)

# Places at mail hosts. A row without `left_at` is a session under way, or one whose process died.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("host", String, nullable=False),
    Column("began_at", Float, nullable=False),
    Column("left_at", Float),
    Index("sessions_by_host", "host", "began_at"),
    sqlite_autoincrement=True,
)

# Servers in trouble, as `mailprobe.breaker.Breaker` says; one without a row is in none.
breakers = Table(
    "breakers",
    metadata,
    Column("server", String, primary_key=True),  # host:port
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
)

# Addresses that are not enrolled, and who asked about them: hashes both.
strangers = Table(
    "strangers",
    metadata,
    Column("carrier", String, primary_key=True),
    Column("operator", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("asked_at", Float, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("unknown", Boolean, nullable=False),
    Index("strangers_by_time", "asked_at"),
)

# For whom the guard on unknown addresses is lifted; operator '': for all, because an incident is open.
releases = Table(
    "releases",
    metadata,
    Column("carrier", String, primary_key=True),
    Column("operator", String, primary_key=True),
    Column("since", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("by", String, nullable=False),  # hash
)
