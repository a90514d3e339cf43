"""One IMAP client's conversation: what it has opened, what the server offers it, and where a plan steps in."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailprobe.demo.carrier import CarrierState, Mailbox
from mailprobe.demo.faults import Client, Gone, Script
from mailprobe.demo.mailstore import Folder, Mail

LITERAL_CAP = 8192
INSIDE = ("IMAP4rev1", "QUOTA", "QUOTA=RES-STORAGE", "SPECIAL-USE", "LIST-EXTENDED", "IDLE", "UIDPLUS", "UNSELECT")


class Step(StrEnum):
    """Where a plan may step in: before the server says its own words of that step."""

    GREETING = "greeting"
    CAPABILITY = "capability"
    STARTTLS = "starttls"
    LOGIN = "login"  # AUTHENTICATE too
    EXAMINE = "examine"  # SELECT too
    LIST = "list"
    STATUS = "status"
    NOOP = "noop"
    IDLE = "idle"
    IDLING = "idling"  # after the `+`: while the client waits for news
    SEARCH = "search"
    FETCH = "fetch"
    STORE = "store"
    EXPUNGE = "expunge"  # UID EXPUNGE too
    UNSELECT = "unselect"
    CLOSE = "close"
    QUOTA = "quota"
    LOGOUT = "logout"


STEP_OF = {
    "CAPABILITY": Step.CAPABILITY,
    "STARTTLS": Step.STARTTLS,
    "LOGIN": Step.LOGIN,
    "AUTHENTICATE": Step.LOGIN,
    "EXAMINE": Step.EXAMINE,
    "SELECT": Step.EXAMINE,
    "LIST": Step.LIST,
    "STATUS": Step.STATUS,
    "NOOP": Step.NOOP,
    "IDLE": Step.IDLE,
    "SEARCH": Step.SEARCH,
    "FETCH": Step.FETCH,
    "STORE": Step.STORE,
    "EXPUNGE": Step.EXPUNGE,
    "UNSELECT": Step.UNSELECT,
    "CLOSE": Step.CLOSE,
    "GETQUOTAROOT": Step.QUOTA,
    "LOGOUT": Step.LOGOUT,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong. `before`: a script per step, after which the server goes on as usual unless it stands in `instead`;
    `reset_after`: octets of the server's after which the connection is reset; `pace`: seconds between two octets; `lacks`:
    capabilities that it has not; `deaf_idle`: it takes IDLE and tells no news there; `blind_search`: it finds nothing by
    what stands in a header."""

    before: Mapping[Step, Script] = field(default_factory=dict)
    instead: frozenset[Step] = frozenset()
    reset_after: int | None = None
    pace: float = 0.0
    lacks: frozenset[str] = frozenset()
    deaf_idle: bool = False
    blind_search: bool = False


HEALTHY = Plan()


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it was read. `tag` goes back with its completion; `by_uid`: it came after the word UID."""

    tag: str
    name: str
    args: tuple[str, ...]
    by_uid: bool = False


@dataclass(slots=True, eq=False)
class View:
    """One folder as this client knows it: its sequence numbers are those of `known` (RFC 9051 section 2.3.1.2)."""

    folder: Folder
    read_only: bool
    uidvalidity: int = 0
    known: dict[int, frozenset[str]] = field(default_factory=dict)  # UID -> flags, in sequence order
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.uidvalidity = self.folder.uidvalidity
        self.known = {mail.uid: mail.flags for mail in self.folder.mails}
        self.folder.watchers.add(self.changed)

    def leave(self) -> None:
        self.folder.watchers.discard(self.changed)

    @property
    def mails(self) -> tuple[tuple[int, Mail], ...]:
        """Sequence number and mail of all that the client knows of and that still is there."""
        held = {mail.uid: mail for mail in self.folder.mails}
        return tuple((number, held[uid]) for number, uid in enumerate(self.known, 1) if uid in held)

    def news(self) -> tuple[str, ...]:
        """What has happened since the client was told last (RFC 9051 sections 7.4.1 and 7.5.1)."""
        held = {mail.uid: mail.flags for mail in self.folder.mails}
        gone = [(number, uid) for number, uid in enumerate(self.known, 1) if uid not in held]
        lines = [f"* {number} EXPUNGE" for number, _ in reversed(gone)]
        for _, uid in gone:
            del self.known[uid]
        before = self.known
        self.known = before | held
        if len(self.known) > len(before):
            lines.append(f"* {len(self.known)} EXISTS")
        numbered = enumerate(self.known.items(), 1)
        lines += [flags_line(number, uid, flags) for number, (uid, flags) in numbered if before.get(uid, flags) != flags]
        return tuple(lines)


def flags_line(number: int, uid: int, flags: frozenset[str]) -> str:
    return f"* {number} FETCH (UID {uid} FLAGS ({' '.join(sorted(flags))}))"


@dataclass(slots=True, eq=False)
class Session:
    """One client's conversation. `mailbox`: whose mail it reads, once signed in; `view`: the folder that it has open."""

    state: CarrierState
    name: str
    client: Client
    plan: Plan
    starttls: ssl.SSLContext | None
    secure: bool
    mailbox: Mailbox | None = None
    view: View | None = None

    async def planned(self, step: Step) -> bool:
        """Whether the server still says its own words of this step, after what the plan has for it."""
        await self.client.play(self.plan.before.get(step, ()))
        return step not in self.plan.instead

    def capabilities(self) -> str:
        if not self.secure:
            return "IMAP4rev1 STARTTLS LOGINDISABLED"
        offered = ("IMAP4rev1", "SASL-IR", "AUTH=PLAIN") if self.mailbox is None else INSIDE
        return " ".join(word for word in offered if word not in self.plan.lacks)

    def offers(self, capability: str) -> bool:
        return capability not in self.plan.lacks

    async def finish(self, command: Command, words: str = "OK Done") -> None:
        await self.client.say(f"{command.tag} {words}")

    async def news(self) -> None:
        """Tell what is new in the open folder. A folder made anew cannot stay open: no UID of its means what it meant."""
        if self.view is None:
            return
        if self.view.folder.uidvalidity != self.view.uidvalidity:
            await self.client.say("* BYE The mailbox was made anew")
            raise Gone
        self.view.changed.clear()
        await self.client.say(*self.view.news())

    def leave_folder(self) -> None:
        if self.view is not None:
            self.view.leave()
        self.view = None


_WORD = re.compile(rb' *(?:"((?:[^"\\]|\\["\\])*)"|\{(\d+)(\+?)\}\Z|([^\s"{]+))')


async def read_command(client: Client) -> Command | None:
    """The next command, its literals fetched (RFC 9051 section 4.3, RFC 7888); None if it cannot be read."""
    words: list[str] = []
    line = await client.line()
    while line:
        found = _WORD.match(line)
        if found is None:
            return None
        quoted, size, plus, atom = found.groups()
        line = line[found.end() :]
        if size is not None:
            if int(size) > LITERAL_CAP:
                return None
            if not plus:
                await client.send(b"+ Go on\r\n")
            quoted = await client.octets(int(size))
            line = await client.line()
        elif quoted is not None:
            quoted = re.sub(rb"\\(.)", rb"\1", quoted)
        words.append((quoted if quoted is not None else atom).decode("utf-8", "replace"))
    return command_of(words)


def command_of(words: list[str]) -> Command | None:
    if len(words) > 2 and words[1].upper() == "UID":
        return Command(words[0], words[2].upper(), tuple(words[3:]), by_uid=True)
    return Command(words[0], words[1].upper(), tuple(words[2:])) if len(words) > 1 else None
