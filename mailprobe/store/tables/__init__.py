"""The tables, by what they are about. No address, user name or secret stands in them: only hashes under the store's own random
key."""

from __future__ import annotations

from mailprobe.store.tables.asking import answers, askings, breakers, controls, deferrals, releases, sessions, sign_ins, strangers
from mailprobe.store.tables.catalogue import house, metadata
from mailprobe.store.tables.desk import callers, calls, incidents
from mailprobe.store.tables.mail import canaries, inbox, marks, returns
from mailprobe.store.tables.schedule import jobs, maintenance, outbox
from mailprobe.store.tables.staff import audit, guests, people, tokens, tries, visits
from mailprobe.store.tables.watching import changes, last_results, results, skips, spells, standings, transcripts, verdicts

# PRAGMA user_version, and the name of the newest revision below migrations/versions. 2: inbox, returns, canaries, marks.
# 3: results, transcripts, last_results, standings, changes, verdicts, audit, deferrals, breakers, strangers, releases, jobs,
# maintenance, outbox. 4: people, tokens, visits, tries. 5: calls. 6: incidents, callers; returns by time. 7: skips, spells.
# 8: guests. 9: the texts of incidents in two languages.
VERSION = 9

__all__ = [
    "VERSION",
    "answers",
    "askings",
    "audit",
    "breakers",
    "callers",
    "calls",
    "canaries",
    "changes",
    "controls",
    "deferrals",
    "guests",
    "house",
    "inbox",
    "incidents",
    "jobs",
    "last_results",
    "maintenance",
    "marks",
    "metadata",
    "outbox",
    "people",
    "releases",
    "results",
    "returns",
    "sessions",
    "sign_ins",
    "skips",
    "spells",
    "standings",
    "strangers",
    "tokens",
    "transcripts",
    "tries",
    "verdicts",
    "visits",
]
