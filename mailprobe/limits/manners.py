"""When a mail host may be visited and an address named to it, and what it said the last time."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from mailprobe.carriers import Limits
from mailprobe.evidence import Of, Replied, Withheld
from mailprobe.limits.controls import Controls
from mailprobe.limits.waiting import DAY, FIRST_WAIT, LONGEST_WAIT, STEP, Sleep, Wait, Wall, growing, pace_of, waited_for
from mailprobe.probes import Denied

LIVE_COUNTS = 600.0  # seconds that a control's answer counts
CLAIM = 15.0  # seconds that "about to ask" holds others back
LEASE = 120.0  # a session older than this has no process any more
SHORT_WAIT = 5.0  # for a place at a mail host
CONTROL_WAIT = 10.0  # for the answer about a control that another is just asking for

Result = TypeVar("Result")


class PastAsking(Protocol):
    @property
    def asked_at(self) -> float | None: ...
    @property
    def claimed_at(self) -> float | None: ...
    @property
    def claimed_by(self) -> str: ...
    @property
    def deferrals(self) -> int: ...
    @property
    def deferred_at(self) -> float | None: ...


class PastSession(Protocol):
    @property
    def began_at(self) -> float: ...
    @property
    def left_at(self) -> float | None: ...


def may_name(past: PastAsking, gap: float, by: str, now: float, pace: float = 1.0) -> Denied | None:
    """Whether an address may be named to a host: `gap` seconds after the last time, as long after a 4yz as a mail server would
    wait, and nobody else is just about to."""
    put_off = put_off_until(past.deferrals, past.deferred_at, pace)
    if put_off is not None and past.deferred_at is not None and past.deferred_at <= now + DAY and now < put_off:
        return Denied(Withheld.ASKED_TO_WAIT, put_off, past.deferred_at)
    if past.asked_at is not None and past.asked_at <= now + DAY and now < past.asked_at + gap:
        return Denied(Withheld.NOT_POLITE_YET, past.asked_at + gap, past.asked_at)
    claimed = past.claimed_at if past.claimed_by not in ("", by) else None
    if claimed is not None and abs(now - claimed) < min(CLAIM, gap):
        return Denied(Withheld.NOT_POLITE_YET, claimed + min(CLAIM, gap), past.asked_at)
    return None


def is_being_asked(denied: Denied, gap: float, now: float) -> bool:
    """Whether somebody else is just asking: about to, or so short ago that the answer may not be here yet. Everything else is
    held by the last asking."""
    if denied.why is not Withheld.NOT_POLITE_YET:
        return False
    by_gap = denied.last_at is not None and denied.not_before == denied.last_at + gap
    return not by_gap or (denied.last_at is not None and 0 <= now - denied.last_at < CONTROL_WAIT)


def put_off_until(times: int, at: float | None, pace: float) -> float | None:
    """How long an answer of "later" is waited for: five minutes, and longer each time in a row (RFC 5321 section 4.5.4.1)."""
    return at + growing(FIRST_WAIT, LONGEST_WAIT, times) * pace if at is not None and times > 0 else None


def may_enter(past: Sequence[PastSession], places: int, gap: float, now: float) -> Wait | None:
    """Whether a session may begin at a host: a free place, and `gap` seconds after the last one ended."""
    real = [one for one in past if one.began_at <= now + DAY]
    under_way = [one.began_at for one in real if one.left_at is None and now - one.began_at < LEASE]
    if len(under_way) >= places:
        # nobody knows when a session ends: with a gap it is at least that long, without one look again soon
        return Wait(now + max(gap, STEP))
    ends = [one.left_at if one.left_at is not None else one.began_at for one in real]
    if ends and now < max(ends) + gap:
        return Wait(max(ends) + gap)
    return None


def counts_until(of: Of, at: float, limits: Limits) -> float:
    """How long a remembered answer counts: D a day, L ten minutes, T as long as it may not be asked again."""
    age = {Of.DEAD: DAY, Of.LIVE: LIVE_COUNTS, Of.TARGET: limits.rcpt_gap}
    return at + age[of]


class AskingTable(Protocol):
    def subject_of(self, address: str) -> str: ...
    async def claim(
        self, subject: str, host: str, vantage: str, by: str, now: float, decide: Callable[[PastAsking], Result | None]
    ) -> Result | None: ...
    async def asked(self, subject: str, host: str, vantage: str, now: float) -> None: ...
    async def remember(self, address: str, host: str, vantage: str, reply: Replied, now: float) -> None: ...
    async def remembered(self, of: Of, address: str, host: str, vantage: str) -> Replied | None: ...
    async def put_off(self, address: str, host: str) -> tuple[int, float] | None: ...


class SessionTable(Protocol):
    async def enter(self, host: str, now: float, decide: Callable[[Sequence[PastSession]], Result | None]) -> int | Result: ...
    def leave_soon(self, key: int, now: float) -> None: ...


class KeepsAskings(Protocol):
    @property
    def askings(self) -> AskingTable: ...
    @property
    def sessions(self) -> SessionTable: ...


ANY_DEAD = "any dead control"  # D is rationed per host, whatever its address


class Courtesy:
    """`Manners` of one run over a store. controls: what the runs of this process share."""

    def __init__(
        self,
        store: KeepsAskings,
        limits: Limits,
        vantage: str,
        wall: Wall,
        sleep: Sleep = asyncio.sleep,
        controls: Controls | None = None,
    ) -> None:
        self._askings = store.askings
        self._sessions = store.sessions
        self._limits = limits
        self._wall = wall
        self._vantage = vantage
        self._sleep = sleep
        self._controls = controls or Controls()
        self._pace = pace_of(limits)
        self._me = secrets.token_hex(8)
        self._places: dict[str, list[int]] = {}

    async def session(self, host: str) -> Denied | None:
        """A place at the host, to be given up with `leave`; or why not, after a short wait."""
        said = await waited_for(lambda now: self._enter(host, now), SHORT_WAIT, self._wall, self._sleep)
        if isinstance(said, Wait):
            return Denied(Withheld.NOT_POLITE_YET, said.until)
        self._places.setdefault(host, []).append(said)
        return None

    def leave(self, host: str) -> None:
        """Give a place up; the store writes it down by itself, so that a cancelled run can say it too."""
        if self._places.get(host):
            self._sessions.leave_soon(self._places[host].pop(), self._wall())

    async def may_ask(self, of: Of, address: str, host: str) -> Denied | None:
        """Whether the address may be named now. A yes holds others back for a moment; tell `asked` when it was done. Where
        another is just asking for a control, its answer serves us as well: a short wait is worth it."""
        give_up = self._wall() + CONTROL_WAIT
        gap = self._limits.dead_gap if of is Of.DEAD else self._limits.rcpt_gap
        while True:
            said = await self._claim(of, address, host, gap)
            if said is None or of is Of.TARGET or not is_being_asked(said, gap, self._wall()) or self._wall() >= give_up:
                return said
            if await self.remembered(of, address, host) is not None:
                return said
            await self._sleep(STEP)

    async def _claim(self, of: Of, address: str, host: str, gap: float) -> Denied | None:
        now, refusals = self._wall(), self._controls.refusals
        subject, vantage = self._subject(of, address)
        key = (subject, host, vantage, gap, self._pace)
        known = refusals.get(key, now) if of is not Of.TARGET else None
        if known is not None and known.not_before is not None and now < known.not_before:
            return known

        def decide(past: PastAsking) -> Denied | None:
            return may_name(past, gap, self._me, now, self._pace)

        said = await self._askings.claim(subject, host, vantage, self._me, now, decide)
        if said is not None and of is not Of.TARGET and not is_being_asked(said, gap, now):
            refusals.put(key, said, now)
        return said

    async def asked(self, of: Of, address: str, host: str) -> None:
        subject, vantage = self._subject(of, address)
        await self._askings.asked(subject, host, vantage, self._wall())

    async def remembered(self, of: Of, address: str, host: str) -> Replied | None:
        """The host's last answer while it counts; `cached_at` says from when it is."""
        found = await self.last_said(of, address, host)
        if found is None or found.cached_at is None:
            return None
        until = counts_until(of, found.cached_at, self._limits)
        if of is Of.TARGET and 400 <= found.code < 500:
            until = max(until, await self._put_off_until(address, host) or 0.0)
        return found if self._wall() < until else None

    async def last_said(self, of: Of, address: str, host: str) -> Replied | None:
        """The host's last answer, however old; not one from a clock that was a day ahead."""
        found = await self._last_said(of, address, host)
        return found if found is not None and (found.cached_at or 0.0) <= self._wall() + DAY else None

    async def _last_said(self, of: Of, address: str, host: str) -> Replied | None:
        if of is Of.TARGET:
            return await self._askings.remembered(of, address, host, self._vantage)
        key, answers, now = (address, host, self._vantage), self._controls.answers, self._wall()
        known = answers.get(key, now)
        if known is not None:
            return known if known.of is of else replace(known, of=of)
        found = await self._askings.remembered(of, address, host, self._vantage)
        if found is not None:
            answers.put(key, found, now)
        return found

    async def _put_off_until(self, address: str, host: str) -> float | None:
        known = await self._askings.put_off(address, host)
        return put_off_until(*known, self._pace) if known is not None else None

    async def remember(self, of: Of, address: str, host: str, reply: Replied) -> None:
        await self._askings.remember(address, host, self._vantage, reply, self._wall())
        self._controls.answers.forget((address, host, self._vantage))  # whatever it was asked as

    async def _enter(self, host: str, now: float) -> int | Wait:
        def decide(past: Sequence[PastSession]) -> Wait | None:
            return may_enter(past, self._limits.sessions, self._limits.session_gap, now)

        return await self._sessions.enter(host, now, decide)

    def _subject(self, of: Of, address: str) -> tuple[str, str]:
        """D is counted per host and vantage; an address is counted at its host from wherever it is named."""
        if of is Of.DEAD:
            return self._askings.subject_of(ANY_DEAD), self._vantage
        return self._askings.subject_of(address), ""
