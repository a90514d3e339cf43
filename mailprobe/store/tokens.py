"""Tokens that programs show instead of signing in: shown once, kept as a keyed hash, each with a name, a role and an end."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select, update

from mailprobe.store.database import Database
from mailprobe.store.people import Change
from mailprobe.store.statement import Statement, Transaction
from mailprobe.store.tables import tokens

USED_EVERY = 60.0  # seconds: no more often is it written down that a token was used

SHOWN = (tokens.c.number, tokens.c.name, tokens.c.role, tokens.c.made_by, tokens.c.made_at, tokens.c.ends_at, tokens.c.used_at)
ALL = Statement(select(*SHOWN).order_by(tokens.c.number))
NAMED = Statement(select(tokens.c.number).where(tokens.c.name == bindparam("called")))
ONE = Statement(select(*SHOWN).where((tokens.c.digest == bindparam("shown")) & (tokens.c.ends_at > bindparam("now"))))
THIS = tokens.c.number == bindparam("which")
ADD = Statement(insert(tokens), "name", "role", "digest", "made_by", "made_at", "ends_at")
USED = Statement(update(tokens).where(THIS), "used_at")
REMOVE = Statement(delete(tokens).where(THIS))


@dataclass(frozen=True, slots=True)
class ApiToken:
    """Times are Unix seconds. name: unique; as the audit says it."""

    number: int
    name: str
    role: str
    made_by: str
    made_at: float
    ends_at: float
    used_at: float | None


class Tokens:
    """The table of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[ApiToken, ...]:
        return tuple(ApiToken(*row) for row in await self._database.read(lambda transaction: transaction.all(ALL)))

    async def add(self, value: str, name: str, role: str, made_by: str, now: float, ends_at: float) -> Change:
        """value: the token itself, of which only a keyed hash is kept."""
        row = {"name": name, "role": role, "digest": self._digest(value), "made_by": made_by, "made_at": now, "ends_at": ends_at}

        def work(transaction: Transaction) -> Change:
            if transaction.one(NAMED, called=name) is not None:
                return Change.TAKEN
            transaction.do(ADD, **row)
            return Change.DONE

        return await self._database.transact(work)

    async def remove(self, number: int) -> Change:
        gone = await self._database.transact(lambda transaction: transaction.do(REMOVE, which=number))
        return Change.DONE if gone else Change.UNKNOWN

    async def find(self, value: str, now: float) -> ApiToken | None:
        """The token that is good now. That it was used is written down soon after."""
        digest = self._digest(value)
        row = await self._database.read(lambda transaction: transaction.one(ONE, shown=digest, now=now))
        if row is None:
            return None
        found = ApiToken(*row)
        if found.used_at is None or now - found.used_at > USED_EVERY:
            self._database.soon(lambda transaction: transaction.do(USED, which=found.number, used_at=now))
        return found

    def _digest(self, value: str) -> str:
        return self._database.hashed("token", value)
