"""When an address was last named to a mail host, and what the host answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Connection, RowMapping, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.evidence import Of, Replied, Stage
from mailprobe.store.database import Database
from mailprobe.store.tables import answers, askings, deferrals

T = TypeVar("T")

# Built once: to build a statement takes longer than to run it.
PUT_OFF = (deferrals.c.subject == bindparam("of_subject")) & (deferrals.c.host == bindparam("at_host"))
DEFERRALS = select(deferrals.c.times, deferrals.c.at).where(PUT_OFF)
NO_DEFERRAL = delete(deferrals).where(PUT_OFF)
FIRST = insert(deferrals)
ONE_MORE = FIRST.on_conflict_do_update(
    index_elements=["subject", "host"], set_={"times": deferrals.c.times + 1, "at": FIRST.excluded.at}
)

# Control characters never occur in a cleaned text, so these marks stand for the address without any doubt
WHOLE, LOCAL = "\x01", "\x02"


@dataclass(frozen=True, slots=True)
class Asking:
    """Times in Unix seconds; `claimed_by` says who is about to ask. deferrals: how often in a row the host has put the address
    off, the last time at deferred_at."""

    asked_at: float | None = None
    claimed_at: float | None = None
    claimed_by: str = ""
    deferrals: int = 0
    deferred_at: float | None = None


class Askings:
    """The tables of questions and answers of one store. `subject` is what `subject_of` gives."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def subject_of(self, address: str) -> str:
        return self._database.hashed("address", address)

    async def claim(
        self, subject: str, host: str, vantage: str, by: str, now: float, decide: Callable[[Asking], T | None]
    ) -> T | None:
        """In one transaction: ask `decide` about the last asking, and note that `by` is about to ask if it has nothing
        against it. What `decide` said."""
        where = {"subject": subject, "host": host.lower(), "vantage": vantage}

        def work(connection: Connection) -> T | None:
            denied = decide(last(connection, where))
            if denied is None:
                put(connection, where, claimed_at=now, claimed_by=by)
            return denied

        return await self._database.run(work)

    async def asked(self, subject: str, host: str, vantage: str, now: float) -> None:
        where = {"subject": subject, "host": host.lower(), "vantage": vantage}
        await self._database.run(lambda connection: put(connection, where, asked_at=now, claimed_by=""))

    async def remember(self, address: str, host: str, vantage: str, reply: Replied, now: float) -> None:
        """Keep the answer in place of an older one, without the address; of a 4yz, that it was one more in a row."""
        row = {
            "subject": self.subject_of(address),
            "host": host.lower(),
            "vantage": vantage,
            "server": reply.server,
            "ip": reply.ip,
            "stage": reply.stage,
            "code": reply.code,
            "enhanced": reply.enhanced,
            "text": masked(reply.text, address),
            "took": reply.took,
            "at": now,
        }
        keep = insert(answers).values(row).on_conflict_do_update(index_elements=["subject", "host", "vantage"], set_=row)

        def work(connection: Connection) -> None:
            connection.execute(keep)
            count_deferral(connection, self.subject_of(address), host.lower(), reply.code, now)

        await self._database.run(work)

    async def put_off(self, address: str, host: str) -> tuple[int, float] | None:
        """How often in a row the host has put this address off, and when it did so last."""
        where = {"of_subject": self.subject_of(address), "at_host": host.lower()}
        row = await self._database.run(lambda connection: connection.execute(DEFERRALS, where).one_or_none())
        return (row.times, row.at) if row is not None else None

    async def remembered(self, of: Of, address: str, host: str, vantage: str) -> Replied | None:
        """The last answer, as a fact with `cached_at` set and `at` 0."""
        key = (self.subject_of(address), host.lower(), vantage)
        asked = select(answers).where(answers.c.subject == key[0], answers.c.host == key[1], answers.c.vantage == key[2])
        row = await self._database.run(lambda connection: connection.execute(asked).mappings().one_or_none())
        return replied(of, address, row) if row is not None else None


def replied(of: Of, address: str, row: RowMapping) -> Replied:
    return Replied(
        at=0.0,
        of=of,
        server=row["server"],
        ip=row["ip"],
        stage=Stage(row["stage"]),
        code=row["code"],
        enhanced=row["enhanced"],
        text=unmasked(row["text"], address),
        took=row["took"],
        cached_at=row["at"],
    )


def count_deferral(connection: Connection, subject: str, host: str, code: int, now: float) -> None:
    """RFC 5321 section 4.2.1: 4yz asks us to come again later; any other answer ends the row."""
    if 400 <= code < 500:
        connection.execute(ONE_MORE, {"subject": subject, "host": host, "times": 1, "at": now})
    else:
        connection.execute(NO_DEFERRAL, {"of_subject": subject, "at_host": host})


def last(connection: Connection, where: dict[str, str]) -> Asking:
    asked = select(askings.c.asked_at, askings.c.claimed_at, askings.c.claimed_by).filter_by(**where)
    row = connection.execute(asked).one_or_none()
    known = Asking(row.asked_at, row.claimed_at, row.claimed_by) if row is not None else Asking()
    put_off = connection.execute(DEFERRALS, {"of_subject": where["subject"], "at_host": where["host"]}).one_or_none()
    return replace(known, deferrals=put_off.times, deferred_at=put_off.at) if put_off is not None else known


def put(connection: Connection, where: dict[str, str], **change: float | str) -> None:
    keys = ["subject", "host", "vantage"]
    connection.execute(insert(askings).values(**where, **change).on_conflict_do_update(index_elements=keys, set_=change))


def masked(text: str, address: str) -> str:
    """The text without the address and without its local part as a word."""
    local = address.rpartition("@")[0] or address
    text = text.replace(WHOLE, "?").replace(LOCAL, "?")
    text = re.sub(re.escape(address), WHOLE, text, flags=re.IGNORECASE)
    return re.sub(rf"(?<![\w.-]){re.escape(local)}(?![\w.-])", LOCAL, text)


def unmasked(text: str, address: str) -> str:
    """The text as it was, but for the case of the whole address's letters."""
    return text.replace(WHOLE, address).replace(LOCAL, address.rpartition("@")[0] or address)
