"""The calls of one process, opened and closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from mailprobe.console.calls.looking import Desk
from mailprobe.console.calls.mailing import Post
from mailprobe.console.calls.past import unknown_service
from mailprobe.console.calls.registry import Calls, Services
from mailprobe.console.rooms import Rooms


@contextlib.asynccontextmanager
async def open_calls(rooms: Rooms, services: Services = unknown_service) -> AsyncIterator[Desk]:
    """What `app.state.desk` is to be. services: how a carrier's service is as a whole. What is under way goes on as long as the
    block lasts, whether a page is open or not."""
    calls = Calls(rooms, services)
    post = Post(calls)
    watching = asyncio.create_task(post.watch())
    try:
        yield Desk(calls, post)
    finally:
        watching.cancel()
        await calls.close()
        await asyncio.gather(watching, return_exceptions=True)
