"""Not now, but perhaps soon; and how long is waited where somebody asked for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from mailprobe.carriers import OWN_LIMITS, Limits

STEP = 0.2  # seconds between two looks
DAY = 86400.0
# What a mail server does itself with mail that was put off: five minutes at first, then more, an hour or so at the most
# (RFC 5321 section 4.5.4.1 wants 30 minutes at least after the first tries)
FIRST_WAIT = 300.0
LONGEST_WAIT = 4000.0

Wall = Callable[[], float]  # Unix seconds
Sleep = Callable[[float], Awaitable[None]]
Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now, but perhaps soon: ask again at `until` (Unix seconds)."""

    until: float


async def waited_for(look: Callable[[float], Awaitable[Said | Wait]], within: float, wall: Wall, sleep: Sleep) -> Said | Wait:
    """What `look` says of now, asked again for as long as it says that a while helps; its last `Wait` where that would be longer
    than `within` seconds in all."""
    give_up = wall() + within
    while True:
        now = wall()
        said = await look(now)
        if not isinstance(said, Wait) or said.until > give_up:
            return said
        await sleep(max(STEP, said.until - now))


def growing(first: float, longest: float, times: int) -> float:
    """Doubled with each time in a row; `times` is 1 for the first."""
    return min(longest, first * 2.0 ** min(times - 1, 30)) if times > 0 else 0.0


def pace_of(limits: Limits) -> float:
    """1 for everybody's servers. A lab that has loosened its gaps is in as much of a hurry after a failure."""
    return min(1.0, limits.rcpt_gap / OWN_LIMITS.rcpt_gap)
