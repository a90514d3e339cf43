"""An orderly end within its time, and signs of life only while there is life."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from mailprobe.net.systemd import Systemd
from mailprobe.serve.life import Signals, Step, drain, give_signs_of_life, heard
from mailprobe.serve.shift import REST_WITHIN, RUNS_WITHIN, STOPPED_WITHIN
from mailprobe.store import StoreError

LIMIT = 10.0  # seconds that an end may take


def test_the_steps_leave_time_for_closing_the_store() -> None:
    assert RUNS_WITHIN + STOPPED_WITHIN + REST_WITHIN <= LIMIT - 1.0


async def test_steps_are_taken_in_order() -> None:
    order: list[str] = []

    def does(name: str) -> Callable[[], Awaitable[None]]:
        async def end() -> None:
            await asyncio.sleep(0)
            order.append(name)

        return end

    assert await drain([Step(name, does(name), 5.0) for name in "abc"], asyncio.Event()) == ()
    assert order == ["a", "b", "c"]


async def test_a_step_that_takes_too_long_is_cut_and_leaves_the_next_its_time() -> None:
    ended: list[str] = []

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("never")

    async def soon() -> None:
        ended.append("soon")

    assert await drain([Step("never", never, 0.02), Step("soon", soon, 5.0)], asyncio.Event()) == ("never",)
    assert "soon" in ended
    await asyncio.sleep(0)
    assert sorted(ended) == ["never", "soon"]


async def test_an_error_in_a_step_does_not_keep_the_rest_from_ending(caplog: pytest.LogCaptureFixture) -> None:
    ended = asyncio.Event()

    async def fails() -> None:
        raise ValueError("hunter2")

    async def ends() -> None:
        ended.set()

    assert await drain([Step("fails", fails, 1.0), Step("ends", ends, 1.0)], asyncio.Event()) == ()
    assert ended.is_set()
    assert "hunter2" not in caplog.text


async def test_whoever_is_in_a_hurry_does_not_wait() -> None:
    hurried, began = asyncio.Event(), time.monotonic()
    asyncio.get_running_loop().call_later(0.05, hurried.set)

    async def never() -> None:
        await asyncio.Event().wait()

    assert await drain([Step("one", never, 60.0), Step("two", never, 60.0)], hurried) == ("one", "two")
    assert time.monotonic() - began < 1.0


async def test_the_signals() -> None:
    with heard(Signals()) as signals:
        for number, event in (
            (signal.SIGHUP, signals.reload),
            (signal.SIGTERM, signals.ending),
            (signal.SIGINT, signals.hurried),
        ):
            assert not event.is_set()
            os.kill(os.getpid(), number)
            async with asyncio.timeout(2):
                await event.wait()


@dataclass(frozen=True)
class Supervisor(Systemd):
    said: list[str] = field(default_factory=list)

    def say(self, *words: str) -> None:
        self.said.append(words[0])


async def lives(answers: Callable[[], Awaitable[object]], watchdog: float) -> int:
    """The signs of three turns."""
    systemd, slept = Supervisor("x", watchdog), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise asyncio.CancelledError

    with contextlib.suppress(asyncio.CancelledError):
        await give_signs_of_life(systemd, answers, sleep)
    assert all(0.0 < seconds < watchdog / 2 for seconds in slept)
    return len(systemd.said)


async def test_signs_of_life_come_while_the_store_answers() -> None:
    async def answers() -> int:
        return 0

    async def full() -> int:
        raise StoreError("MP1020", "m.db", "the store cannot be used: database or disk is full")

    async def hangs() -> int:
        await asyncio.Event().wait()
        return 0

    assert await lives(answers, 30.0) == 3
    assert await lives(full, 30.0) == 3
    assert await lives(hangs, 0.01) == 0
    assert await lives(answers, 0.0) == 0
