"""Watched until repaired: what the schedule's readings make of a watch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace

from mailprobe.config import Account
from mailprobe.console.calls import repairing
from mailprobe.console.calls.call import Call, State
from mailprobe.console.calls.judging import end_of
from mailprobe.console.calls.registry import Calls
from mailprobe.console.instruments import Instruments, Readings
from mailprobe.evidence import End, Ending, Evidence
from tests.unit.console.calls.given import in_world
from tests.unit.verdict.world import NOW, Truth, World, evidence_of

HELD = Ending(End.HELD, "not_polite_yet", None)


@dataclass
class Roll:
    """A schedule that runs nothing: it gives what a test says. every: as it was asked."""

    readings: Readings = field(default_factory=asyncio.Queue)
    every: float = 0.0
    guests: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def enrolled(self, account: Account, every: float) -> Iterator[Readings]:
        self.every = every
        self.guests.append(account.id)
        try:
            yield self.readings
        finally:
            self.guests.remove(account.id)


@dataclass
class Watch:
    calls: Calls
    call: Call
    roll: Roll
    well: dict[str, Evidence]
    ill: dict[str, Evidence]

    async def sees(self, *runs: Evidence) -> None:
        """One slot, and time for it to be read."""
        self.roll.readings.put_nowait(runs)
        for _ in range(5):
            await asyncio.sleep(0)

    @property
    def goes_on(self) -> bool:
        return self.call.watch is not None


@contextlib.asynccontextmanager
async def watching(hours: float = 2.0) -> AsyncIterator[Watch]:
    """A mailbox that its MX does not know any more."""
    calls, call, ill = in_world(World(Truth.MX_FORGOT))
    for one in ill.values():
        calls.leg_ended(call, one)
    call.ended = max(end_of(one) for one in ill.values())
    roll = Roll()
    calls.rooms = replace(calls.rooms, instruments=Instruments(schedule=roll))
    repairing.watch(calls, call, hours, "repair is under way", "sato")
    assert call.watch is not None
    assert "mx" in call.watch.failing
    await asyncio.sleep(0)
    yield Watch(calls, call, roll, {one.probe: one for one in evidence_of(World(Truth.HEALTHY))}, ill)
    await calls.close()


async def test_two_good_looks_in_a_row_end_it_and_the_call_has_seen_them() -> None:
    async with watching() as one:
        assert one.roll.every >= 2 * one.call.carrier.limits.rcpt_gap  # the schedule has half of the budget
        await one.sees(one.well["mx"])
        assert one.goes_on
        await one.sees(one.ill["mx"])
        await one.sees(one.well["mx"])
        assert one.goes_on  # not in a row
        await one.sees(one.well["mx"])
        assert (one.call.state, one.roll.guests, one.calls.watches) == (State.DONE, [], {})
        assert one.call.last("mx") == one.well["mx"]
        assert one.call.said[-1].why == "watch"


async def test_what_was_not_asked_is_no_look() -> None:
    """Held back, or another probe than the one that failed: a slot need not run all of them."""
    async with watching() as one:
        before = one.call.evidence
        await one.sees(one.well["mx"])
        for _ in range(3):
            await one.sees(replace(one.well["mx"], facts=(), ending=HELD))
            await one.sees(one.well["imap"])
        assert one.goes_on
        assert HELD not in {run.ending for run in one.call.evidence[len(before) :]}
        await one.sees(one.well["mx"])
        assert not one.goes_on


async def test_it_ends_when_the_agent_says_so_and_leaves_the_schedule() -> None:
    async with watching() as one:
        assert one.roll.guests == [one.call.account.id]
        repairing.end(one.calls, one.call)
        await asyncio.sleep(0)
        assert (one.call.state, one.roll.guests, one.calls.watches) == (State.DONE, [], {})


async def test_it_ends_in_its_time_also_where_nothing_is_seen() -> None:
    async with watching(hours=0.001 / 3600.0) as one:
        one.calls.rooms = replace(one.calls.rooms, now=lambda: NOW + 1.0)
        async with asyncio.timeout(5.0):
            await one.calls.watches[one.call.id]
        assert (one.call.state, one.roll.guests) == (State.DONE, [])
