"""The watched accounts of each carrier, counted: what they say of the carrier as a whole. Pure, given the rows and the time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from mailprobe.incident import SPEAKS_OF_SERVERS, WITHIN
from mailprobe.metrics import AccountRow
from mailprobe.verdict import Status

SLICE = 2000  # rows that are counted at once: about a millisecond
BAD = frozenset({Status.DEGRADED, Status.DOWN})


@dataclass(frozen=True, slots=True)
class Watched:
    """accounts: how many there are; ok, degraded, down: those that are so now, the others are not known. ill: those that are bad
    for the servers' sake, newly_ill: those that became so lately. told_at: when the newest of all could tell something, ok_at:
    the newest of those that are ok; Unix seconds, None if there is none."""

    accounts: int = 0
    ok: int = 0
    degraded: int = 0
    down: int = 0
    ill: int = 0
    newly_ill: int = 0
    told_at: float | None = None
    ok_at: float | None = None

    @property
    def known(self) -> int:
        return self.ok + self.degraded + self.down

    @property
    def unknown(self) -> int:
        return self.accounts - self.known


class Tally:
    """One carrier's, while it is counted."""

    __slots__ = ("accounts", "by_status", "ill", "newly_ill", "ok_at", "told_at")

    def __init__(self) -> None:
        self.accounts = self.ill = self.newly_ill = 0
        self.by_status = dict.fromkeys(Status, 0)
        self.told_at: float | None = None
        self.ok_at: float | None = None

    def add(self, row: AccountRow, now: float) -> None:
        status = row.status_at(now)
        self.accounts += 1
        self.by_status[status] += 1
        if status is Status.UNKNOWN or row.known_at is None:
            return
        self.told_at = max(row.known_at, self.told_at or 0.0)
        if status is Status.OK:
            self.ok_at = max(row.known_at, self.ok_at or 0.0)
        elif row.code in SPEAKS_OF_SERVERS:
            self.ill += 1
            self.newly_ill += now - row.since < WITHIN

    def counted(self) -> Watched:
        ok, degraded, down = (self.by_status[each] for each in (Status.OK, Status.DEGRADED, Status.DOWN))
        return Watched(self.accounts, ok, degraded, down, self.ill, self.newly_ill, self.told_at, self.ok_at)


async def count(rows: Mapping[str, AccountRow], carriers: Iterable[str], now: float) -> dict[str, Watched]:
    """By carrier; those without a watched account as well. Everybody else has a turn between."""
    tallies: dict[str, Tally] = {carrier: Tally() for carrier in carriers}
    left = iter(tuple(rows.values()))
    while some := list(islice(left, SLICE)):
        for row in some:
            tallies.setdefault(row.carrier, Tally()).add(row, now)
        await asyncio.sleep(0)
    return {carrier: tally.counted() for carrier, tally in tallies.items()}
