"""A verdict that was reached while work is announced: the same, with a note beside it."""

from __future__ import annotations

import dataclasses
import datetime

from mailprobe.verdict import Note, NoteCode, Verdict


def during(verdict: Verdict, ends: float, said: str) -> Verdict:
    """ends: Unix seconds; said: the window's own note. Whoever reads it sees that what is ill may be the work itself."""
    until = datetime.datetime.fromtimestamp(ends, datetime.UTC).isoformat(timespec="minutes")
    note = Note(NoteCode.MAINTENANCE, (("until", until), ("note", said)))
    return dataclasses.replace(verdict, notes=(note, *verdict.notes))
