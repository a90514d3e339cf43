"""The tables. No address, user name or secret stands in them: only hashes under the store's own random key."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

# PRAGMA user_version, and the name of the newest revision below migrations/versions. 2: inbox, returns, canaries, marks.
# 3: results, transcripts, last_results, standings, changes, verdicts, audit, deferrals, breakers, strangers, releases, jobs,
# maintenance, outbox. 4: people, tokens, visits, tries. 5: calls. 6: incidents, callers; returns by time. 7: skips, spells.
# 8: guests. 9: the texts of incidents in two languages.
VERSION = 9

metadata = MetaData()

house = Table(
    "house",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

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

# How often in a row a host has put an address off (4yz), and when it did so last.
deferrals = Table(
    "deferrals",
    metadata,
    Column("subject", String, primary_key=True),  # hash of the address
    Column("host", String, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("at", Float, nullable=False),
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
