"""When an address was last named to a mail host, and what the host answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Column, ColumnElement, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.evidence import Of, Replied, Stage
from mailprobe.store.database import Database
from mailprobe.store.statement import Row, Statement, Transaction, changes
from mailprobe.store.tables import answers, askings, deferrals

T = TypeVar("T")

KEYS = ("subject", "host", "vantage")
WHAT = ("server", "ip", "stage", "code", "enhanced", "text", "took", "at")


def this(subject: Column[str], host: Column[str], vantage: Column[str]) -> ColumnElement[bool]:
    return (subject == bindparam("of_subject")) & (host == bindparam("at_host")) & (vantage == bindparam("from_vantage"))


PUT_ASKING, PUT_ANSWER = insert(askings), insert(answers)


def put_asking(*names: str) -> Statement:
    put = PUT_ASKING.on_conflict_do_update(index_elements=KEYS, set_=changes(names, PUT_ASKING.excluded))
    return Statement(put, *KEYS, "asked_at", "claimed_at", "claimed_by")


THIS_ASKING = this(askings.c.subject, askings.c.host, askings.c.vantage)
LAST = Statement(select(askings.c.asked_at, askings.c.claimed_at, askings.c.claimed_by).where(THIS_ASKING))
CLAIM, ASKED = put_asking("claimed_at", "claimed_by"), put_asking("asked_at", "claimed_by")
THIS_ANSWER = this(answers.c.subject, answers.c.host, answers.c.vantage)
REMEMBERED = Statement(select(*(answers.c[name] for name in WHAT)).where(THIS_ANSWER))
REMEMBER = Statement(PUT_ANSWER.on_conflict_do_update(index_elements=KEYS, set_=changes(WHAT, PUT_ANSWER.excluded)), *KEYS, *WHAT)

PUT_OFF = (deferrals.c.subject == bindparam("of_subject")) & (deferrals.c.host == bindparam("at_host"))
DEFERRALS = Statement(select(deferrals.c.times, deferrals.c.at).where(PUT_OFF))
NO_DEFERRAL = Statement(delete(deferrals).where(PUT_OFF))
FIRST = insert(deferrals)
AGAIN = {"times": deferrals.c.times + 1, "at": FIRST.excluded.at}
ONE_MORE = Statement(
    FIRST.on_conflict_do_update(index_elements=["subject", "host"], set_=AGAIN), "subject", "host", "times", "at"
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
        host = host.lower()

        def work(transaction: Transaction) -> T | None:
            denied = decide(last(transaction, subject, host, vantage))
            if denied is None:
                row = {"subject": subject, "host": host, "vantage": vantage, "asked_at": None}
                transaction.do(CLAIM, **row, claimed_at=now, claimed_by=by)
            return denied

        return await self._database.transact(work)

    async def asked(self, subject: str, host: str, vantage: str, now: float) -> None:
        row = {"subject": subject, "host": host.lower(), "vantage": vantage, "asked_at": now}
        await self._database.transact(lambda transaction: transaction.do(ASKED, **row, claimed_at=None, claimed_by=""))

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

        def work(transaction: Transaction) -> None:
            transaction.do(REMEMBER, **row)
            count_deferral(transaction, self.subject_of(address), host.lower(), reply.code, now)

        await self._database.transact(work)

    async def put_off(self, address: str, host: str) -> tuple[int, float] | None:
        """How often in a row the host has put this address off, and when it did so last."""
        where = {"of_subject": self.subject_of(address), "at_host": host.lower()}
        row = await self._database.read(lambda transaction: transaction.one(DEFERRALS, **where))
        return (row[0], row[1]) if row is not None else None

    async def remembered(self, of: Of, address: str, host: str, vantage: str) -> Replied | None:
        """The last answer, as a fact with `cached_at` set and `at` 0."""
        where = {"of_subject": self.subject_of(address), "at_host": host.lower(), "from_vantage": vantage}
        row = await self._database.read(lambda transaction: transaction.one(REMEMBERED, **where))
        return replied(of, address, row) if row is not None else None


def replied(of: Of, address: str, row: Row) -> Replied:
    server, ip, stage, code, enhanced, text, took, at = row
    return Replied(
        at=0.0,
        of=of,
        server=server,
        ip=ip,
        stage=Stage(stage),
        code=code,
        enhanced=enhanced,
        text=unmasked(text, address),
        took=took,
        cached_at=at,
    )


def last(transaction: Transaction, subject: str, host: str, vantage: str) -> Asking:
    row = transaction.one(LAST, of_subject=subject, at_host=host, from_vantage=vantage)
    known = Asking(*row) if row is not None else Asking()
    put_off = transaction.one(DEFERRALS, of_subject=subject, at_host=host)
    return replace(known, deferrals=put_off[0], deferred_at=put_off[1]) if put_off is not None else known


def count_deferral(transaction: Transaction, subject: str, host: str, code: int, now: float) -> None:
    """RFC 5321 section 4.2.1: 4yz asks us to come again later; any other answer ends the row."""
    if 400 <= code < 500:
        transaction.do(ONE_MORE, subject=subject, host=host, times=1, at=now)
    else:
        transaction.do(NO_DEFERRAL, of_subject=subject, at_host=host)


def masked(text: str, address: str) -> str:
    """The text without the address and without its local part as a word."""
    local = address.rpartition("@")[0] or address
    text = text.replace(WHOLE, "?").replace(LOCAL, "?")
    # most answers name nobody: to make two patterns of an address only to find nothing costs more than keeping the answer
    if address.lower() in text.lower() or not (text.isascii() and address.isascii()):
        text = re.sub(re.escape(address), WHOLE, text, flags=re.IGNORECASE)
    if local not in text:
        return text
    return re.sub(rf"(?<![\w.-]){re.escape(local)}(?![\w.-])", LOCAL, text)


def unmasked(text: str, address: str) -> str:
    """The text as it was, but for the case of the whole address's letters."""
    return text.replace(WHOLE, address).replace(LOCAL, address.rpartition("@")[0] or address)
