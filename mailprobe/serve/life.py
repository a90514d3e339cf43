"""How the daemon's life goes: the signals it is sent, an orderly end within a deadline, and signs of life."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mailprobe.log import Event, tell
from mailprobe.net.systemd import Systemd


@dataclass(frozen=True, slots=True)
class Signals:
    """ending: SIGTERM or SIGINT came; hurried: it came again; reload: SIGHUP came (cleared by whoever does it)."""

    ending: asyncio.Event = field(default_factory=asyncio.Event)
    hurried: asyncio.Event = field(default_factory=asyncio.Event)
    reload: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        (self.hurried if self.ending.is_set() else self.ending).set()


@contextlib.contextmanager
def heard(signals: Signals) -> Iterator[Signals]:
    """The process's signals set these events as long as the block lasts."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.end)
    loop.add_signal_handler(signal.SIGHUP, signals.reload.set)
    try:
        yield signals
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an orderly end. end: returns when it is done, and may be cancelled when its `within` seconds are over."""

    name: str
    end: Callable[[], Awaitable[object]]
    within: float


async def drain(steps: Sequence[Step], hurried: asyncio.Event) -> tuple[str, ...]:
    """Take the steps in their order, each within its time, so that a late one leaves the next its own. The names of those that
    were cut short. Once somebody is in a hurry, those that are left get one turn of the loop."""
    cut = []
    for step in steps:
        if not await done_within(step, hurried):
            tell(Event.CUT_SHORT, kind=step.name)
            cut.append(step.name)
    return tuple(cut)


async def done_within(step: Step, hurried: asyncio.Event) -> bool:
    work = asyncio.ensure_future(step.end())
    hurry = asyncio.ensure_future(hurried.wait())
    try:
        await asyncio.wait((work, hurry), timeout=step.within, return_when=asyncio.FIRST_COMPLETED)
        if work.done() and (error := work.exception()) is not None:
            tell(Event.DRAIN_FAULT, kind=step.name, error=error)
        return work.done()
    finally:
        hurry.cancel()
        work.cancel()


async def give_signs_of_life(
    systemd: Systemd, answers: Callable[[], Awaitable[object]], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Until cancelled: WATCHDOG=1 as long as this loop turns and the store answers. An answer that is an error is one too: a full
    or locked store is told by its metric and mends itself, and a restart would not free a disk."""
    while systemd.watchdog > 0:
        try:
            async with asyncio.timeout(systemd.watchdog / 2) as patience:
                await answers()
        except Exception as error:  # an answer as well, unless our own patience ended it
            if patience.expired():
                tell(Event.STORE_SILENT, error=error)
            else:
                systemd.alive()
        else:
            systemd.alive()
        await sleep(systemd.watchdog / 3)
