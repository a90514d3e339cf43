"""Not now, but perhaps soon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

STEP = 0.2  # seconds between two looks
DAY = 86400.0

Wall = Callable[[], float]  # Unix seconds
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now, but perhaps soon: ask again at `until` (Unix seconds)."""

    until: float
