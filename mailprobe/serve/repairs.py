"""Mailboxes that somebody wants looked at until they are repaired: guests of the schedule, beside the configured accounts.

A guest runs in slots of the schedule, and so lives on the schedule's half of every budget: live checks keep theirs. A mailbox
that is watched anyway gets no second timetable, which would only hold up its own; that one is made closer for the time, where
it is wider than what is asked for, and whoever waits hears its rows as well. A guest sends no test mail, and has no status and
no series.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mailprobe.carriers import Limits
from mailprobe.config import Account
from mailprobe.config.every import interval
from mailprobe.console.instruments import Readings
from mailprobe.engine import LEGS, Fleet, Result


@dataclass(frozen=True, slots=True, eq=False)
class Guest:
    """every: seconds between two looks, at most."""

    account: Account
    every: float
    readings: Readings


@dataclass(slots=True)
class Repairs:
    """Those of one process. changed: the fleet is another one. ever: the ids of all guests so far, so that the last row of one
    who has left is not taken for an account's."""

    guests: list[Guest] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ever: set[str] = field(default_factory=set)

    @contextlib.contextmanager
    def enrolled(self, account: Account, every: float) -> Iterator[Readings]:
        """As long as the block lasts, what each look has seen."""
        guest = Guest(account, every, asyncio.Queue())
        self.guests.append(guest)
        self.ever.add(account.id)
        self.changed.set()
        try:
            yield guest.readings
        finally:
            self.guests.remove(guest)
            self.changed.set()

    def joined(self, fleet: Fleet) -> Fleet:
        """The fleet with its guests. A guest whose carrier a reload took away waits until it is back, or its time is over."""
        wanted = self.wanted()
        if not wanted:
            return fleet
        carriers, here = fleet.carriers, {one.id for one in fleet.accounts if one.id in wanted}
        own = (
            closer(one, wanted[one.id].every, carriers[one.carrier].limits) if one.id in wanted else one for one in fleet.accounts
        )
        guests = (guest_of(one) for name, one in wanted.items() if name not in here and one.account.carrier in carriers)
        return replace(fleet, accounts=(*own, *guests))

    def wanted(self) -> dict[str, Guest]:
        """By account; of several who wait for the same one, who asks for the closest look."""
        return {one.account.id: one for one in sorted(self.guests, key=lambda one: -one.every)}

    def hear(self, row: Result) -> None:
        """A row of the schedule, or of a job, for whoever waits for it."""
        for guest in self.guests:
            if guest.account.id == row.account and row.evidence:
                guest.readings.put_nowait(row.evidence)


def guest_of(guest: Guest) -> Account:
    probes = tuple(one for one in guest.account.probes if one in LEGS)
    return replace(guest.account, probes=probes, every=(("", guest.every),))


def closer(account: Account, every: float, limits: Limits) -> Account:
    """Looked at as often as that; its test mails stay as far apart as they were."""
    if interval(account, limits) <= every:
        return account
    rest = tuple((probe, interval(account, limits, probe)) for probe in account.probes if probe not in LEGS)
    return replace(account, every=(("", every), *rest))
