"""What was said of each account, live or by schedule: the last word, and every word that it took the place of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from mailprobe.store.database import Database
from mailprobe.store.facts import Unreadable, Why, octets
from mailprobe.store.hidden import Hidden
from mailprobe.store.statement import Row, Statement, Transaction
from mailprobe.store.tables import verdicts
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, Note, NoteCode, Status, Verdict

VERSION = 1
MOST = 1000  # that are read at once

OF_ROW = tuple(column.key for column in verdicts.columns if column.key != "id")
PUT = Statement(insert(verdicts), *OF_ROW)
WHOSE = (verdicts.c.account == bindparam("whose")) & (verdicts.c.live == bindparam("how"))
NEWEST = select(verdicts).order_by(verdicts.c.seen_at.desc(), verdicts.c.id.desc()).limit(bindparam("most"))
LAST = Statement(NEWEST.where(WHOSE))
OF_ACCOUNT = Statement(NEWEST.where(verdicts.c.account == bindparam("whose")))
SEEN_AGAIN = Statement(update(verdicts).where(verdicts.c.id == bindparam("which")), "seen_at")
NEWEST_IDS = select(func.max(verdicts.c.id)).where(verdicts.c.live == bindparam("how")).group_by(verdicts.c.account)
ALL_LAST = Statement(select(verdicts).where(verdicts.c.id.in_(NEWEST_IDS)))


@dataclass(frozen=True, slots=True)
class Said:
    """One verdict. said_at: when it was said first, seen_at: when the same was said last, Unix seconds."""

    account: str
    live: bool
    said_at: float
    seen_at: float
    verdict: Verdict | Unreadable


class Verdicts:
    """The table of verdicts of one store. `hidden` as for results."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, account: str, verdict: Verdict, now: float, hidden: Hidden, *, live: bool = False) -> Said | None:
        """Durable when this returns. The verdict that it revises; None if the same was said before, or nothing."""
        row = row_of(account, verdict, now, hidden, live)
        before = await self._database.transact(lambda transaction: put(transaction, row))
        return said_of(before, hidden) if before is not None else None

    async def of_account(self, account: str, hidden: Hidden, most: int = 100) -> tuple[Said, ...]:
        """The newest first."""
        given = {"whose": account, "most": min(most, MOST)}
        rows = await self._database.read(lambda transaction: transaction.all(OF_ACCOUNT, **given))
        return tuple(said_of(row, hidden) for row in rows)


def put(transaction: Transaction, row: dict[str, Any]) -> Row | None:
    """In a transaction of somebody else's. The row of the verdict that it revises."""
    last = transaction.one(LAST, whose=row["account"], how=row["live"], most=1)
    before = dict(zip(("id", *OF_ROW), last, strict=True)) if last is not None else {}
    if before and all(before[name] == row[name] for name in OF_ROW[4:]):
        transaction.do(SEEN_AGAIN, which=before["id"], seen_at=max(before["seen_at"], row["seen_at"]))
        return None
    transaction.do(PUT, **row)
    return last


def row_of(account: str, verdict: Verdict, now: float, hidden: Hidden, live: bool = False) -> dict[str, Any]:
    rest = [
        verdict.handset_steps,
        verdict.row,
        verdict.args,
        [(note.code, note.args) for note in verdict.notes],
        verdict.missing,
        verdict.conflicts,
    ]
    return {
        "account": account,
        "live": live,
        "said_at": now,
        "seen_at": now,
        "code": verdict.code,
        "status": verdict.status,
        "actor": verdict.actor,
        "confidence": verdict.confidence,
        "version": VERSION,
        "said": hidden.masked(octets(rest)),
    }


def said_of(row: Row, hidden: Hidden) -> Said:
    _, account, live, said_at, seen_at, *rest = row
    return Said(account, bool(live), said_at, seen_at, verdict_of(rest, hidden))


def verdict_of(row: list[Any], hidden: Hidden) -> Verdict | Unreadable:
    code, status, actor, confidence, version, said = row
    if version > VERSION:
        return Unreadable(Why.NEWER, version)
    try:
        steps, number, args, notes, missing, conflicts = json.loads(hidden.unmasked(said))
        return Verdict(
            code=Code(code),
            status=Status(status),
            actor=Actor(actor),
            confidence=Confidence(confidence),
            handset_steps=HandsetSteps(steps),
            row=number,
            args=pairs(args),
            notes=tuple(Note(NoteCode(code), pairs(given)) for code, given in notes),
            missing=tuple(missing),
            conflicts=tuple(conflicts),
        )
    except (ValueError, TypeError):
        return Unreadable(Why.DAMAGED, version)


def pairs(given: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in given)
