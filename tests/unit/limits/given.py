"""A clock that is told what time it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

NOW = 1_800_000_000.0
HOUR, DAY = 3600.0, 86400.0


class Time:
    """A wall clock that only sleeping moves, or a test; `meanwhile` happens during the next sleep."""

    def __init__(self) -> None:
        self.now = NOW
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    def wall(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.meanwhile is not None:
            happening, self.meanwhile = self.meanwhile, None
            await happening()
        await asyncio.sleep(0)  # others have their turn
