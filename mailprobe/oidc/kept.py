"""An answer that is asked for when it is wanted, once for all who want it, and kept for a while; a failure only for seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from mailprobe.oidc.trouble import Trouble

FRESH = 3600.0  # seconds
FAILED = 5.0  # so long nobody asks again after a failure: who is down is not hurried
AGAIN = 30.0  # an answer that is younger than this is not asked for again before its time

T = TypeVar("T")


@dataclass(slots=True)
class Kept(Generic[T]):
    """ask: never raises for what the other side does."""

    ask: Callable[[], Awaitable[T | Trouble]]
    now: Callable[[], float]
    value: T | Trouble | None = None
    at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self) -> T | Trouble:
        return await self._younger_than(FRESH)

    async def anew(self) -> T | Trouble:
        """Because what is kept seems to be no longer true."""
        return await self._younger_than(AGAIN)

    async def _younger_than(self, most: float) -> T | Trouble:
        async with self.lock:
            value = self.value
            age = abs(self.now() - self.at)  # a clock that was set back makes nothing young for ever
            if value is None or age >= (FAILED if isinstance(value, Trouble) else most):
                value = self.value = await self.ask()
                self.at = self.now()
            return value
