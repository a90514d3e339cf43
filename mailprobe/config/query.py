"""`[accounts_from] sql`: accounts as a query answers them. Read only, one statement, rolled back, within a time."""

from __future__ import annotations

import asyncio
import importlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from mailprobe.config.problems import cut
from mailprobe.config.rows import COLUMNS, NEEDED, Row, RowError, column_hint
from mailprobe.secret import SCHEMES, SecretError, parse_ref

AWAY = "MP1806"
WITHIN = 60.0  # seconds for connecting and reading everything
READS = re.compile(r"\s*(select|with|values|table)\b", re.IGNORECASE)
ADDRESS = re.compile(r"[^\s\"'<>()]+@[^\s\"'<>()]+")
URL = re.compile(r"[a-z0-9]+(?:\+[a-z0-9_]+)?://.*", re.DOTALL)
PASSWORD = re.compile(r"://[^/@:]*:[^/@]+@|[?&]password=", re.IGNORECASE)

Answer = tuple[Sequence[str], Sequence[Sequence[object]]]


def read_query(sql: str, url: str, base: Path) -> Iterator[Row | RowError]:
    """Every row of the answer. url: of a database without its password, or a secret reference that holds it with one; a file
    of SQLite is found beside the configuration. Raises RowError."""
    if not READS.match(sql) or ";" in sql.rstrip().rstrip(";"):
        raise RowError("MP1043", "", "not one statement that reads", "write SELECT id, address, ... FROM ...")
    place = place_of(url, base)
    head, rows = in_time(lambda: answer_of(sql, place, base))
    return rows_of(list(head), rows)


def place_of(url: str, base: Path) -> str:
    """The URL itself; raises RowError for one that shows its password, or that cannot be had."""
    if url.partition(":")[0] in SCHEMES:
        try:
            url = parse_ref(url, base=base).read_at_once().reveal()
        except SecretError as error:
            raise RowError(error.code, "", error.what, error.hint) from None
    elif PASSWORD.search(url):
        raise RowError("MP1013", "", "no password in this file", 'keep the whole URL elsewhere: url = "file:PATH" or "env:NAME"')
    if not URL.fullmatch(url):
        raise RowError(
            "MP1043", "", "not a database's URL (value not shown)", "postgresql://user@host/database or sqlite:///FILE"
        )
    return url


def in_time(work: Callable[[], Answer]) -> Answer:
    """In a thread of its own, so that neither a running event loop nor a silent database can hold us."""
    ended: list[Answer | BaseException] = []

    def run() -> None:
        try:
            ended.append(work())
        except BaseException as error:  # raised again by whoever waits for the answer
            ended.append(error)

    thread = threading.Thread(target=run, daemon=True, name="accounts_from")
    thread.start()
    thread.join(WITHIN)
    if not ended:
        raise RowError(AWAY, "", f"no answer within {WITHIN:.0f}s", "run the query by hand; an index may be missing")
    if isinstance(ended[0], BaseException):
        raise ended[0]
    return ended[0]


def answer_of(sql: str, url: str, base: Path) -> Answer:
    """What the database answers; RowError in its own words, without the addresses that they may quote."""
    from sqlalchemy import exc

    try:
        if url.startswith("postgresql"):
            return asyncio.run(from_postgres(sql, url))
        return from_any(sql, read_only(url, base))
    except (exc.NoSuchModuleError, exc.ArgumentError, ModuleNotFoundError) as error:
        missing = getattr(error, "name", None) or url.partition(":")[0]
        hint = 'install it: "mailprobe[postgres]", or the one that SQLAlchemy names'
        raise RowError("MP1802", "", f"no driver for this database: {missing}", hint) from None
    except exc.DBAPIError as error:
        raise RowError("MP1801", "", f"the query failed: {tame(str(error.orig))}", "run it by hand to see why") from None
    except (exc.SQLAlchemyError, OSError) as error:
        raise away(error) from None


def read_only(url: str, base: Path) -> str:
    """A file of SQLite is opened for reading, and never made; every other database gets a transaction that is rolled back."""
    if not url.startswith("sqlite:///"):
        return url
    file = base / url.removeprefix("sqlite:///")
    if not file.is_file():
        raise RowError("MP1011", "", f"cannot read {file}: no such file", "relative paths are against the configuration")
    return f"sqlite:///file:{quote(str(file))}?mode=ro&uri=true"


def from_any(sql: str, url: str) -> Answer:
    from sqlalchemy import create_engine, pool

    engine = create_engine(url, poolclass=pool.NullPool, hide_parameters=True)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(sql)
        answer = list(found.keys()), [tuple(row) for row in found]
        connection.rollback()
    return answer


async def from_postgres(sql: str, url: str) -> Answer:
    """By asyncpg, the driver of the store, in a transaction that cannot write."""
    asyncpg = importlib.import_module("asyncpg")  # an extra
    try:
        connection = await asyncpg.connect(f"postgresql:{url.partition(':')[2]}")
        try:
            async with connection.transaction(readonly=True):
                statement = await connection.prepare(sql)
                head = [column.name for column in statement.get_attributes()]
                return head, [tuple(row) for row in await statement.fetch()]
        finally:
            await connection.close()
    except (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError, asyncpg.PostgresConnectionError) as error:
        raise away(error) from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise RowError("MP1801", "", f"the query failed: {tame(str(error))}", "run it by hand to see why") from None


def away(error: Exception) -> RowError:
    """The database itself, and not what it was asked: it may be there in a moment."""
    hint = "check host, port and user of accounts_from.url"
    return RowError(AWAY, "", f"the database cannot be asked: {tame(str(error))}", hint)


def tame(said: str) -> str:
    """A database's words without the customers' addresses that it may quote."""
    return cut(ADDRESS.sub("***", " ".join(said.split())))


def rows_of(head: list[str], rows: Sequence[Sequence[object]]) -> Iterator[Row | RowError]:
    check_head(head)
    for number, values in enumerate(rows, 1):
        where = f"accounts_from.sql row {number}"
        odd = next((name for name, value in zip(head, values, strict=True) if not isinstance(value, str | int | None)), None)
        if odd is not None:
            yield RowError("MP1008", where, f"{odd}: expected text", f"cast it in the query: CAST({odd} AS text)")
            continue
        yield Row(where, {name: str(value) for name, value in zip(head, values, strict=True) if value not in (None, "")}, {})


def check_head(head: list[str]) -> None:
    for number, name in enumerate(head):
        if name not in COLUMNS:
            raise RowError("MP1044", "", f'unknown column "{cut(name)}"', f"{column_hint(name)}; name it in the query with AS")
        if name in head[:number]:
            raise RowError("MP1044", "", f'column "{name}" twice', "leave one out")
    if not set(head) >= NEEDED:
        raise RowError("MP1044", "", "columns id and address are needed", f"known: {','.join(COLUMNS)}")
