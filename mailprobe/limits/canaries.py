"""When a mailbox may get a test mail, and the journal of one run over the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from mailprobe.canary import ALIVE, Record
from mailprobe.carriers import Limits, Relation
from mailprobe.evidence import Returned, Withheld
from mailprobe.limits.shares import canaries_a_day
from mailprobe.limits.waiting import DAY, Wall
from mailprobe.probes import Denied

ALIVE_FOR = DAY  # then it is given up for lost, and no longer holds others back

Result = TypeVar("Result")
Returns = Callable[[str, float], Awaitable[tuple[Returned, ...]]]


def may_send(past: Sequence[Record], limits: Limits, relation: Relation, now: float, *, scheduled: bool = False) -> Denied | None:
    """Whether one more may be planned: none is on its way, the gap has passed, and a foreign mailbox got fewer than four in
    24 h (for the schedule: two). `past`: the mailbox's records, oldest first."""
    real = [one for one in past if one.planned_at <= now + DAY]
    for one in real:
        if one.state in ALIVE and now < one.planned_at + ALIVE_FOR:
            return Denied(Withheld.ONE_ALIVE, one.planned_at + ALIVE_FOR, one.planned_at, one.reply)
    if not real:
        return None
    last, most = real[-1], canaries_a_day(relation, scheduled=scheduled)
    if now < last.planned_at + limits.canary_gap:
        return Denied(Withheld.NOT_POLITE_YET, last.planned_at + limits.canary_gap, last.planned_at, last.reply)
    if most is not None and len(real) >= most and now < real[-most].planned_at + DAY:
        return Denied(Withheld.NOT_POLITE_YET, real[-most].planned_at + DAY, last.planned_at, last.reply)
    return None


class CanaryTable(Protocol):
    def subject_of(self, address: str) -> str: ...
    async def plan(
        self, record: Record, decide: Callable[[tuple[Record, ...]], Result | None], since: float
    ) -> Record | Result: ...
    async def step(self, before: Record, after: Record) -> bool: ...
    async def open_ones(self, subject: str, now: float) -> tuple[Record, ...]: ...
    async def last(self, subject: str) -> Record | None: ...


class KeepsCanaries(Protocol):
    @property
    def canaries(self) -> CanaryTable: ...


async def nothing_returned(subject: str, since: float) -> tuple[Returned, ...]:
    return ()


class Logbook:
    """`Journal` of one run over a store, for mailboxes of a carrier with these limits. `returns`: reads what came back to a
    mailbox's senders, where bounces are received. scheduled: nobody waits for the answer; `limits` are `half_of` theirs then."""

    def __init__(
        self,
        store: KeepsCanaries,
        limits: Limits,
        relation: Relation,
        wall: Wall,
        *,
        vantage: str = "",
        returns: Returns = nothing_returned,
        scheduled: bool = False,
    ) -> None:
        self._table = store.canaries
        self._limits = limits
        self._relation = relation
        self._wall = wall
        self._vantage = vantage
        self._returns = returns
        self._scheduled = scheduled

    def subject_of(self, address: str) -> str:
        return self._table.subject_of(address)

    async def plan(self, record: Record) -> Record | Denied:
        """The record, written down, or why no test mail may be sent now."""
        here = replace(record, vantage=self._vantage)
        since = self._wall() - max(ALIVE_FOR, self._limits.canary_gap)  # nothing older speaks against it

        def decide(past: Sequence[Record]) -> Denied | None:
            return may_send(past, self._limits, self._relation, self._wall(), scheduled=self._scheduled)

        return await self._table.plan(here, decide, since)

    async def step(self, before: Record, after: Record) -> bool:
        return await self._table.step(before, after)

    async def open_ones(self, subject: str) -> tuple[Record, ...]:
        return await self._table.open_ones(subject, self._wall())

    async def last(self, subject: str) -> Record | None:
        return await self._table.last(subject)

    async def returns(self, subject: str, since: float) -> tuple[Returned, ...]:
        return await self._returns(subject, since)
