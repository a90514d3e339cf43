"""How many mailboxes were asked about lately, and how many refused mail: each counts once in a window. Pure, given `now`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import takewhile
from typing import Generic, TypeVar

from mailprobe.metrics import Window

GRAIN = 10.0  # seconds: as much sooner a mailbox may leave a window
LONGEST = int(Window.HOUR.seconds / GRAIN)

Kind = TypeVar("Kind")  # what is counted together


@lru_cache(maxsize=1024)
def same(grain: int) -> int:
    """One object for all mailboxes that were seen in those ten seconds."""
    return grain


@dataclass(slots=True)
class Lately(Generic[Kind]):
    """When each mailbox was last seen as something, and how many were in each ten seconds: to go through a hundred thousand at
    every look would hold the loop up."""

    last: dict[Kind, dict[str, int]] = field(default_factory=dict)  # of each kind those seen last stand last, near enough
    grains: dict[int, Counter[Kind]] = field(default_factory=dict)

    def see(self, account: str, kind: Kind, at: float) -> None:
        last, grain = self.last.setdefault(kind, {}), same(int(at // GRAIN))
        before = last.pop(account, None)
        if before is not None:
            self.grains[before][kind] -= 1
            grain = max(grain, before)
        last[account] = grain
        self.grains.setdefault(grain, Counter())[kind] += 1

    def in_windows(self, now: float) -> Iterator[tuple[Kind, Window, int]]:
        for window in Window:
            found: Counter[Kind] = Counter()
            for grain, kinds in self.grains.items():
                if now - grain * GRAIN < window.seconds:
                    found.update(kinds)
            yield from ((kind, window, count) for kind, count in found.items() if count)

    def forget(self, now: float) -> None:
        """What no window holds any more."""
        oldest = int(now // GRAIN) - LONGEST
        for kind, last in self.last.items():
            for account, grain in [*takewhile(lambda one: one[1] <= oldest, last.items())]:
                self.grains[grain][kind] -= 1
                del last[account]
        self.last = {kind: last for kind, last in self.last.items() if last}
        self.grains = {grain: kinds for grain, kinds in self.grains.items() if any(kinds.values())}


@dataclass(slots=True)
class Tally:
    """Mailboxes by carrier that were asked about, and by carrier and class those that refused or returned a mail."""

    tested: Lately[str] = field(default_factory=Lately)
    bounced: Lately[tuple[str, StrEnum]] = field(default_factory=Lately)

    def test(self, account: str, carrier: str, at: float) -> None:
        self.tested.see(account, carrier, at)

    def bounce(self, account: str, carrier: str, cls: StrEnum, at: float) -> None:
        self.bounced.see(account, (carrier, cls), at)

    def tested_in_windows(self, now: float) -> dict[tuple[str, Window], int]:
        return {(carrier, window): count for carrier, window, count in self.tested.in_windows(now)}

    def bounced_in_windows(self, now: float) -> dict[tuple[str, StrEnum, Window], int]:
        return {(carrier, cls, window): count for (carrier, cls), window, count in self.bounced.in_windows(now)}

    def forget(self, now: float) -> None:
        """What no window holds any more."""
        self.tested.forget(now)
        self.bounced.forget(now)
