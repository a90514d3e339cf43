"""When each account is due. Pure: given `now`, a key and accounts; nothing has to be remembered but each account's next slot.

Slot n of an account begins at `offset + n * base`, a little later by the slot's own jitter. The offset is a keyed hash of the
account's id, so it is the same after a restart and whoever else is watched, and many accounts spread over the whole interval. A
probe that runs in every k-th slot has a phase by the same hash. All of it can be computed anywhere: no engine keeps state.

What was missed (a pause, a suspend, a clock put forward) is not caught up on: of an account's overdue slots only the newest may
still run, and only while it is nearer than the next one; the others are told as missed, in one piece.
"""

from __future__ import annotations

import hmac
import math
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heapify, heapreplace

from mailprobe.config import Account
from mailprobe.engine import Due

JITTER = 0.05  # of the interval, at most: servers are not visited to the beat of their own cron
# A slot may begin until it is half-way to its next one: by the clock two runs are so never nearer than half an interval, and
# `config check` sees to it that every gap which the limits ask for fits into that.
HALF_WAY = 0.5
TOO_OLD = 7 * 86_400.0  # seconds: an account whose last row is older was not watched in between
DAY = 86_400.0
HAIR = 1e-6  # of an interval: what adding and dividing of floats may lose

Every = tuple[tuple[str, float], ...]  # as in Account
Rhythm = tuple[float, tuple[tuple[str, int], ...]]  # the base interval, and each probe with its multiple of it
Seat = tuple[int, float, float]  # the next slot, the offset of all of them, and when the next is due


@dataclass(frozen=True, slots=True)
class Part:
    """A probe runs in slot n when (n + phase) mod every == 0."""

    probe: str
    every: int
    phase: int

    def from_(self, slot: int) -> int:
        """The first of its slots that is not before `slot`."""
        return slot + -(slot + self.phase) % self.every

    def until(self, slot: int) -> int:
        """The last of its slots that is not after `slot`."""
        return slot - (slot + self.phase) % self.every


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole timetable of one account. base and offset: seconds, 0 <= offset < base."""

    base: float
    offset: float
    parts: tuple[Part, ...]

    def start(self, slot: int) -> float:
        """Unix seconds, without the jitter."""
        return self.offset + slot * self.base

    def probes(self, slot: int) -> tuple[str, ...]:
        return tuple(part.probe for part in self.parts if (slot + part.phase) % part.every == 0)

    def from_(self, slot: int) -> int:
        """The first slot, not before this one, in which anything runs: an empty one is none."""
        return min(part.from_(slot) for part in self.parts)

    def until(self, slot: int) -> int:
        """The last slot, not after this one, in which anything runs."""
        return max(part.until(slot) for part in self.parts)

    def count(self, first: int, end: int) -> int:
        """How many slots of first <= n < end run anything."""
        if any(part.every == 1 for part in self.parts):
            return max(end - first, 0)
        number, slot = 0, self.from_(first)
        while slot < end:
            number, slot = number + 1, self.from_(slot + 1)
        return number


@lru_cache(maxsize=4096)
def rhythm(every: Every, probes: tuple[str, ...]) -> Rhythm | None:
    """The base interval, and each probe with its multiple of it; None for an account without a schedule. Slots in which nothing
    would run are taken out as far as the multiples have a common measure."""
    table = dict(every)
    base = table.get("", 0.0)
    if base <= 0 or not probes:
        return None
    multiples = [max(1, round(table.get(probe, base) / base)) for probe in probes]
    common = math.gcd(*multiples)
    return base * common, tuple((probe, number // common) for probe, number in zip(probes, multiples, strict=True))


def said_by(key: bytes, *words: str) -> int:
    """64 bits of a keyed hash."""
    return int.from_bytes(hmac.digest(key, "\0".join(words).encode(), "sha256")[:8])


def plan_of(account: Account, key: bytes, offset: float | None = None) -> Plan | None:
    """The account's timetable; None where it has no `every`, or nothing to ask. offset: where it was worked out before."""
    found = rhythm(account.every, account.probes)
    if found is None:
        return None
    base, multiples = found
    if offset is None:
        offset = said_by(key, "offset", account.id) / 2**64 * base
    return Plan(base, offset, tuple(part_of(account.id, key, probe, every) for probe, every in multiples))


def part_of(account: str, key: bytes, probe: str, every: int) -> Part:
    return Part(probe, every, said_by(key, "phase", account, probe) % every if every > 1 else 0)


def at_of(plan: Plan, account: str, key: bytes, slot: int) -> float:
    """When a slot is due, Unix seconds: its start and its own jitter."""
    return plan.start(slot) + said_by(key, "jitter", account, str(slot)) / 2**64 * JITTER * plan.base


def first_after(plan: Plan, account: str, key: bytes, now: float) -> int:
    """The first slot due later than `now` in which anything runs."""
    slot = plan.from_(math.floor((now - plan.offset) / plan.base + HAIR))
    return slot if at_of(plan, account, key, slot) > now else plan.from_(slot + 1)


def newest_until(plan: Plan, account: str, key: bytes, now: float) -> int:
    """The last slot due at or before `now` in which anything runs."""
    slot = plan.until(math.floor((now - plan.offset) / plan.base + HAIR))
    return slot if at_of(plan, account, key, slot) <= now else plan.until(slot - 1)


@dataclass(frozen=True, slots=True)
class Gap:
    """`count` consecutive slots of one account that were missed, up to and with `slot`. at: when that one was due."""

    account: Account
    slot: int
    at: float
    count: int


class Schedule:
    """The next slot of every account, in a heap. `take` and `next_at` are what an engine lives on."""

    def __init__(self, key: bytes, accounts: Iterable[Account], now: float, ended: Mapping[str, float] | None = None) -> None:
        """ended: `at` of each account's last row. What it leaves out, or is too old or from the future, starts with its first
        slot after `now`."""
        since = {id_: at for id_, at in (ended or {}).items() if now - TOO_OLD <= at <= now + DAY}
        self._key = key
        self._fill(accounts, lambda account: self._seat(account, since.get(account.id, now)))

    def _fill(self, accounts: Iterable[Account], seat: Callable[[Account], Seat | None]) -> None:
        """One list after the other: a hundred thousand short-lived tuples would stay in the process's memory."""
        kept: list[Account] = []
        self._slots, self._offsets = array("q"), array("d")
        self._heap: list[tuple[float, int]] = []
        for account in accounts:
            found = seat(account)
            if found is not None:
                slot, offset, at = found
                self._heap.append((at, len(kept)))
                self._slots.append(slot)
                self._offsets.append(offset)
                kept.append(account)
        self._accounts = tuple(kept)
        heapify(self._heap)

    def _seat(self, account: Account, after: float) -> Seat | None:
        plan = plan_of(account, self._key)
        if plan is None:
            return None
        slot = first_after(plan, account.id, self._key, after)
        return slot, plan.offset, at_of(plan, account.id, self._key, slot)

    def _plan(self, index: int) -> Plan:
        account = self._accounts[index]
        plan = plan_of(account, self._key, self._offsets[index])
        assert plan is not None  # noqa: S101  only accounts with a schedule are in the heap
        return plan

    def __len__(self) -> int:
        return len(self._accounts)

    @property
    def accounts(self) -> Sequence[Account]:
        """Those that have a schedule."""
        return self._accounts

    def next_at(self) -> float:
        """When something is due next, Unix seconds."""
        return self._heap[0][0] if self._heap else math.inf

    def take(self, now: float, most: int) -> list[Due | Gap]:
        """What has come due, oldest first: for at most `most` accounts, so that the caller can let others have their turn."""
        taken: list[Due | Gap] = []
        for _ in range(most):
            if not self._heap or self._heap[0][0] > now:
                break
            taken += self._take_first(now)
        return taken

    def _take_first(self, now: float) -> Iterable[Due | Gap]:
        at, index = self._heap[0]
        account, first = self._accounts[index], self._slots[index]
        plan = self._plan(index)
        newest, after = first, plan.from_(first + 1)
        if plan.start(after) <= now:
            newest = max(first, newest_until(plan, account.id, self._key, now))
            after = plan.from_(newest + 1)
        self._slots[index] = after
        heapreplace(self._heap, (at_of(plan, account.id, self._key, after), index))
        newest_at = at if newest == first else at_of(plan, account.id, self._key, newest)
        latest = newest_at + HALF_WAY * (after - newest) * plan.base
        runs = now <= latest
        missed = plan.count(first, newest if runs else newest + 1)
        if missed:
            last = plan.until(newest - 1) if runs else newest
            yield Gap(account, last, at_of(plan, account.id, self._key, last), missed)
        if runs:
            yield Due(account, newest_at, plan.probes(newest), newest, latest)

    def replaced(self, accounts: Iterable[Account], now: float) -> Schedule:
        """The schedule after a reload. An account whose id and rhythm stay goes on with the slot that it had come to."""
        had: dict[str, tuple[Rhythm | None, Seat]] = {}
        for at, index in self._heap:
            account = self._accounts[index]
            had[account.id] = rhythm(account.every, account.probes), (self._slots[index], self._offsets[index], at)
        made = Schedule(self._key, (), now)

        def seat(account: Account) -> Seat | None:
            before = had.get(account.id)
            if before is not None and before[0] == rhythm(account.every, account.probes):
                return before[1]
            return made._seat(account, now)

        made._fill(accounts, seat)
        return made

    def rates(self) -> dict[str, float]:
        """Carrier -> slots per second when nothing disturbs."""
        made: dict[str, float] = {}
        for account in self._accounts:
            made[account.carrier] = made.get(account.carrier, 0.0) + rate_of(account.every, account.probes)
        return made


@lru_cache(maxsize=4096)
def rate_of(every: Every, probes: tuple[str, ...]) -> float:
    found = rhythm(every, probes)
    if found is None:
        return 0.0
    base, multiples = found
    return min(1.0, sum(1 / number for _, number in multiples)) / base
