"""How long a person waits: a whole live check against its longest chain, and the first line on a terminal.

The servers stand at a distance: a proxy holds every byte back for a while in each direction, as a network does. On bare loopback
there would be nothing to wait for but our own processor.
"""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import uvloop

from mailprobe.config import account_for, load
from mailprobe.daemon import open_house
from mailprobe.question import Listener, Question
from mailprobe.verdict import Status
from mailprobe.verdict.observed import parse as told
from tests.bench.laboratory import LIVE
from tests.bench.ours import SECRET, user
from tests.e2e.real.lab import Setup, environment, write_config
from tests.e2e.real.postoffice import DOMAIN, PostOffice

ONE_WAY = 0.025  # seconds
CHAINS = (("dns",), ("mx",), ("imap", "submission"))  # what runs side by side; submission waits for the end of imap


@dataclass
class Distance:
    """A proxy in a thread of its own. `first_reply`: when the first byte of any server was handed over (monotonic)."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    first_reply: float = 0.0

    def open(self, port: int) -> int:
        """The port at which the server of `port` is now far away."""
        server = asyncio.run_coroutine_threadsafe(self._open(port), self.loop).result(10)
        return int(server.sockets[0].getsockname()[1])

    async def _open(self, port: int) -> asyncio.Server:
        async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(2 * ONE_WAY)  # the handshake of TCP
            await asyncio.gather(self._carry(reader, there_writer), self._carry(there_reader, writer, replies=True))

        return await asyncio.start_server(between, "127.0.0.1", 0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replies: bool = False) -> None:
        while True:
            try:
                data = await reader.read(65536)
            except OSError:
                data = b""
            self.loop.call_later(ONE_WAY, self._hand_over, writer, data, replies)
            if not data:
                return

    def _hand_over(self, writer: asyncio.StreamWriter, data: bytes, replies: bool) -> None:
        if not data:
            writer.close()
        elif not writer.is_closing():
            if replies and not self.first_reply:
                self.first_reply = time.monotonic()
            writer.write(data)


@contextmanager
def distance() -> Iterator[Distance]:
    made = Distance()
    thread = threading.Thread(target=made.loop.run_forever)
    thread.start()
    try:
        yield made
    finally:
        made.loop.call_soon_threadsafe(made.loop.stop)
        thread.join()


def far_setup(office: PostOffice, between: Distance) -> Setup:
    mx, imap, submission = (between.open(port) for port in (office.doors["mx"], office.imaps, office.doors["submissions"]))
    return Setup(
        address=f"{user(1)}@{DOMAIN}",
        mx=(f"127.0.0.1:{mx}",),
        imap=f"imaps://127.0.0.1:{imap}",
        submission=f"smtps://127.0.0.1:{submission}",
        secret=SECRET,
        live=f"{user(LIVE)}@{DOMAIN}",
        live_secret=SECRET,
    )


@dataclass(frozen=True, slots=True)
class Waits:
    """Medians in seconds. first_line: from the first byte of any server to its leg's line; below zero it was there before.
    command: `mailprobe check` in a terminal from its start to its end."""

    verdict: float
    longest_chain: float
    first_line: float
    command: float


def waits(office: PostOffice, rounds: int) -> Waits:
    with distance() as between, TemporaryDirectory() as folder:
        setup = far_setup(office, between)
        os.environ.update(environment(setup))

        def fresh() -> Path:
            """A configuration with an empty store: nothing is remembered from the round before."""
            return write_config(office, setup, Path(mkdtemp(dir=folder)))

        def median(only: tuple[str, ...]) -> float:
            return statistics.median(verdict_after(fresh(), only) for _ in range(rounds))

        longest, whole = max(median(only) for only in CHAINS), median(())
        os.environ.update(PYTHONDONTWRITEBYTECODE="", PYTHONPYCACHEPREFIX=folder)  # as installed: compiled once
        shown = [in_terminal(fresh(), setup.address, between) for _ in range(rounds)]
    return Waits(whole, longest, statistics.median(one[0] for one in shown), statistics.median(one[1] for one in shown))


def verdict_after(path: Path, only: tuple[str, ...]) -> float:
    """Seconds from the question to the verdict of a real house; a whole check must find the mailbox healthy."""
    config = load(path)
    question = Question(account_for(config, "target"), told((), now=time.time()), only=only)

    async def ask() -> float:
        async with open_house(config) as house:
            check = await house.check(question, Listener())
        if not only and check.verdict.status is not Status.OK:
            raise RuntimeError(f"the live check found {check.verdict.code}: {check.evidence}")
        return check.took

    return uvloop.run(ask())


def in_terminal(path: Path, address: str, between: Distance) -> tuple[float, float]:
    """`mailprobe check` in a terminal: seconds from the first reply to the first line that names a server, and to the end."""
    between.first_reply, began = 0.0, time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm", COLUMNS="100", LINES="40")
        os.execv(sys.executable, [sys.executable, "-m", "mailprobe", "check", address, "--config", str(path), "--lang", "en"])  # noqa: S606  our own program
    said, named = b"", 0.0
    while (more := read(terminal)) is not None:
        said += more
        if not named and re.search(rb"127\.0\.0\.1:\d+", said):
            named = time.monotonic()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    if code != 0 or not named or not between.first_reply:
        raise RuntimeError(f"mailprobe check ended with {code}: {said[-2000:].decode(errors='replace')}")
    return named - between.first_reply, time.monotonic() - began


def read(terminal: int) -> bytes | None:
    """What the terminal shows next; None at its end (Linux says EIO)."""
    if not select.select([terminal], [], [], 60)[0]:
        raise RuntimeError("mailprobe check hangs")
    try:
        return os.read(terminal, 65536) or None
    except OSError:
        return None
