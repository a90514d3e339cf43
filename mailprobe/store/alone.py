"""One daemon at a time on a store. Two would ask everybody twice, tell everything twice, and each would go by its own idea of
every status, which it keeps in memory. Commands are welcome beside it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from mailprobe.store.place import MEMORY, StoreError

EX_TEMPFAIL = 75  # sysexits.h: it may go well as soon as the other has ended
BESIDE = "-daemon"  # a file of its own: closing any handle of SQLite's would give SQLite's locks away


@contextlib.contextmanager
def alone(place: str) -> Iterator[None]:
    """While the block lasts no other daemon begins on this store. StoreError names the process that was there first. The lock is
    the kernel's: it goes with the process, however that ends."""
    handle = opened(place)
    try:
        if handle is not None:
            claim(handle, place)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def opened(place: str) -> int | None:
    """None where there is no such file to be had, as on a full disk: then it cannot be told who else is there."""
    if place == MEMORY:
        return None
    try:
        return os.open(place + BESIDE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None


def claim(handle: int, place: str) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
        whose = f" (process {pid})" if pid.isdigit() else ""
        hint = "end that one first, or give this one another [store] url"
        what = f"another mailprobe serve is running with this store{whose}"
        raise StoreError("MP1021", place, what, hint, EX_TEMPFAIL) from None
    except OSError:  # a file system that has no locks
        return
    with contextlib.suppress(OSError):  # the number is only for people
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
