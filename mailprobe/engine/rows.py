"""Rows on their way to where they are kept: each is offered until it is taken."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from mailprobe.engine import Clock, Due, Kind, Missed, Result
from mailprobe.engine.schedule import Gap
from mailprobe.evidence import End, Evidence

log = logging.getLogger(__name__)

AGAIN, LONGEST = 0.5, 10.0  # seconds until it is offered again
LOOK = 0.02  # seconds between two looks


class Outbox:
    """Hands rows over. While `refused` is not zero, whatever keeps the rows cannot take any."""

    def __init__(self, ended: Callable[[Result], Awaitable[None]], clock: Clock) -> None:
        self._ended = ended
        self._clock = clock
        self.refused = 0

    async def hand_over(self, row: Result) -> None:
        """Returns when the row is durable, however long that takes."""
        await self.insist(lambda: self._ended(row))

    async def insist(self, deed: Callable[[], Awaitable[None]]) -> None:
        pause, refused = AGAIN, False
        try:
            while not await self._done(deed):
                self.refused += not refused
                refused = True
                await self._clock.sleep(pause)
                pause = min(2 * pause, LONGEST)
        finally:
            self.refused -= refused

    async def _done(self, deed: Callable[[], Awaitable[None]]) -> bool:
        try:
            await deed()
        except Exception as error:  # of any kind: what was learnt is not thrown away because its keeper has a fault
            if not self.refused:  # once for all that wait
                log.error("MP1602 a row cannot be kept: %s; nothing new begins until it can", type(error).__name__)
            return False
        return True


def skipped(due: Due, missed: Missed) -> Result:
    return Result(due.account.id, due.account.carrier, Kind.SKIPPED, due.at, due.slot, due.probes, missed=missed, job=due.job)


def slept_through(gap: Gap) -> Result:
    return Result(gap.account.id, gap.account.carrier, Kind.SKIPPED, gap.at, gap.slot, missed=Missed.ASLEEP, count=gap.count)


def ran(due: Due, evidence: Sequence[Evidence]) -> Result:
    """What was asked; held only if nothing was."""
    held = all(one.ending.kind is End.HELD for one in evidence)
    kind = Kind.HELD if held else Kind.RESULT
    return Result(due.account.id, due.account.carrier, kind, due.at, due.slot, due.probes, tuple(evidence), job=due.job)


async def wait_until(quiet: Callable[[], bool], within: float, clock: Clock) -> None:
    """Until it is quiet, or `within` seconds are over."""
    give_up = clock.steady() + within
    while not quiet() and clock.steady() < give_up:
        await clock.sleep(LOOK)
