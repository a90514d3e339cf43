"""A small IMAP server that answers from the carrier's state, and misbehaves where its plan says so.

RFC 9051 as far as a sign-in needs it: LOGIN, AUTHENTICATE PLAIN, EXAMINE, LIST, GETQUOTAROOT (RFC 9208), STARTTLS. Mailboxes are
empty. `COMMANDS` is the place to add a command.
"""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailprobe.demo.carrier import CarrierState, Mailbox, Service, SignIn
from mailprobe.demo.faults import Client, Gone, Script

LITERAL_CAP = 8192
UIDVALIDITY = 1_700_000_000

# RFC 5530 codes, in the words of Dovecot
SAYS = {
    SignIn.OPEN: "OK Logged in",
    SignIn.REFUSED: "NO [AUTHENTICATIONFAILED] Authentication failed.",
    SignIn.DISABLED: "NO [CONTACTADMIN] Login disabled for this user",
    SignIn.EXPIRED: "NO [EXPIRED] Password has expired",
    SignIn.TOO_MANY: "NO [LIMIT] Maximum number of connections from user+IP exceeded",
    SignIn.UNAVAILABLE: "NO [UNAVAILABLE] Temporary authentication failure.",
}


class Step(StrEnum):
    """Where a plan may step in: before the server says its own words of that step."""

    GREETING = "greeting"
    CAPABILITY = "capability"
    STARTTLS = "starttls"
    LOGIN = "login"  # AUTHENTICATE too
    EXAMINE = "examine"
    QUOTA = "quota"
    LOGOUT = "logout"


STEP_OF = {
    "CAPABILITY": Step.CAPABILITY,
    "STARTTLS": Step.STARTTLS,
    "LOGIN": Step.LOGIN,
    "AUTHENTICATE": Step.LOGIN,
    "EXAMINE": Step.EXAMINE,
    "SELECT": Step.EXAMINE,
    "GETQUOTAROOT": Step.QUOTA,
    "LOGOUT": Step.LOGOUT,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong. `before`: a script per step, after which the server goes on as usual unless it stands in `instead`;
    `reset_after`: octets of the server's after which the connection is reset; `pace`: seconds between two octets."""

    before: Mapping[Step, Script] = field(default_factory=dict)
    instead: frozenset[Step] = frozenset()
    reset_after: int | None = None
    pace: float = 0.0


HEALTHY = Plan()


@dataclass(slots=True)
class ImapServer:
    """`listening(server.serve, tls=context)` for implicit TLS; with `starttls` and no `tls` there, TLS is required by command."""

    state: CarrierState
    name: str
    starttls: ssl.SSLContext | None = None
    plan: Plan = HEALTHY

    async def serve(self, client: Client) -> None:
        client.reset_after, client.pace = self.plan.reset_after, self.plan.pace
        await Session(self, client, secure=self.starttls is None).converse()


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it was read. `tag` goes back with its completion."""

    tag: str
    name: str
    args: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Session:
    """One client's conversation."""

    server: ImapServer
    client: Client
    secure: bool
    mailbox: Mailbox | None = None

    async def converse(self) -> None:
        if await self.planned(Step.GREETING):
            await self.client.say(f"* OK [CAPABILITY {self.capabilities()}] {self.server.name} ready")
        while True:
            command = await read_command(self.client)
            if command is None:
                await self.client.say("* BAD Syntax error")
                continue
            step = STEP_OF.get(command.name)
            if step is None or await self.planned(step):
                await COMMANDS.get(command.name, unknown)(self, command)

    async def planned(self, step: Step) -> bool:
        """Whether the server still says its own words of this step, after what the plan has for it."""
        await self.client.play(self.server.plan.before.get(step, ()))
        return step not in self.server.plan.instead

    def capabilities(self) -> str:
        if not self.secure:
            return "IMAP4rev1 STARTTLS LOGINDISABLED"
        return "IMAP4rev1 SASL-IR AUTH=PLAIN" if self.mailbox is None else "IMAP4rev1 QUOTA QUOTA=RES-STORAGE SPECIAL-USE"

    async def sign_in(self, tag: str, user: str, password: str, acting_as: str = "") -> None:
        if not self.secure:
            await self.client.say(f"{tag} NO [PRIVACYREQUIRED] Use STARTTLS first")
            return
        state = self.server.state
        end = state.sign_in(Service.IMAP, user, password, acting_as)
        if end is SignIn.OPEN:
            self.mailbox = state.opened_by(Service.IMAP, acting_as or user)
            await self.client.say(f"{tag} OK [CAPABILITY {self.capabilities()}] Logged in")
        else:
            await self.client.say(f"{tag} {SAYS[end]}")


async def capability(session: Session, command: Command) -> None:
    await session.client.say(f"* CAPABILITY {session.capabilities()}", f"{command.tag} OK Done")


async def noop(session: Session, command: Command) -> None:
    await session.client.say(f"{command.tag} OK Done")


async def logout(session: Session, command: Command) -> None:
    await session.client.say("* BYE Logging out", f"{command.tag} OK Done")
    raise Gone


async def starttls(session: Session, command: Command) -> None:
    """RFC 9051 section 6.2.1."""
    context = session.server.starttls
    if context is None or session.secure:
        await session.client.say(f"{command.tag} BAD TLS is not to be had")
        return
    await session.client.say(f"{command.tag} OK Begin TLS now")
    await session.client.start_tls(context)
    session.secure = True


async def login(session: Session, command: Command) -> None:
    if len(command.args) != 2:
        await session.client.say(f"{command.tag} BAD LOGIN takes a name and a password")
        return
    await session.sign_in(command.tag, *command.args)


async def authenticate(session: Session, command: Command) -> None:
    """PLAIN (RFC 4616), with the message in the command (RFC 4959) or after a `+`."""
    if not command.args or command.args[0].upper() != "PLAIN":
        await session.client.say(f"{command.tag} NO [CANNOT] No such mechanism")
        return
    message = command.args[1] if len(command.args) > 1 else ""
    if not message:
        await session.client.send(b"+ \r\n")
        message = (await session.client.line()).decode("ascii", "replace")
    try:
        acting_as, user, password = base64.b64decode(message, validate=True).decode().split("\0")
    except (binascii.Error, ValueError):
        await session.client.say(f"{command.tag} BAD Not a PLAIN message")
        return
    await session.sign_in(command.tag, user, password, acting_as)


async def examine(session: Session, command: Command) -> None:
    if session.mailbox is None:
        await session.client.say(f"{command.tag} BAD Log in first")
    elif not session.mailbox.has_store or command.args != ("INBOX",):
        await session.client.say(f"{command.tag} NO [NONEXISTENT] Mailbox doesn't exist: {' '.join(command.args)}")
    else:
        await session.client.say(
            "* FLAGS (\\Seen \\Deleted)",
            "* 0 EXISTS",
            f"* OK [UIDVALIDITY {UIDVALIDITY}] UIDs valid",
            "* OK [UIDNEXT 1] Predicted next UID",
            f"{command.tag} OK [READ-{'ONLY' if command.name == 'EXAMINE' else 'WRITE'}] Done",
        )


async def list_folders(session: Session, command: Command) -> None:
    if session.mailbox is None:
        await session.client.say(f"{command.tag} BAD Log in first")
        return
    folders = ('* LIST (\\HasNoChildren) "/" INBOX', '* LIST (\\Junk) "/" Junk') if session.mailbox.has_store else ()
    await session.client.say(*folders, f"{command.tag} OK Done")


async def quota_root(session: Session, command: Command) -> None:
    if session.mailbox is None:
        await session.client.say(f"{command.tag} BAD Log in first")
        return
    used, limit = session.mailbox.used, session.mailbox.limit
    await session.client.say('* QUOTAROOT INBOX "user"', f'* QUOTA "user" (STORAGE {used} {limit})', f"{command.tag} OK Done")


async def unknown(session: Session, command: Command) -> None:
    await session.client.say(f"{command.tag} BAD Unknown command")


COMMANDS: dict[str, Callable[[Session, Command], Awaitable[None]]] = {
    "CAPABILITY": capability,
    "NOOP": noop,
    "LOGOUT": logout,
    "STARTTLS": starttls,
    "LOGIN": login,
    "AUTHENTICATE": authenticate,
    "EXAMINE": examine,
    "SELECT": examine,
    "LIST": list_folders,
    "GETQUOTAROOT": quota_root,
}

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
    return Command(words[0], words[1].upper(), tuple(words[2:])) if len(words) > 1 else None
