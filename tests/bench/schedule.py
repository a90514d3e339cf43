"""What the schedule of a hundred thousand accounts costs: `python -m tests.bench.schedule [ACCOUNTS]`.

CPU of this process (time.process_time), so that other work on the machine does not count; each figure is the median of its
rounds with the lowest and the highest. Time is virtual: a quarter of an hour takes as long as its work.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mailprobe.config import Account
from mailprobe.engine import Capacity, Due, Fleet, Hooks, Order, Past, Result
from mailprobe.engine.embedded import Embedded, SignInChain
from mailprobe.engine.lanes import Lanes
from mailprobe.engine.schedule import Schedule
from mailprobe.engine.serving import SLICE
from mailprobe.probes import Note, Reach, Target
from tests.unit import given
from tests.unit.virtual import NOW, Time, in_virtual_time

KEY = b"a key of thirty-two random bytes"
EVERY = 900.0
ROUNDS = 3
LOOK = 0.05  # virtual seconds between two looks
SERVED = 5.0  # virtual seconds of the whole engine at work


def main() -> int:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    accounts = made(size)
    rate = size / EVERY
    print(f"{size} accounts every {EVERY:.0f} s, imap + mx: {rate:.0f} slots/s. Median (min-max) of {ROUNDS} rounds, CPU.")
    before = resident()
    schedule = Schedule(KEY, accounts, NOW)
    print(f"memory of the schedule      {(resident() - before) / 1e6:8.1f} MB   (aim <= 20)")
    print(f"built                       {shown(rounds(lambda: seconds(lambda: Schedule(KEY, accounts, NOW))))} s")
    print(f"replaced, nothing changed   {shown(rounds(lambda: seconds(lambda: schedule.replaced(accounts, NOW))))} s")
    alone = rounds(lambda: per_slot(accounts, with_lanes=False))
    print(f"a slot, schedule alone      {shown(alone, 1e6)} us")
    both = rounds(lambda: per_slot(accounts, with_lanes=True))
    print(
        f"a slot, schedule and lanes  {shown(both, 1e6)} us = {statistics.median(both) * rate * 100:.2f} % of a core   (aim <= 2)"
    )
    slept = [after_a_sleep(accounts[::5]) for _ in range(ROUNDS)]
    print(f"a fifth wakes after 2 h     {shown([whole for whole, _ in slept])} s, in slices of {SLICE} accounts")
    print(f"  the longest slice         {shown([longest for _, longest in slept], 1e3)} ms   (aim: loop lag p99 < 50)")
    whole = [served(accounts) for _ in range(ROUNDS)]
    print(f"a slot, the whole engine    {shown(whole, 1e6)} us, probes and sink that do nothing")
    return 0


def made(size: int) -> list[Account]:
    """Of ten carriers, the first with half of them."""
    every, probes = (("", EVERY),), ("imap", "mx")
    return [
        given.account(id=f"acct-{n:06d}", every=every, probes=probes, carrier=f"c{0 if n % 2 else n // 2 % 10}")
        for n in range(size)
    ]


def rounds(measure: Callable[[], float]) -> list[float]:
    return [measure() for _ in range(ROUNDS)]


def shown(values: Sequence[float], scale: float = 1.0) -> str:
    middle, low, high = (scale * one for one in (statistics.median(values), min(values), max(values)))
    return f"{middle:8.2f} ({low:.2f}-{high:.2f})"


def resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def per_slot(accounts: Sequence[Account], *, with_lanes: bool) -> float:
    """CPU seconds per slot over half a minute of looks, after the schedule was built."""
    schedule, number = Schedule(KEY, accounts, NOW), 0
    lanes = Lanes(2000, schedule.rates(), 0.0)
    began = time.process_time()
    for look in range(int(EVERY / 30 / LOOK)):
        now = NOW + look * LOOK
        taken = schedule.take(now, SLICE)
        number += len(taken)
        if with_lanes:
            for one in taken:
                if isinstance(one, Due):
                    lanes.put(one, now - NOW)
            for due in tuple(lanes.begin(now, now - NOW)):
                lanes.leave(due)
    return (time.process_time() - began) / number


def after_a_sleep(accounts: Sequence[Account]) -> tuple[float, float]:
    """CPU seconds until every account has its next slot again, and of the longest slice."""
    schedule = Schedule(KEY, accounts, NOW)
    slices = []
    while schedule.next_at() <= NOW + 7200:
        slices.append(seconds(lambda: schedule.take(NOW + 7200, SLICE)))
    return sum(slices), max(slices)


def served(accounts: Sequence[Account]) -> float:
    """CPU seconds per slot of the engine as a whole, without building its schedule."""

    async def probe(target: Target, reach: Reach, note: Note) -> None: ...

    async def scene(time_: Time) -> float:
        rows: list[Result] = []

        async def ended(row: Result) -> None:
            rows.append(row)

        def nothing(order: Order, chain: SignInChain, tap: object) -> Reach:
            return None  # type: ignore[return-value]  # these probes touch nothing

        engine = Embedded({"imap": probe, "mx": probe}, nothing, clock=time_.clock, capacity=Capacity(2000))
        carriers = {name: given.carrier(name=name) for name in {one.carrier for one in accounts}}
        serving = asyncio.create_task(engine.serve(Fleet(accounts, carriers, given.prober()), Hooks(ended), Past(KEY)))
        await asyncio.sleep(1.0)
        already, began = len(rows), time.process_time()
        await asyncio.sleep(SERVED)
        used, number = time.process_time() - began, len(rows) - already
        await engine.drain(1.0)
        await serving
        return used / number

    return in_virtual_time(scene)


if __name__ == "__main__":
    sys.exit(main())
