"""What the carrier's own systems know of a mailbox, asked on somebody's behalf: noted before, and once a check."""

from __future__ import annotations

from mailprobe.config import Account
from mailprobe.console.door import Visitor
from mailprobe.console.rooms import Rooms
from mailprobe.console.trail import Trail
from mailprobe.evidence import Evidence
from mailprobe.lookup import look_up, recorded

WHAT = "lookup"  # in the trail


async def looked_up(rooms: Rooms, trail: Trail, visitor: Visitor, account: Account, of: str, why: str) -> Evidence | None:
    """As evidence beside the servers'; None where the carrier has no lookup. of: the account's id, or the hash of its address;
    why: reason or ticket. StoreError if it cannot be noted, and then nobody is asked."""
    carrier = rooms.house().config.carriers.get(account.carrier)
    if carrier is None or carrier.lookup is None:
        return None
    await trail.note(visitor, WHAT, of, why)
    began = rooms.now()
    found = await look_up(carrier.lookup, account)
    took = max(0.0, rooms.now() - began)
    return recorded(found, account.id, carrier.lookup.title or carrier.title, began, took)
