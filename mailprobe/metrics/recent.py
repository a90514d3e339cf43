"""The largest of what was measured in the last minute: a gauge that shows a short trouble to whoever comes to look later."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

MINUTE = 60.0
LOOK_EVERY = 0.1  # seconds between two looks at the event loop


class Recent:
    """Values with their times, as far as they may still be the largest of the last minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, lasts: float = MINUTE) -> None:
        self._clock = clock
        self._lasts = lasts
        self._seen: deque[tuple[float, float]] = deque()  # the values fall from left to right

    def add(self, value: float) -> None:
        while self._seen and self._seen[-1][1] <= value:
            self._seen.pop()
        self._seen.append((self._clock(), value))
        self._drop_old()

    def largest(self) -> float:
        self._drop_old()
        return self._seen[0][1] if self._seen else 0.0

    def _drop_old(self) -> None:
        while self._seen and self._seen[0][0] < self._clock() - self._lasts:
            self._seen.popleft()


async def watch_loop(
    tell: Callable[[float], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """For ever: how much later than asked the event loop comes back, in seconds."""
    while True:
        before = clock()
        await sleep(LOOK_EVERY)
        tell(max(0.0, clock() - before - LOOK_EVERY))
