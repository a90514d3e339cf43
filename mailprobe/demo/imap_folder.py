"""The IMAP commands that work on a folder: open it, wait for news, search, fetch, mark, remove."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from mailprobe.demo.imap_items import Unreadable, criteria, items, numbers, rendered
from mailprobe.demo.imap_session import Command, Session, Step, View, flags_line
from mailprobe.demo.mailstore import DELETED, RECENT, SEEN, Folder, Mail

FLAGS = "\\Answered \\Flagged \\Deleted \\Seen \\Draft"


def folders_of(session: Session) -> tuple[Folder, ...]:
    """A mailbox whose store is lost has no folder at all."""
    mailbox = session.mailbox
    if mailbox is None or not session.state.mailboxes[mailbox.local].has_store:
        return ()
    return tuple(session.state.store_of(mailbox.local).folders.values())


def folder_called(session: Session, name: str) -> Folder | None:
    wanted = "INBOX" if name.upper() == "INBOX" else name
    return next((folder for folder in folders_of(session) if folder.name == wanted), None)


async def noop(session: Session, command: Command) -> None:
    await session.news()
    await session.finish(command)


async def select(session: Session, command: Command) -> None:
    """SELECT and EXAMINE (RFC 9051 sections 6.3.2 and 6.3.3); only SELECT takes \\Recent away."""
    session.leave_folder()
    folder = folder_called(session, command.args[0]) if len(command.args) == 1 else None
    if folder is None:
        await session.finish(command, f"NO [NONEXISTENT] Mailbox doesn't exist: {' '.join(command.args)}")
        return
    read_only = command.name == "EXAMINE"
    recent = folder.recent if read_only else folder.take_recent()
    session.view = View(folder, read_only)
    await session.client.say(
        f"* FLAGS ({FLAGS})",
        f"* OK [PERMANENTFLAGS ({'' if read_only else FLAGS})] Flags permitted",
        f"* {len(session.view.known)} EXISTS",
        f"* {len(recent)} RECENT",
        f"* OK [UIDVALIDITY {folder.uidvalidity}] UIDs valid",
        f"* OK [UIDNEXT {folder.uidnext}] Predicted next UID",
    )
    await session.finish(command, f"OK [READ-{'ONLY' if read_only else 'WRITE'}] Done")


async def status(session: Session, command: Command) -> None:
    folder = folder_called(session, command.args[0]) if command.args else None
    if folder is None:
        await session.finish(command, "NO [NONEXISTENT] Mailbox doesn't exist")
        return
    values = {
        "MESSAGES": len(folder.mails),
        "RECENT": len(folder.recent),
        "UIDNEXT": folder.uidnext,
        "UIDVALIDITY": folder.uidvalidity,
        "UNSEEN": sum(SEEN not in mail.flags for mail in folder.mails),
    }
    asked = " ".join(command.args[1:]).upper().strip("() ").split()
    told = " ".join(f"{word} {values[word]}" for word in asked if word in values)
    await session.client.say(f'* STATUS "{folder.name}" ({told})')
    await session.finish(command)


async def idle(session: Session, command: Command) -> None:
    """RFC 2177: news as they happen, until the client says DONE."""
    await session.client.send(b"+ idling\r\n")
    tells = await session.planned(Step.IDLING)  # before we listen: a script may listen for itself
    done = asyncio.ensure_future(session.client.line())
    try:
        if tells:
            await tell_until(done, session)
        said = await done
    finally:
        done.cancel()
    await session.finish(command, "OK Done" if said.upper() == b"DONE" else "BAD That was not DONE")


async def tell_until(done: asyncio.Future[bytes], session: Session) -> None:
    view = session.view
    if view is None or session.plan.deaf_idle:
        return
    while not done.done():
        await session.news()
        change = asyncio.ensure_future(view.changed.wait())
        either: set[asyncio.Future[Any]] = {done, change}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            change.cancel()


def chosen(view: View, command: Command, written: str) -> list[tuple[int, Mail]]:
    """The mails that a set of sequence numbers or UIDs means. Raises Unreadable."""
    mails = view.mails
    if command.by_uid:
        wanted = numbers(written, max(view.known, default=0))
        return [(number, mail) for number, mail in mails if wanted(mail.uid)]
    wanted = numbers(written, len(view.known))
    return [(number, mail) for number, mail in mails if wanted(number)]


async def fetch(session: Session, command: Command) -> None:
    view = session.view
    if view is None:
        return
    try:
        wanted = items(" ".join(command.args[1:]), with_uid=command.by_uid)
        found = chosen(view, command, command.args[0] if command.args else "")
        lines = [rendered(number, mail, wanted) for number, mail in found]
    except Unreadable as why:
        await session.finish(command, f"BAD {why}")
        return
    for line in lines:
        await session.client.send(line)
    if any(item.marks for item in wanted) and not view.read_only:
        see(view, (mail for _, mail in found))
    await end(session, command)


def see(view: View, mails: Iterable[Mail]) -> None:
    """What BODY[] does and BODY.PEEK[] does not (RFC 9051 section 6.4.5)."""
    for mail in mails:
        view.folder.mark(mail.uid, mail.flags | {SEEN})


async def search(session: Session, command: Command) -> None:
    view = session.view
    if view is None:
        return
    try:
        test = criteria(list(command.args), len(view.known), max(view.known, default=0), blind=session.plan.blind_search)
    except Unreadable as why:
        await session.finish(command, f"BAD {why}")
        return
    found = [str(mail.uid if command.by_uid else number) for number, mail in view.mails if test(number, mail)]
    await session.client.say(" ".join(("* SEARCH", *found)))
    await end(session, command)


async def store(session: Session, command: Command) -> None:
    """`STORE set +FLAGS.SILENT (\\Deleted)` and its kin (RFC 9051 section 6.4.6)."""
    view = session.view
    if view is None or view.read_only:
        await session.finish(command, "NO [READ-ONLY] The mailbox was opened read-only")
        return
    how, _, silent = (command.args[1] if len(command.args) > 2 else "").upper().partition(".")
    flags = frozenset(" ".join(command.args[2:]).strip("() ").split())
    try:
        found = chosen(view, command, command.args[0] if command.args else "")
    except Unreadable as why:
        await session.finish(command, f"BAD {why}")
        return
    if how not in ("FLAGS", "+FLAGS", "-FLAGS") or RECENT in flags:
        await session.finish(command, "BAD No such change of flags")
        return
    for number, mail in found:
        now = {"+": mail.flags | flags, "-": mail.flags - flags}.get(how[0], flags | mail.flags & {RECENT})
        view.folder.mark(mail.uid, now)
        view.known[mail.uid] = now
        if silent != "SILENT":
            await session.client.say(flags_line(number, mail.uid, now))
    await end(session, command)


async def expunge(session: Session, command: Command) -> None:
    """All that are \\Deleted, whoever marked them; after UID only those of the set (RFC 4315 section 2.1)."""
    view = session.view
    if view is None or view.read_only:
        await session.finish(command, "NO [READ-ONLY] The mailbox was opened read-only")
        return
    try:
        found = chosen(view, command, command.args[0] if command.by_uid and command.args else "1:*")
    except Unreadable as why:
        await session.finish(command, f"BAD {why}")
        return
    view.folder.remove(mail.uid for _, mail in found if DELETED in mail.flags)
    await session.news()
    await session.finish(command)


async def close(session: Session, command: Command) -> None:
    """Expunges without a word (RFC 9051 section 6.4.1): what no prober may ever say after SELECT."""
    view = session.view
    if view is not None and not view.read_only:
        view.folder.remove([mail.uid for _, mail in view.mails if DELETED in mail.flags])
    await unselect(session, command)


async def unselect(session: Session, command: Command) -> None:
    session.leave_folder()
    await session.finish(command)


async def end(session: Session, command: Command) -> None:
    """No EXPUNGE may be told while a client counts in sequence numbers (RFC 9051 section 7.5.1)."""
    if command.by_uid:
        await session.news()
    await session.finish(command)
