"""Announced work: the configuration's and what was set since, asked at every reading."""

from __future__ import annotations

from dataclasses import dataclass

from mailprobe.maintenance import OVERRUN, Window
from mailprobe.serve.announced import Announced
from mailprobe.store import open_store
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, NoteCode, Status, Verdict
from tests.unit.given import account

NOW = 1_800_000_000.0
OUTAGE = Verdict(Code.IMAP_OUTAGE, Status.DOWN, Actor.MAIL_OPS, Confidence.HIGH, HandsetSteps.NONE, 11)
WRITTEN = Window("lab", "", NOW + 100.0, NOW + 200.0, "in the file")


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


async def test_both_kinds_count_and_end() -> None:
    clock, mine, other = Clock(), account(group="shard-3"), account(group="shard-4")
    async with open_store("sqlite://") as store:
        announced = Announced(store.maintenance, (WRITTEN,), wall=clock)
        await announced.refresh()
        assert announced.noted(OUTAGE, mine) is OUTAGE
        kept = await announced.add(Window("lab", "shard-3", NOW, NOW + 150.0, "set"), "suzuki")
        assert (announced.under_way(mine), announced.under_way(other)) == (kept, None)
        assert announced.gauges(("lab",)) == {"lab": 0}
        assert announced.noted(OUTAGE, mine).notes[0].code is NoteCode.MAINTENANCE
        clock.now = NOW + 120.0
        assert announced.under_way(mine) == announced.under_way(other) == WRITTEN
        assert announced.gauges(("lab", "x")) == {"lab": 1, "x": 0}
        assert await announced.end(kept.number) is not None
        announced.written = ()
        assert (announced.under_way(mine), announced.overrun(mine)) == (None, announced.windows[0])
        clock.now += OVERRUN + 1.0
        assert announced.overrun(mine) is None


async def test_a_window_that_another_process_set_is_seen() -> None:
    async with open_store("sqlite://") as store:
        announced = Announced(store.maintenance, wall=Clock())
        await store.maintenance.add(Window("lab", "", NOW, NOW + 60.0), "suzuki", NOW)
        assert announced.under_way(account()) is None
        await announced.refresh()
        assert announced.under_way(account()) is not None
