"""Who may sign in to the console, and the one link that makes the first of them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import bindparam, delete, func, insert, select, update

from mailprobe.store.database import KEEP_IN_HOUSE, Database, in_house
from mailprobe.store.statement import Statement, Transaction
from mailprobe.store.tables import people, visits

LINK = "first_link"  # in the house: until when it opens, and its keyed hash
UNTIL = struct.Struct(">d")

HIM = people.c.name == bindparam("whom")
SHOWN = (people.c.name, people.c.role, people.c.made_at, people.c.changed_at, people.c.secret != "")
ALL = Statement(select(*SHOWN).order_by(people.c.name))
ONE = Statement(select(*SHOWN).where(HIM))
SECRET = Statement(select(people.c.secret).where(HIM))
COUNT = Statement(select(func.count()).select_from(people))
WITH_ROLE = Statement(select(func.count()).where((people.c.role == bindparam("kept")) & (people.c.name != bindparam("whom"))))
ADD = Statement(insert(people), "name", "role", "secret", "made_at", "changed_at")
NEW_SECRET = Statement(update(people).where(HIM), "secret", "changed_at")
NEW_ROLE = Statement(update(people).where(HIM), "role", "changed_at")
REMOVE = Statement(delete(people).where(HIM))
SIGNED_IN = Statement(delete(visits).where(visits.c.name == bindparam("whom")))


@dataclass(frozen=True, slots=True)
class Person:
    """Times are Unix seconds. has_password: signs in here, not at a proxy only."""

    name: str
    role: str
    made_at: float
    changed_at: float
    has_password: bool


class Change(Enum):
    """What came of a change."""

    DONE = "done"
    TAKEN = "taken"  # somebody has this name
    UNKNOWN = "unknown"  # nobody has this name
    LAST = "last"  # nobody else would have the role that must not be empty
    NO_LINK = "no_link"  # not the link, used already, or too late


class People:
    """The table of one store. Every change of a person ends his visits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[Person, ...]:
        return tuple(person(row) for row in await self._database.read(lambda transaction: transaction.all(ALL)))

    async def of(self, name: str) -> Person | None:
        row = await self._database.read(lambda transaction: transaction.one(ONE, whom=name))
        return person(row) if row is not None else None

    async def secret_of(self, name: str) -> str:
        """The hash of his password; '' for somebody who has none, and for nobody."""
        row = await self._database.read(lambda transaction: transaction.one(SECRET, whom=name))
        return str(row[0]) if row is not None else ""

    async def add(self, name: str, role: str, secret: str, now: float) -> Change:
        """secret: an argon2id hash, or ''."""
        return await self._database.transact(lambda transaction: added(transaction, name, role, secret, now))

    async def set_secret(self, name: str, secret: str, now: float) -> Change:
        def work(transaction: Transaction) -> Change:
            changed = transaction.do(NEW_SECRET, whom=name, secret=secret, changed_at=now)
            transaction.do(SIGNED_IN, whom=name)
            return Change.DONE if changed else Change.UNKNOWN

        return await self._database.transact(work)

    async def set_role(self, name: str, role: str, now: float, never_empty: str = "") -> Change:
        """never_empty: a role that somebody must have afterwards."""

        def work(transaction: Transaction) -> Change:
            if is_last(transaction, name, never_empty) and role != never_empty:
                return Change.LAST
            changed = transaction.do(NEW_ROLE, whom=name, role=role, changed_at=now)
            transaction.do(SIGNED_IN, whom=name)
            return Change.DONE if changed else Change.UNKNOWN

        return await self._database.transact(work)

    async def remove(self, name: str, never_empty: str = "") -> Change:
        def work(transaction: Transaction) -> Change:
            if is_last(transaction, name, never_empty):
                return Change.LAST
            gone = transaction.do(REMOVE, whom=name)
            transaction.do(SIGNED_IN, whom=name)
            return Change.DONE if gone else Change.UNKNOWN

        return await self._database.transact(work)

    async def offer_link(self, link: str, until: float) -> Change:
        """From now on only this link makes the first person. TAKEN: there is somebody already."""
        value = UNTIL.pack(until) + self._hashed(link)

        def work(transaction: Transaction) -> Change:
            if not is_empty(transaction):
                return Change.TAKEN
            transaction.do(KEEP_IN_HOUSE, name=LINK, value=value)
            return Change.DONE

        return await self._database.transact(work)

    async def link_opens(self, link: str, now: float) -> bool:
        """Whether this link could be used now."""
        return await self._database.read(lambda transaction: self._opens(transaction, link, now))

    async def add_first(self, link: str, name: str, role: str, secret: str, now: float) -> Change:
        """The first person, once, for whoever holds the link."""

        def work(transaction: Transaction) -> Change:
            if not self._opens(transaction, link, now):
                return Change.NO_LINK
            transaction.do(KEEP_IN_HOUSE, name=LINK, value=b"")
            return added(transaction, name, role, secret, now)

        return await self._database.transact(work)

    def _opens(self, transaction: Transaction, link: str, now: float) -> bool:
        kept = in_house(transaction, LINK)
        if not kept or not is_empty(transaction):
            return False
        return now < UNTIL.unpack_from(kept)[0] and kept[UNTIL.size :] == self._hashed(link)

    def _hashed(self, link: str) -> bytes:
        return self._database.hashed("link", link).encode()


def person(row: tuple[object, ...]) -> Person:
    name, role, made_at, changed_at, has_password = row
    return Person(str(name), str(role), float(str(made_at)), float(str(changed_at)), bool(has_password))


def added(transaction: Transaction, name: str, role: str, secret: str, now: float) -> Change:
    if transaction.one(ONE, whom=name) is not None:
        return Change.TAKEN
    transaction.do(ADD, name=name, role=role, secret=secret, made_at=now, changed_at=now)
    return Change.DONE


def is_empty(transaction: Transaction) -> bool:
    count: int = transaction.all(COUNT)[0][0]
    return count == 0


def is_last(transaction: Transaction, name: str, role: str) -> bool:
    """Whether he is the only one of this role."""
    his = transaction.one(ONE, whom=name)
    if not role or his is None or his[1] != role:
        return False
    others: int = transaction.all(WITH_ROLE, kept=role, whom=name)[0][0]
    return others == 0
