"""Everything of one account, taken out; not only out of sight, but out of the file."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Delete, bindparam, delete, or_, select

from mailprobe.store.bounces import MAILBOX
from mailprobe.store.database import Database
from mailprobe.store.statement import Statement, Transaction
from mailprobe.store.tables import inbox, metadata, results, returns, transcripts

AT_ONCE = 500  # rows in one transaction: others want to write as well
TRIES = 20  # to empty the WAL, while others read

# What a column of this name holds, in whichever table: a new table that keeps to these names is erased as well.
ACCOUNT, SUBJECT, LOGIN = "account", "subject", "login"
OF_RESULTS = select(results.c.id).where(results.c.account == bindparam("whose")).limit(AT_ONCE)
OLD_LINES = Statement(delete(transcripts).where(transcripts.c.result.in_(OF_RESULTS)))
OLD_RESULTS = Statement(delete(results).where(results.c.id.in_(OF_RESULTS)))


@dataclass(frozen=True, slots=True)
class Whose:
    """Who is to be forgotten. addresses: as they were asked about (`Address.key`); logins: user and host of every server."""

    account: str
    addresses: tuple[str, ...] = ()
    logins: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Erased:
    """rows: how many. clean: nothing of them is left in the WAL either; if not, it goes with the next checkpoint."""

    rows: int
    clean: bool


def by_value(column: Column[str]) -> Delete:
    return delete(column.table).where(column == bindparam("whose"))


def statements(name: str) -> tuple[Statement, ...]:
    """One per table that has a column of this name, but for results, of which there may be very many."""
    tables = [table for table in metadata.sorted_tables if name in table.columns and table is not results]
    return tuple(Statement(by_value(table.columns[name])) for table in tables)


BY_ACCOUNT, BY_SUBJECT, BY_LOGIN = statements(ACCOUNT), statements(SUBJECT), statements(LOGIN)
BY_MAILBOX = (
    Statement(by_value(inbox.c.mailbox)),
    Statement(delete(returns).where(or_(returns.c.mailbox == bindparam("whose"), returns.c.recipient == bindparam("subject")))),
)


async def erase(database: Database, whose: Whose) -> Erased:
    """Take out every row of the account. It must not be watched any more, or new ones follow. Audit rows stay. StoreError: some
    are gone, and doing it again takes the rest."""
    rows = 0
    while gone := await database.transact(lambda transaction: some_results(transaction, whose.account)):
        rows += gone
    rows += await database.transact(lambda transaction: all_else(transaction, database, whose))
    return Erased(rows, await emptied(database))


async def emptied(database: Database) -> bool:
    """Whoever reads at that moment is in the way, and soon is not any more."""
    for _ in range(TRIES):
        if await database.checkpoint():
            return True
    return False


def some_results(transaction: Transaction, account: str) -> int:
    transaction.do(OLD_LINES, whose=account)
    return transaction.do(OLD_RESULTS, whose=account)


def all_else(transaction: Transaction, database: Database, whose: Whose) -> int:
    rows = sum(transaction.do(one, whose=whose.account) for one in BY_ACCOUNT)
    for address in whose.addresses:
        subject = database.hashed("address", address)
        rows += sum(transaction.do(one, whose=subject) for one in BY_SUBJECT)
        rows += transaction.do(BY_MAILBOX[0], whose=subject[:MAILBOX])
        rows += transaction.do(BY_MAILBOX[1], whose=subject[:MAILBOX], subject=subject)
    for user, host in whose.logins:
        login = database.hashed("login", user, host.lower())
        rows += sum(transaction.do(one, whose=login) for one in BY_LOGIN)
    return rows
