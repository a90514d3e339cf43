"""Has our clock been moved, or have we been asleep? Durations are monotonic everywhere; dates and ages are not."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailprobe.evidence import Evidence
from mailprobe.prober import Check, Finding, Remark, State

STEP = 2.0  # seconds that the wall clock may be set by unnoticed
SUSPEND = 5.0
STALL = 30.0  # seconds later than meant: the process was stopped, or its loop was held up
SETTLES = 60.0  # seconds after which every run that was under way has ended


@dataclass(frozen=True, slots=True)
class Sample:
    """All clocks at one instant. boottime goes on while the machine sleeps, monotonic does not."""

    wall: float
    monotonic: float
    boottime: float


def sample(wall: Callable[[], float] = time.time) -> Sample:
    monotonic = time.monotonic()
    boottime = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else monotonic
    return Sample(wall(), monotonic, boottime)


class JumpKind(StrEnum):
    STEPPED = "stepped"
    SUSPENDED = "suspended"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class Jump:
    """seconds: how far; negative for a clock that was set back. before, after: monotonic seconds of the two looks."""

    kind: JumpKind
    seconds: float
    before: float
    after: float


def jump(before: Sample, after: Sample, expected: float) -> Jump | None:
    """What happened between two looks that were meant to be `expected` seconds apart."""
    ran = after.monotonic - before.monotonic
    slept = max(0.0, after.boottime - before.boottime - ran)
    stepped = after.wall - before.wall - ran - slept
    here = (before.monotonic, after.monotonic)
    if slept > SUSPEND:
        return Jump(JumpKind.SUSPENDED, slept, *here)
    if abs(stepped) > STEP:
        return Jump(JumpKind.STEPPED, stepped, *here)
    return Jump(JumpKind.STALLED, ran - expected, *here) if ran > expected + STALL else None


def clock(jumps: Sequence[Jump], monotonic: float, now: float) -> Finding:
    """Bad from a jump until everything that was under way has ended."""
    recent = [one for one in jumps if 0 <= monotonic - one.after < SETTLES]
    if not recent:
        return Finding(Check.CLOCK, State.GOOD, Remark.NOTHING, now)
    last = recent[-1]
    seconds = f"{last.seconds:+.0f}" if last.kind is JumpKind.STEPPED else f"{last.seconds:.0f}"
    since = now - (monotonic - last.after)
    return Finding(Check.CLOCK, State.BAD, Remark(last.kind.value), since, words=(("seconds", seconds),))


def is_void(evidence: Evidence, jumps: Sequence[Jump]) -> bool:
    """Whether a run was under way while we slept, stood still or had our clock moved: what it did not hear says nothing."""
    ended = evidence.began + evidence.took
    return any(evidence.began < one.after and one.before < ended for one in jumps)
