"""Logins that were or may have been spent, and controls that were found good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from mailprobe.evidence import Stage
from mailprobe.store.database import Database
from mailprobe.store.statement import Statement, Transaction
from mailprobe.store.tables import controls, sign_ins

T = TypeVar("T")

KEPT = 7 * 86400.0  # seconds


class SignInState(StrEnum):
    RESERVED = "reserved"  # under way, or its process died
    REFUSED = "refused"
    UNANSWERED = "unanswered"  # the server was gone before it had answered
    GIVEN_BACK = "given_back"


SEEN = select(*(sign_ins.c[name] for name in ("secret", "stage", "state", "reserved_at", "words")))
SPENT = (sign_ins.c.login == bindparam("whose")) & (sign_ins.c.state != SignInState.GIVEN_BACK)
HISTORY = Statement(SEEN.where(SPENT).order_by(sign_ins.c.reserved_at, sign_ins.c.id))
OUTDATED = Statement(delete(sign_ins).where(sign_ins.c.reserved_at < bindparam("kept_since")))
RESERVE = Statement(insert(sign_ins).returning(sign_ins.c.id), "login", "secret", "stage", "state", "reserved_at", "words")
END = Statement(update(sign_ins).where(sign_ins.c.id == bindparam("key")), "state", "ended_at", "words")
END_ALL = Statement(update(sign_ins).where(SPENT), "state", "ended_at")
WHOSE = Statement(select(sign_ins.c.login, sign_ins.c.secret).where(sign_ins.c.id == bindparam("key")))
CUT = (sign_ins.c.state == SignInState.UNANSWERED) & (sign_ins.c.secret == bindparam("known"))
END_CUT = Statement(update(sign_ins).where((sign_ins.c.login == bindparam("whose")) & CUT), "state", "ended_at")
GOOD_AT = Statement(select(controls.c.good_at).where(controls.c.login == bindparam("whose")))
PUT = insert(controls)
GOOD = Statement(PUT.on_conflict_do_update(index_elements=["login"], set_={"good_at": PUT.excluded.good_at}), "login", "good_at")


@dataclass(frozen=True, slots=True)
class SignIn:
    """One spent or reserved login. at: Unix seconds of the reservation. `secret` is a fingerprint."""

    secret: str
    stage: Stage
    state: SignInState
    at: float
    words: str


class SignIns:
    """The table of logins of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def login(self, user: str, host: str) -> str:
        """The key of the budget; hosts in one spelling, users exactly as sent."""
        return self._database.hashed("login", user, host.lower())

    def fingerprint(self, user: str, host: str, secret: str) -> str:
        return self._database.hashed("secret", user, host.lower(), secret)

    async def reserve(
        self, login: str, secret: str, stage: Stage, now: float, decide: Callable[[Sequence[SignIn]], T | None]
    ) -> int | T:
        """In one transaction: read the login's history (oldest first), ask `decide`, and reserve if it has nothing
        against it. The reservation's id, or what `decide` said."""

        def work(transaction: Transaction) -> int | T:
            denied = decide(history(transaction, login))
            if denied is not None:
                return denied
            transaction.do(OUTDATED, kept_since=now - KEPT)
            row = {"login": login, "secret": secret, "stage": stage, "state": SignInState.RESERVED, "reserved_at": now}
            key: int = transaction.all(RESERVE, **row, words="")[0][0]
            return key

        return await self._database.transact(work)

    async def give_back(self, key: int, now: float) -> None:
        """The login was not refused."""
        await self._end(key, SignInState.GIVEN_BACK, now, "")

    async def opened(self, key: int, now: float) -> None:
        """The secret is good: it costs nothing, and neither do the logins with it that were cut before they were answered."""
        change = {"state": SignInState.GIVEN_BACK, "ended_at": now}

        def work(transaction: Transaction) -> None:
            transaction.do(END, key=key, words="", **change)
            for login, secret in transaction.all(WHOSE, key=key):
                transaction.do(END_CUT, whose=login, known=secret, **change)

        await self._database.transact(work)

    async def unanswered(self, key: int, now: float) -> None:
        await self._end(key, SignInState.UNANSWERED, now, "")

    async def refused(self, key: int, now: float, words: str) -> None:
        await self._end(key, SignInState.REFUSED, now, words)

    async def forget(self, login: str, now: float) -> None:
        """Give back every login of this key: they were refused for another reason."""
        change = {"whose": login, "state": SignInState.GIVEN_BACK, "ended_at": now}
        await self._database.transact(lambda transaction: transaction.do(END_ALL, **change))

    async def spent(self, login: str) -> tuple[SignIn, ...]:
        """The login's history, oldest first, without what was given back."""
        return await self._database.read(lambda transaction: history(transaction, login))

    async def _end(self, key: int, state: SignInState, now: float, words: str) -> None:
        given = {"key": key, "state": state, "ended_at": now, "words": words}
        await self._database.transact(lambda transaction: transaction.do(END, **given))

    async def control_good_at(self, login: str) -> float | None:
        """When this control last signed in, Unix seconds."""
        row = await self._database.read(lambda transaction: transaction.one(GOOD_AT, whose=login))
        return row[0] if row is not None else None

    async def control_good(self, login: str, now: float) -> None:
        await self._database.transact(lambda transaction: transaction.do(GOOD, login=login, good_at=now))


def history(transaction: Transaction, login: str) -> tuple[SignIn, ...]:
    """Every login of this key that was not given back."""
    rows = transaction.all(HISTORY, whose=login)
    return tuple(SignIn(secret, Stage(stage), SignInState(state), at, words) for secret, stage, state, at, words in rows)
