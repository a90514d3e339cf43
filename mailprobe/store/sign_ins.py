"""Logins that were or may have been spent, and controls that were found good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from mailprobe.evidence import Stage
from mailprobe.store.database import Database
from mailprobe.store.tables import controls, sign_ins

T = TypeVar("T")

KEPT = 7 * 86400.0  # seconds


class SignInState(StrEnum):
    RESERVED = "reserved"  # under way, or its process died
    REFUSED = "refused"
    GIVEN_BACK = "given_back"


# Built once: to build a statement takes longer than to run it.
SPENT = (sign_ins.c.login == bindparam("whose")) & (sign_ins.c.state != SignInState.GIVEN_BACK)
HISTORY = select(sign_ins).where(SPENT).order_by(sign_ins.c.reserved_at, sign_ins.c.id)
OUTDATED = delete(sign_ins).where(sign_ins.c.reserved_at < bindparam("kept_since"))
RESERVE = insert(sign_ins).returning(sign_ins.c.id)
END = update(sign_ins).where(sign_ins.c.id == bindparam("key"))
END_ALL = update(sign_ins).where(SPENT)


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

        def work(connection: Connection) -> int | T:
            denied = decide(history(connection, login))
            if denied is not None:
                return denied
            connection.execute(OUTDATED, {"kept_since": now - KEPT})
            row = {"login": login, "secret": secret, "stage": stage, "state": SignInState.RESERVED, "reserved_at": now}
            key: int = connection.execute(RESERVE, row).scalar_one()
            return key

        return await self._database.run(work)

    async def give_back(self, key: int, now: float) -> None:
        """The login was not refused."""
        await self._end(key, state=SignInState.GIVEN_BACK, ended_at=now)

    async def refused(self, key: int, now: float, words: str) -> None:
        await self._end(key, state=SignInState.REFUSED, ended_at=now, words=words)

    async def forget(self, login: str, now: float) -> None:
        """Give back every login of this key: they were refused for another reason."""
        change = {"whose": login, "state": SignInState.GIVEN_BACK, "ended_at": now}
        await self._database.run(lambda connection: connection.execute(END_ALL, change))

    async def spent(self, login: str) -> tuple[SignIn, ...]:
        """The login's history, oldest first, without what was given back."""
        return await self._database.run(lambda connection: history(connection, login))

    async def _end(self, key: int, **change: SignInState | float | str) -> None:
        await self._database.run(lambda connection: connection.execute(END, {"key": key, **change}))

    async def control_good_at(self, login: str) -> float | None:
        """When this control last signed in, Unix seconds."""
        asked = select(controls.c.good_at).where(controls.c.login == login)
        found: float | None = await self._database.run(lambda connection: connection.execute(asked).scalar_one_or_none())
        return found

    async def control_good(self, login: str, now: float) -> None:
        put = insert(controls).values(login=login, good_at=now)
        latest = put.on_conflict_do_update(index_elements=["login"], set_={"good_at": put.excluded.good_at})
        await self._database.run(lambda connection: connection.execute(latest))


def history(connection: Connection, login: str) -> tuple[SignIn, ...]:
    """Every login of this key that was not given back."""
    rows = connection.execute(HISTORY, {"whose": login})
    return tuple(SignIn(row.secret, Stage(row.stage), SignInState(row.state), row.reserved_at, row.words) for row in rows)
