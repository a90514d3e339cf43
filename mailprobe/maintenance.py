"""Windows of announced work on a carrier or a group of its accounts: pure, given the windows and the time.

While one is under way a verdict is still reached and says so in a note, but the account's status keeps its last value and no
alert is raised. A window ends by itself: work that takes longer is extended by hand, or seen for what it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 31 * 86_400.0  # seconds: what is announced for longer is no maintenance
OVERRUN = 3600.0  # seconds after its end in which what is ill is counted as work that took longer


@dataclass(frozen=True, slots=True)
class Window:
    """begins, ends: Unix seconds, the end not included. carrier or group '': of any; one of the two is named. number: its row
    in the store, 0 for one that is written in the configuration. note: what people are told, without any address."""

    carrier: str
    group: str
    begins: float
    ends: float
    note: str = ""
    number: int = 0

    def covers(self, carrier: str, group: str) -> bool:
        """Whether an account of this carrier and group is meant. One without a group is in no group's window."""
        return self.carrier in ("", carrier) and self.group in ("", group)


def under_way(windows: Iterable[Window], carrier: str, group: str, now: float) -> Window | None:
    """The window that an account is in. Of several the one that ends last: until then it is not to be relied on."""
    open_ones = (one for one in windows if one.covers(carrier, group) and one.begins <= now < one.ends)
    return max(open_ones, key=lambda one: one.ends, default=None)


def overrun(windows: Iterable[Window], carrier: str, group: str, now: float, within: float = OVERRUN) -> Window | None:
    """The window that ended last, if that is not longer ago than `within` and none is under way: for an account that is still
    ill the work has taken longer than was announced."""
    mine = [one for one in windows if one.covers(carrier, group)]
    if under_way(mine, carrier, group, now) is not None:
        return None
    ended = (one for one in mine if one.ends <= now < one.ends + within)
    return max(ended, key=lambda one: one.ends, default=None)


def gauges(windows: Iterable[Window], carriers: Iterable[str], now: float) -> dict[str, int]:
    """mailprobe_maintenance{carrier}: 1 while the whole carrier is in a window. A group's window does not show: the rest of its
    carrier is to be believed."""
    known = tuple(windows)
    return {carrier: int(any(one.group == "" for one in open_for(known, carrier, now))) for carrier in carriers}


def open_for(windows: Iterable[Window], carrier: str, now: float) -> tuple[Window, ...]:
    """Every window that is under way for a carrier, or for some group of it."""
    return tuple(one for one in windows if one.carrier in ("", carrier) and one.begins <= now < one.ends)
