"""The mail of one mailbox: folders, and in them mails with UIDs and flags (RFC 9051 section 2.3). Gone with the process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

INBOX = "INBOX"
JUNK = "\\Junk"  # the special use (RFC 6154 section 2), whatever the folder is called
SEEN, DELETED, RECENT = "\\Seen", "\\Deleted", "\\Recent"
FIRST_VALIDITY = 1_700_000_000


@dataclass(frozen=True, slots=True)
class Mail:
    """data: the whole mail with CRLF at its lines' ends; at: Unix seconds of its arrival."""

    uid: int
    data: bytes = field(repr=False)
    at: float
    flags: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class Folder:
    """`watchers`: set whenever something changes here. `use`: its special use, or nothing."""

    name: str
    use: str = ""
    clock: Callable[[], float] = time.time
    uidvalidity: int = FIRST_VALIDITY
    uidnext: int = 1
    mails: list[Mail] = field(default_factory=list)
    watchers: set[asyncio.Event] = field(default_factory=set)

    def put(self, data: bytes, *flags: str) -> Mail:
        """A new mail; it is recent until somebody selects the folder (RFC 3501 section 2.3.2)."""
        mail = Mail(self.uidnext, data, self.clock(), frozenset(flags) | {RECENT})
        self.uidnext += 1
        self.mails.append(mail)
        self.changed()
        return mail

    def get(self, uid: int) -> Mail | None:
        return next((mail for mail in self.mails if mail.uid == uid), None)

    def mark(self, uid: int, flags: Iterable[str]) -> None:
        """Another set of flags; \\Recent is the server's own. Nothing happens where there is no such mail."""
        for number, mail in enumerate(self.mails):
            if mail.uid == uid:
                self.mails[number] = replace(mail, flags=frozenset(flags) - {RECENT} | mail.flags & {RECENT})
        self.changed()

    def remove(self, uids: Iterable[int]) -> None:
        gone = frozenset(uids)
        self.mails = [mail for mail in self.mails if mail.uid not in gone]
        self.changed()

    def take_recent(self) -> frozenset[int]:
        """The recent ones, which are recent no more: SELECT does that, EXAMINE does not."""
        found = self.recent
        self.mails = [replace(mail, flags=mail.flags - {RECENT}) for mail in self.mails]
        return found

    @property
    def recent(self) -> frozenset[int]:
        return frozenset(mail.uid for mail in self.mails if RECENT in mail.flags)

    def renumber(self) -> None:
        """The folder is made anew: no UID that was noted before means anything (RFC 9051 section 2.3.1.1)."""
        self.uidvalidity += 1
        self.mails = [replace(mail, uid=number) for number, mail in enumerate(self.mails, 1)]
        self.uidnext = len(self.mails) + 1
        self.changed()

    def changed(self) -> None:
        for watcher in self.watchers:
            watcher.set()


def usual_folders() -> dict[str, Folder]:
    return {folder.name: folder for folder in (Folder(INBOX), Folder("Junk", JUNK), Folder("Trash", "\\Trash"), Folder("Old"))}


@dataclass(slots=True, eq=False)
class MailStore:
    """One mailbox's folders, by name."""

    folders: dict[str, Folder] = field(default_factory=usual_folders)

    @property
    def inbox(self) -> Folder:
        return self.folders[INBOX]

    @property
    def junk(self) -> Folder | None:
        return next((folder for folder in self.folders.values() if folder.use == JUNK), None)

    @property
    def octets(self) -> int:
        return sum(len(mail.data) for folder in self.folders.values() for mail in folder.mails)

    def find(self, name: str) -> Folder | None:
        """INBOX is the one name whose case is free (RFC 9051 section 5.1)."""
        return self.folders.get(INBOX if name.upper() == INBOX else name)

    def add(self, name: str, use: str = "") -> Folder:
        return self.folders.setdefault(name, Folder(name, use))

    def move(self, uid: int, source: str, target: str) -> Mail | None:
        """What a user does: the mail is in another folder under another UID. None if it was gone already."""
        mail = self.folders[source].get(uid)
        if mail is None:
            return None
        self.folders[source].remove((uid,))
        return self.folders[target].put(mail.data, *mail.flags)
