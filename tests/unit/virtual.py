"""Virtual time: an event loop that, when nothing is ready, goes to its next timer at once. No test has to wait for anything."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

from mailprobe.engine import Clock

T = TypeVar("T")

NOW = 1_800_000_000.0


class Time:
    """A steady clock that only the loop moves, and a wall clock that can be stepped."""

    def __init__(self, wall: float = NOW) -> None:
        self.now = 0.0
        self.offset = wall
        self.clock = Clock(self.wall, self.steady, asyncio.sleep)

    def steady(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now + self.offset

    def step(self, seconds: float) -> None:
        """The clock is put forward or back. The same as a suspend, in which the steady clock stands still."""
        self.offset += seconds

    def stop_the_process(self, seconds: float) -> None:
        """Everything stands still but time (SIGSTOP, or a blocked loop)."""
        self.now += seconds


class Waiting(selectors.DefaultSelector):
    """Instead of waiting for a timer, time goes on."""

    time: Time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits and nothing will ever happen")
        if not ready and timeout is not None:
            self.time.now += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, time: Time) -> None:
        selector = Waiting()
        selector.time = time
        self._virtual = time
        super().__init__(selector)

    def time(self) -> float:
        return self._virtual.now

    def run_in_executor(self, executor: Executor | None, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]  # the stubs want more type variables
        """A thread takes no virtual time: its work is done at once."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # whoever awaits it is told, as by a real thread
            done.set_exception(error)
        return done


def in_virtual_time(main: Callable[[Time], Coroutine[Any, Any, T]], wall: float = NOW) -> T:
    time = Time(wall)
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(time)) as runner:
        return runner.run(main(time))


async def until(condition: Callable[[], bool], within: float = 3600.0) -> None:
    """Virtual seconds pass until it holds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  virtual seconds cost nothing
            await asyncio.sleep(0.01)
