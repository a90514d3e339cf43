"""Watched until repaired: in slots of the daemon's own schedule, and not by live checks of the console."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import pytest

from mailprobe.console.calls import repairing
from mailprobe.console.calls.ask import Ask
from mailprobe.console.calls.call import Call, State
from mailprobe.console.calls.opening import open_calls
from mailprobe.console.calls.registry import Calls
from mailprobe.daemon import open_house
from mailprobe.demo.carrier import EVERYWHERE, Mailbox
from mailprobe.demo.house import Demo, open_demo
from mailprobe.engine import CANARY
from mailprobe.serve.duty import opened
from mailprobe.serve.instruments import rooms_of
from mailprobe.serve.scheduling import watch
from mailprobe.serve.shift import new_shift
from mailprobe.serve.watching import Watching

SOON = 0.2  # seconds between two looks


@contextlib.asynccontextmanager
async def at_work(demo: Demo) -> AsyncIterator[tuple[Watching, Calls]]:
    """A daemon's schedule and its console's calls, over the demo's servers and its store."""
    async with open_house(demo.config) as house:
        watching = await opened(new_shift(house))
        async with open_calls(rooms_of(watching)) as desk:
            desk.calls.watch_every = SOON
            serving = asyncio.create_task(watch(watching))
            try:
                yield watching, desk.calls
            finally:
                watching.shift.ending.set()
                await serving


async def checked(calls: Calls, demo: Demo, local: str) -> Call:
    ask = Ask(f"{local}@{demo.states['mobile'].domain}")
    call = await calls.start(ask, calls.account_of(ask), "sato")
    await calls.under_way[call.id]
    return call


async def until(so: Callable[[], bool], call: Call) -> None:
    async with asyncio.timeout(20.0):
        while not so():
            await call.changed.wait()


@pytest.mark.parametrize("local", ["half-known", "never-was"])
async def test_the_schedule_looks_until_it_is_repaired_and_then_no_more(local: str) -> None:
    """Of a mailbox that is enrolled, and of one that is not."""
    async with open_demo() as demo, at_work(demo) as (watching, calls):
        call = await checked(calls, demo, local)
        mobile = demo.states["mobile"]
        assert repairing.row_of(calls, call)[1].light.value != "green"
        repairing.watch(calls, call, 2.0, "repair is under way", "sato")
        assert (call.state, call.watch is not None) == (State.WAITING, True)
        await asyncio.sleep(0)
        assert [one.account.id for one in watching.repairs.guests] == [call.account.id]
        password = mobile.mailboxes[local].password if local in mobile.mailboxes else "correct-horse-7"
        mobile.put(Mailbox(local, password=password, listed=EVERYWHERE))
        await until(lambda: call.watch is None, call)
        looked = [one for one in call.evidence if one.probe == "mx"][1:]
        assert len(looked) >= repairing.TWICE
        assert all(one.slot is not None for one in looked)
        assert CANARY not in {one.probe for one in call.evidence}
        assert call.state is State.DONE
        assert repairing.row_of(calls, call)[1].light.value == "green"
        assert call.said[-1].why == "watch"
        assert watching.repairs.guests == []
        assert set(watching.rows) == {one.id for one in demo.config.accounts}  # a guest has no series


async def test_a_watch_goes_on_after_a_restart_and_ends_in_its_time() -> None:
    async with open_demo() as demo:
        async with at_work(demo) as (_, calls):
            call = await checked(calls, demo, "never-was")
            repairing.watch(calls, call, 2.0, "repair is under way", "sato")
            first = call.watch
        async with at_work(demo) as (watching, calls):
            again = calls.whole[call.id]
            assert again.watch == first
            await asyncio.sleep(0)
            assert [one.account.id for one in watching.repairs.guests] == [call.account.id]
            repairing.watch(calls, again, 0.5 / 3600.0, "shorter", "sato")
            assert again.watch is not None
            assert again.watch.until - time.time() < 1.0
            await until(lambda: again.watch is None, again)
            assert watching.repairs.guests == []
        async with open_house(demo.config) as house:
            assert await house.store.calls.watched(time.time()) == ()
