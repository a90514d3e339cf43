"""How many accounts of a carrier were ill over the last day: counted back from now through the changes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailprobe.metrics import AccountRow
from mailprobe.store.changes import Turn
from mailprobe.verdict import Status

SPAN = 86_400.0
STEPS = 48  # half an hour each
MOST_TURNS = 20_000  # in a day: beyond, the trend goes back as far as they reach
BAD = frozenset({Status.DEGRADED, Status.DOWN})


@dataclass(frozen=True, slots=True)
class Trend:
    """ill: how many at the end of each step, oldest first, the last one now; None where the changes do not reach back so far.
    accounts: of how many."""

    ill: tuple[int | None, ...]
    accounts: int

    @property
    def known(self) -> tuple[int, ...]:
        return tuple(one for one in self.ill if one is not None)


def trends(rows: Mapping[str, AccountRow], turns: Sequence[Turn], now: float, complete: bool = True) -> dict[str, Trend]:
    """By carrier. turns: newest first; complete: there are no more of them within the span."""
    ill: defaultdict[str, int] = defaultdict(int)
    accounts: defaultdict[str, int] = defaultdict(int)
    for row in rows.values():
        accounts[row.carrier] += 1
        ill[row.carrier] += row.status in BAD
    deltas: defaultdict[str, list[int]] = defaultdict(lambda: [0] * STEPS)
    reach = turns[-1].at if turns and not complete else now - SPAN
    for turn in turns:
        found = rows.get(turn.account)
        if found is not None and reach <= turn.at <= now:
            deltas[found.carrier][step_of(turn.at, now)] += (turn.new in BAD) - (turn.old in BAD)
    earliest = 0 if complete else step_of(reach, now) + 1
    return {carrier: counted_back(ill[carrier], deltas[carrier], count, earliest) for carrier, count in accounts.items()}


def step_of(at: float, now: float) -> int:
    return min(STEPS - 1, max(0, int((at - (now - SPAN)) / SPAN * STEPS)))


def counted_back(now_ill: int, deltas: list[int], accounts: int, earliest: int) -> Trend:
    found: list[int | None] = [None] * STEPS
    count = now_ill
    for step in range(STEPS - 1, earliest - 1, -1):
        found[step] = max(0, count)
        count -= deltas[step]
    return Trend(tuple(found), accounts)
