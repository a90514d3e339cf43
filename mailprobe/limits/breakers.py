"""When a server that fails, or has asked us to wait, is left alone: one breaker per server and vantage.

It opens after five failures in a row, for a minute, then twice as long each time up to half an hour, with full jitter, so
that many probers do not come back together. What the server asked for is waited for without jitter: five minutes, growing.
When the time is over exactly one visit may look (half-open); it closes the breaker or opens it again.

A check that somebody waits for may be that one visit after a minute, however long the schedule stays away; but not before
the end of what the server itself asked for.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, TypeVar

from mailprobe.breaker import Breaker
from mailprobe.evidence import (
    Answered,
    Breakage,
    Broken,
    Fact,
    NotConnected,
    NotSecured,
    Of,
    Offered,
    Replied,
    Stage,
    TlsFault,
    Unreachable,
    Withheld,
)
from mailprobe.limits.waiting import DAY, FIRST_WAIT, LONGEST_WAIT, Wall, growing
from mailprobe.probes import Denied

IN_A_ROW = 5
FIRST_OPEN = 60.0
LONGEST_OPEN = 1800.0
FORGETS_AFTER = 5400.0  # seconds after which a new request to wait is a first one again
PROBE_LASTS = 120.0  # a look that is older has no process any more
FRESH = 1.0  # seconds that a process may go by what it read before
MOST_WORDS = 200

SERVERS = frozenset({Unreachable.REFUSED, Unreachable.TIMEOUT, Unreachable.RESET, Unreachable.NO_ROUTE})
PASSING_TLS = frozenset({TlsFault.TIMEOUT, TlsFault.RESET})
# As far as these a dialogue is about the server, not about the mailbox in question
OF_SERVER = frozenset({Stage.CONNECT, Stage.TLS, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.CAPABILITY, Stage.MAIL})
ABOUT_PACE = ("too many", "too much", "rate", "limit", "busy", "slow down", "throttl", "try again later", "deferred")

Result = TypeVar("Result")


class Visit(StrEnum):
    """How one run's visits to one server went."""

    GOOD = "good"  # it talks to us
    TROUBLED = "troubled"  # not reached, silent, hung up, or 421
    ASKED_TO_WAIT = "asked_to_wait"  # it talks, and says: later


@dataclass(frozen=True, slots=True)
class Seen:
    """One visit and what was said, without anybody's address."""

    visit: Visit
    words: str = ""


WELL = Seen(Visit.GOOD)
RANK = {Visit.ASKED_TO_WAIT: 0, Visit.GOOD: 1, Visit.TROUBLED: 2}  # which of several visits counts

# ---- what a run saw --------------------------------------------------------------------------------------------------


def visits(facts: Iterable[Fact]) -> dict[str, Seen]:
    """What the facts of one run say of each server. A request to wait counts whatever else was said; one address that
    talks to us is enough to call a server good."""
    found: dict[str, Seen] = {}
    for fact in facts:
        seen = visit(fact)
        if seen is not None and fact.server:
            before = found.get(fact.server)
            if before is None or (seen is not before and RANK[seen.visit] <= RANK[before.visit]):
                found[fact.server] = seen
    for server in put_off_all(facts):
        found[server] = Seen(Visit.ASKED_TO_WAIT, "4.7")
    return found


def visit(fact: Fact) -> Seen | None:
    """What one fact says of the server; None: nothing. What we could not do ourselves says nothing of it."""
    match fact:
        case Replied(cached_at=None):
            return replied(fact)
        case NotConnected(why=why):
            return Seen(Visit.TROUBLED, why.value) if why in SERVERS else None
        case NotSecured(why=fault):
            return Seen(Visit.TROUBLED, f"tls {fault.value}") if fault in PASSING_TLS else None
        case Broken(stage=stage):
            return broken(fact) if stage in OF_SERVER else None
        case Offered() | Answered(cached_at=None):
            return WELL
    return None


def replied(fact: Replied) -> Seen | None:
    """421 at any time, and 4.7.x before anybody was named, are about us or the whole server (RFC 5321 section 3.8, RFC 3463
    section 3.8)."""
    if 200 <= fact.code < 400:
        return WELL
    temporary = 400 <= fact.code < 500
    security = fact.enhanced.startswith("4.7.")
    if fact.code == 421 or (temporary and fact.stage in OF_SERVER):
        waits = security or is_about_pace(fact.text)
        return Seen(Visit.ASKED_TO_WAIT if waits else Visit.TROUBLED, f"{fact.code} {fact.enhanced}".strip())
    return None


def broken(fact: Broken) -> Seen | None:
    if fact.why is Breakage.BYE and is_about_pace(fact.words):
        return Seen(Visit.ASKED_TO_WAIT, "BYE")
    gone = fact.why in (Breakage.BYE, Breakage.RESET, Breakage.CLOSED, Breakage.OUT_OF_TIME)
    return Seen(Visit.TROUBLED, f"{fact.stage.value} {fact.why.value}") if gone else None


def is_about_pace(words: str) -> bool:
    said = words.lower()
    return any(word in said for word in ABOUT_PACE)


def put_off_all(facts: Iterable[Fact]) -> tuple[str, ...]:
    """Servers that put off T and L alike at RCPT with 4.7.x: that is about us, not about one mailbox."""
    whom: dict[str, dict[Of, bool]] = {}
    for fact in facts:
        if isinstance(fact, Replied) and fact.stage is Stage.RCPT and fact.cached_at is None:
            security = 400 <= fact.code < 500 and fact.enhanced.startswith("4.7.")
            whom.setdefault(fact.server, {})[fact.of] = security
    return tuple(server for server, said in whom.items() if said.get(Of.TARGET) and said.get(Of.LIVE))


# ---- what follows from it --------------------------------------------------------------------------------------------


def may_visit(one: Breaker, by: str, now: float, *, live: bool, pace: float) -> tuple[Breaker, Denied | None]:
    """The record, with the one look noted if this is it; and why the server may not be visited, if so."""
    if one.until is None or is_of_another_clock(one, now):
        return one, None
    claimed = one.claimed_at is not None and 0 <= now - one.claimed_at < PROBE_LASTS
    if claimed and one.claimed_by == by:
        return one, None
    free_at = one.until
    if live and not one.asked and one.opened_at is not None:
        free_at = min(free_at, one.opened_at + FIRST_OPEN * pace)
    if now >= free_at and not claimed:
        return replace(one, claimed_at=now, claimed_by=by), None
    if claimed:
        free_at = max(free_at, now + FIRST_OPEN * pace)
    why = Withheld.ASKED_TO_WAIT if one.asked else Withheld.SERVER_TROUBLED
    return one, Denied(why, free_at, one.failed_at, one.words)


def is_of_another_clock(one: Breaker, now: float) -> bool:
    """Written under a clock that was a day ahead, or more."""
    return one.until is not None and one.until > now + DAY


def after(one: Breaker, seen: Seen, now: float, *, pace: float, jitter: float) -> Breaker | None:
    """The record after one more visit; None: all is well. `jitter`: 0 to 1, the share of the time that is taken."""
    words = seen.words[:MOST_WORDS]
    if seen.visit is Visit.ASKED_TO_WAIT:
        return asked_to_wait(one, words, now, pace)
    if seen.visit is Visit.GOOD:
        return None if not was_asked_lately(one, now) else replace(closed(one), failures=0)
    failures = one.failures + 1
    if one.until is not None and now < one.until:
        return one if one.claimed_at is None else looked_early(one, failures, words, now)
    if failures < IN_A_ROW and one.until is None:
        return replace(one, failures=failures, failed_at=now, words=words)
    opens = one.opens + 1
    rest = growing(FIRST_OPEN, LONGEST_OPEN, opens) * pace
    # the first minute is kept in full: a breaker that opens for a second protects nobody
    until = now + (rest if opens == 1 else max(FIRST_OPEN * pace, rest * jitter))
    opened = replace(one, failures=failures, opens=opens, opened_at=now, until=until, asked=False)
    return replace(opened, failed_at=now, words=words, claimed_at=None, claimed_by="")


def looked_early(one: Breaker, failures: int, words: str, now: float) -> Breaker:
    """Somebody on the phone looked before the time: he must not make the schedule wait longer. (Without a claim it was a visit
    under way when the breaker opened.)"""
    return replace(one, failures=failures, opened_at=now, failed_at=now, words=words, claimed_at=None, claimed_by="")


def asked_to_wait(one: Breaker, words: str, now: float, pace: float) -> Breaker:
    if one.asked and one.until is not None and now < one.until and one.claimed_at is None:
        return one
    again = was_asked_lately(one, now) or (one.asked and one.is_open)
    opens = one.opens + 1 if again else 1
    until = now + growing(FIRST_WAIT, LONGEST_WAIT, opens) * pace
    opened = replace(one, failures=one.failures + 1, opens=opens, opened_at=now, until=until, asked=True)
    return replace(opened, failed_at=now, words=words, claimed_at=None, claimed_by="")


def was_asked_lately(one: Breaker, now: float) -> bool:
    """A server that asked is remembered for a while: the next request is no first one."""
    return one.asked and one.failed_at is not None and 0 <= now - one.failed_at < FORGETS_AFTER


def closed(one: Breaker) -> Breaker:
    return replace(one, until=None, opened_at=None, claimed_at=None, claimed_by="")


# ---- over a store ----------------------------------------------------------------------------------------------------


class BreakerTable(Protocol):
    async def at(self, vantage: str) -> tuple[Breaker, ...]: ...
    async def change(self, server: str, vantage: str, decide: Callable[[Breaker], tuple[Breaker | None, Result]]) -> Result: ...


class KeepsBreakers(Protocol):
    @property
    def breakers(self) -> BreakerTable: ...


@dataclass(slots=True)
class Breakers:
    """All breakers of one vantage, as this process knows them. The store is asked once a second at most, and written to only
    where something is wrong: a good visit to a good server costs nothing."""

    store: KeepsBreakers
    vantage: str
    wall: Wall
    jitter: Callable[[], float] = random.random
    known: dict[str, Breaker] = field(default_factory=dict)
    read_at: float | None = None

    async def open_ones(self) -> Mapping[str, Breaker]:
        """The servers that are left alone now, for metrics and pages."""
        await self._read()
        return {server: one for server, one in self.known.items() if one.is_open}

    async def may_visit(self, server: str, by: str, *, live: bool, pace: float) -> Denied | None:
        await self._read()
        one = self.known.get(server.lower())
        if one is None or not one.is_open:
            return None
        return await self._changed(server, lambda past: may_visit(past, by, self.wall(), live=live, pace=pace))

    async def learn(self, facts: Iterable[Fact], pace: float = 1.0, *, ourselves_fit: bool = True) -> None:
        """What a run saw. As long as we are unfit ourselves, no server is blamed for what it did not answer."""
        for server, seen in visits(tuple(facts)).items():
            known = self.known.get(server.lower())
            if seen.visit is Visit.GOOD and (known is None or (known.asked and not known.is_open and not known.failures)):
                continue
            if seen.visit is Visit.TROUBLED and not ourselves_fit:
                continue
            await self._learnt(server, seen, pace)

    async def forgive(self) -> None:
        """We were unfit ourselves: what opened for want of an answer is closed; what a server asked for still counts."""
        await self._read()
        for server in [server for server, one in self.known.items() if not one.asked]:
            await self._changed(server, lambda past: (past if past.asked else None, None))

    async def _learnt(self, server: str, seen: Seen, pace: float) -> None:
        def decide(past: Breaker) -> tuple[Breaker | None, None]:
            return after(past, seen, self.wall(), pace=pace, jitter=self.jitter()), None

        await self._changed(server, decide)

    async def _changed(self, server: str, decide: Callable[[Breaker], tuple[Breaker | None, Result]]) -> Result:
        """In the store, and in what this process knows."""
        kept: list[Breaker | None] = []

        def noting(past: Breaker) -> tuple[Breaker | None, Result]:
            now, said = decide(past)
            kept.append(now)
            return now, said

        said = await self.store.breakers.change(server, self.vantage, noting)
        if kept[-1] is None or kept[-1] == Breaker(server.lower(), self.vantage):
            self.known.pop(server.lower(), None)
        else:
            self.known[server.lower()] = kept[-1]
        return said

    async def _read(self) -> None:
        now = self.wall()
        if self.read_at is not None and 0 <= now - self.read_at < FRESH:
            return
        self.read_at = now
        self.known = {one.server: one for one in await self.store.breakers.at(self.vantage)}


@dataclass(frozen=True, slots=True)
class Approach:
    """`Approaches` of one run: whom it may visit. live: somebody waits for the answer. pace: `pace_of` the carrier's limits."""

    breakers: Breakers
    live: bool = True
    pace: float = 1.0
    me: str = field(default_factory=lambda: secrets.token_hex(8))

    async def may_visit(self, server: str) -> Denied | None:
        return await self.breakers.may_visit(server, self.me, live=self.live, pace=self.pace)
