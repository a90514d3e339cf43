"""Test mails, and what came back of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, String, Table

from mailprobe.store.tables.catalogue import metadata

# Test mails, one row each, as `mailprobe.canary.Record` says. The words of a reply stand here without the address.
canaries = Table(
    "canaries",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False),  # hash of the address
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
    Index("canaries_by_subject", "subject", "planned_at"),
    Index("canaries_by_state", "state", "changed_at"),
)

# Mails that came back, as they came: durable before the receiver says 250. `raw` goes once it is read.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("digest", String, nullable=False, unique=True),  # of mailbox and octets: a sender that comes again
    Column("mailbox", String, nullable=False),  # the signed sender's: the first eight octets of a subject; '' without one
    Column("day", Integer, nullable=False),  # the signed sender's
    Column("null_sender", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("raw", LargeBinary),
    Column("state", String, nullable=False),  # what became of it; '' while it waits to be read
    Column("tries", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
    Index("inbox_by_state", "state", "not_before"),
    Index("inbox_by_time", "at"),
    sqlite_autoincrement=True,
)

# What came back, each thing once. The recipient is a hash, and no address stands in the text.
returns = Table(
    "returns",
    metadata,
    Column("key", String, primary_key=True),
    Column("mailbox", String, nullable=False),
    Column("canary", String, nullable=False),  # '' where it can be tied to the mailbox only
    Column("kind", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("remote", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("code", Integer, nullable=False),
    Column("enhanced", String, nullable=False),
    Column("text", String, nullable=False),
    Column("at", Float, nullable=False),
    Index("returns_by_mailbox", "mailbox", "at"),
    Index("returns_by_canary", "canary"),
    Index("returns_by_time", "at"),
)

# Up to which UID the bounces of a mailbox have been fetched.
marks = Table(
    "marks",
    metadata,
    Column("mailbox", String, primary_key=True),  # hash of user and server
    Column("uidvalidity", Integer, nullable=False),
    Column("uid", Integer, nullable=False),
)
