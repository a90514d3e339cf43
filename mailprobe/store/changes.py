"""What became of each status, kept for ever: whoever asks what happened to a mailbox last year finds it here."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select

from mailprobe.status import Change
from mailprobe.store.database import Database
from mailprobe.store.statement import Row, Statement, Transaction
from mailprobe.store.tables import changes
from mailprobe.verdict import Code, Status

MOST = 1000  # that are read at once

PUT = Statement(insert(changes), *(column.key for column in changes.columns if column.key != "id"))
NEWEST = select(changes).order_by(changes.c.at.desc(), changes.c.id.desc()).limit(bindparam("most"))
WITHIN = (changes.c.at >= bindparam("since")) & (changes.c.at < bindparam("until"))
OF_ACCOUNT = Statement(NEWEST.where((changes.c.account == bindparam("whose")) & WITHIN))
NEWEST_TURNS = select(changes.c.account, changes.c.at, changes.c.old, changes.c.new).order_by(changes.c.at.desc())
TURNS = Statement(NEWEST_TURNS.where((changes.c.at >= bindparam("since")) & ~changes.c.revised).limit(bindparam("most")))


@dataclass(frozen=True, slots=True)
class Changed:
    """One change of one account; `change` is None for one in words of a newer program. at: Unix seconds."""

    account: str
    at: float
    change: Change | None


@dataclass(frozen=True, slots=True)
class Turn:
    """A status that became another one, without the verdicts. at: Unix seconds; old and new: values of `Status`."""

    account: str
    at: float
    old: str
    new: str


class Changes:
    """The table of changes of one store; `Standings.keep` writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_account(self, account: str, since: float = 0.0, until: float = 1e12, most: int = 100) -> tuple[Changed, ...]:
        """The newest first."""
        given = {"whose": account, "since": since, "until": until, "most": min(most, MOST)}
        rows = await self._database.read(lambda transaction: transaction.all(OF_ACCOUNT, **given))
        return tuple(changed(row) for row in rows)

    async def turns(self, since: float, most: int) -> tuple[Turn, ...]:
        """Of every account, the newest first: so many that a whole fleet's day can be drawn."""
        rows = await self._database.read(lambda transaction: transaction.all(TURNS, since=since, most=most))
        return tuple(Turn(*row) for row in rows)


def put(transaction: Transaction, account: str, change: Change) -> None:
    codes = {"old_code": change.old_code or "", "code": change.code}
    times = {"at": change.at, "since": change.since}
    transaction.do(PUT, account=account, old=change.old, new=change.new, revised=change.revised, **codes, **times)


def changed(row: Row) -> Changed:
    _, account, at, since, old, new, old_code, code, revised = row
    try:
        before = Code(old_code) if old_code else None
        return Changed(account, at, Change(Status(old), Status(new), Code(code), at, since, before, bool(revised)))
    except ValueError:
        return Changed(account, at, None)
