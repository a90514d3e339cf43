"""Announced work as it is known now: what the configuration says, and what was set while the daemon ran."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from mailprobe.config import Account
from mailprobe.log import Event, tell
from mailprobe.maintenance import OVERRUN, Window, gauges, overrun, under_way
from mailprobe.store.maintenance import Maintenance
from mailprobe.verdict import Verdict
from mailprobe.verdict.announced import during

REFRESHED = 30.0  # seconds: a window may have been set by another process of the same store


@dataclass(slots=True)
class Announced:
    """In memory, so that it can be asked at every reading. written: of the configuration; stored: of the store, as of the last
    `refresh`. wall: Unix seconds."""

    store: Maintenance
    written: tuple[Window, ...] = ()
    stored: tuple[Window, ...] = ()
    wall: Callable[[], float] = time.time

    @property
    def windows(self) -> tuple[Window, ...]:
        return (*self.written, *self.stored)

    def under_way(self, account: Account) -> Window | None:
        """The window that this account is in: its status is not stepped, and no event is told."""
        return under_way(self.windows, account.carrier, account.group, self.wall())

    def overrun(self, account: Account) -> Window | None:
        return overrun(self.windows, account.carrier, account.group, self.wall())

    def noted(self, verdict: Verdict, account: Account) -> Verdict:
        """The verdict, with a note beside it while work is under way."""
        window = self.under_way(account)
        return verdict if window is None else during(verdict, window.ends, window.note)

    def gauges(self, carriers: tuple[str, ...]) -> dict[str, int]:
        """mailprobe_maintenance{carrier}."""
        return gauges(self.windows, carriers, self.wall())

    async def add(self, window: Window, by: str) -> Window:
        """Set one. ValueError says what is wrong with it; StoreError."""
        kept = await self.store.add(window, by, self.wall())
        await self.refresh()
        return kept

    async def end(self, number: int) -> Window | None:
        """End one that was set; None if there is no such one, or it is over. Those of the configuration are ended there."""
        ended = await self.store.end(number, self.wall())
        await self.refresh()
        return ended

    async def refresh(self) -> None:
        self.stored = await self.store.all(self.wall() - OVERRUN)


async def keep_up(announced: Announced) -> None:
    """Until cancelled. While the store cannot be read, what is known goes on to count."""
    while True:
        try:
            await announced.refresh()
        except Exception as error:  # the store's own metric tells
            tell(Event.WINDOWS_UNREAD, error=error)
        await asyncio.sleep(REFRESHED)
