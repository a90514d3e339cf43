"""Who looked at what, when and why. Rows are only ever added, and each signs the one before it.

The signature is under the store's own key: it shows that a row was changed, taken out or put in by somebody who writes to the
file without this program. Nothing is erased from here with an account: these are the acts of the staff. So a row names an
account by its id, or an address by its hash, and never an address.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, insert, or_, select

from mailprobe.store.database import KEEP_IN_HOUSE, Database, in_house
from mailprobe.store.facts import octets
from mailprobe.store.statement import Row, Statement, Transaction
from mailprobe.store.tables import audit

STEP = 1000  # rows that are read at once
FIRST = b""
HEAD = "audit"  # in the house: the digest of the last row, or taking off the newest would not be seen

ADD = Statement(insert(audit), *(column.key for column in audit.columns))
LAST = Statement(select(audit.c.number, audit.c.digest).order_by(audit.c.number.desc()).limit(1))
AFTER = Statement(select(audit).where(audit.c.number > bindparam("last")).order_by(audit.c.number).limit(bindparam("most")))
SHOWN = tuple(audit.columns)[:6]


NAMES = 3  # that one mailbox may have in the trail: its id, the id of a check, its hash


def left_out_or(column: ColumnElement[str], *names: str) -> ColumnElement[bool]:
    given = [bindparam(name, type_=String) for name in names]
    return or_(given[0] == "", *(column == one for one in given))


FOUND = Statement(
    select(*SHOWN)
    .where(
        left_out_or(audit.c.who, "by"),
        left_out_or(audit.c.what, "did"),
        left_out_or(audit.c.of, *(f"whose_{number}" for number in range(NAMES))),
        audit.c.at >= bindparam("since"),
        audit.c.at < bindparam("until"),
        audit.c.number < bindparam("below"),
    )
    .order_by(audit.c.number.desc())
    .limit(bindparam("most"))
)
OF = Statement(select(audit).where(audit.c.of == bindparam("whose")).order_by(audit.c.number.desc()).limit(bindparam("most")))


@dataclass(frozen=True, slots=True)
class Entry:
    """at: Unix seconds. who: as signed in; what: a short tag; of: an account's id or the hash of an address; why: as given."""

    number: int
    at: float
    who: str
    what: str
    of: str
    why: str


@dataclass(frozen=True, slots=True)
class Search:
    """Whole words; '' is any. of: any of these, at most three. since, until: Unix seconds. below: only rows with a smaller
    number."""

    who: str = ""
    what: str = ""
    of: tuple[str, ...] = ()
    since: float = 0.0
    until: float = 1e12
    below: int = 1 << 62


@dataclass(frozen=True, slots=True)
class Tampered:
    """The first row that is not as it was written; `what` says how one sees it."""

    number: int
    what: str


class Audit:
    """The table of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, who: str, what: str, of: str, why: str, now: float) -> Entry:
        """Durable when this returns: before anything is shown. StoreError, and then nothing may be shown."""

        def work(transaction: Transaction) -> Entry:
            last = transaction.one(LAST)
            number, before = last if last is not None else (0, FIRST)
            entry = Entry(number + 1, now, who, what, of, why)
            digest = self._digest(entry, before)
            given = {name: getattr(entry, name) for name in Entry.__slots__}
            transaction.do(ADD, **given, before=before, digest=digest)
            transaction.do(KEEP_IN_HOUSE, name=HEAD, value=digest)
            return entry

        return await self._database.transact(work)

    async def of(self, whose: str, most: int = 100) -> tuple[Entry, ...]:
        """The newest first."""
        rows = await self._database.read(lambda transaction: transaction.all(OF, whose=whose, most=most))
        return tuple(Entry(*row[:6]) for row in rows)

    async def find(self, search: Search, most: int = 100) -> tuple[Entry, ...]:
        """The newest first."""
        names = (*search.of, *[search.of[0] if search.of else ""] * NAMES)[:NAMES]
        given: dict[str, Any] = {"by": search.who, "did": search.what, "since": search.since, "until": search.until}
        given |= {"below": search.below, "most": most} | {f"whose_{number}": name for number, name in enumerate(names)}
        rows = await self._database.read(lambda transaction: transaction.all(FOUND, **given))
        return tuple(Entry(*row) for row in rows)

    async def count(self) -> int:
        """The number of the last row."""
        row = await self._database.read(lambda transaction: transaction.one(LAST))
        return row[0] if row is not None else 0

    def subject_of(self, address: str) -> str:
        """What stands in the trail for an address (`Address.key`)."""
        return self._database.hashed("address", address)

    async def verify(self) -> Tampered | None:
        """Read the whole chain; None if every row is as it was written."""
        number, before = 0, FIRST
        while rows := await self._after(number):
            for row in rows:
                if fault := self._fault(row, number + 1, before):
                    return fault
                number, before = row[0], row[7]
        head = await self._database.read(lambda transaction: in_house(transaction, HEAD))
        return None if hmac.compare_digest(head or FIRST, before) else Tampered(number + 1, "is missing")

    async def _after(self, last: int) -> list[Row]:
        return await self._database.read(lambda transaction: transaction.all(AFTER, last=last, most=STEP))

    def _fault(self, row: Row, number: int, before: bytes) -> Tampered | None:
        if row[0] != number:
            return Tampered(number, "is missing")
        if not hmac.compare_digest(row[6], before):
            return Tampered(number, "does not follow the one before it")
        return None if hmac.compare_digest(row[7], self._digest(Entry(*row[:6]), before)) else Tampered(number, "was changed")

    def _digest(self, entry: Entry, before: bytes) -> bytes:
        said: list[Any] = [getattr(entry, name) for name in Entry.__slots__]
        return self._database.signed(before + octets(said))
