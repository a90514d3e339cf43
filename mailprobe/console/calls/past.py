"""What was known before a call: the last verdict, when it was last good, how the service is as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mailprobe.carriers import Carrier
from mailprobe.config import Account
from mailprobe.config.names import names_of
from mailprobe.console.calls.texts import text
from mailprobe.incident import Passage
from mailprobe.status import RANK
from mailprobe.store import Store
from mailprobe.verdict import Status, Verdict


class Service(Protocol):
    """How a carrier's service is, as a whole. since: Unix seconds at which that was last shown, None if never."""

    @property
    def state(self) -> str: ...
    @property
    def since(self) -> float | None: ...
    def passages(self, language: str) -> tuple[Passage, ...]:
        """One sentence, in pieces that are each of one language."""
        ...


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody watches the service as a whole."""

    state: str = "unknown"
    since: float | None = None

    def passages(self, language: str) -> tuple[Passage, ...]:
        return (Passage(text("service.unknown", language), language),)


async def unknown_service(carrier: Carrier, now: float) -> Service:
    return Unknown()


@dataclass(frozen=True, slots=True)
class Past:
    """stored: what was said last of the account, at said_at. last_good, first_bad: of its status over time. Unix seconds."""

    stored: Verdict | None = None
    said_at: float = 0.0
    last_good: float | None = None
    first_bad: float | None = None
    service: Service = Unknown()


NOTHING = Past()
RECENT = 20  # verdicts among which the last good one is looked for


async def past_of(store: Store, account: Account, carrier: Carrier, service: Service) -> Past:
    """Of an account that is watched; nothing is known of another."""
    if not account.enrolled:
        return Past(service=service)
    hidden = store.results.hide(names_of(account, carrier))
    said = await store.verdicts.of_account(account.id, hidden, RECENT)
    well = tuple(one.seen_at for one in said if isinstance(one.verdict, Verdict) and one.verdict.status is Status.OK)
    good, bad = await turning(store, account.id, well)
    last = said[0] if said else None
    verdict = last.verdict if last is not None and isinstance(last.verdict, Verdict) else None
    return Past(verdict, last.seen_at if last is not None else 0.0, good, bad, service)


async def turning(store: Store, account: str, well: tuple[float, ...] = ()) -> tuple[float | None, float | None]:
    """When it was last proven good, and when it was first bad after that. well: Unix seconds at which it was said to be in order:
    of the probes only the newest good answer is remembered, which may be that of a leg that never failed."""
    known = (*well, *(one.good_at for one in await store.results.last(account) if one.good_at is not None))
    standing = await store.standings.of(account)
    if standing is None or RANK[standing.status] == 0:
        return max(known, default=None), None
    first = standing.since
    for one in await store.changes.of_account(account):
        if one.change is None or RANK[one.change.new] == 0:
            break
        first = min(first, one.change.since)
        if RANK[one.change.old] == 0 and one.change.old is Status.OK:
            break
    return max((one for one in known if one <= first), default=None), first
