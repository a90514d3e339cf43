"""The whole daemon while its clock is set forward, back and back again: no burst, no silence, and no status that nobody read."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import Any

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


@dataclass
class Watches:
    """A wall clock that somebody sets; and when each look at an account began, in seconds that only go forward."""

    offset: float = 0.0
    begun: list[float] = field(default_factory=list)

    def wall(self) -> float:
        return time.time() + self.offset

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


async def test_an_hour_forward_and_two_back() -> None:
    watches = Watches()
    usual = ACCOUNTS / EVERY
    async with open_house(watched(), clock=Clock(watches.wall)) as opened:
        house = with_servers(opened, watches)
        async with on_shift(house, None) as shift, on_duty(shift) as duty:
            await watches.phase()  # the first look at everybody
            rates = [await watches.phase()]
            for step in (HOUR, -HOUR, -HOUR):
                watches.offset += step
                rates.append(await watches.phase())
            statuses = {seen.standing.status for seen in duty.watching.accounts.values()}
            changes = [one for name in duty.watching.accounts for one in await house.store.changes.of_account(name)]
            skipped = [await house.store.skips.of_account(name) for name in duty.watching.accounts]
            kinds = {one.kind.value for one in duty.watching.fitness.jumps}
            await shift.drain(asyncio.Event())
    assert max(rates) <= 1.1 * usual, rates
    assert min(rates) >= 0.5 * usual, rates
    assert statuses == {Status.OK}
    assert len(changes) == ACCOUNTS, "each became ok once"
    assert kinds == {"stepped"}
    assert all(sum(one.count for one in rows) >= HOUR - 60 for rows in skipped), "what was slept through is written down"
