"""A master user that fails is stopped at once, for every account that it opens: else one wrong secret locks out thousands.

Whose fault a refused login through a master user is, nobody knows at first: the account may be gone, or the master user may
be. So after one refusal nothing goes through it until a known good account has been opened by it (the probe asks its live
control); that proof clears it. Where there is no such control one account may try again after an hour, and after two
refusals in a row none for the rest of 24 hours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from mailprobe.evidence import Stage, Withheld
from mailprobe.limits.sign_ins import CONTROL_GOOD_FOR, LONG_WAIT, MOST_WORDS, UNDER_WAY, PastSignIn
from mailprobe.limits.waiting import DAY, STEP, Sleep, Wait, Wall, waited_for
from mailprobe.probes import Denied, Granted

SECOND_AFTER = 3600.0
MOST = 2  # refusals in a row in 24 h
FRESH = 1.0  # seconds that a process may go by a proof that it has seen
NO_KEY = 0  # a login of which nothing was written down: the master user was proved good a moment ago

Result = TypeVar("Result")
Name = tuple[str, str]  # the master user, and the host


def may_use(past: Sequence[PastSignIn], good_at: float | None, now: float) -> Denied | Wait | None:
    """Whether an account may be opened through the master user. `past`: its logins since the last that was good."""
    recent = [one for one in past if abs(now - one.at) < DAY]
    under_way = [one for one in recent if one.state == "reserved" and 0 <= now - one.at < UNDER_WAY]
    failed = [one for one in recent if one not in under_way]
    if failed:
        last = failed[-1]
        not_before = last.at + SECOND_AFTER if len(failed) < MOST else failed[0].at + DAY
        if now < not_before:
            return Denied(Withheld.MASTER_STOPPED, not_before, last.at, last.words)
    proved = good_at is not None and 0 <= now - good_at <= CONTROL_GOOD_FOR
    if under_way and not proved:
        return Wait(now + STEP)  # one at a time, until it is known to be good
    return None


class SignInTable(Protocol):
    def login(self, user: str, host: str) -> str: ...
    async def reserve(
        self, login: str, secret: str, stage: Stage, now: float, decide: Callable[[Sequence[PastSignIn]], Result | None]
    ) -> int | Result: ...
    async def give_back(self, key: int, now: float) -> None: ...
    async def refused(self, key: int, now: float, words: str) -> None: ...
    async def forget(self, login: str, now: float) -> None: ...
    async def spent(self, login: str) -> Sequence[PastSignIn]: ...
    async def control_good_at(self, login: str) -> float | None: ...
    async def control_good(self, login: str, now: float) -> None: ...


class KeepsSignIns(Protocol):
    @property
    def sign_ins(self) -> SignInTable: ...


@dataclass(slots=True)
class MasterUsers:
    """`Masters` over a store: one object for all runs of a process."""

    store: KeepsSignIns
    wall: Wall
    sleep: Sleep = asyncio.sleep
    proved_at: dict[Name, float] = field(default_factory=dict)

    async def may_use(self, name: str, host: str) -> Granted | Denied:
        """A login through it that is written down, or why there is none. Waits a little for another one's end."""
        seen = self.proved_at.get((name, host))
        if seen is not None and 0 <= self.wall() - seen < FRESH:
            return Granted(NO_KEY)
        said: int | Denied | Wait = await waited_for(lambda now: self._reserve(name, host, now), LONG_WAIT, self.wall, self.sleep)
        if isinstance(said, Wait):
            return Denied(Withheld.NOT_POLITE_YET, self.wall() + UNDER_WAY)
        return Granted(said) if isinstance(said, int) else said

    async def in_doubt(self, name: str, host: str) -> bool:
        """Whether a known good account must be opened through it before any other."""
        now, table = self.wall(), self.store.sign_ins
        said = may_use(await table.spent(self._key(name, host)), now, now)
        return isinstance(said, Denied)

    async def refused(self, name: str, host: str, grant: Granted, words: str) -> None:
        """Nothing goes through it any more. `words`: the server's, without anybody's name."""
        self.proved_at.pop((name, host), None)
        table, now, key = self.store.sign_ins, self.wall(), grant.key
        if key == NO_KEY:
            key = await table.reserve(self._key(name, host), "", Stage.LOGIN, now, lambda past: None) or NO_KEY
        await table.refused(key, now, words[:MOST_WORDS])

    async def give_back(self, grant: Granted) -> None:
        """Neither refused nor good: the server could not say."""
        if grant.key != NO_KEY:
            await self.store.sign_ins.give_back(grant.key, self.wall())

    async def proved(self, name: str, host: str) -> None:
        """An account was opened through it: whatever was refused before was about the account."""
        now, seen = self.wall(), self.proved_at.get((name, host))
        if seen is not None and 0 <= now - seen < FRESH:
            return
        table, key = self.store.sign_ins, self._key(name, host)
        await table.forget(key, now)
        await table.control_good(key, now)
        self.proved_at[(name, host)] = now

    async def _reserve(self, name: str, host: str, now: float) -> int | Denied | Wait:
        table, key = self.store.sign_ins, self._key(name, host)
        good_at = await table.control_good_at(key)
        return await table.reserve(key, "", Stage.LOGIN, now, lambda past: may_use(past, good_at, now))

    def _key(self, name: str, host: str) -> str:
        return self.store.sign_ins.login(f"\0master\0{name}", host)
