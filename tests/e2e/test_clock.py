"""The whole daemon while its clock is set forward, back and back again, or its machine sleeps: no burst, no silence, and no
status that nobody read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from mailprobe.config import Config
from mailprobe.daemon import House, open_house
from mailprobe.engine import Clock
from mailprobe.engine.embedded import Embedded
from mailprobe.evidence import Answered, As, Of, Offered, Opened, Stage
from mailprobe.probes import Note, Reach, SignInEnd, Target
from mailprobe.serve.duty import on_duty
from mailprobe.serve.shift import on_shift
from mailprobe.verdict import Status
from tests.unit.serve.scene import OK, config, said, three

ACCOUNTS, EVERY, PHASE = 20, 1.0, 10.0  # seconds: what a busy machine begins half a second late is five in a hundred then
HOUR = 3600.0
CLOCK_GETTIME = time.clock_gettime


@dataclass
class Watches:
    """A wall clock that somebody sets, and one that goes on while the machine sleeps; and when each look at an account began, in
    seconds that only go forward."""

    offset: float = 0.0
    slept: float = 0.0
    begun: list[float] = field(default_factory=list)

    def wall(self) -> float:
        return time.time() + self.offset

    def gettime(self, which: int) -> float:
        return CLOCK_GETTIME(which) + (self.slept if which == time.CLOCK_BOOTTIME else 0.0)

    def set_by(self, seconds: float) -> None:
        self.offset += seconds

    def sleep(self, seconds: float) -> None:
        self.offset += seconds
        self.slept += seconds

    async def mx(self, target: Target, reach: Reach, note: Note) -> None:
        """A mail host that knows everybody but the dead control."""
        self.begun.append(time.monotonic())
        for line, of in three(OK):
            note(said(line, of, target.account.address.domain, reach.clock()))

    async def imap(self, target: Target, reach: Reach, note: Note) -> None:
        here: dict[str, Any] = {"at": reach.clock(), "server": "imap.a.test:993", "ip": "192.0.2.9"}
        note(Offered(**here, stage=Stage.CAPABILITY, capabilities=("IMAP4REV1",)))
        for of, who in ((Of.LIVE, As.CONTROL), (Of.TARGET, As.CUSTOMER)):
            note(Answered(**here, of=of, stage=Stage.LOGIN, status="OK", code="", text="", who=who))
        note(Opened(**here, uidvalidity=1, uidnext=2, who=As.CUSTOMER))
        reach.chain.imap_ended(SignInEnd.OPENED)

    async def phase(self) -> float:
        """How many looks began per second while it lasted."""
        before, began = len(self.begun), time.monotonic()
        await asyncio.sleep(PHASE)
        return (len(self.begun) - before) / (time.monotonic() - began)


def watched() -> Config:
    plain = config(1, ACCOUNTS)
    accounts = tuple(replace(one, every=(("", EVERY),)) for one in plain.accounts)
    return replace(plain, accounts=accounts, prober=replace(plain.prober, resolvers=("127.0.0.1:9",), block_lists=()))


def with_servers(house: House, watches: Watches) -> House:
    probes = {"mx": watches.mx, "imap": watches.imap}
    return replace(house, engine=Embedded(probes, house.engine.reach_for, house.store.jobs, house.clock))


@dataclass(frozen=True)
class Lived:
    """rates: looks a second, before and after each event. changes: of every account. skipped: slots written down, of each."""

    rates: tuple[float, ...]
    statuses: frozenset[Status]
    changes: int
    skipped: tuple[int, ...]
    kinds: frozenset[str]


async def lived_through(watches: Watches, *events: Callable[[], None]) -> Lived:
    async with open_house(watched(), clock=Clock(watches.wall)) as opened:
        house = with_servers(opened, watches)
        async with on_shift(house, None) as shift, on_duty(shift) as duty:
            await watches.phase()  # the first look at everybody
            rates = [await watches.phase()]
            for event in events:
                event()
                rates.append(await watches.phase())
            names = tuple(duty.watching.accounts)
            lived = Lived(
                rates=tuple(rates),
                statuses=frozenset(seen.standing.status for seen in duty.watching.accounts.values()),
                changes=sum([len(await house.store.changes.of_account(name)) for name in names]),
                skipped=tuple([sum(one.count for one in await house.store.skips.of_account(name)) for name in names]),
                kinds=frozenset(one.kind.value for one in duty.watching.fitness.jumps),
            )
            await shift.drain(asyncio.Event())
    return lived


def as_if_nothing_were(lived: Lived) -> None:
    usual = ACCOUNTS / EVERY
    assert max(lived.rates) <= 1.1 * usual, lived.rates
    assert min(lived.rates) >= 0.5 * usual, lived.rates
    assert lived.statuses == {Status.OK}
    assert lived.changes == ACCOUNTS, "each became ok once"
    assert min(lived.skipped) >= HOUR - 60, "what was slept through is written down"


async def test_an_hour_forward_and_two_back() -> None:
    watches = Watches()
    lived = await lived_through(watches, *(partial(watches.set_by, step) for step in (HOUR, -HOUR, -HOUR)))
    as_if_nothing_were(lived)
    assert lived.kinds == {"stepped"}


async def test_asleep_for_an_hour_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dates go on and so does the clock that counts sleep; the one that durations are measured by does not."""
    watches = Watches()
    monkeypatch.setattr(time, "clock_gettime", watches.gettime)
    lived = await lived_through(watches, *(partial(watches.sleep, HOUR) for _ in range(2)))
    as_if_nothing_were(lived)
    assert lived.kinds == {"suspended"}
