"""One small carrier that delivers, and a catcher for what it sends back: for the tests of its servers."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import imaplib
import smtplib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from mailprobe.demo.carrier import CarrierState, Mailbox, Service
from mailprobe.demo.faults import listening
from mailprobe.demo.imap import HEALTHY, ImapServer, Plan
from mailprobe.demo.mailstore import Folder
from mailprobe.demo.smtp import exchanging
from mailprobe.demo.tls import Authority

DOMAIN = "demo.example"
TARO = f"taro@{DOMAIN}"
SENDER = "b-token@bounce.here.example"
PASSWORD = "right-one"
SOON = 5.0  # seconds: far more than loopback needs
MAIL = b"From: <probe@here.example>\r\nTo: <%s>\r\nSubject: Test 4821\r\nMessage-ID: <id.1@here.example>\r\n\r\nHello\r\n.dot\r\n"


@dataclass(frozen=True)
class Caught:
    """One mail that the carrier sent of its own accord."""

    sender: str
    recipient: str
    message: EmailMessage
    raw: bytes

    def block(self, kind: str) -> str:
        """The text of the part of this type."""
        part = next(part for part in self.message.walk() if part.get_content_type() == kind)
        return part.as_string().partition("\n\n")[2]


@dataclass
class Catcher:
    """Takes everything, on its own loopback port; `refusals`: what it says to the first mails instead."""

    caught: asyncio.Queue[Caught] = field(default_factory=asyncio.Queue)
    refusals: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        raw = cast(bytes, envelope.content)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self.caught.put_nowait(Caught(envelope.mail_from or "", envelope.rcpt_tos[0], message, raw))
        return "250 OK"

    async def next(self) -> Caught:
        async with asyncio.timeout(SOON):
            return await self.caught.get()


@dataclass
class Carrier:
    """The carrier's ports in clear, and what came back from it."""

    state: CarrierState
    imap: int
    mx: int
    back: Catcher
    now: float = 0.0

    @property
    def inbox(self) -> Folder:
        return self.state.store_of("taro").inbox

    @property
    def junk(self) -> Folder:
        return self.state.store_of("taro").folders["Junk"]

    async def send(self, data: bytes = MAIL % TARO.encode(), **how: Any) -> str:
        return cast(str, await asyncio.to_thread(send, self.mx, data, **how))

    async def settled(self, holds: Callable[[], object]) -> None:
        """Until it is so, and no longer than that takes."""
        async with asyncio.timeout(SOON):
            while not holds():  # noqa: ASYNC110  a store has many watchers of its own; a test looks from outside
                await asyncio.sleep(0.005)


def send(
    port: int,
    data: bytes,
    *,
    sender: str = SENDER,
    to: tuple[str, ...] = (TARO,),
    mail: tuple[str, ...] = (),
    rcpt: tuple[str, ...] = (),
) -> str:
    """One mail by a client that knows nothing of ours: the reply that ended it, code and text, whatever it says."""
    with smtplib.SMTP("127.0.0.1", port, "here.example", timeout=SOON) as client:
        client.ehlo()
        replies = [client.mail(sender, mail), *(client.rcpt(one, rcpt) for one in to)]
        refused = next((reply for reply in replies if reply[0] >= 400), None)
        try:
            code, text = refused or client.data(data)
        except smtplib.SMTPDataError as error:
            code, text = error.smtp_code, cast(bytes, error.smtp_error)
        return f"{code} {text.decode()}"


@contextlib.contextmanager
def signed_in(port: int, user: str = "taro", password: str = PASSWORD) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4("127.0.0.1", port, timeout=SOON) as client:
        client.login(user, password)
        yield client


@contextlib.asynccontextmanager
async def catching() -> AsyncIterator[tuple[Catcher, str, int]]:
    """A catcher with its host and port, as long as the block lasts."""
    back = Catcher()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(back, loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0)
    try:
        yield back, *server.sockets[0].getsockname()[:2]
    finally:
        server.close()


@contextlib.asynccontextmanager
async def open_carrier(folder: Path, plan: Plan = HEALTHY) -> AsyncIterator[Carrier]:
    state = CarrierState(DOMAIN, retry=0.01)
    state.put(Mailbox("taro", PASSWORD), Mailbox("hanako", "another"))
    tls = Authority(folder, ("localhost", "127.0.0.1")).context()
    async with (
        catching() as (back, host, port),
        listening(ImapServer(state, "imap", plan=plan).serve) as imap,
        exchanging(state, "mx1.demo.example", tls=tls, service=Service.MX) as mx,
    ):
        state.way_back = (host, port)
        made = Carrier(state, imap.port, mx.port, back)
        state.clock = lambda: made.now
        yield made
