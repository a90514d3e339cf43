"""Clock steps, suspends and stalls, with injected clocks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.evidence import End, Ending, Evidence
from mailprobe.prober import Remark, State
from mailprobe.prober.clock import Jump, JumpKind, Sample, clock, is_void, jump, sample

NOW = 1_800_000_000.0
BEFORE = Sample(NOW, 1000.0, 5000.0)
STEPPED, SUSPENDED, STALLED = JumpKind
HOUR = 3600.0

CASES = [
    ("as meant", (5, 5, 5), None, 0),
    ("a little late", (7, 7, 7), None, 0),
    ("slewed by NTP", (6.5, 5, 5), None, 0),
    ("an hour ahead", (HOUR + 5, 5, 5), STEPPED, HOUR),
    ("an hour back", (5 - HOUR, 5, 5), STEPPED, -HOUR),
    ("ten years", (10 * 8766 * HOUR + 5, 5, 5), STEPPED, 10 * 8766 * HOUR),
    ("a leap second", (6, 5, 5), None, 0),
    ("asleep for two hours", (2 * HOUR + 5, 5, 2 * HOUR + 5), SUSPENDED, 2 * HOUR),
    ("asleep, and the clock was set as well", (5, 5, 2 * HOUR + 5), SUSPENDED, 2 * HOUR),
    ("stopped for ten minutes", (605, 605, 605), STALLED, 600),
]


@pytest.mark.parametrize(("passed", "kind", "seconds"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_jump(passed: tuple[float, float, float], kind: JumpKind | None, seconds: float) -> None:
    wall, monotonic, boottime = passed
    after = Sample(BEFORE.wall + wall, BEFORE.monotonic + monotonic, BEFORE.boottime + boottime)
    found = jump(BEFORE, after, expected=5.0)
    assert (found.kind if found is not None else None) is kind
    if found is not None:
        assert found.seconds == pytest.approx(seconds)


def test_the_real_clocks_agree() -> None:
    one = sample()
    assert jump(one, sample(), expected=0.0) is None


STEP = Jump(STEPPED, HOUR, 995.0, 1000.0)


def test_bad_for_a_minute_and_since_the_jump() -> None:
    assert clock([], 1000.0, NOW).state is State.GOOD
    found = clock([STEP], 1030.0, NOW)
    assert (found.state, found.since, found.what) == (State.BAD, NOW - 30, Remark.STEPPED)
    assert found.words == (("seconds", "+3600"),)
    assert clock([STEP], 1060.0, NOW).state is State.GOOD


@pytest.mark.parametrize(
    ("began", "took", "void"),
    [(900, 50, False), (990, 20, True), (997, 1, True), (999, 30, True), (1000, 5, False), (900, 200, True)],
)
def test_what_was_under_way_is_void(began: float, took: float, void: bool) -> None:
    run = Evidence("tanaka", "mx", "here", 1, NOW, began, took, (), (), Ending(End.FINISHED))
    assert is_void(run, [STEP]) is void
    assert not is_void(replace(run, began=5000.0), [STEP])
