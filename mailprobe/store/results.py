"""What every run of a probe saw: the facts for 90 days, the transcript for seven, and when each probe answered last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, case, func, literal, or_, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.evidence import End, Ending, Evidence
from mailprobe.store import facts
from mailprobe.store.database import Database
from mailprobe.store.facts import Damaged, Octets, Unreadable, Why
from mailprobe.store.hidden import Hidden, entry_of
from mailprobe.store.statement import Row, Rows, Statement, Transaction
from mailprobe.store.tables import last_results, results, transcripts

MOST = 1000  # results that are read at once
SHARED = 1000  # names that several accounts hide


class Outcome(StrEnum):
    """What one result is counted as."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    HELD = "held"
    OUR_FAULT = "our_fault"


@dataclass(frozen=True, slots=True)
class Last:
    """When a probe of an account answered last. Unix seconds; good_at: None if it never was good."""

    account: str
    probe: str
    vantage: str
    at: float
    outcome: Outcome
    good_at: float | None


@dataclass(frozen=True, slots=True)
class Kept:
    """One result. started: Unix seconds. The transcript is empty once it is gone."""

    id: int
    account: str
    probe: str
    vantage: str
    started: float
    outcome: str
    code: str
    evidence: Evidence | Unreadable


OF_RESULT = [column.key for column in results.columns if column.key != "id"]
WHOSE = OF_RESULT.index("account")
KEEP = Rows(insert(results), "id", *OF_RESULT)
LAST_NUMBER = Statement(select(func.max(results.c.id)))
OF_TRANSCRIPT = [column.key for column in transcripts.columns]
KEEP_LINES = Rows(insert(transcripts), *OF_TRANSCRIPT)
NEWER = insert(last_results)
LATER = NEWER.excluded.at >= last_results.c.at
KEEP_LAST = Rows(
    NEWER.on_conflict_do_update(
        index_elements=["account", "probe", "vantage"],
        set_={
            **{name: case((LATER, NEWER.excluded[name]), else_=last_results.c[name]) for name in ("at", "outcome", "result")},
            "good_at": case(
                (NEWER.excluded.good_at.is_(None), last_results.c.good_at),
                (last_results.c.good_at > NEWER.excluded.good_at, last_results.c.good_at),
                else_=NEWER.excluded.good_at,
            ),
        },
    ),
    *(column.key for column in last_results.columns),
)
WHOLE = select(results, transcripts.c.lines, transcripts.c.times).join_from(
    results, transcripts, transcripts.c.result == results.c.id, isouter=True
)
OF_ACCOUNT = Statement(
    WHOLE.where(
        (results.c.account == bindparam("whose"))
        & (results.c.started >= bindparam("since"))
        & (results.c.started < bindparam("until"))
    )
    .order_by(results.c.started.desc(), results.c.id.desc())
    .limit(bindparam("most"))
)
ONE = Statement(WHOLE.where(results.c.id == bindparam("which")))
ASKED_LAST = select(last_results).with_only_columns(*(last_results.c[name] for name in Last.__slots__))
ALL_LAST = Statement(ASKED_LAST)
LAST_OF = Statement(ASKED_LAST.where(last_results.c.account == bindparam("whose")))


ENDS = Statement(select(func.min(results.c.id), func.max(results.c.id)))
FROM_NUMBER = Statement(
    select(results.c.id, results.c.started).where(results.c.id >= bindparam("number")).order_by(results.c.id).limit(1)
)
SINCE = (results.c.id >= bindparam("first")) & (results.c.started >= bindparam("since"))
# the values stand in the statement: a list of parameters would need SQLAlchemy at every run
AT_THE_DOOR = or_(results.c.probe == literal("mx"), results.c.probe == literal("canary"))
SPOKE = or_(results.c.outcome == literal("good"), results.c.outcome == literal("bad"))
FAILED = or_(results.c.outcome == literal("bad"), results.c.outcome == literal("unknown"))
ASKED_SINCE = Statement(
    select(results.c.account, func.max(results.c.started)).where(SINCE & AT_THE_DOOR & SPOKE).group_by(results.c.account)
)
FAILED_SINCE = Statement(
    select(results)
    .where(SINCE & AT_THE_DOOR & FAILED & (results.c.id < bindparam("before")))
    .order_by(results.c.id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Made:
    """One result, ready for the tables: the values of a row each, without its number. lines: () without a transcript."""

    result: Row
    lines: Row
    last: Row


@dataclass(frozen=True, slots=True)
class Turn:
    """What is kept in one turn of the loop, and who waits for it."""

    made: list[Made] = field(default_factory=list)
    waiting: list[asyncio.Future[int]] = field(default_factory=list)

    def in_order(self) -> Turn:
        """By account: what lies side by side in the tables and their index is written one after the other, a page once."""
        order = sorted(range(len(self.made)), key=lambda place: self.made[place].result[WHOSE])
        return Turn([self.made[place] for place in order], [self.waiting[place] for place in order])

    def tell(self, first: asyncio.Future[int]) -> None:
        """first: the number of the first one, or why none was kept."""
        error = first.exception()
        for place, told in enumerate(self.waiting):
            if told.done():  # cancelled
                continue
            if error is not None:
                told.set_exception(error)
            else:
                told.set_result(first.result() + place)


class Results:
    """The tables of results of one store. `hidden` is what `hide` gives: the same to read as to write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn: Turn | None = None
        self._entry = lru_cache(SHARED)(lambda name: entry_of(name, lambda one: database.hashed("name", one)))

    def hide(self, names: Iterable[str]) -> Hidden:
        """The names that must not be written: of an account, its address and user names in every spelling, and those of the
        controls that are asked beside it. Worth keeping: making it costs more than using it."""
        return Hidden(names, self._entry)

    async def keep(self, evidence: Evidence, outcome: Outcome, hidden: Hidden, code: str = "") -> int:
        """Durable when this returns; the result's number. Once asked for it is done, even if nobody waits any more. StoreError.

        Whatever is to be kept in one turn of the loop goes to the writer as one work."""
        loop = asyncio.get_running_loop()
        row = made(evidence, outcome, hidden, code)
        if self._turn is None:
            self._turn = Turn()
            loop.call_soon(self._hand_over, self._turn)
        told: asyncio.Future[int] = loop.create_future()
        self._turn.made.append(row)
        self._turn.waiting.append(told)
        return await told

    def _hand_over(self, gathered: Turn) -> None:
        self._turn, turn = None, gathered.in_order()
        first: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        first.add_done_callback(turn.tell)
        self._database.hand_over(lambda transaction: put(transaction, turn.made), first)

    async def of_account(
        self, account: str, hidden: Hidden, since: float = 0.0, until: float = 1e12, most: int = 100
    ) -> tuple[Kept, ...]:
        """Those that started in that time, the newest first."""
        given = {"whose": account, "since": since, "until": until, "most": min(most, MOST)}
        rows = await self._database.read(lambda transaction: transaction.all(OF_ACCOUNT, **given))
        return tuple(kept(row, hidden) for row in rows)

    async def one(self, number: int, hidden: Hidden) -> Kept | None:
        row = await self._database.read(lambda transaction: transaction.one(ONE, which=number))
        return kept(row, hidden) if row is not None else None

    async def asked_since(self, since: float) -> tuple[tuple[str, float], ...]:
        """Accounts whose MX hosts said something of them since then (Unix seconds), each with when they did so last."""
        first = await self._first_since(since)
        rows = await self._database.read(lambda transaction: transaction.all(ASKED_SINCE, first=first, since=since))
        return tuple((row[0], row[1]) for row in rows)

    async def failed_since(
        self, since: float, hidden: Callable[[str], Hidden | None], before: int | None = None, most: int = MOST
    ) -> tuple[Kept, ...]:
        """Runs at MX hosts and of test mails that were not good, the newest first, without transcripts. before: older than that
        result; hidden: by account; None: its names stay hidden."""
        first = await self._first_since(since)
        given = {"first": first, "since": since, "before": before if before is not None else 2**62, "most": min(most, MOST)}
        rows = await self._database.read(lambda transaction: transaction.all(FAILED_SINCE, **given))
        nobody = self.hide(())
        return tuple(kept((*row, None, None), hidden(row[1]) or nobody) for row in rows)

    async def _first_since(self, since: float) -> int:
        """The number of the first result that started since then: results are numbered in the order of time, near enough."""

        def work(transaction: Transaction) -> int:
            low, high = (number or 0 for number in transaction.all(ENDS)[0])
            while low < high:
                middle = (low + high) // 2
                found = transaction.one(FROM_NUMBER, number=middle)
                if found is None or found[1] >= since:
                    high = middle
                else:
                    low = found[0] + 1
            return low

        return await self._database.read(work)

    async def last(self, account: str = "") -> tuple[Last, ...]:
        """Of each probe of an account, or of all accounts."""
        if account:
            rows = await self._database.read(lambda transaction: transaction.all(LAST_OF, whose=account))
        else:
            rows = await self._database.read(lambda transaction: transaction.all(ALL_LAST))
        return tuple(last_of(row) for row in rows)


def last_of(row: Row) -> Last:
    account, probe, vantage, at, outcome, good_at = row
    return Last(account, probe, vantage, at, Outcome(outcome), good_at)


def made(evidence: Evidence, outcome: Outcome, hidden: Hidden, code: str = "") -> Made:
    """A result as it will stand in the tables. ValueError, TypeError for what cannot be written down. Plain strings: the driver
    looks up how to write the member of an enum, each time."""
    told, ending = facts.written(evidence.facts), evidence.ending
    lines = facts.lines_written(evidence.transcript)
    # both at once, for it is half the work; JSON never holds a NUL
    text, _, said = hidden.masked(told.text + b"\0" + lines.text).partition(b"\0")
    whose, started = (evidence.account, evidence.probe, evidence.vantage), evidence.started
    times = (evidence.slot, started, evidence.began, evidence.took)
    ended = (ending.kind.value, ending.reason, ending.not_before)
    return Made(
        (*whose, *times, *ended, outcome.value, code, facts.VERSION, text, told.times),
        (started, said, lines.times) if evidence.transcript else (),
        (*whose, started, outcome.value, started if outcome is Outcome.GOOD else None),
    )


def put(transaction: Transaction, rows: Sequence[Made]) -> int:
    """The number of the first; the others follow. In a transaction of somebody else's: a result and what follows from it are
    kept together, or neither is."""
    first: int = (transaction.all(LAST_NUMBER)[0][0] or 0) + 1
    numbered = list(enumerate(rows, first))
    transaction.put(KEEP, [(number, *one.result) for number, one in numbered])
    transaction.put(KEEP_LINES, [(number, *one.lines) for number, one in numbered if one.lines])
    transaction.put(KEEP_LAST, [(*one.last, number) for number, one in numbered])
    return first


def kept(row: Row, hidden: Hidden) -> Kept:
    given = dict(zip(("id", *OF_RESULT, "lines", "line_times"), row, strict=True))
    same = {name: given[name] for name in ("id", "account", "probe", "vantage", "started", "outcome", "code")}
    return Kept(**same, evidence=evidence_of(given, hidden))


def evidence_of(row: dict[str, Any], hidden: Hidden) -> Evidence | Unreadable:
    version = row["version"]
    if not isinstance(version, int) or version > facts.VERSION:
        return Unreadable(Why.NEWER, version if isinstance(version, int) else 0)
    try:
        return read(row, hidden)
    except (Damaged, ValueError, TypeError):
        return Unreadable(Why.DAMAGED, version)


def read(row: dict[str, Any], hidden: Hidden) -> Evidence:
    lines = row["lines"]
    return Evidence(
        **{name: row[name] for name in ("account", "probe", "vantage", "slot", "started", "began", "took")},
        facts=facts.read(Octets(hidden.unmasked(row["facts"]), row["times"])),
        transcript=facts.lines_read(Octets(hidden.unmasked(lines), row["line_times"])) if lines is not None else (),
        ending=Ending(End(row["ending"]), row["reason"], row["not_before"]),
    )
