"""What came back to our test mails: the mails until they are read, then what they said, each thing once and without addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, RowMapping, delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from mailprobe.evidence import Returned, ReturnKind, Stage
from mailprobe.store.askings import LOCAL, masked, unmasked
from mailprobe.store.database import Database
from mailprobe.store.tables import inbox, returns

MAILBOX = 16  # characters of a subject that a signed sender holds
KEPT = 90 * 86400.0  # seconds
WAITING = 200  # unread mails per mailbox: its owner knows a valid sender, and must not fill the disk
UNREAD = ""  # the state of a mail until what became of it takes its place
SOMEBODY = "[address]"
_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]@]{1,128}@[^\s<>\"'(),;:\[\]@]{1,255}")


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

        def work(connection: Connection) -> None:
            for row in rows:
                refuse_flood(connection, str(row["mailbox"]))
                connection.execute(insert(inbox).values(row).on_conflict_do_nothing())

        await self._database.run(work)

    async def waiting(self, now: float) -> Letter | None:
        """The oldest mail that may be read now."""
        asked = select(inbox).where(inbox.c.state == UNREAD, inbox.c.not_before <= now).order_by(inbox.c.id).limit(1)
        row = await self._database.run(lambda connection: connection.execute(asked).mappings().one_or_none())
        if row is None:
            return None
        return Letter(row["id"], row["mailbox"], row["day"], bool(row["null_sender"]), row["at"], row["raw"] or b"", row["tries"])

    async def put_off(self, letter: int, not_before: float) -> None:
        """Read it later. Unix seconds."""
        later = update(inbox).where(inbox.c.id == letter).values(not_before=not_before, tries=inbox.c.tries + 1)
        await self._database.run(lambda connection: connection.execute(later))

    async def finish(self, letter: int, outcome: str, now: float) -> None:
        """Forget its octets; of its row only what tells a repetition stays, for a while."""
        ended = update(inbox).where(inbox.c.id == letter).values(state=outcome, raw=None)

        def work(connection: Connection) -> None:
            connection.execute(ended)
            connection.execute(delete(inbox).where(inbox.c.at < now - KEPT, inbox.c.state != UNREAD))
            connection.execute(delete(returns).where(returns.c.at < now - KEPT))

        await self._database.run(work)

    async def record(self, mailbox: str, day: int, returned: Returned, essence: str = "") -> Recorded:
        """Write down what came back, once. essence: '' if the mail named its canary itself; else what makes it one thing with
        the signed sender's day, whichever canary it was tied to when it was first read."""
        row = self._row(mailbox, returned)
        thing = (mailbox, returned.kind, str(day), returned.recipient, essence)
        key = self._database.hashed("return", *thing) if essence else f"{returned.canary}:{returned.kind}"

        def work(connection: Connection) -> Recorded:
            same = returns.c.canary == returned.canary, returns.c.kind == returned.kind
            known = or_(returns.c.key == key, same[0] & same[1]) if returned.canary else returns.c.key == key
            found = connection.execute(select(returns.c.canary).where(known)).scalars().first()
            if found is None:
                connection.execute(insert(returns).values(key=key, **row))
            return Recorded(returned.canary if found is None else found, found is None)

        return await self._database.run(work)

    async def of_mailbox(self, subject: str, since: float, address: str = "") -> tuple[Returned, ...]:
        """What came back of this mailbox, oldest first, as facts with `at` 0. subject: `hashed` of the address, which is put
        back where the texts name it; another recipient is not known any more."""
        asked = select(returns).where(returns.c.mailbox == subject[:MAILBOX], returns.c.at >= since).order_by(returns.c.at)
        rows = await self._database.run(lambda connection: connection.execute(asked).mappings().all())
        return tuple(fact_of(row, address if row["recipient"] == subject else "") for row in rows)

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


def refuse_flood(connection: Connection, mailbox: str) -> None:
    unread = select(inbox.c.id).where(inbox.c.mailbox == mailbox, inbox.c.state == UNREAD).limit(WAITING)
    if len(connection.execute(unread).all()) >= WAITING:
        raise InboxFull(mailbox)


def without_addresses(text: str, recipient: str) -> str:
    """The recipient's becomes a mark that can be put back, anybody else's does not come back."""
    if recipient:
        local = re.escape(recipient.rpartition("@")[0] or recipient)
        text = re.sub(rf"(?<![\w.-]){local}(?![\w.@-])", LOCAL, masked(text, recipient), flags=re.IGNORECASE)
    return _ADDRESS.sub(SOMEBODY, text)


def fact_of(row: RowMapping, address: str) -> Returned:
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
