"""What a supervisor is told, and what it hands over: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3). No library needed.

Without systemd everything here does nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

FIRST = 3  # the first descriptor that is handed over


@dataclass(frozen=True, slots=True)
class Systemd:
    """address: where it listens, '' if nobody does; watchdog: seconds within which it wants a sign of life, 0.0 for none."""

    address: str = ""
    watchdog: float = 0.0

    def ready(self, status: str = "") -> None:
        """Started, or reloaded."""
        self.say("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Until `ready` is said again. Type=notify-reload wants the time with it."""
        self.say("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        self.say("STOPPING=1", "STATUS=draining")

    def alive(self) -> None:
        self.say("WATCHDOG=1")

    def say(self, *words: str) -> None:
        """Never waits and never fails: a supervisor that does not listen is no reason to stop watching mailboxes."""
        if not self.address:
            return
        place = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as one:
            one.setblocking(False)
            one.sendto("\n".join(words).encode(), place)


def from_environment(environ: Mapping[str, str] = os.environ, pid: int | None = None) -> Systemd:
    """Who started this process. A watchdog that was meant for another process is none of ours."""
    meant = environ.get("WATCHDOG_PID", "")
    mine = not meant or meant == str(os.getpid() if pid is None else pid)
    spell = environ.get("WATCHDOG_USEC", "")
    return Systemd(environ.get("NOTIFY_SOCKET", ""), int(spell) / 1e6 if mine and spell.isascii() and spell.isdigit() else 0.0)


def handed_over(environ: Mapping[str, str] = os.environ, pid: int | None = None) -> dict[str, socket.socket]:
    """Sockets that were bound before we started, by FileDescriptorName=; empty if none were. Each is ours to close."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(os.getpid() if pid is None else pid) or not (count.isascii() and count.isdigit()):
        return {}
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    found: dict[str, socket.socket] = {}
    for number in range(int(count)):
        one = socket.socket(fileno=FIRST + number)
        one.set_inheritable(False)
        one.setblocking(False)
        found[names[number] if number < len(names) else ""] = one
    return found
