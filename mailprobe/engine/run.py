"""One run of one probe: the one deadline, and the one broad `except`, which becomes `our_fault`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from mailprobe.engine import Order
from mailprobe.evidence import HELD_BACK, End, Ending, Evidence, Fact, Line, NotAsked, NotConnected, Stage, Unreachable
from mailprobe.log import Event, tell

FINISHED = Ending(End.FINISHED)
ASKING = {Stage.RCPT, Stage.LOGIN, Stage.AUTH}


@dataclass(slots=True, eq=False)
class Run:
    """A run under way: what was noted so far, and its deadline."""

    order: Order
    probe: str
    started: float = field(default_factory=time.time)
    began: float = field(default_factory=time.monotonic)
    facts: list[Fact] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    deadline: asyncio.Timeout | None = None
    stopped: bool = False
    clock: Callable[[], float] = time.monotonic

    def stop(self) -> None:
        """End now, as out of time, with what is known so far."""
        self.stopped = True
        if self.deadline is not None and not self.deadline.expired():
            self.deadline.reschedule(asyncio.get_running_loop().time())

    def evidence(self, ending: Ending) -> Evidence:
        return Evidence(
            account=self.order.account.id,
            probe=self.probe,
            vantage=self.order.vantage,
            slot=self.order.slot,
            started=self.started,
            began=self.began,
            took=self.clock() - self.began,
            facts=tuple(self.facts),
            transcript=tuple(self.lines),
            ending=ending,
        )


async def run(run: Run, ask: Callable[[], Awaitable[None]]) -> Evidence:
    """Carry one probe through to its evidence; never raises but for the caller's own cancellation."""
    try:
        async with asyncio.timeout(run.order.within) as run.deadline:
            if run.stopped:
                return run.evidence(Ending(End.OUT_OF_TIME, "stopped"))
            await ask()
    except TimeoutError:
        # in 3.11 the kernel's ETIMEDOUT is a TimeoutError too: only our own deadline is "out of time"
        if run.deadline is not None and run.deadline.expired():
            return run.evidence(Ending(End.OUT_OF_TIME, "stopped" if run.stopped else "deadline"))
        return run.evidence(our_fault("TimeoutError"))
    except Exception as error:  # a fault of ours in a probe is a result like any other, and nobody else's
        tell(Event.PROBE_FAILED, probe=run.probe, error=error)
        return run.evidence(our_fault(cause_of(error)))
    return run.evidence(ending_of(run.facts))


def our_fault(reason: str) -> Ending:
    return Ending(End.OUR_FAULT, reason)


def cause_of(error: BaseException) -> str:
    """The type's name and the place, never the text: an exception's text may hold what the server or the user said."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace is not None else "?"
    return f"{type(error).__name__} in {place}"


def ending_of(facts: Sequence[Fact]) -> Ending:
    """A run that was held back or refused by ourselves says so; everything else is simply finished."""
    held = [f for f in facts if isinstance(f, NotAsked) and f.why in HELD_BACK]
    if held and not any(getattr(f, "stage", None) in ASKING and not isinstance(f, NotAsked) for f in facts):
        return Ending(End.HELD, held[0].why.value, held[0].not_before)
    reached = [f for f in facts if isinstance(f, NotConnected)]
    if reached and all(f.why is Unreachable.FORBIDDEN for f in reached) and len(reached) == len(facts):
        return Ending(End.REFUSED, Unreachable.FORBIDDEN.value)
    return FINISHED
