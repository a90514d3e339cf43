"""A state of things as servers: what each of them says to one line, in bytes. They know the truth, and no verdict."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from enum import Enum, auto

from mailprobe.evidence import Of
from tests.unit.verdict.world import NO, D, L, T, Truth, World, rcpt
from tests.world.draw import Break, Broken, Lines, Shut

WHOM = {T: Of.TARGET, L: Of.LIVE, D: Of.DEAD}
REFUSED = ("AUTHENTICATIONFAILED", "Authentication failed.")
AT_SUBMISSION = frozenset(NO) - {Truth.IMAP_FORGOT, Truth.IMAP_DOWN}


class Act(Enum):
    """What a server does instead of speaking."""

    RESETS = auto()
    CLOSES = auto()
    HANGS = auto()


Said = bytes | Act


@dataclass
class Talk:
    """One connection. `greet` and `hear` give what the server says and does, in order."""

    world: World
    lines: Lines
    broken: Broken | None = None
    heard: int = 0

    def greet(self) -> list[Said]:
        return self.cut(0) or self.greeting()

    def hear(self, line: bytes) -> list[Said]:
        self.heard += 1
        return self.cut(self.heard) or self.answer(line)

    def cut(self, line: int) -> list[Said]:
        if self.broken is None or line != self.broken.line:
            return []
        ways: dict[Break, list[Said]] = {
            Break.RESET: [Act.RESETS],
            Break.CLOSED: [Act.CLOSES],
            Break.HANGS: [Act.HANGS],
            Break.GARBAGE: [b"\xff\xfe<html>\r\n", Act.HANGS],
            Break.LEAVES: self.leave(),
        }
        return ways[self.broken.how]

    def greeting(self) -> list[Said]:
        raise NotImplementedError

    def answer(self, line: bytes) -> list[Said]:
        raise NotImplementedError

    def leave(self) -> list[Said]:
        return [b"421 4.3.2 Service shutting down\r\n", Act.CLOSES]


def reply(code: int, enhanced: str, text: str) -> bytes:
    return f"{code} {enhanced} {text}\r\n".encode() if enhanced else f"{code} {text}\r\n".encode()


@dataclass
class MxTalk(Talk):
    """One MX host (RFC 5321)."""

    host: int = 0

    def shut(self, here: Shut) -> list[Said]:
        """Whoever refuses everybody may say so before any recipient is named; who spares L cannot."""
        blocks = [said for at, said in self.world.blocks_us if at == self.host and not self.world.spares_live]
        return [reply(550 if here is Shut.AT_MAIL else 554, *blocks[0])] if blocks and self.lines.shut is here else []

    def greeting(self) -> list[Said]:
        return self.shut(Shut.AT_ONCE) or [b"220 mx.mail.test ESMTP\r\n"]

    def answer(self, line: bytes) -> list[Said]:
        verb = line[:8].upper()
        if verb.startswith((b"EHLO", b"HELO")):
            offers = ["PIPELINING", "SIZE 10240000", "ENHANCEDSTATUSCODES", *(["STARTTLS"] if self.lines.starttls else [])]
            return ["".join(f"250-{one}\r\n" for one in ("mx.mail.test", *offers)).encode() + b"250 8BITMIME\r\n"]
        if verb.startswith(b"STARTTLS"):
            return [b"220 2.0.0 Go ahead\r\n"]
        if verb.startswith(b"MAIL"):
            return self.shut(Shut.AT_MAIL) or [b"250 2.1.0 Ok\r\n"]
        if verb.startswith(b"RCPT"):
            path = line.partition(b"<")[2].partition(b">")[0].decode()
            return [reply(*rcpt(self.world, self.host, WHOM[path]))]
        if verb.startswith(b"QUIT"):
            return [b"221 2.0.0 Bye\r\n", Act.CLOSES]
        return [b"250 2.0.0 Ok\r\n"]


def words(of: Of, world: World, submission: bool = False) -> tuple[str, str]:
    """Why this one is not let in: a code of RFC 5530 and its words; ('', '') if he is."""
    if of is Of.LIVE:
        if world.live_signs_in == "unavailable" or (world.truth is Truth.IMAP_DOWN and not submission):
            return "UNAVAILABLE", "Temporary authentication failure."
        return REFUSED if world.live_signs_in == "stale" else ("", "")
    if submission and world.truth not in AT_SUBMISSION:
        return "", ""
    return NO.get(world.truth, ("", ""))


@dataclass
class ImapTalk(Talk):
    """The IMAP server (RFC 9051)."""

    of: Of | None = None

    def leave(self) -> list[Said]:
        return [b"* BYE Connection closed, try again later\r\n", Act.CLOSES]

    def greeting(self) -> list[Said]:
        if self.world.imap == "banned":
            return [f"* BYE {self.world.bye}\r\n".encode(), Act.CLOSES]
        return [b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN QUOTA] ready\r\n"]

    def answer(self, line: bytes) -> list[Said]:
        tag, _, rest = line.decode().partition(" ")
        verb = rest.split(" ", 1)[0].upper()
        if verb in ("LOGIN", "AUTHENTICATE"):
            return self.login(tag, rest)
        if verb == "CAPABILITY":
            return [f"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN QUOTA\r\n{tag} OK done\r\n".encode()]
        if verb == "EXAMINE":
            return self.examine(tag)
        if verb == "GETQUOTAROOT":
            used = 100 if self.of is Of.TARGET and self.world.truth is Truth.FULL else 10
            return [f'* QUOTAROOT INBOX ""\r\n* QUOTA "" (STORAGE {used} 100)\r\n{tag} OK done\r\n'.encode()]
        if verb == "LOGOUT":
            return [f"* BYE see you\r\n{tag} OK done\r\n".encode(), Act.CLOSES]
        return [f"{tag} OK done\r\n".encode()]

    def login(self, tag: str, rest: str) -> list[Said]:
        if self.world.imap == "hangs":
            return [Act.HANGS]
        if self.world.imap == "limited":
            return [f"{tag} NO [LIMIT] Maximum number of connections exceeded\r\n".encode()]
        self.of = Of.LIVE if user_of(rest) == "alive" else Of.TARGET
        code, text = words(self.of, self.world)
        said = f"NO [{code}] {text}" if code else "OK [CAPABILITY IMAP4rev1 QUOTA] Logged in"
        return [f"{tag} {said}\r\n".encode()]

    def examine(self, tag: str) -> list[Said]:
        if self.of is Of.TARGET and self.world.truth is Truth.STORE_GONE:
            return [f"{tag} NO [NONEXISTENT] Mailbox doesn't exist: INBOX\r\n".encode()]
        data = "* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 2] ok\r\n"
        return [f"{data}{tag} OK [READ-ONLY] done\r\n".encode()]


def user_of(rest: str) -> str:
    """Of LOGIN with quoted strings or atoms, or of AUTHENTICATE PLAIN with its first answer (RFC 4616)."""
    if rest.upper().startswith("AUTHENTICATE"):
        return base64.b64decode(rest.split()[2]).split(b"\0")[1].decode()
    return re.split(r"[ ]", rest)[1].strip('"')


@dataclass
class SubmissionTalk(Talk):
    """The submission server (RFC 6409), TLS from the first byte."""

    challenged: bool = field(default=False)

    def greeting(self) -> list[Said]:
        return [b"220 smtp.mail.test ESMTP\r\n"]

    def answer(self, line: bytes) -> list[Said]:
        verb = line[:8].upper()
        if verb.startswith(b"EHLO"):
            return [b"250-smtp.mail.test\r\n250-PIPELINING\r\n250-AUTH PLAIN LOGIN\r\n250 ENHANCEDSTATUSCODES\r\n"]
        if verb.startswith(b"AUTH"):
            user = base64.b64decode(line.split()[2]).split(b"\0")[1].decode()
            code, _ = words(Of.LIVE if user == L else Of.TARGET, self.world, submission=True)
            if code == "UNAVAILABLE":
                return [b"454 4.7.0 Temporary authentication failure\r\n"]
            return [b"535 5.7.8 Error: authentication failed\r\n" if code else b"235 2.7.0 Authentication successful\r\n"]
        if verb.startswith(b"QUIT"):
            return [b"221 2.0.0 Bye\r\n", Act.CLOSES]
        return [b"250 2.0.0 Ok\r\n"]
