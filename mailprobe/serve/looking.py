"""Test mails that are under way are looked for: at the start, each time they have passed one of the ages, then daily.

A test mail that one process sent may be answered for in another: whatever is open in the journal when the daemon starts is
looked for at once. Nothing is sent from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mailprobe.canary import Record
from mailprobe.config import Account, ad_hoc
from mailprobe.daemon import House
from mailprobe.evidence import Evidence
from mailprobe.log import Event, tell

TICK = 20.0  # seconds between two looks into the journal
# Seconds of a test mail's age at which its mailbox is looked into; then daily. An hour and a day are when a verdict changes.
LOOKS = (120.0, 600.0, 3600.0, 4 * 3600.0, 12 * 3600.0, 86_400.0)
DAILY = 86_400.0
SeenBy = Callable[[Account, tuple[Evidence, ...]], Awaitable[None]]


@dataclass(slots=True)
class Rounds:
    """When each open test mail was last looked for, Unix seconds; one that is missing was not looked for yet."""

    last: dict[str, float]

    def is_due(self, record: Record, now: float) -> bool:
        """At the start; then each time that the mail has passed one of the ages; then daily."""
        last = self.last.get(record.id)
        born = record.sent_at or record.planned_at
        if last is None:
            return True
        return any(last - born < age <= now - born for age in LOOKS) or now - last >= DAILY


async def look_after(house: Callable[[], House], ending: asyncio.Event, seen: SeenBy) -> None:
    """Look into the journal, and into the mailboxes where something is open and it is time, until the end is near. house: as it
    is furnished now; seen: is given what a look has seen."""
    rounds = Rounds({})
    while not ending.is_set():
        try:
            await look_once(house(), rounds, house().clock.wall(), ending, seen)
        except Exception as error:  # the journal is durable: nothing is lost by looking again
            tell(Event.CANARIES_NOT_LOOKED_AFTER, error=error)
        try:
            async with asyncio.timeout(TICK):
                await ending.wait()
        except TimeoutError:
            continue


async def look_once(house: House, rounds: Rounds, now: float, ending: asyncio.Event, seen: SeenBy) -> None:
    """One round; a mailbox that is being looked into when the end is near is the last."""
    open_ones = await house.store.canaries.all_open(now)
    if not open_ones:
        rounds.last = {}
        return
    whose = await asyncio.to_thread(mailboxes, house)  # of a hundred thousand accounts it takes a second
    due = {one.subject for one in open_ones if one.subject in whose and rounds.is_due(one, now)}
    for subject in due:
        if ending.is_set():
            return
        await seen(whose[subject], await house.look(whose[subject]))
    ours = [one for one in open_ones if one.subject in whose]
    rounds.last = {one.id: now if one.subject in due else rounds.last.get(one.id, now) for one in ours}


def mailboxes(house: House) -> dict[str, Account]:
    """The configured mailboxes by their subjects: accounts, and the live controls."""
    controls = (one.address for carrier in house.config.carriers.values() for one in carrier.live_controls)
    accounts = [*(ad_hoc(house.config, address) for address in controls), *house.config.accounts]
    return {house.store.canaries.subject_of(account.address.key): account for account in accounts}
