"""A scripted IMAP server with folders and mail in them, as far as a test mail is looked for and removed there.

It keeps what it is asked (`got`), knows what another client does (`meanwhile`), and can be strange on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.unit.probes.imap_server import GOOD, ImapServer
from tests.unit.probes.servers import Server

FULL = "IMAP4rev1 IDLE UIDPLUS SPECIAL-USE LIST-EXTENDED UNSELECT QUOTA"


@dataclass(slots=True)
class Mail:
    uid: int
    text: str
    deleted: bool = False


@dataclass(slots=True)
class Box:
    """One folder. uidnext None: the server tells none."""

    attributes: str = ""
    uidvalidity: int | None = 7
    uidnext: int | None = 100
    read_only: bool = False
    mails: list[Mail] = field(default_factory=list)

    def put(self, text: str) -> Mail:
        uid = max([self.uidnext or 1, *(mail.uid + 1 for mail in self.mails)])
        self.mails.append(Mail(uid, text))
        self.uidnext = self.uidnext and uid + 1
        return self.mails[-1]


@dataclass(slots=True, eq=False)
class MailboxServer(ImapServer):
    """meanwhile: by the n-th command that starts so, what another client does just before it ('NOOP 2': the second NOOP); words
    that come of it are the answer.
    idle_tells: whether IDLE tells of mail that the client does not know of yet. refuses: starts of commands that get a NO."""

    boxes: dict[str, Box] = field(default_factory=lambda: {"INBOX": Box(), "Junk": Box("\\Junk"), "Notes": Box()})
    offers: str = FULL
    meanwhile: dict[str, Callable[[MailboxServer], object]] = field(default_factory=dict)
    idle_tells: bool = True
    refuses: tuple[str, ...] = ()
    last_words: str = ""  # the answer to DONE
    keeps_marked: bool = False  # UID EXPUNGE says OK and does nothing
    ranges: bool = False  # answers a search as RFC 9051 does
    chatty: bool = False  # tells of flags, and of messages that nobody asked for
    selected: str = ""
    known: int = 0  # messages that the client knows of
    counts: dict[str, int] = field(default_factory=dict)
    idling: str = ""

    @property
    def box(self) -> Box:
        return self.boxes[self.selected]

    def answer(self, line: str) -> str:
        if self.idling:
            tag, self.idling = self.idling, ""
            self.got.append(line)
            return self.last_words or (f"{tag} OK done" if line == "DONE" else f"{tag} BAD")
        tag, _, command = line.partition(" ")
        if instead := self.happen(command):
            self.got.append(command)
            return instead
        if any(command.startswith(start) for start in self.refuses):
            self.got.append(command)
            return f"{tag} NO [CANNOT] no"
        for form, act in ACTS.items():
            if found := re.fullmatch(form, command):
                self.got.append(command)
                return act(self, *found.groups()).replace("$", tag)
        if command == "IDLE":
            self.got.append(command)
            self.idling = tag
            return "+ idling" + (self.news() if self.idle_tells else "")
        said = Server.answer(self, command).replace("$", tag)
        return said.replace("[CAPABILITY IMAP4rev1 QUOTA]", f"[CAPABILITY {self.offers}]")

    def happen(self, command: str) -> str:
        said: object = None
        for start in {when.rpartition(" ")[0] for when in self.meanwhile}:
            if command.startswith(start):
                self.counts[start] = self.counts.get(start, 0) + 1
                act = self.meanwhile.get(f"{start} {self.counts[start]}")
                said = act(self) if act is not None else said
        return said if isinstance(said, str) else ""

    def news(self) -> str:
        new = len(self.box.mails) - self.known
        self.known += new
        return f"\n* {self.known} EXISTS" if new else ""


def opened(server: MailboxServer, verb: str, name: str) -> str:
    name = name.strip('"')
    box = server.boxes.get(name)
    server.selected = name if box else ""
    if box is None:
        return "$ NO [NONEXISTENT] no such mailbox"
    server.known = len(box.mails)
    lines = [f"* {server.known} EXISTS"]
    lines += [f"* OK [UIDVALIDITY {box.uidvalidity}] valid"] if box.uidvalidity else []
    lines += [f"* OK [UIDNEXT {box.uidnext}] next"] if box.uidnext else []
    mode = "READ-ONLY" if verb == "EXAMINE" or box.read_only else "READ-WRITE"
    return "\n".join([*lines, f"$ OK [{mode}] done"])


def listed(server: MailboxServer, uses: str | None) -> str:
    lines = [f'* LIST ({box.attributes}) "/" "{name}"' for name, box in server.boxes.items()]
    return "\n".join([*lines, "$ OK done"])


def noop(server: MailboxServer) -> str:
    return f"{server.news()}\n$ OK done".lstrip()


def searched(server: MailboxServer, what: str) -> str:
    uids = [mail.uid for mail in server.box.mails]
    if what == "UID *":
        uids = uids[-1:]
    elif found := re.fullmatch(r"UID (\d+):(\d+)", what):
        uids = [uid for uid in uids if int(found[1]) <= uid <= int(found[2])]
    if server.ranges:
        found_some = " ALL " if uids else ""
        return f'* ESEARCH (TAG "$") UID{found_some}{",".join(map(str, uids))}\n$ OK done'
    return f"* SEARCH {' '.join(map(str, uids))}".rstrip() + "\n$ OK done"


def fetched(server: MailboxServer, uids: str, fields: str | None) -> str:
    """A message is known to the client once it was told that it exists."""
    lines = ["* 1 FETCH (FLAGS (\\Seen))"] if server.chatty else []
    for number, mail in enumerate(server.box.mails[: server.known], 1):
        if wanted(mail.uid, uids) or server.chatty:
            text = chosen(mail.text, fields.split()) if fields else mail.text.replace("\n", "\r\n")
            lines.append(f"* {number} FETCH (UID {mail.uid} BODY[X]<0> {{{len(text)}}}\r\n{text})".replace("\r\n", "\n"))
    return "\n".join([*lines, "$ OK done"])


def wanted(uid: int, uids: str) -> bool:
    first, colon, last = uids.partition(":")
    return int(first) <= uid <= int(last) if colon else str(uid) in uids.split(",")


def chosen(text: str, fields: list[str]) -> str:
    names = {name.lower() for name in fields}
    head = [line for line in text.partition("\n\n")[0].split("\n") if line.partition(":")[0].lower() in names]
    return "".join(line + "\r\n" for line in [*head, ""])


def stored(server: MailboxServer, uid: str) -> str:
    for mail in server.box.mails:
        mail.deleted |= mail.uid == int(uid)
    return "$ OK done"


def expunged(server: MailboxServer, uid: str) -> str:
    if not server.keeps_marked:
        server.box.mails = [mail for mail in server.box.mails if mail.uid != int(uid) or not mail.deleted]
    return "$ OK done"


def unselected(server: MailboxServer) -> str:
    server.selected = ""
    return "$ OK done"


ACTS: dict[str, Callable[..., str]] = {
    r"(EXAMINE|SELECT) (.+)": opened,
    r'LIST "" "\*"( RETURN \(SPECIAL-USE\))?': listed,
    "NOOP": noop,
    "UID SEARCH (.+)": searched,
    r"UID FETCH ([0-9:,]+) \(UID BODY\.PEEK\[HEADER\.FIELDS \(([^)]+)\)\]<0\.\d+>\)": fetched,
    r"UID FETCH (\d+) \(UID BODY\.PEEK\[()\]<0\.\d+>\)": fetched,
    r"UID STORE (\d+) \+FLAGS\.SILENT \(\\Deleted\)": stored,
    r"UID EXPUNGE (\d+)": expunged,
    "UNSELECT": unselected,
}
GRAMMAR = (*ACTS, "IDLE", "DONE", "CAPABILITY", "LOGIN .+", "AUTHENTICATE PLAIN .+", "GETQUOTAROOT INBOX", "LOGOUT")


def harmless(server: MailboxServer) -> bool:
    """Only commands of this grammar were sent, which holds no CLOSE, no EXPUNGE without a UID, and no FETCH without PEEK."""
    return all(any(re.fullmatch(form, line) for form in GRAMMAR) for line in server.got)


def made(**given: object) -> MailboxServer:
    return MailboxServer(GOOD, **given)  # type: ignore[arg-type]  # each by its own name
