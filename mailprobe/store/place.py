"""Where the store lies, and what is wrong when it cannot be there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

SCHEME = "sqlite://"
MEMORY = ":memory:"
EX_CANTCREAT, EX_IOERR, EX_NOPERM, EX_CONFIG = 73, 74, 77, 78  # sysexits.h


class Trouble(StrEnum):
    """What keeps the store from working."""

    FULL = "full"  # no room on the disk: well again by itself once there is some
    LOCKED = "locked"  # another program holds the file: it ends, or it does not
    BROKEN = "broken"  # the file, its directory or the disk: somebody has to look


class StoreError(Exception):
    """The store cannot be used. Fields as in every error of ours; exit_code is from sysexits.h. trouble: what ails it, None
    where the configuration or the request is at fault."""

    def __init__(
        self,
        code: str,
        where: str,
        what: str,
        hint: str = "",
        exit_code: int = EX_IOERR,
        trouble: Trouble | None = None,
    ) -> None:
        super().__init__(f"{code} {where}: {what}")
        self.code = code
        self.where = where
        self.what = what
        self.hint = hint
        self.exit_code = exit_code
        self.trouble = trouble


def place_of(url: str, environ: Mapping[str, str] = os.environ) -> str:
    """The file behind `sqlite:///relative` or `sqlite:////absolute`, or ':memory:'; '' means the default place."""
    if not url:
        return str(default_place(environ))
    if not url.startswith(SCHEME):
        hint = "use sqlite:///PATH, or leave [store] url out"
        raise StoreError("MP1020", "store.url", "only SQLite is supported as a store", hint, EX_CONFIG)
    path = url.removeprefix(SCHEME)
    if path in ("", f"/{MEMORY}"):
        return MEMORY
    if not path.startswith("/") or path == "/":
        raise StoreError("MP1020", "store.url", "no path in the URL", "three slashes: sqlite:///PATH", EX_CONFIG)
    return path[1:]


def default_place(environ: Mapping[str, str]) -> Path:
    """systemd's $STATE_DIRECTORY (its first entry), else the user's state directory."""
    given = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given) / "mailprobe.db"
    base = environ.get("XDG_STATE_HOME") or str(home(environ) / ".local" / "state")
    return Path(base) / "mailprobe" / "mailprobe.db"


def home(environ: Mapping[str, str]) -> Path:
    """In a container there may be a user whom nobody has named: he has none."""
    try:
        return Path(environ.get("HOME") or Path.home())
    except RuntimeError:
        hint = "set [store] url, or $STATE_DIRECTORY"
        raise StoreError("MP1020", "store.url", "this user has no home for the store", hint, EX_CONFIG) from None


def make_room(place: str, *, with_directory: bool) -> None:
    """See to it that the file is there, for us alone: SQLite gives its side files the same mode."""
    path = Path(place)
    try:
        if with_directory:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except PermissionError:
        hint = "give this user write access to the file and its directory, or set [store] url"
        raise StoreError("MP1020", place, "the store may not be written", hint, EX_NOPERM) from None
    except IsADirectoryError:
        raise StoreError("MP1020", place, "the store's path is a directory", "name a file", EX_CANTCREAT) from None
    except (FileNotFoundError, NotADirectoryError, FileExistsError):
        hint = "make its directory first, or set [store] url"
        raise StoreError("MP1020", place, "the store's directory does not exist", hint, EX_CANTCREAT) from None
    except OSError as error:
        raise StoreError("MP1020", place, f"the store cannot be created: {error.strerror}", "", EX_CANTCREAT) from None
