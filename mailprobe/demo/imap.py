"""A small IMAP server that answers from the carrier's state, and misbehaves where its plan says so.

RFC 9051 as far as it takes to sign in, to wait for one mail, to read it and to take it out again. `COMMANDS` is the place to
add a command; those that work on an open folder are in `imap_folder.py`, sign-in and what surrounds it is here.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mailprobe.demo import imap_folder
from mailprobe.demo.carrier import CarrierState, Service, SignIn
from mailprobe.demo.faults import Client, Gone
from mailprobe.demo.imap_session import HEALTHY, STEP_OF, Command, Plan, Session, Step, read_command
from mailprobe.demo.mailstore import Folder

__all__ = ["HEALTHY", "ImapServer", "Plan", "Step"]

# RFC 5530 codes, in the words of Dovecot
SAYS = {
    SignIn.OPEN: "OK Logged in",
    SignIn.REFUSED: "NO [AUTHENTICATIONFAILED] Authentication failed.",
    SignIn.DISABLED: "NO [CONTACTADMIN] Login disabled for this user",
    SignIn.EXPIRED: "NO [EXPIRED] Password has expired",
    SignIn.TOO_MANY: "NO [LIMIT] Maximum number of connections from user+IP exceeded",
    SignIn.UNAVAILABLE: "NO [UNAVAILABLE] Temporary authentication failure.",
}


@dataclass(slots=True)
class ImapServer:
    """`listening(server.serve, tls=context)` for implicit TLS; with `starttls` and no `tls` there, TLS is required by command."""

    state: CarrierState
    name: str
    starttls: ssl.SSLContext | None = None
    plan: Plan = HEALTHY

    async def serve(self, client: Client) -> None:
        client.reset_after, client.pace = self.plan.reset_after, self.plan.pace
        session = Session(self.state, self.name, client, self.plan, self.starttls, secure=self.starttls is None)
        try:
            await converse(session)
        finally:
            session.leave_folder()


async def converse(session: Session) -> None:
    """Raises Gone at its end."""
    if await session.planned(Step.GREETING):
        await session.client.say(f"* OK [CAPABILITY {session.capabilities()}] {session.name} ready")
    while True:
        command = await read_command(session.client)
        if command is None:
            await session.client.say("* BAD Syntax error")
            continue
        step = STEP_OF.get(command.name)
        if step is None or await session.planned(step):
            await answer(session, command)


async def answer(session: Session, command: Command) -> None:
    known = COMMANDS.get(command.name)
    lacking = not session.offers(NEEDS.get((command.name, command.by_uid), ""))
    if known is None or lacking or (command.by_uid and command.name not in BY_UID):
        await session.finish(command, "BAD Unknown command")
    elif command.name not in BEFORE_SIGN_IN and session.mailbox is None:
        await session.finish(command, "BAD Log in first")
    elif command.name in IN_A_FOLDER and session.view is None:
        await session.finish(command, "BAD Select a mailbox first")
    else:
        await known(session, command)


async def capability(session: Session, command: Command) -> None:
    await session.client.say(f"* CAPABILITY {session.capabilities()}")
    await session.finish(command)


async def logout(session: Session, command: Command) -> None:
    await session.client.say("* BYE Logging out", f"{command.tag} OK Done")
    raise Gone


async def starttls(session: Session, command: Command) -> None:
    """RFC 9051 section 6.2.1."""
    if session.starttls is None or session.secure:
        await session.finish(command, "BAD TLS is not to be had")
        return
    await session.finish(command, "OK Begin TLS now")
    await session.client.start_tls(session.starttls)
    session.secure = True


async def login(session: Session, command: Command) -> None:
    if len(command.args) != 2:
        await session.finish(command, "BAD LOGIN takes a name and a password")
        return
    await sign_in(session, command, *command.args)


async def authenticate(session: Session, command: Command) -> None:
    """PLAIN (RFC 4616), with the message in the command (RFC 4959) or after a `+`."""
    if not command.args or command.args[0].upper() != "PLAIN":
        await session.finish(command, "NO [CANNOT] No such mechanism")
        return
    message = command.args[1] if len(command.args) > 1 else ""
    if not message:
        await session.client.send(b"+ \r\n")
        message = (await session.client.line()).decode("ascii", "replace")
    try:
        acting_as, user, password = base64.b64decode(message, validate=True).decode().split("\0")
    except (binascii.Error, ValueError):
        await session.finish(command, "BAD Not a PLAIN message")
        return
    await sign_in(session, command, user, password, acting_as)


async def sign_in(session: Session, command: Command, user: str, password: str, acting_as: str = "") -> None:
    if not session.secure:
        await session.finish(command, "NO [PRIVACYREQUIRED] Use STARTTLS first")
        return
    end = session.state.sign_in(Service.IMAP, user, password, acting_as)
    if end is SignIn.OPEN:
        session.mailbox = session.state.opened_by(Service.IMAP, acting_as or user)
        await session.finish(command, f"OK [CAPABILITY {session.capabilities()}] Logged in")
    else:
        await session.finish(command, SAYS[end])


async def list_folders(session: Session, command: Command) -> None:
    """`LIST "" "*"`, and with a selection or RETURN in brackets (RFC 5258, RFC 6154)."""
    words = list(command.args)
    only_special = bool(words) and words[0].upper() == "(SPECIAL-USE)"
    if only_special:
        del words[0]
    extended = only_special or len(words) > 2
    if len(words) < 2 or (extended and not session.offers("LIST-EXTENDED")):
        await session.finish(command, "BAD LIST takes a reference and a pattern")
        return
    found = [one for one in imap_folder.folders_of(session) if matches(one.name, words[1]) and (one.use or not only_special)]
    await session.client.say(*(list_line(session, one) for one in found))
    await session.finish(command)


def matches(name: str, pattern: str) -> bool:
    """The demo's folders have no folders in them: `%` and `*` are the same."""
    return fnmatch.fnmatchcase(name, pattern.replace("%", "*"))


def list_line(session: Session, folder: Folder) -> str:
    use = f" {folder.use}" if folder.use and session.offers("SPECIAL-USE") else ""
    return f'* LIST (\\HasNoChildren{use}) "/" "{folder.name}"'


async def quota_root(session: Session, command: Command) -> None:
    """RFC 9208: what is held counts."""
    if session.mailbox is not None:
        used, limit = session.state.used(session.mailbox.local), session.state.mailboxes[session.mailbox.local].limit
        await session.client.say('* QUOTAROOT INBOX "user"', f'* QUOTA "user" (STORAGE {used} {limit})')
    await session.finish(command)


COMMANDS: dict[str, Callable[[Session, Command], Awaitable[None]]] = {
    "CAPABILITY": capability,
    "NOOP": imap_folder.noop,
    "LOGOUT": logout,
    "STARTTLS": starttls,
    "LOGIN": login,
    "AUTHENTICATE": authenticate,
    "EXAMINE": imap_folder.select,
    "SELECT": imap_folder.select,
    "STATUS": imap_folder.status,
    "LIST": list_folders,
    "GETQUOTAROOT": quota_root,
    "IDLE": imap_folder.idle,
    "CHECK": imap_folder.noop,
    "SEARCH": imap_folder.search,
    "FETCH": imap_folder.fetch,
    "STORE": imap_folder.store,
    "EXPUNGE": imap_folder.expunge,
    "CLOSE": imap_folder.close,
    "UNSELECT": imap_folder.unselect,
}
BEFORE_SIGN_IN = frozenset({"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "LOGIN", "AUTHENTICATE"})
IN_A_FOLDER = frozenset({"CHECK", "SEARCH", "FETCH", "STORE", "EXPUNGE", "CLOSE", "UNSELECT"})
NEEDS = {  # command, and whether it came after the word UID
    ("IDLE", False): "IDLE",
    ("UNSELECT", False): "UNSELECT",
    ("GETQUOTAROOT", False): "QUOTA",
    ("EXPUNGE", True): "UIDPLUS",
}
BY_UID = frozenset({"SEARCH", "FETCH", "STORE", "EXPUNGE"})
