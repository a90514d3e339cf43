"""Which login may be spent, and the budget that all processes share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from mailprobe.evidence import Stage, Withheld
from mailprobe.limits.controls import Controls
from mailprobe.limits.waiting import DAY, STEP, Sleep, Wait, Wall, waited_for
from mailprobe.probes import Denied, Granted
from mailprobe.probes.session import unnamed

CONFIRM_AFTER = 6 * 3600.0  # one confirmation of a refused secret
ONE_CHAIN = 60.0  # submission may resend what IMAP refused this short before
UNDER_WAY = 60.0  # a login older than this has no process any more
CONTROL_GOOD_FOR = 600.0
LONG_WAIT = 10.0  # for another login of the same user to end
MOST_WORDS = 500  # characters kept of a refusal

Result = TypeVar("Result")


class PastSignIn(Protocol):
    """One login that was not given back."""

    @property
    def secret(self) -> str: ...
    @property
    def stage(self) -> Stage: ...
    @property
    def state(self) -> str: ...  # 'reserved' | 'refused' | 'unanswered'
    @property
    def at(self) -> float: ...
    @property
    def words(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Most:
    """Logins of one user and host in 24 h: refused ones, and with them those that nobody answered, as they may have been
    counted too. They fill the second number only: a server that goes away during a login costs the schedule, which has half
    of the first, no day without one."""

    refused: int
    whole: int

    def free_at(self, spent: Sequence[PastSignIn]) -> float | None:
        """None: another one may be spent now."""
        answered = [one for one in spent if one.state != "unanswered"]
        full = [rows[-most].at for rows, most in ((answered, self.refused), (spent, self.whole)) if len(rows) >= most]
        return max(full) + DAY if full else None


def may_sign_in(past: Sequence[PastSignIn], secret: str, stage: Stage, now: float, most: Most) -> Denied | Wait | None:
    """Whether this login may be spent: no more than `most` in 24 h, and no refused secret again within them but for submission
    in the same chain and one confirmation after six hours. A login whose process died counts as a refused one."""
    recent = [one for one in past if abs(now - one.at) < DAY]
    under_way = [one for one in recent if one.state == "reserved" and now - one.at < UNDER_WAY]
    same = [one for one in recent if one.state == "refused" and one.secret == secret]
    denied = same_secret(same, stage, now) if same else None
    if denied is not None:
        return denied
    if any(one.secret == secret for one in under_way):
        return Wait(now + STEP)  # its end decides whether this secret may be sent
    free_at = most.free_at(recent)
    if free_at is None:
        return None
    if most.free_at([one for one in recent if one not in under_way]) is None:
        return Wait(now + STEP)
    told = last_of(recent, stage)
    return Denied(Withheld.BUDGET_SPENT, free_at, told.at, told.words)


def last_of(past: Sequence[PastSignIn], stage: Stage) -> PastSignIn:
    """Which of them is told of: the last of this leg's own, for what the other server said is no word of this one's."""
    return next((one for one in reversed(past) if one.stage is stage), past[-1])


def is_same_chain(same: Sequence[PastSignIn], stage: Stage, now: float) -> bool:
    """Sign-in is a chain: IMAP refused this secret a moment ago, and submission has not been tried since."""
    last = same[-1]
    return stage is Stage.AUTH and last.stage is Stage.LOGIN and abs(now - last.at) <= ONE_CHAIN


def same_secret(same: Sequence[PastSignIn], stage: Stage, now: float) -> Denied | None:
    """A refused secret is confirmed once, six hours later. The two legs of one chain are one refusal."""
    first, last = same[0], same[-1]
    if is_same_chain(same, stage, now):
        return None
    confirmed = last.at - first.at > ONE_CHAIN
    not_before = first.at + DAY if confirmed else last.at + CONFIRM_AFTER
    told = last_of(same, stage)
    return Denied(Withheld.SAME_SECRET_REFUSED, not_before, told.at, told.words) if now < not_before else None


class SignInTable(Protocol):
    def login(self, user: str, host: str) -> str: ...
    def fingerprint(self, user: str, host: str, secret: str) -> str: ...
    async def reserve(
        self, login: str, secret: str, stage: Stage, now: float, decide: Callable[[Sequence[PastSignIn]], Result | None]
    ) -> int | Result: ...
    async def opened(self, key: int, now: float) -> None: ...
    async def give_back(self, key: int, now: float) -> None: ...
    async def unanswered(self, key: int, now: float) -> None: ...
    async def refused(self, key: int, now: float, words: str) -> None: ...
    async def control_good_at(self, login: str) -> float | None: ...
    async def control_good(self, login: str, now: float) -> None: ...


class KeepsSignIns(Protocol):
    @property
    def sign_ins(self) -> SignInTable: ...


class LoginBudget:
    """`SignInBudget` over a store. `wall` gives Unix seconds; `most` refused logins per user and host in 24 h; `whole`: the
    carrier's own number, if `most` is a share of it; controls: what the runs of this process share."""

    def __init__(
        self,
        store: KeepsSignIns,
        wall: Wall,
        most: int = 2,
        sleep: Sleep = asyncio.sleep,
        *,
        whole: int | None = None,
        controls: Controls | None = None,
    ) -> None:
        self._table = store.sign_ins
        self._wall = wall
        self._most = Most(most, most if whole is None else whole)
        self._sleep = sleep
        self._controls = controls or Controls()
        self._users: dict[int, str] = {}

    async def reserve(self, user: str, host: str, secret: str, stage: Stage = Stage.LOGIN) -> Granted | Denied:
        """A login that is durably accounted for, or why it may not be spent. Waits a little for a login of the same
        user that is under way. `stage` is LOGIN for IMAP, AUTH for submission."""
        login, fingerprint = self._table.login(user, host), self._table.fingerprint(user, host, secret)
        said: int | Denied | Wait = await waited_for(
            lambda now: self._try(login, fingerprint, stage, now), LONG_WAIT, self._wall, self._sleep
        )
        if isinstance(said, Wait):
            return Denied(Withheld.NOT_POLITE_YET, self._wall() + UNDER_WAY)
        if isinstance(said, int):
            self._users[said] = user
            return Granted(said)
        return said

    async def _try(self, login: str, fingerprint: str, stage: Stage, now: float) -> int | Denied | Wait:
        def decide(past: Sequence[PastSignIn]) -> Denied | Wait | None:
            return may_sign_in(past, fingerprint, stage, now, self._most)

        return await self._table.reserve(login, fingerprint, stage, now, decide)

    async def opened(self, grant: Granted) -> None:
        """It costs nothing, and neither do those with the same secret that were cut: it is known now that the secret is good."""
        self._users.pop(grant.key, None)
        await self._table.opened(grant.key, self._wall())

    async def unanswered(self, grant: Granted) -> None:
        """The server was gone before it had answered; nobody knows whether it has counted the login."""
        self._users.pop(grant.key, None)
        await self._table.unanswered(grant.key, self._wall())

    async def give_back(self, grant: Granted) -> None:
        """The login was not refused: it costs nothing."""
        self._users.pop(grant.key, None)
        await self._table.give_back(grant.key, self._wall())

    async def refused(self, grant: Granted, words: str) -> None:
        """Keep the refusal, with the server's words but without the user's name."""
        user = self._users.pop(grant.key, "")
        await self._table.refused(grant.key, self._wall(), unnamed(words, user)[:MOST_WORDS])

    async def control_good_at(self, user: str, host: str) -> float | None:
        """When a control signed in, if that is no longer than ten minutes ago."""
        login, known, now = self._table.login(user, host), self._controls.good_at, self._wall()
        at = known.get(login, now)
        if at is None and (at := await self._table.control_good_at(login)) is not None:
            known.put(login, at, now)
        return at if at is not None and abs(self._wall() - at) <= CONTROL_GOOD_FOR else None

    async def control_good(self, user: str, host: str) -> None:
        login = self._table.login(user, host)
        await self._table.control_good(login, self._wall())
        self._controls.good_at.forget(login)
