"""Incidents at a carrier: opened by what several callers meet and we see as well, ended by people. Pure, given signs and time.

Neither side alone opens one. Callers may all have mistyped, or be one and the same; a control may fail because its own password
was changed. And while something ails ourselves nothing opens, nothing is confirmed and nothing ends: what we see then says
nothing of the carrier.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from mailprobe.verdict import Actor, Code, Status
from mailprobe.verdict.rules import RULES

WITHIN = 1800.0  # seconds for which a call, or a watched account's turn for the worse, counts
SEVERAL = 3  # distinct confirmed addresses
SHARE = 0.05  # of the watched accounts that could tell, one at least: single ill mailboxes are customers' troubles
FRESH = 900.0  # seconds for which a look at a control says something of now
LASTS = 120.0  # seconds between the first and the newest of the looks at a failing control that confirm
QUIET = 3600.0  # seconds without a sign after which what was only suspected is let go
WELL = 1800.0  # seconds of good controls after which what controls confirmed is over

AT_THE_CARRIER = frozenset({Actor.PROVISIONING, Actor.MAIL_OPS, Actor.IDENTITY})
# Ended by somebody's decision about this one customer, however many there are of them.
DECIDED = frozenset({Code.CLOSED_BY_CONTRACT, Code.SUSPENDED})
SPEAKS_OF_SERVERS = frozenset(
    rule.code
    for rule in RULES
    if rule.actor in AT_THE_CARRIER and rule.status in (Status.DOWN, Status.DEGRADED) and rule.code not in DECIDED
)


class State(StrEnum):
    SUSPECTED = "suspected"  # being looked into
    CONFIRMED = "confirmed"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"  # it never was one


class Why(StrEnum):
    """What made an incident what it is."""

    CALLS_AND_CONTROL = "calls_and_control"
    CALLS_AND_WATCHED = "calls_and_watched"
    CONTROL_LASTS = "control_lasts"  # and callers or watched accounts with it
    BY_HAND = "by_hand"
    GONE_QUIET = "gone_quiet"
    WELL_AGAIN = "well_again"


OPEN = frozenset({State.SUSPECTED, State.CONFIRMED})
# What a person may make of it.
MAY_BECOME: dict[State, frozenset[State]] = {
    State.SUSPECTED: frozenset({State.CONFIRMED, State.DISMISSED}),
    State.CONFIRMED: frozenset({State.RESOLVED, State.DISMISSED}),
    State.RESOLVED: frozenset(),
    State.DISMISSED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Passage:
    """What is said, and in which language: 'ja' or 'en'. A page marks it where its reader's own is another (WCAG 2.2, 3.1.2).
    at: Unix seconds where it is a time, which whoever shows it may say in his reader's zone."""

    text: str
    language: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What callers are told, in each language, without any address; '' in one in which nobody has said it."""

    ja: str = ""
    en: str = ""

    def __bool__(self) -> bool:
        return bool(self.ja or self.en)

    def said_to(self, language: str) -> Passage:
        """In the reader's language; in the other one where that is all there is."""
        own, other = (Passage(self.ja, "ja"), Passage(self.en, "en"))[:: 1 if language == "ja" else -1]
        return other if other.text and not own.text else own

    def but(self, language: str, text: str) -> Text:
        """With this text in that language."""
        return replace(self, ja=text) if language == "ja" else replace(self, en=text)


NOBODY_SAYS = Text()


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. Times are Unix seconds. number: its row, 0 until it is kept. changed_by: who made it what it is, '' for
    ourselves. seen_at: when something last spoke for it. addresses: distinct ones in calls. owner: the desk or person that has
    it; text: what callers are told; expected_at: when it is expected to be over, None if nobody says."""

    carrier: str
    state: State
    why: Why
    opened_at: float
    changed_at: float
    changed_by: str = ""
    seen_at: float = 0.0
    addresses: int = 0
    owner: str = ""
    text: Text = NOBODY_SAYS
    expected_at: float | None = None
    number: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Call:
    """What one check on the telephone came to. subject: hash of the address; confirmed: its spelling is, or it is enrolled;
    code and status: of the verdict; at: Unix seconds."""

    carrier: str
    subject: str
    confirmed: bool
    code: Code
    status: Status
    at: float

    @property
    def speaks_of_servers(self) -> bool:
        return self.confirmed and self.code in SPEAKS_OF_SERVERS and self.status in (Status.DOWN, Status.DEGRADED)


@dataclass(frozen=True, slots=True)
class ControlSeen:
    """How a carrier's live controls do. good: at the newest look; at: of that look, since: of the first one that said the same
    without another between, Unix seconds; looks: how many these are."""

    good: bool
    at: float
    since: float
    looks: int = 1

    def is_fresh(self, now: float) -> bool:
        return now - self.at < FRESH

    @property
    def lasts(self) -> bool:
        """The same at two looks, far enough apart for one of them not to be a hiccup."""
        return self.looks > 1 and self.at - self.since >= LASTS


def looked_at(before: ControlSeen | None, good: bool, at: float) -> ControlSeen:
    """One more look at a control; one that was told before, or is older, is none."""
    if before is not None and at <= before.at:
        return before
    if before is None or before.good is not good:
        return ControlSeen(good, at, at)
    return replace(before, at=at, looks=before.looks + 1)


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for an incident at one carrier. newly_ill: watched accounts that turned bad within `WITHIN`; known: those that
    could tell. fit: nothing ails ourselves."""

    calls: Sequence[Call]
    control: ControlSeen | None = None
    newly_ill: int = 0
    known: int = 0
    fit: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """The signs, counted. addresses: distinct confirmed ones in calls."""

    addresses: int
    control_fails: bool
    control_lasts: bool
    control_well: bool
    watched: bool

    @property
    def many(self) -> bool:
        return self.addresses >= SEVERAL

    @property
    def any(self) -> bool:
        return self.many or self.control_fails or self.watched


def follow(standing: Incident | None, closed_at: float, carrier: str, signs: Signs, now: float) -> Incident | None:
    """What becomes of the carrier's open incident (None: there is none); None if nothing does. closed_at: when its last one
    ended, Unix seconds; what callers met before that was answered by it."""
    if not signs.fit:
        return None
    seen = counted(signs, closed_at, now)
    if standing is None:
        return opened(carrier, seen, now)
    if standing.state is State.SUSPECTED:
        return of_suspected(standing, seen, now)
    return of_confirmed(standing, seen, now)


def counted(signs: Signs, closed_at: float, now: float) -> Seen:
    control = signs.control if signs.control is not None and signs.control.is_fresh(now) else None
    fails = control is not None and not control.good
    return Seen(
        addresses=len(addresses(signs.calls, closed_at, now)),
        control_fails=fails,
        control_lasts=fails and control is not None and control.lasts,
        control_well=control is not None and control.good and control.at - control.since >= WELL,
        watched=signs.newly_ill >= max(1, math.ceil(SHARE * signs.known)),
    )


def addresses(calls: Iterable[Call], closed_at: float, now: float) -> frozenset[str]:
    """The distinct addresses for which a call counts: one customer who calls ten times is one, and a typo is none."""
    recent = (one for one in calls if closed_at < one.at <= now and now - one.at < WITHIN)
    return frozenset(one.subject for one in recent if one.speaks_of_servers)


def opened(carrier: str, seen: Seen, now: float) -> Incident | None:
    if seen.control_lasts and (seen.many or seen.watched):
        state, why = State.CONFIRMED, Why.CONTROL_LASTS
    elif seen.many and seen.control_fails:
        state, why = State.SUSPECTED, Why.CALLS_AND_CONTROL
    elif seen.many and seen.watched:
        state, why = State.SUSPECTED, Why.CALLS_AND_WATCHED
    else:
        return None
    return Incident(carrier, state, why, now, now, seen_at=now, addresses=seen.addresses)


def of_suspected(standing: Incident, seen: Seen, now: float) -> Incident | None:
    if seen.control_lasts and (seen.many or seen.watched):
        return changed(noted(standing, seen, now), State.CONFIRMED, Why.CONTROL_LASTS, now)
    if not seen.any and now - standing.seen_at >= QUIET:
        return changed(standing, State.DISMISSED, Why.GONE_QUIET, now)
    return renewed(standing, seen, now)


def of_confirmed(standing: Incident, seen: Seen, now: float) -> Incident | None:
    """What a person has confirmed, only a person ends."""
    by_us = standing.why is Why.CONTROL_LASTS and not standing.changed_by
    if by_us and seen.control_well and not (seen.many or seen.watched):
        return changed(standing, State.RESOLVED, Why.WELL_AGAIN, now)
    return renewed(standing, seen, now)


def renewed(standing: Incident, seen: Seen, now: float) -> Incident | None:
    """None where nothing is worth writing down."""
    more = seen.addresses > standing.addresses
    return noted(standing, seen, now) if more or (seen.any and now - standing.seen_at >= 60.0) else None


def noted(standing: Incident, seen: Seen, now: float) -> Incident:
    return replace(standing, seen_at=now, addresses=max(standing.addresses, seen.addresses))


def changed(standing: Incident, state: State, why: Why, now: float, by: str = "") -> Incident:
    return replace(standing, state=state, why=why, changed_at=now, changed_by=by)


def by_hand(standing: Incident, state: State, by: str, now: float) -> Incident | None:
    """What a person makes of it; None where it cannot become that any more."""
    return changed(standing, state, Why.BY_HAND, now, by) if state in MAY_BECOME[standing.state] else None


def fault_of(text: str) -> str:
    """What is wrong with what callers are to be told; '' for nothing."""
    if "@" in text or "＠" in text:
        return "holds an address"
    return "is longer than 500 characters" if len(text) > 500 else ""
