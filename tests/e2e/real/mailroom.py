"""A mailbox on the real Dovecot, a carrier that puts mail into it by LMTP, and a neutral other client of its owner."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from imaplib import IMAP4_SSL

from mailprobe.address import parse
from mailprobe.bounces.token import Signer
from mailprobe.carriers import Carrier, Channel, Endpoint, LiveControl, MasterForm, MasterUser, Relation
from mailprobe.config import Account, Prober
from mailprobe.evidence import Fact, Line
from mailprobe.net.connecting import Net
from mailprobe.net.guard import Guard
from mailprobe.net.resolver import Resolver
from mailprobe.probes import Reach, Target
from mailprobe.probes.mailbox import Mailbox, Pace, open_mailbox
from mailprobe.secret import Secret, SecretRef
from tests.e2e.real.postoffice import DOMAIN, PostOffice
from tests.unit.probes.world import Leg, Politeness, Purse

SIGNER = Signer((b"k" * 32,))
PROBER = Prober("probe1.example.net", "probe@probe.example.net", "bounce.probe.example.net")
PASSWORD = "secret"


def canary_mail(canary: str, *fields: str, stamp: str = "") -> bytes:
    """What mailprobe sends, as far as a mailbox sees it. `fields` come first, as a server would add them."""
    stamp = stamp or SIGNER.stamp(canary)
    lines = [
        *fields,
        f"From: mailprobe <{PROBER.mail_from}>",
        f"To: <someone@{DOMAIN}>",
        f"Message-ID: <{stamp}@{PROBER.bounce_domain}>",
        f"X-Mailprobe-Token: {stamp}",
        "Auto-Submitted: auto-generated",
        "Subject: test",
        "",
        "A test mail.",
    ]
    return "\r\n".join(lines).encode() + b"\r\n"


def letter(number: int) -> bytes:
    return f"From: <friend@other.test>\r\nMessage-ID: <{number}@other.test>\r\nSubject: private {number}\r\n\r\nDear\r\n".encode()


@dataclass(eq=False)
class Room:
    """One owner's mailbox. `ip`: 127.0.0.1, or 127.0.0.5 for a server without IDLE, UIDPLUS and SPECIAL-USE."""

    office: PostOffice
    name: str
    ip: str = "127.0.0.1"
    master: bool = False
    facts: list[Fact] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    purse: Purse = field(default_factory=Purse)

    def reach(self) -> Reach:
        net = Net(Guard(("127.0.0.0/8",)), self.lines.append)
        return Reach(net, Resolver(("127.0.0.1:9",)), time.monotonic, time.time, self.purse, Politeness(), Leg())

    def target(self) -> Target:
        master = MasterUser("master", SecretRef.of_value(Secret("masterpw")), MasterForm.SEPARATOR)
        place = Endpoint(self.ip, self.office.imaps, Channel.IMPLICIT)
        ca = self.office.base / "tls" / "ca.pem"
        carrier = Carrier(
            "lab", "Lab", Relation.OWN, (DOMAIN,), imap=place, tls_ca=ca, master_user=master if self.master else None
        )
        secret = None if self.master else SecretRef.of_value(Secret(PASSWORD))
        account = Account(self.name, parse(f"{self.name}@{DOMAIN}"), "lab", self.name, self.name, secret=secret)
        return Target(account, carrier, PROBER)

    @asynccontextmanager
    async def opened(self, pace: Pace | None = None, control: LiveControl | None = None) -> AsyncIterator[Mailbox]:
        mailbox = await open_mailbox(self.target(), self.reach(), self.facts.append, control=control)
        assert mailbox is not None, self.transcript
        if pace is not None:
            mailbox.pace = pace
        try:
            yield mailbox
        finally:
            await mailbox.leave()

    @property
    def transcript(self) -> str:
        return "\n".join(f"{line.who}: {line.text}" for line in self.lines)

    async def deliver(self, mail: bytes, sender: str = "b-token@bounce.probe.example.net") -> float:
        """By LMTP (RFC 2033), as an MX does. Monotonic seconds of the answer to the end of data: it is in the mailbox then."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.office.lmtp)
        assert (await reader.readline()).startswith(b"220")
        await said(reader, writer, b"LHLO mx")
        for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{self.name}@{DOMAIN}>", "DATA"):
            await said(reader, writer, command.encode())
        answer = await said(reader, writer, mail + b".")
        at = time.monotonic()
        assert answer.startswith(b"250"), answer
        writer.close()
        return at

    @contextmanager
    def other_client(self) -> Iterator[IMAP4_SSL]:
        """The owner's own program, on the full server."""
        with IMAP4_SSL("127.0.0.1", self.office.imaps, ssl_context=self.office.trust()) as client:
            client.login(self.name, PASSWORD)
            yield client

    def file(self, folder: str, mail: bytes, flags: str = "") -> None:
        with self.other_client() as client:
            client.append(folder, flags, "", mail)

    def mails(self) -> dict[str, str]:
        """Every mail of every folder: name and flags -> hash. Which of new/ and cur/ it lies in shows \\Recent alone."""
        found: dict[str, str] = {}
        for path in self.office.maildir(self.name).rglob("*"):
            if path.is_file() and path.parent.name in ("new", "cur"):
                base, _, flags = path.name.partition(":2,")
                where = path.relative_to(self.office.maildir(self.name)).parts[:-2]
                found[f"{'/'.join(where)}/{base.partition(',')[0]} {flags}"] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found


async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> bytes:
    """One command and the last line of its answer."""
    writer.write(line + b"\r\n")
    while True:
        answer = await reader.readline()
        if answer[3:4] != b"-":
            return answer
