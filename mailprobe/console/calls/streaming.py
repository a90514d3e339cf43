"""A call as a stream of server-sent events: whole views, so that whoever comes back needs nothing of what he missed.

Everybody who looks at one call in one language is sent the same octets, made once a change.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic

from mailprobe.console.calls.call import State
from mailprobe.console.calls.looking import Desk

KEEP_ALIVE = 15.0  # seconds: less than any proxy's patience
COMMENT = b": still here\n\n"
END = b"event: end\ndata: {}\n\n"
RETRY = b"retry: 1000\n\n"


async def anybody() -> bool:
    return True


async def stream(
    desk: Desk, which: str, language: str, keep_alive: float = KEEP_ALIVE, still_in: Callable[[], Awaitable[bool]] = anybody
) -> AsyncIterator[bytes]:
    """Until nothing can change any more by itself, or it is erased. still_in: whether whoever looks may still do so; asked once
    a `keep_alive`, and what he would have seen next is not sent."""
    call = await desk.calls.find(which)
    yield RETRY
    seen, asked = -1, monotonic()
    while desk.calls.holds(call):
        if monotonic() - asked >= keep_alive:
            asked = monotonic()
            if not await still_in():
                return
        changed = call.changed
        if call.version != seen:
            await desk.turn()
            if not desk.calls.holds(call):
                return
            seen = call.version
            yield desk.event(call, language)
        if call.state is State.DONE and call.version == seen:
            yield END
            return
        if call.version == seen and not await comes(changed, keep_alive):
            yield COMMENT


async def comes(changed: asyncio.Event, within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            await changed.wait()
    except TimeoutError:
        return False
    return True
