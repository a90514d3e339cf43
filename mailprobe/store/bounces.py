"""What came back to our test mails: the mails until they are read, then what they said, each thing once and without addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from mailprobe.evidence import Returned, ReturnKind, Stage
from mailprobe.store.askings import LOCAL, masked, unmasked
from mailprobe.store.database import Database
from mailprobe.store.statement import Row, Statement, Transaction
from mailprobe.store.tables import inbox, returns

MAILBOX = 16  # characters of a subject that a signed sender holds
KEPT = 90 * 86400.0  # seconds
WAITING = 200  # unread mails per mailbox: its owner knows a valid sender, and must not fill the disk
UNREAD = ""  # the state of a mail until what became of it takes its place
SOMEBODY = "[address]"
_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]@]{1,128}@[^\s<>\"'(),;:\[\]@]{1,255}")

OF_LETTER = ("id", "mailbox", "day", "null_sender", "at", "raw", "tries")
OF_MAIL = ("digest", "mailbox", "day", "null_sender", "at", "raw", "state", "tries", "not_before")
OF_RETURN = ("key", "mailbox", "canary", "kind", "recipient", "remote", "stage", "code", "enhanced", "text", "at")
KEEP = Statement(insert(inbox).on_conflict_do_nothing(), *OF_MAIL)
OF_MAILBOX = (inbox.c.mailbox == bindparam("whose")) & (inbox.c.state == UNREAD)
FLOOD = Statement(select(inbox.c.id).where(OF_MAILBOX).limit(WAITING))
READABLE = (inbox.c.state == UNREAD) & (inbox.c.not_before <= bindparam("now"))
OLDEST = Statement(select(*(inbox.c[name] for name in OF_LETTER)).where(READABLE).order_by(inbox.c.id).limit(1))
THIS = inbox.c.id == bindparam("which")
PUT_OFF = Statement(
    update(inbox).where(THIS).values(not_before=bindparam("until"), tries=inbox.c.tries + 1), "not_before", "tries"
)
FINISH = Statement(update(inbox).where(THIS), "state", "raw")
OLD_MAIL = Statement(delete(inbox).where((inbox.c.at < bindparam("kept_since")) & (inbox.c.state != UNREAD)))
OLD_RETURNS = Statement(delete(returns).where(returns.c.at < bindparam("kept_since")))
SAME_KEY = returns.c.key == bindparam("this_key")
SAME_CANARY = (returns.c.canary == bindparam("of_canary")) & (returns.c.kind == bindparam("of_kind"))
KNOWN = Statement(select(returns.c.canary).where(SAME_KEY))
KNOWN_OF_CANARY = Statement(select(returns.c.canary).where(SAME_KEY | SAME_CANARY))
RECORD = Statement(insert(returns), *OF_RETURN)
RETURNED = Statement(
    select(*(returns.c[name] for name in OF_RETURN))
    .where((returns.c.mailbox == bindparam("whose")) & (returns.c.at >= bindparam("since")))
    .order_by(returns.c.at)
)


NEWEST = select(*(returns.c[name] for name in OF_RETURN)).order_by(returns.c.at.desc()).limit(bindparam("most"))
RECENT = Statement(NEWEST.where(returns.c.at >= bindparam("since")))
RECENT_OF = Statement(NEWEST.where((returns.c.mailbox == bindparam("whose")) & (returns.c.at >= bindparam("since"))))


class Sender(Protocol):
    """A signed sender, read."""

    @property
    def mailbox(self) -> str: ...
    @property
    def day(self) -> int: ...


class Arrival(Protocol):
    """One mail as the receiver has it."""

    @property
    def at(self) -> float: ...
    @property
    def null_sender(self) -> bool: ...
    @property
    def tokens(self) -> Sequence[Sender]: ...
    @property
    def raw(self) -> bytes: ...


class InboxFull(Exception):
    """More unread mail for one mailbox than there can honestly be."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to be read. mailbox: '' if it came without a signed sender. tries: how often it was put off."""

    id: int
    mailbox: str
    day: int
    null_sender: bool
    at: float
    raw: bytes
    tries: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """canary: whose it is, which an earlier reading may have decided; new: it was not counted before."""

    canary: str
    new: bool


@dataclass(frozen=True, slots=True)
class Back:
    """What came back, and of which mailbox: the first eight octets of its subject. No address stands in the fact."""

    mailbox: str
    returned: Returned


class Bounces:
    """The tables of what came back, of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, arrival: Arrival) -> None:
        """Durable when this returns; the same octets for the same mailbox are kept once. StoreError, InboxFull."""
        senders = [(one.mailbox, one.day) for one in arrival.tokens] or [("", 0)]
        text = arrival.raw.decode("latin-1")
        rows = [
            {
                "digest": self._database.hashed("mail", mailbox, text),
                "mailbox": mailbox,
                "day": day,
                "null_sender": int(arrival.null_sender),
                "at": arrival.at,
                "raw": arrival.raw,
                "state": UNREAD,
            }
            for mailbox, day in senders
        ]

        def work(transaction: Transaction) -> None:
            for row in rows:
                refuse_flood(transaction, str(row["mailbox"]))
                transaction.do(KEEP, **row, tries=0, not_before=0.0)

        await self._database.transact(work)

    async def waiting(self, now: float) -> Letter | None:
        """The oldest mail that may be read now."""
        row = await self._database.read(lambda transaction: transaction.one(OLDEST, now=now))
        if row is None:
            return None
        number, mailbox, day, null_sender, at, raw, tries = row
        return Letter(number, mailbox, day, bool(null_sender), at, raw or b"", tries)

    async def put_off(self, letter: int, not_before: float) -> None:
        """Read it later. Unix seconds."""
        await self._database.transact(lambda transaction: transaction.do(PUT_OFF, which=letter, until=not_before))

    async def finish(self, letter: int, outcome: str, now: float) -> None:
        """Forget its octets; of its row only what tells a repetition stays, for a while."""

        def work(transaction: Transaction) -> None:
            transaction.do(FINISH, which=letter, state=outcome, raw=None)
            transaction.do(OLD_MAIL, kept_since=now - KEPT)
            transaction.do(OLD_RETURNS, kept_since=now - KEPT)

        await self._database.transact(work)

    async def record(self, mailbox: str, day: int, returned: Returned, essence: str = "") -> Recorded:
        """Write down what came back, once. essence: '' if the mail named its canary itself; else what makes it one thing with
        the signed sender's day, whichever canary it was tied to when it was first read."""
        row = self._row(mailbox, returned)
        thing = (mailbox, returned.kind, str(day), returned.recipient, essence)
        key = self._database.hashed("return", *thing) if essence else f"{returned.canary}:{returned.kind}"

        def work(transaction: Transaction) -> Recorded:
            same = {"of_canary": returned.canary, "of_kind": returned.kind} if returned.canary else {}
            found = transaction.one(KNOWN_OF_CANARY if same else KNOWN, this_key=key, **same)
            if found is None:
                transaction.do(RECORD, key=key, **row)
            return Recorded(returned.canary if found is None else found[0], found is None)

        return await self._database.transact(work)

    async def of_mailbox(self, subject: str, since: float, address: str = "") -> tuple[Returned, ...]:
        """What came back of this mailbox, oldest first, as facts with `at` 0. subject: `hashed` of the address, which is put
        back where the texts name it; of another recipient no more is known than that it was another."""
        where = {"whose": subject[:MAILBOX], "since": since}
        found = await self._database.read(lambda transaction: transaction.all(RETURNED, **where))
        rows = [dict(zip(OF_RETURN, row, strict=True)) for row in found]
        names = {subject: address, "": ""}
        return tuple(fact_of(row, names.get(row["recipient"], SOMEBODY)) for row in rows)

    async def recent(self, since: float, most: int = 1000) -> tuple[Back, ...]:
        """What came back of every mailbox, the newest first."""
        return backs(await self._database.read(lambda transaction: transaction.all(RECENT, since=since, most=most)))

    async def recent_of(self, subject: str, since: float, most: int = 1000) -> tuple[Back, ...]:
        """The same of one mailbox, without its address."""
        given = {"whose": subject[:MAILBOX], "since": since, "most": most}
        return backs(await self._database.read(lambda transaction: transaction.all(RECENT_OF, **given)))

    def hashed(self, address: str) -> str:
        """The subject of an address, exactly as written."""
        return self._database.hashed("address", address)

    def _row(self, mailbox: str, returned: Returned) -> dict[str, str | int | float]:
        return {
            "mailbox": mailbox,
            "canary": returned.canary,
            "kind": returned.kind,
            "recipient": self.hashed(returned.recipient) if returned.recipient else "",
            "remote": returned.remote,
            "stage": returned.stage,
            "code": returned.code,
            "enhanced": returned.enhanced,
            "text": without_addresses(returned.text, returned.recipient),
            "at": returned.returned_at,
        }


def backs(rows: Sequence[Row]) -> tuple[Back, ...]:
    named = (dict(zip(OF_RETURN, row, strict=True)) for row in rows)
    return tuple(Back(one["mailbox"], fact_of(one, "")) for one in named)


def refuse_flood(transaction: Transaction, mailbox: str) -> None:
    if len(transaction.all(FLOOD, whose=mailbox)) >= WAITING:
        raise InboxFull(mailbox)


def without_addresses(text: str, recipient: str) -> str:
    """The recipient's becomes a mark that can be put back, anybody else's does not come back."""
    if recipient:
        local = re.escape(recipient.rpartition("@")[0] or recipient)
        text = re.sub(rf"(?<![\w.-]){local}(?![\w.@-])", LOCAL, masked(text, recipient), flags=re.IGNORECASE)
    return _ADDRESS.sub(SOMEBODY, text)


def fact_of(row: dict[str, Any], address: str) -> Returned:
    return Returned(
        at=0.0,
        canary=row["canary"],
        kind=ReturnKind(row["kind"]),
        returned_at=row["at"],
        stage=Stage(row["stage"]),
        code=row["code"],
        enhanced=row["enhanced"],
        text=unmasked(row["text"], address or SOMEBODY),
        recipient=address,
        remote=row["remote"],
    )
