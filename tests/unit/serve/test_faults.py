"""What goes wrong while a row is on its way: a reload in between, a store that fails after it, a fault of ours in a loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from mailprobe.serve import duty
from mailprobe.serve.deciding import keep_deciding
from mailprobe.serve.duty import keep_rechecking
from mailprobe.store import StoreError
from tests.unit.serve.scene import INTERVAL, UNKNOWN, config, scene


@dataclass
class Held:
    """Standings that are written down only when the test lets them."""

    standings: Any
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self, *given: Any) -> Any:
        self.reached.set()
        await self.let_go.wait()
        return await self.standings.keep(*given)


async def test_a_reload_while_a_row_is_written_down_loses_nothing_of_it() -> None:
    async with scene(config()) as one:
        house = one.house
        waits = Held(house.store.standings)
        store: Any = replace(house.store, standings=waits)  # type: ignore[arg-type]  # as far as it is used
        one.watching.shift.house = replace(house, store=store)
        row = asyncio.create_task(one.read("a-0"))
        await waits.reached.wait()
        one.watching.renew(house.config)
        waits.let_go.set()
        await row
        assert one.status("a-0") == "ok"
        one.passes(INTERVAL)
        await one.read("a-0")
        changes = await house.store.changes.of_account("a-0")
        assert [(change.change.old, change.change.new) for change in changes if change.change] == [("unknown", "ok")]


@dataclass
class Full:
    """A disk that is: whatever follows a row cannot be written down."""

    asked: int = 0

    async def learn(self, *given: Any, **more: Any) -> None:
        self.asked += 1
        raise StoreError("MP1404", "store", "full")

    later = learn


async def test_a_row_that_is_durable_is_not_offered_again_for_what_follows_it() -> None:
    """Else it would be stored and counted twice."""
    async with scene(config()) as one:
        await one.read("a-0")
        one.passes(INTERVAL)
        full: Any = Full()
        one.watching.shift.house = replace(one.house, breakers=full, engine=full)
        await one.read("a-0", UNKNOWN)  # and asks for a second reading
        assert one.watching.accounts["a-0"].standing.unconfirmed is not None
        assert full.asked == 4  # what each probe has seen, and another look by each


@contextlib.asynccontextmanager
async def still_at_it(loop: Any) -> AsyncIterator[None]:
    """A loop of the daemon, which is not over after many turns."""
    task = asyncio.create_task(loop)
    yield
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()


async def test_a_fault_in_deciding_ends_no_loop() -> None:
    async with scene(config()) as one:
        one.watching.accounts = {"a-0": None}  # type: ignore[dict-item]  # a fault of ours
        async with still_at_it(keep_deciding(one.watching)):
            one.watching.troubled.put_nowait(("a", "imap"))


async def test_a_fault_in_rechecking_ends_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duty, "ROUND", 0.0)
    async with scene(config()) as one:
        one.watching.flips = None  # type: ignore[assignment]  # a fault of ours
        async with still_at_it(keep_rechecking(one.watching)):
            pass
