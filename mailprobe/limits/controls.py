"""What one process may go by for some seconds: what was said of the controls, and until when they may not be asked.

Every check asks for the controls of its carrier, and hears the same as the check before it: to look it up each time was four of
the eleven visits of a slot to the store. Gone by are only a no, and what was answered. A yes is the store's to give, each time
anew and for all processes, so nothing is asked twice. What this process was answered it knows at once; what another one was
answered it sees when the time is over.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from mailprobe.evidence import Replied
from mailprobe.probes import Denied

FRESH = 5.0  # seconds
MOST = 4096  # of each kind: beyond, all is looked up anew

Kept = TypeVar("Kept")


@dataclass(slots=True)
class Fresh(Generic[Kept]):
    """Values that were read in the store less than `lasts` seconds ago, by the clock on the wall."""

    lasts: float = FRESH
    most: int = MOST
    read: dict[Hashable, tuple[float, Kept]] = field(default_factory=dict)

    def get(self, key: Hashable, now: float) -> Kept | None:
        found = self.read.get(key)
        return found[1] if found is not None and 0 <= now - found[0] < self.lasts else None

    def put(self, key: Hashable, value: Kept, now: float) -> None:
        if len(self.read) >= self.most:
            self.read.clear()
        self.read[key] = (now, value)

    def forget(self, key: Hashable) -> None:
        self.read.pop(key, None)


@dataclass(frozen=True, slots=True)
class Controls:
    """One for all runs of a process. answers: the last that was said; refusals: why they may not be asked now; good_at: when a
    login of theirs was good."""

    answers: Fresh[Replied] = field(default_factory=Fresh)
    refusals: Fresh[Denied] = field(default_factory=Fresh)
    good_at: Fresh[float] = field(default_factory=Fresh)
