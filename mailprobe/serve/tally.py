"""How many mailboxes were asked about lately, and how many refused mail: each counts once in a window. Pure, given `now`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mailprobe.metrics import Window


@dataclass(slots=True)
class Tally:
    """By account: when it was asked about last, and when it refused or returned a mail last, with the class. Unix seconds."""

    tested: dict[str, tuple[str, float]] = field(default_factory=dict)  # account -> carrier, at
    bounced: dict[tuple[str, StrEnum], tuple[str, float]] = field(default_factory=dict)  # account, class -> carrier, at

    def test(self, account: str, carrier: str, at: float) -> None:
        self.tested[account] = (carrier, max(at, self.tested.get(account, ("", 0.0))[1]))

    def bounce(self, account: str, carrier: str, cls: StrEnum, at: float) -> None:
        self.bounced[(account, cls)] = (carrier, max(at, self.bounced.get((account, cls), ("", 0.0))[1]))

    def tested_in_windows(self, now: float) -> dict[tuple[str, Window], int]:
        found: dict[tuple[str, Window], int] = {}
        for carrier, at in self.tested.values():
            for window in windows(now - at):
                found[(carrier, window)] = found.get((carrier, window), 0) + 1
        return found

    def bounced_in_windows(self, now: float) -> dict[tuple[str, StrEnum, Window], int]:
        found: dict[tuple[str, StrEnum, Window], int] = {}
        for (_, cls), (carrier, at) in self.bounced.items():
            for window in windows(now - at):
                found[(carrier, cls, window)] = found.get((carrier, cls, window), 0) + 1
        return found

    def forget(self, now: float) -> None:
        """What no window holds any more."""
        self.tested = {name: one for name, one in self.tested.items() if now - one[1] < Window.HOUR.seconds}
        self.bounced = {name: one for name, one in self.bounced.items() if now - one[1] < Window.HOUR.seconds}


def windows(age: float) -> list[Window]:
    return [one for one in Window if age < one.seconds]
