"""What the carrier's own systems know of a mailbox, asked on somebody's behalf: noted before, and once a check."""

from __future__ import annotations

from mailprobe.config import Account
from mailprobe.console.door import Visitor
from mailprobe.console.rooms import Rooms
from mailprobe.console.trail import Trail
from mailprobe.lookup import Answer, Unanswered, look_up

WHAT = "lookup"  # in the trail
Known = Answer | Unanswered | None


async def looked_up(rooms: Rooms, trail: Trail, visitor: Visitor, account: Account, of: str, why: str) -> Known:
    """None where the carrier has no lookup. of: the account's id, or the hash of its address; why: reason or ticket.

    StoreError if it cannot be noted, and then nobody is asked. `mailprobe.lookup.observed_of` gives what a verdict knows."""
    carrier = rooms.house().config.carriers.get(account.carrier)
    if carrier is None or carrier.lookup is None:
        return None
    await trail.note(visitor, WHAT, of, why)
    return await look_up(carrier.lookup, account)
