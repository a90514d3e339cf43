"""What is the matter when SQLite says no, so that whoever waits can tell waiting from mending."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from mailprobe.store.place import EX_IOERR, StoreError, Trouble

HINTS = {
    Trouble.LOCKED: "another program holds the file; end it or wait",
    Trouble.FULL: "free some disk space",
    Trouble.BROKEN: "check the file, its directory and the disk",
}
WORDS = {
    "not a database": "name another file in [store] url",
    "readonly": "give this user write access to the file and its directory",
}
PRIMARY = 0xFF  # an extended result code holds the primary one in its lowest octet
ROOM = 1 << 16  # octets: with less than this left, a failed write is for want of room
OF_THE_STORE = {
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_PROTOCOL: Trouble.LOCKED,  # the race for the WAL's locks was lost too often
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_IOERR: Trouble.BROKEN,
    sqlite3.SQLITE_CORRUPT: Trouble.BROKEN,
    sqlite3.SQLITE_NOTADB: Trouble.BROKEN,
    sqlite3.SQLITE_CANTOPEN: Trouble.BROKEN,
    sqlite3.SQLITE_READONLY: Trouble.BROKEN,
    sqlite3.SQLITE_PERM: Trouble.BROKEN,
    sqlite3.SQLITE_NOMEM: Trouble.BROKEN,
}


def trouble_of(error: sqlite3.Error, place: str) -> Trouble | None:
    """None: the statement was at fault, and the store is well."""
    code = getattr(error, "sqlite_errorcode", None)  # missing where the driver itself says no
    kind = OF_THE_STORE.get(code & PRIMARY) if code is not None else None
    return Trouble.FULL if kind is Trouble.BROKEN and is_full(place) else kind


def is_full(place: str) -> bool:
    """Whether the disk has no room left: the file of shared memory beside a WAL cannot say so in its error."""
    try:
        seen = os.statvfs(Path(place).parent)
    except OSError:
        return False
    return seen.f_bavail * seen.f_frsize < ROOM


def unusable(place: str, error: sqlite3.Error) -> StoreError:
    """SQLite's own words, with what to do about the usual ones."""
    said, kind = str(error), trouble_of(error, place)
    hint = next((hint for word, hint in WORDS.items() if word in said), HINTS[kind or Trouble.BROKEN])
    return StoreError("MP1020", place, f"the store cannot be used: {said}", hint, EX_IOERR, kind)


def moved(place: str) -> StoreError:
    """The file that is open is no longer the one that lies there: what was written into it, nobody would find again."""
    what = "the store's file was removed, moved or replaced while it was in use"
    return StoreError("MP1020", place, what, "put it back, or restart mailprobe", EX_IOERR, Trouble.BROKEN)


def locked(place: str, waited: float) -> StoreError:
    """Another program held the file for as long as this one was ready to wait."""
    what = f"the store cannot be used: another program has held it for {waited:.0f} s"
    return StoreError("MP1020", place, what, HINTS[Trouble.LOCKED], EX_IOERR, Trouble.LOCKED)
