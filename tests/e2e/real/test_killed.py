"""kill -9 at every marked step of a test mail's way: none is forgotten, none sent twice, none counted twice, and no mail of
anybody else is another than before.

Quick: every step once. Full (HYPOTHESIS_PROFILE=full, as `tests/run full` sets it): 300 more, by seed, with the control's mail
beside it and a pause before the death, in which the servers go on.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from mailprobe.canary import OPEN, Record
from mailprobe.evidence import CanaryState
from mailprobe.probes import canary
from mailprobe.store import Store, open_store
from tests.e2e.real.mailing import Mailing, ours_in, taken, target_of, tree
from tests.e2e.real.mortal import Life
from tests.e2e.real.postoffice import DOMAIN, Mailbox, PostOffice, missing_programs, run

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
KILLS = int(os.environ.get("MAILPROBE_KILLS", "300"))
SEED = int(os.environ.get("MAILPROBE_SEED", "3"))
PEOPLE = ("mortal", "mortal_live")
NINE_DAYS = 9 * 86400.0  # then nobody waits for the earlier ones any more
NEVER_CAME = frozenset({CanaryState.PLANNED, CanaryState.UNCERTAIN})
# A run that sees the mail sooner looks fewer times: what only another look would have reached cannot be its death.
LOOKED = re.compile(r"probe (before|after) (NOOP|IDLE|DONE|UID FETCH #\d+|UID SEARCH #\d+)( #\d+)?: 0$")
EVERY_STEP_IS_KEPT = """
CREATE TABLE steps (id, before, after);
CREATE TRIGGER kept AFTER UPDATE OF state ON canaries WHEN old.state <> new.state
BEGIN INSERT INTO steps VALUES (new.id, old.state, new.state); END;
"""


@dataclass
class Graveyard:
    """The servers, the store that outlives every process, and what must not change. `days`: how far the clocks have come."""

    office: PostOffice
    folder: Path
    store: Store
    nursery: asyncio.subprocess.Process
    ahead: float = 0.0
    kills: int = 0
    before: dict[str, dict[str, str]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    def life(self, job: str, live_too: bool, at: str = "", pause: float = 0.0) -> Life:
        marks = self.folder / f"marks-{self.kills}"
        url = f"sqlite:///{self.folder}/m.db"
        other = "mortal_live" if live_too else ""
        office = self.office
        return Life(office.base, office.imaps, office.at("mx"), "mortal", other, url, job, self.ahead, marks, at, pause)

    async def end(self, life: Life) -> int:
        """One process from its birth to its end; its exit code."""
        given = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(life).items()}
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps(given).encode() + b"\n")
        return int(await self.nursery.stdout.readline())

    async def records(self) -> list[Record]:
        """Every record that is open."""
        table, now = self.store.canaries, time.time() + self.ahead
        return [one for name in PEOPLE for one in await table.open_ones(table.subject_of(f"{name}@{DOMAIN}"), now)]

    async def restart(self, live_too: bool) -> None:
        """What the next process does at its start, and again until all that was taken has been found."""
        mailing = Mailing(self.store, self.ahead + 300.0)  # a login whose process died holds the next one back for a minute
        target = target_of(self.office, "mortal", self.office.at("mx"), live="mortal_live" if live_too else "")
        until, quiet = time.monotonic() + 15.0, time.monotonic() + 0.25
        while time.monotonic() < until:
            await mailing.run(canary.sweep, target)
            out = [one for one in await self.records() if one.state in OPEN]
            never_came = all(one.state in NEVER_CAME and taken(self.office, one.id) == 0 for one in out)
            if not out or (never_came and time.monotonic() > quiet):
                return
            await asyncio.sleep(0.03)
        raise AssertionError(f"forgotten: {out}, {mailing.lines[-40:]}")

    async def kill(self, job: str, at: str, *, live_too: bool = False, pause: float = 0.0) -> None:
        """One death and one restart, nine days after the last."""
        self.ahead += NINE_DAYS
        self.kills += 1
        life = self.life(job, live_too, at, pause)
        code = await self.end(life)
        if code == -signal.SIGKILL:
            await self.restart(live_too)
        else:
            self.missed.append(f"{job} {at}: {code}")
            assert code == 0, life.marks.read_text()
        self.check(life)

    def check(self, life: Life) -> None:
        where = f"{life.at}: {life.marks.read_text()}"
        for name in PEOPLE:
            assert tree(self.office.maildir(name)) == self.before[name], where
            assert not ours_in(self.office.maildir(name)), where

    def steps(self) -> Counter[tuple[str, str]]:
        with sqlite3.connect(self.folder / "m.db") as raw:
            return Counter((canary_id, after) for canary_id, _, after in raw.execute("SELECT * FROM steps"))

    def ends(self) -> set[CanaryState]:
        """How every record that is still kept stands."""
        with sqlite3.connect(self.folder / "m.db") as raw:
            return {CanaryState(state) for (state,) in raw.execute("SELECT state FROM canaries")}


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    missing = [f"{name} is not installed" for name in missing_programs()]
    missing += [] if os.geteuid() == 0 else ["starting private mail servers needs root"]
    if missing:
        pytest.skip("; ".join(missing))
    with (
        tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder,
        PostOffice(Path(folder), mailboxes={name: Mailbox() for name in PEOPLE}, public=False) as opened,
    ):
        for name in PEOPLE:
            put_letters(opened, name)
        yield opened


def put_letters(office: PostOffice, name: str) -> None:
    """Mail of the mailbox's owner: unread, read, and some that another client of his has marked as deleted."""
    for number in range(3):
        office.deliver(name, f"Subject: unread {number}\r\n\r\nx\r\n".encode())
        office.deliver(name, f"Subject: read {number}\r\n\r\nx\r\n".encode(), seen=True)
    for path in sorted(office.maildir(name).glob("cur/*"))[:2]:
        path.rename(path.with_name(path.name + "T"))
    run("chown", "-R", "dovecot:dovecot", str(office.base / "mail"))


@pytest.fixture
async def yard(office: PostOffice, tmp_path: Path) -> AsyncIterator[Graveyard]:
    pipe, root = asyncio.subprocess.PIPE, Path(__file__).parents[3]
    words = (sys.executable, "-m", "tests.e2e.real.mortal")
    nursery = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, cwd=root)
    try:
        async with open_store(f"sqlite:///{tmp_path}/m.db") as store:
            with sqlite3.connect(tmp_path / "m.db") as raw:
                raw.executescript(EVERY_STEP_IS_KEPT)
            before = {name: tree(office.maildir(name)) for name in PEOPLE}
            yield Graveyard(office, tmp_path, store, nursery, before=before)
    finally:
        nursery.stdin.close()  # type: ignore[union-attr]  # a pipe was asked for
        await nursery.wait()


async def settle(yard: Graveyard) -> None:
    """At the end of all days: nothing is open, nothing is there, and each mail was sent and counted once at most."""
    yard.ahead += NINE_DAYS
    await yard.restart(live_too=True)
    assert not [one for one in await yard.records() if one.state in OPEN]
    twice = {step: count for step, count in yard.steps().items() if count > 1}
    assert not twice
    deliveries = {one: taken(yard.office, one) for one in {canary_id for canary_id, _ in yard.steps()}}
    assert max(deliveries.values()) == 1
    found = {CanaryState.SEEN.value, CanaryState.JUNKED.value, CanaryState.LATE.value}
    counted = Counter(canary_id for canary_id, after in yard.steps() if after in found)
    assert counted == Counter({canary_id: 1 for canary_id, count in deliveries.items() if count}), "taken and counted differ"
    assert yard.ends() <= {CanaryState.REMOVED, CanaryState.LOST}


async def test_killed_at_every_step(yard: Graveyard) -> None:
    whole = yard.life("probe", live_too=False)
    assert await yard.end(whole) == 0
    marks = whole.marks.read_text().splitlines()
    assert {"before planned -> sending", "after sending -> accepted", "after seen -> removed"} <= set(marks)
    for at in marks:
        await yard.kill("probe", at)
    await settle(yard)
    print(f"\nkilled {yard.kills - len(yard.missed)} times at {len(marks)} steps; ended before: {yard.missed}")
    assert not [one for one in yard.missed if not LOOKED.match(one)]


@pytest.mark.skipif(not FULL, reason="300 kills are for tests/run full")
async def test_killed_by_seed(yard: Graveyard) -> None:
    dice = random.Random(SEED)  # noqa: S311  dice, not secrets
    marks = {}
    for live_too in (False, True):
        whole = yard.life("probe", live_too)
        assert await yard.end(whole) == 0
        marks[live_too] = whole.marks.read_text().splitlines()
        yard.kills += 1  # another file of marks
        yard.ahead += NINE_DAYS
    began = yard.kills
    while yard.kills - began - len(yard.missed) < KILLS:
        live_too = dice.random() < 0.5
        at, pause = dice.choice(marks[live_too]), dice.choice((0.0, 0.0, 0.002, 0.01, 0.05))
        await yard.kill("probe", at, live_too=live_too, pause=pause)
    await settle(yard)
    print(f"\nseed {SEED}: killed {yard.kills - began - len(yard.missed)} times, {len(yard.missed)} runs ended before")
