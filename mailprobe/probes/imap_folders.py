"""The folders of a mailbox over one IMAP session: open, list, headers of UIDs, IDLE, and the removal of one UID.

Each step asks and gives values; a refusal is None or False and among the facts, a broken session is `Over`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from mailprobe.evidence import As, Opened, Stage
from mailprobe.probes.imap_session import Answer, Session
from mailprobe.probes.session import Over
from mailprobe.wire import OurFault, imap_command
from mailprobe.wire.imap_command import Command
from mailprobe.wire.imap_data import Fetched, Listed, Numbers
from mailprobe.wire.imap_response import Continuation, Status, Untagged

INBOX = "INBOX"  # RFC 9051 section 5.1
WAKES = ("EXISTS", "RECENT")


@dataclass(frozen=True, slots=True)
class Place:
    """The next UID of a folder, and what it counts in. uidvalidity None: the server tells none, so no UID can be kept."""

    uidvalidity: int | None
    uidnext: int


@dataclass(slots=True, eq=False)
class Folders:
    """`who` signed in. opened: the folder that is open, or ''. inbox: what INBOX said when it was opened last."""

    session: Session
    who: As
    opened: str = ""
    inbox: Place | None = None

    def close(self) -> None:
        self.session.close()

    async def offers(self, *names: str) -> bool:
        """Does the server offer one of these (upper case)?"""
        return bool(set(names) & set(await self.session.capabilities()))

    async def ask(self, stage: Stage, command: Command) -> Answer:
        """One command and its answer, never two at once: Dovecot starts the second before the first has seen what is new, and
        may complete it first (RFC 9051 section 5.5 allows both). Raises Over."""
        self.session.stream.renew()
        return await self.session.ask(stage, command)

    async def examine(self, folder: str, stage: Stage = Stage.LOOK) -> Place | None:
        """Open read-only. None: it cannot be opened."""
        answer = await self._open(imap_command.examine(self.session.tag(), folder), folder, stage)
        return await self._place(answer) if answer.ok else None

    async def examine_inbox(self) -> Place:
        """INBOX read-only. Where it does not open nothing can be looked at, which is not the same as nothing there: Over."""
        place = await self.examine(INBOX, Stage.EXAMINE)
        if place is None:
            await self.session.goodbye()
            raise Over
        if self.inbox is None:
            here = self.session.here(self.session.stream.heard_at)
            self.session.note(Opened(**here, uidvalidity=place.uidvalidity, uidnext=place.uidnext, who=self.who))
        self.inbox = place
        return place

    async def select(self, folder: str) -> Answer:
        """Open for a removal; the one step that takes \\Recent from the folder's mail (RFC 3501 section 6.3.1)."""
        return await self._open(imap_command.select(self.session.tag(), folder), folder, Stage.REMOVE)

    async def _open(self, command: Command, folder: str, stage: Stage) -> Answer:
        answer = await self.ask(stage, command)
        self.opened = folder if answer.ok else ""  # a refused one closes what was open (RFC 9051 section 6.3.2)
        if not answer.ok:
            self.session.answered(stage, answer, self.who)
        return answer

    async def _place(self, answer: Answer) -> Place:
        uidnext = answer.number("UIDNEXT")
        if uidnext is None:
            found = await self.ask(Stage.LOOK, imap_command.highest(self.session.tag()))
            uidnext = max(_uids(found), default=0) + 1
        return Place(answer.number("UIDVALIDITY"), uidnext)

    async def leave_folder(self) -> None:
        """Out of a selected folder, without CLOSE: it would expunge what others have marked."""
        if await self.offers("UNSELECT", "IMAP4REV2"):
            await self.ask(Stage.REMOVE, imap_command.unselect(self.session.tag()))
            self.opened = ""
        elif self.opened:
            await self.examine(self.opened, Stage.REMOVE)

    async def listed(self) -> tuple[Listed, ...]:
        """Every folder with its special uses; empty if the server does not tell."""
        names = await self.session.capabilities()
        with_uses = "SPECIAL-USE" in names and bool({"LIST-EXTENDED", "IMAP4REV2"} & set(names))
        for ask_uses in (True, False) if with_uses else (False,):
            answer = await self.ask(Stage.LOOK, imap_command.folders(self.session.tag(), with_uses=ask_uses))
            if answer.ok:
                return tuple(one for one in answer.said if isinstance(one, Listed))
        return ()

    async def headers_from(self, first: int, fields: Collection[str], octets: int) -> tuple[Fetched, ...] | None:
        """Of all mail from a UID on. None: refused."""
        answer = await self.ask(Stage.LOOK, imap_command.headers_from(self.session.tag(), first, fields, octets))
        # a server may tell of older mail at any time (RFC 9051 section 7.5.2), and one that is wrong even of others
        return _by_uid(one for one in answer.said if isinstance(one, Fetched) and one.uid >= first) if answer.ok else None

    async def hear_news(self) -> None:
        """The server's chance to tell of new mail in the open folder: without one it need not even know of it."""
        await self.ask(Stage.LOOK, imap_command.noop(self.session.tag()))

    async def headers_of(self, uids: Collection[int], fields: Collection[str], octets: int) -> tuple[Fetched, ...]:
        if not uids:
            return ()
        answer = await self.ask(Stage.LOOK, imap_command.headers_of(self.session.tag(), uids, fields, octets))
        return _by_uid(one for one in answer.said if isinstance(one, Fetched) and one.uid in uids)

    async def uids_from(self, first: int, last: int) -> tuple[int, ...] | None:
        """Which UIDs there are in a range. None: refused, which is noted."""
        answer = await self.ask(Stage.LOOK, imap_command.uids_from(self.session.tag(), first, last))
        if not answer.ok:
            self.session.answered(Stage.LOOK, answer, self.who)
            return None
        return tuple(uid for uid in _uids(answer) if first <= uid <= last)

    async def uids_since(self, since: float) -> tuple[int, ...]:
        """The UIDs of what came in since then (Unix seconds), a day early: the server's dates are in a zone of its own."""
        day = datetime.fromtimestamp(since - 86_400, UTC)
        command = imap_command.uids_since(self.session.tag(), day.year, day.month, day.day)
        answer = await self.ask(Stage.LOOK, command)
        return _uids(answer)

    async def message(self, uid: int, octets: int) -> bytes | None:
        """The first octets of a message; None if there is none, or nothing of it was told."""
        answer = await self.ask(Stage.LOOK, imap_command.message(self.session.tag(), uid, octets))
        return next((one.octets for one in answer.said if isinstance(one, Fetched) and one.uid == uid), None)

    async def idle(self, within: float) -> bool | None:
        """RFC 2177: until the server tells of new mail (True), or for so many seconds (False). None: it does not take IDLE."""
        try:
            return await self._idle(within)
        except asyncio.CancelledError:
            self.session.close()  # whoever stops us here has no time left for DONE, and nothing else may be said
            raise

    async def _idle(self, within: float) -> bool | None:
        session = self.session
        command = imap_command.idle(session.tag())
        session.stream.renew()
        session.parser.expect(command.tag)
        session.stream.send(command.lines[0])
        until, awake, going = session.clock() + within, False, False
        while not (going and awake):
            # only its `+` makes DONE legal, however long it takes: the caller owns the deadline
            value = await (session.hear(Stage.IDLE, until - session.clock()) if going else session.heard(Stage.IDLE))
            if value is None:
                break
            if isinstance(value, Status) and value.tag != "*":
                return True if going and value.status == "OK" else None
            going = going or isinstance(value, Continuation)
            awake = awake or (isinstance(value, Untagged) and value.name in WAKES)
        session.stream.send(imap_command.DONE)
        answer = await session.answer(Stage.IDLE, command)
        return awake if answer.ok else None

    async def remove(self, uid: int) -> bool:
        """Mark and expunge this one message of the selected folder, and look whether it has gone."""
        tag = self.session.tag
        for command in (imap_command.mark_deleted(tag(), uid), imap_command.expunge(tag(), uid)):
            answer = await self.ask(Stage.REMOVE, command)
            if not answer.ok:
                self.session.answered(Stage.REMOVE, answer, self.who)
                return False
        return not await self.headers_of((uid,), ("Message-ID",), 1)


def usable(name: str) -> bool:
    """Can a command name this folder at all?"""
    try:
        imap_command.examine("A0", name)
    except OurFault:
        return False
    return True


def _uids(answer: Answer) -> tuple[int, ...]:
    return tuple(uid for one in answer.said if isinstance(one, Numbers) for uid in one.uids)


def _by_uid(mails: Iterable[Fetched]) -> tuple[Fetched, ...]:
    return tuple(sorted(mails, key=lambda one: one.uid))
