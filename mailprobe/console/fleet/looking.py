"""What is known of one watched account, gathered for its page and for the API."""

from __future__ import annotations

from dataclasses import dataclass

from mailprobe.canary import Record
from mailprobe.config import Account
from mailprobe.console.fleet.history import SPAN, Stretch, stretches
from mailprobe.console.fleet.returned import Bounce, understood
from mailprobe.console.rooms import Rooms
from mailprobe.console.services import rows_of
from mailprobe.metrics import AccountRow
from mailprobe.store.changes import Changed
from mailprobe.store.results import Last
from mailprobe.store.verdicts import Said

MOST = 200


@dataclass(frozen=True, slots=True)
class Looked:
    """row: as it stands now. stretches: thirty days, oldest first; everything else the newest first. No address
    stands in any of it but in the account itself."""

    account: Account
    row: AccountRow
    stretches: tuple[Stretch, ...]
    changes: tuple[Changed, ...]
    said: tuple[Said, ...]
    probes: tuple[Last, ...]
    trips: tuple[Record, ...]
    bounces: tuple[Bounce, ...]


async def look(rooms: Rooms, name: str, now: float) -> Looked | None:
    """None for an account that is not watched."""
    house, rows = rooms.house(), await rows_of(rooms, now)
    row = rows.get(name)
    account = next((one for one in house.config.accounts if one.id == name), None) if row is not None else None
    if row is None or account is None:
        return None
    store, since = house.store, now - SPAN
    changes = await store.changes.of_account(name, since, most=1000)
    subject = store.canaries.subject_of(account.address.key)
    backs = await store.bounces.recent_of(subject, since, MOST)
    return Looked(
        account=account,
        row=row,
        stretches=stretches(changes, row, now),
        changes=changes,
        said=await said_of(rooms, name),
        probes=await store.results.last(name),
        trips=tuple(reversed(await store.canaries.of_mailbox(subject, since))),
        bounces=understood(backs, dict.fromkeys((one.mailbox for one in backs), account), house.config),
    )


async def said_of(rooms: Rooms, name: str, most: int = MOST) -> tuple[Said, ...]:
    """The verdicts on one account, the newest first; names in them stay hidden."""
    store = rooms.house().store
    return await store.verdicts.of_account(name, store.results.hide(()), most)
