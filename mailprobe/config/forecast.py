"""What a schedule asks of the servers, and whether the limits can serve it: at most half of any budget (the rest is for live
checks and confirmations)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from mailprobe.carriers import Carrier, Relation
from mailprobe.config.shape import Account, Config
from mailprobe.config.units import spoken

SHARE = 2  # the schedule gets one half
SESSION_SECONDS = 0.25  # of one session at an MX near to us, greeting to QUIT
NICE = (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 14400, 21600, 28800, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The schedule's load on one carrier. Sessions and RCPTs are per MX host and hour; `room` is what the schedule may use."""

    carrier: str
    accounts: int
    sessions_per_hour: float
    room_per_hour: float
    logins_per_hour: float
    canaries_per_day: float

    def __str__(self) -> str:
        return (
            f"{self.carrier}: {self.accounts} accounts, "
            f"{self.sessions_per_hour:.1f} of {self.room_per_hour:.0f} sessions/h per MX host, "
            f"{self.logins_per_hour:.1f} logins/h, {self.canaries_per_day:.1f} canaries/day"
        )


@dataclass(frozen=True, slots=True)
class Overload:
    """A schedule that the limits cannot serve: whose, the arithmetic, and the nearest legal `every`."""

    carrier: str
    account: str  # '' : all of them together
    what: str
    legal: float  # seconds


def forecast(config: Config) -> tuple[Forecast, ...]:
    """One per carrier that has accounts."""
    made = []
    for name, carrier in config.carriers.items():
        accounts = [account for account in config.accounts if account.carrier == name]
        if accounts:
            made.append(forecast_of(carrier, accounts))
    return tuple(made)


def forecast_of(carrier: Carrier, accounts: Iterable[Account]) -> Forecast:
    mine = tuple(accounts)
    return Forecast(
        carrier=carrier.name,
        accounts=len(mine),
        sessions_per_hour=sum(per_hour(account, "mx") + per_hour(account, "canary") for account in mine),
        room_per_hour=capacity(carrier) / SHARE,
        logins_per_hour=sum(per_hour(account, "imap") + per_hour(account, "submission") for account in mine if account.secret),
        canaries_per_day=sum(24 * per_hour(account, "canary") for account in mine),
    )


def interval(account: Account, probe: str) -> float | None:
    """Seconds between two scheduled runs of this probe; None: not scheduled."""
    table = dict(account.every)
    if probe not in account.probes:
        return None
    return table.get(probe, table.get(""))


def per_hour(account: Account, probe: str) -> float:
    every = interval(account, probe)
    return 3600 / every if every else 0.0


def capacity(carrier: Carrier) -> float:
    """Sessions per MX host and hour: one every session_gap where there is one, else as fast as `sessions` at a time go."""
    limits = carrier.limits
    return 3600 * limits.sessions / max(limits.session_gap, SESSION_SECONDS)


def overloads(carrier: Carrier, accounts: Iterable[Account]) -> tuple[Overload, ...]:
    """Everything that the limits cannot serve, per account and for all of them together."""
    mine = tuple(accounts)
    found = [one for account in mine for one in account_overloads(carrier, account)]
    total = forecast_of(carrier, mine)
    if not found and total.sessions_per_hour > total.room_per_hour:
        found.append(crowded(carrier, mine, total))
    return tuple(found)


def account_overloads(carrier: Carrier, account: Account) -> Iterable[Overload]:
    gaps = (
        ("mx", "RCPTs of one address", carrier.limits.rcpt_gap),
        ("canary", "canaries to one mailbox", carrier.limits.canary_gap),
    )
    for probe, things, gap in gaps:
        every = interval(account, probe)
        if every is not None and every < SHARE * gap:
            legal = nice(max(SHARE * gap, every))
            what = (
                f"{probe} every {spoken(every)}, but {things} are at least {spoken(gap)} apart "
                f"and the schedule gets half of that: {SHARE} x {spoken(gap)} = {spoken(SHARE * gap)}"
            )
            yield Overload(carrier.name, account.id, what, legal)


def crowded(carrier: Carrier, accounts: tuple[Account, ...], total: Forecast) -> Overload:
    limits = carrier.limits
    pace = f"{spoken(limits.session_gap)} apart" if limits.session_gap else f"of about {spoken(SESSION_SECONDS)} each"
    what = (
        f"{len(accounts)} accounts ask for {total.sessions_per_hour:g} sessions/h at each MX host, "
        f"but {limits.sessions} at a time {pace} are {capacity(carrier):g}/h "
        f"and the schedule gets half of that: {total.room_per_hour:g}/h"
    )
    longest = max((interval(account, "mx") or 0.0 for account in accounts), default=0.0)
    return Overload(carrier.name, "", what, nice(max(3600 * len(accounts) / total.room_per_hour, longest)))


def nice(seconds: float) -> float:
    """The next duration that people write."""
    for one in NICE:
        if seconds <= one:
            return float(one)
    return math.ceil(seconds / 86400) * 86400.0


def is_strict(carrier: Carrier, lab: bool, rcpt_gap_given: bool) -> bool:
    """A lab that says nothing of limits is not refused for being in a hurry: what exceeds them is held at run time."""
    return not (lab and carrier.relation is Relation.OWN and not rcpt_gap_given)
