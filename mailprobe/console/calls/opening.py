"""The calls of one process, opened and closed; what changes is written down soon, what is old goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mailprobe.console.calls.call import KEPT, Call
from mailprobe.console.calls.keeping import Keeping
from mailprobe.console.calls.looking import Desk
from mailprobe.console.calls.mailing import Post
from mailprobe.console.calls.past import unknown_service
from mailprobe.console.calls.registry import Calls, Services, Told, nobody
from mailprobe.console.calls.repairing import begin
from mailprobe.console.calls.sealing import sealer_of
from mailprobe.console.rooms import Rooms
from mailprobe.log import Event, tell
from mailprobe.store import StoreError

SOON = 0.5  # seconds after which a change is on the disk
PRUNE = 600.0  # seconds between two looks for what is too old


@contextlib.asynccontextmanager
async def open_calls(rooms: Rooms, services: Services = unknown_service, told: Told = nobody) -> AsyncIterator[Desk]:
    """What `app.state.desk` is to be. services: how a carrier's service is as a whole; told: hears what checks come to. What is
    under way goes on as long as the block lasts, whether a page is open or not; a watch goes on after a restart. StoreError."""
    house = rooms.house()
    keeping = Keeping(house.store, await sealer_of(house.config.prober.token_keys))
    calls = Calls(rooms, services, keeping, told)
    await resume(calls, keeping)
    post, scribe = Post(calls), Scribe(calls, keeping)
    working = [asyncio.create_task(post.watch()), asyncio.create_task(scribe.write())]
    try:
        yield Desk(calls, post)
    finally:
        for task in working:
            task.cancel()
        await calls.close()
        await asyncio.gather(*working, return_exceptions=True)
        await scribe.once()


async def resume(calls: Calls, keeping: Keeping) -> None:
    """Go on looking at the mailboxes that are watched, and for the test mails that may still come or come back."""
    for row in await keeping.store.calls.watched(calls.rooms.now()):
        call = await calls.kept(row.id)
        if call is not None and call.watch is not None:
            begin(calls, call)


@dataclass(slots=True)
class Scribe:
    """Writes down what has changed. pruned: Unix seconds."""

    calls: Calls
    keeping: Keeping
    pruned: float = 0.0

    async def write(self) -> None:
        """Until cancelled. What cannot be written now is written next time."""
        while True:
            await asyncio.sleep(SOON)
            await self.once()
            await self.prune()

    async def once(self) -> None:
        for call in [one for one in self.calls.whole.values() if one.dirty]:
            if self.calls.holds(call) and not await self.keep(call):  # a customer may be erased between two
                return

    async def keep(self, call: Call) -> bool:
        call.dirty = False
        try:
            await self.keeping.keep(call)
        except asyncio.CancelledError:  # it may not be on the disk yet: whoever closes writes once more
            call.dirty = True
            raise
        except StoreError:
            call.dirty = True
            return False
        except Exception as error:  # of one call, until it changes again: the others are written all the same
            tell(Event.CONSOLE_FAULT, error=error)
        return True

    async def prune(self) -> None:
        now = self.calls.rooms.now()
        if now - self.pruned < PRUNE:
            return
        self.pruned = now
        for call in [one for one in self.calls.whole.values() if now - one.started > KEPT and one.watch is None]:
            if not call.dirty and call.id not in self.calls.under_way:
                self.calls.forget(call)
        try:
            await self.keeping.store.calls.let_go(now - KEPT, now)
        except StoreError:  # it is tried again
            return
        except Exception as error:  # a fault of ours in the tidying must not stop the keeping, which goes on here
            tell(Event.CONSOLE_FAULT, error=error)
