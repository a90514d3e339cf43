"""The guard on addresses that are not enrolled: who asks about one after the other without a ticket looks like a harvester.

Counted per operator and carrier are distinct addresses without a ticket in 24 h. Nobody is locked out of an incident: while
several others meet unknown addresses at the same carrier, or a supervisor has said that an incident is open, nothing counts.
And nobody is left without an answer silently: whoever reaches the guard is told so, and what lifts it: a ticket, or a
supervisor's release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from mailprobe.evidence import Withheld
from mailprobe.limits.waiting import DAY, Wall
from mailprobe.probes import Denied

FREE = 5  # addresses without a ticket, per operator, carrier and 24 h
# An incident shows in what others meet: one operator alone cannot make one by guessing
INCIDENT_WITHIN = 1200.0
INCIDENT_OTHERS = 3
INCIDENT_ADDRESSES = 5

Result = TypeVar("Result")


class PastAddress(Protocol):
    @property
    def operator(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def asked_at(self) -> float: ...
    @property
    def counts(self) -> bool: ...
    @property
    def unknown(self) -> bool: ...


class PastRelease(Protocol):
    @property
    def operator(self) -> str: ...
    @property
    def since(self) -> float: ...
    @property
    def until(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants to ask about whom. operator, subject: keyed hashes. ticketed: a ticket was named."""

    operator: str
    subject: str
    ticketed: bool


@dataclass(frozen=True, slots=True)
class Admitted:
    """The address may be asked about; `counts`: as one without an excuse."""

    counts: bool


def may_ask_about(
    past: Sequence[PastAddress], releases: Sequence[PastRelease], wish: Wish, now: float, free: int = FREE
) -> Admitted | Denied:
    """`past`: everything that was asked at the carrier, oldest first."""
    recent = [one for one in past if abs(now - one.asked_at) < DAY]
    if wish.ticketed or is_released(releases, wish.operator, now) or is_incident(recent, wish.operator, now):
        return Admitted(counts=False)
    mine = [one for one in recent if one.operator == wish.operator and one.counts]
    if any(one.subject == wish.subject for one in mine):
        return Admitted(counts=True)  # the same customer once more
    if len(mine) < free:
        return Admitted(counts=True)
    return Denied(Withheld.NEEDS_RELEASE, mine[-free].asked_at + DAY, mine[-1].asked_at)


def is_released(releases: Sequence[PastRelease], operator: str, now: float) -> bool:
    """By a supervisor: this operator, or everybody."""
    return any(one.operator in ("", operator) and one.since <= now < one.until for one in releases)


def is_incident(recent: Sequence[PastAddress], operator: str, now: float) -> bool:
    """Whether several others have met unknown addresses here just now."""
    met = [one for one in recent if one.unknown and one.operator != operator and now - one.asked_at < INCIDENT_WITHIN]
    others, addresses = {one.operator for one in met}, {one.subject for one in met}
    return len(others) >= INCIDENT_OTHERS and len(addresses) >= INCIDENT_ADDRESSES


class StrangerTable(Protocol):
    def operator_of(self, name: str) -> str: ...
    def subject_of(self, address: str) -> str: ...
    async def ask(
        self,
        carrier: str,
        operator: str,
        subject: str,
        now: float,
        decide: Callable[[Sequence[PastAddress], Sequence[PastRelease]], tuple[Result, bool | None]],
    ) -> Result: ...
    async def answered(self, carrier: str, operator: str, subject: str, *, unknown: bool) -> None: ...
    async def release(self, carrier: str, operator: str, now: float, until: float, by: str) -> None: ...


class KeepsStrangers(Protocol):
    @property
    def strangers(self) -> StrangerTable: ...


@dataclass(frozen=True, slots=True)
class StrangerGuard:
    """The guard over a store, shared by all programs. Operators are names (who is signed in), addresses their keys."""

    store: KeepsStrangers
    wall: Wall
    free: int = FREE

    async def may_ask(self, carrier: str, operator: str, address: str, ticket: str = "") -> Denied | None:
        """Whether the address may be asked about, before anything leaves this host. A yes is written down."""
        table, now = self.store.strangers, self.wall()
        wish = Wish(table.operator_of(operator), table.subject_of(address), bool(ticket.strip()))

        def decide(past: Sequence[PastAddress], releases: Sequence[PastRelease]) -> tuple[Denied | None, bool | None]:
            said = may_ask_about(past, releases, wish, now, self.free)
            return (said, None) if isinstance(said, Denied) else (None, said.counts)

        return await table.ask(carrier, wish.operator, wish.subject, now, decide)

    async def answered(self, carrier: str, operator: str, address: str, *, unknown: bool) -> None:
        """What came of it: unknown to the servers or not."""
        table = self.store.strangers
        await table.answered(carrier, table.operator_of(operator), table.subject_of(address), unknown=unknown)

    async def release(self, carrier: str, operator: str, by: str, lasting: float = DAY) -> None:
        """A supervisor lifts the guard for one operator."""
        table, now = self.store.strangers, self.wall()
        await table.release(carrier, table.operator_of(operator), now, now + lasting, by)

    async def open_incident(self, carrier: str, by: str, lasting: float = 4 * 3600.0) -> None:
        """A supervisor says that an incident is open: the guard is lifted for everybody."""
        now = self.wall()
        await self.store.strangers.release(carrier, "", now, now + lasting, by)

    async def close_incident(self, carrier: str, by: str) -> None:
        now = self.wall()
        await self.store.strangers.release(carrier, "", now, now, by)
