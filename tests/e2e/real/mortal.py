"""A prober that dies at the n-th marked step: before or after anything that is written down, and anything that is said.

Each run is a process of its own and ends by its own kill -9, so that nothing is tidied up. The steps are marked from outside,
in the journal and the network that the run is given; the program knows nothing of it. Run as a program, this is the nursery:
it has loaded everything, has no threads, and forks one process per line that it reads.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mailprobe.canary import Record
from mailprobe.evidence import Returned
from mailprobe.net.connecting import Net
from mailprobe.net.stream import Stream
from mailprobe.probes import Denied, Journal, Target, canary
from mailprobe.store import askings, canaries, database, open_store, sessions, sign_ins  # loaded once, in the nursery
from tests.e2e.real.mailing import Mailing, target_of

LOADED = (askings, canaries, database, sessions, sign_ins)
JOBS = {"probe": canary.probe, "send": canary.send, "look": canary.look, "sweep": canary.sweep}
WITHIN = 20.0


@dataclass(frozen=True)
class Life:
    """One run. at: its last step, by name and number, '': it dies of nothing; pause: seconds before that death; ahead: of its
    clock; marks: the file that its steps are written to."""

    base: Path
    imaps: int
    door: str
    name: str
    live: str
    url: str
    job: str
    ahead: float
    marks: Path
    at: str = ""
    pause: float = 0.0

    @property
    def target(self) -> Target:
        return target_of(self, self.name, self.door, live=self.live)


class Fate:
    """Names the steps, the second of a name `name #2`, and ends the process at the one that was chosen."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.count: Counter[str] = Counter()

    def mark(self, what: str) -> None:
        self.count[what] += 1
        name = what if self.count[what] == 1 else f"{what} #{self.count[what]}"
        with self.life.marks.open("a") as file:
            file.write(f"{name}\n")
        if name == self.life.at:
            time.sleep(self.life.pause)  # others go on: a server may act on what it was told
            os.kill(os.getpid(), signal.SIGKILL)


class MarkedStream(Stream):
    fate: Fate

    def send_all(self, lines: Iterable[tuple[bytes, str]]) -> None:
        pairs = tuple(lines)
        what = verb(pairs[0][0])
        self.fate.mark(f"before {what}")
        super().send_all(pairs)
        self.fate.mark(f"after {what}")

    def send_message(self, data: bytes, shown: str) -> None:
        self.fate.mark("before the message")
        half = len(data) // 2
        self._write(data[:half])
        self.fate.mark("in the middle of the message")
        self._write(data[half:])
        self.tell("C", shown)
        self.fate.mark("after the message")


def verb(line: bytes) -> str:
    """The command without its tag and its arguments."""
    words = re.sub(r"^A\d+ ", "", line.decode(errors="replace")).split(" ")
    return " ".join(words[:2] if words[0] == "UID" else words[:1])


@dataclass(frozen=True)
class MarkedNet(Net):
    fate: Fate | None = None

    def stream(self, label: str, ip: str) -> Stream:
        assert self.fate is not None
        stream = MarkedStream(label, ip, self.tap, self.clock)
        stream.fate = self.fate
        return stream


@dataclass(frozen=True)
class MarkedJournal:
    """Keeps the `Journal` contract."""

    real: Journal
    fate: Fate

    def subject_of(self, address: str) -> str:
        return self.real.subject_of(address)

    async def plan(self, record: Record) -> Record | Denied:
        self.fate.mark("before it is planned")
        planned = await self.real.plan(record)
        self.fate.mark("after it was planned")
        return planned

    async def step(self, before: Record, after: Record) -> bool:
        self.fate.mark(f"before {before.state} -> {after.state}")
        done = await self.real.step(before, after)
        self.fate.mark(f"after {before.state} -> {after.state}")
        return done

    async def open_ones(self, subject: str) -> tuple[Record, ...]:
        return await self.real.open_ones(subject)

    async def last(self, subject: str) -> Record | None:
        return await self.real.last(subject)

    async def returns(self, subject: str, since: float) -> tuple[Returned, ...]:
        return await self.real.returns(subject, since)


@dataclass
class MortalMailing(Mailing):
    fate: Fate | None = None

    def journal(self, target: Target) -> Journal:
        assert self.fate is not None
        return MarkedJournal(super().journal(target), self.fate)


def raise_them() -> None:
    """A life per line, in JSON; answers with the exit code of each, when it has ended."""
    for line in sys.stdin:
        given = json.loads(line)
        life = Life(**given | {"base": Path(given["base"]), "marks": Path(given["marks"])})
        child = os.fork()
        if child == 0:
            asyncio.run(live(life))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


async def live(life: Life) -> None:
    fate = Fate(life)
    async with open_store(life.url) as store:
        mailing = MortalMailing(store, life.ahead, net=lambda guard, tap: MarkedNet(guard, tap, fate=fate), fate=fate)
        await mailing.run(JOBS[life.job], life.target, WITHIN)


if __name__ == "__main__":
    raise_them()
