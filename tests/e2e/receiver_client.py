"""A receiver on loopback, and who speaks to it: raw sockets, one reply at a time."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from mailprobe.bounces.door import Bounds
from mailprobe.bounces.receiver import Keep, Received, Receiver, receiving
from mailprobe.bounces.recipients import Ours
from tests.unit.bounces.mails import DOMAIN, SIGNER

OURS = Ours("probe1.probe.test", DOMAIN, "probe@probe.test")
SUBJECT = "0123456789abcdef" * 2
# As fast as the loop allows, and several conversations from one address
QUICK = Bounds(quiet=0.0, per_host=1000, per_network=5000)
FAULT = re.compile(rb"451 4\.3\.0 [A-Za-z ,]+ \(id [0-9a-f]{8}\)\r\n")


@dataclass
class Shelf:
    """Where kept mails go; `trouble` is raised instead."""

    mails: list[Received] = field(default_factory=list)
    trouble: Exception | None = None

    async def keep(self, mail: Received) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.mails.append(mail)


@dataclass
class Client:
    """Somebody at the door."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def reply(self) -> bytes:
        """The whole reply; b'' when the connection is closed."""
        lines = b""
        while True:
            line = await asyncio.wait_for(self.reader.readline(), 10)
            lines += line
            if line[3:4] != b"-":
                return lines

    async def say(self, line: bytes) -> bytes:
        self.writer.write(line + b"\r\n")
        return await self.reply()

    async def rest(self) -> bytes:
        """Everything until the connection is closed, by either side."""
        try:
            return await asyncio.wait_for(self.reader.read(), 10)
        except ConnectionError:
            return b""


@contextlib.asynccontextmanager
async def client(receiver: Receiver, source: str = "127.0.0.1") -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(*receiver.listening[0], local_addr=(source, 0))
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def greeted(receiver: Receiver, source: str = "127.0.0.1") -> AsyncIterator[Client]:
    async with client(receiver, source) as one:
        assert (await one.reply()).startswith(b"220 probe1.probe.test ")
        assert (await one.say(b"EHLO mx.mail.test")).endswith(b"250 ENHANCEDSTATUSCODES\r\n")
        yield one


House = contextlib.AbstractAsyncContextManager[Receiver]


def house(keep: Keep, bounds: Bounds = QUICK, tls: ssl.SSLContext | None = None) -> House:
    return receiving(("127.0.0.1", 0), OURS, SIGNER, keep, bounds=bounds, tls=tls)


def signed(subject: str = SUBJECT) -> bytes:
    return f"{SIGNER.sender(subject, time.time())}@{DOMAIN}".encode()


async def gone(receiver: Receiver) -> None:
    """Sockets leave the loop a few turns after their other end."""
    async with asyncio.timeout(5):
        while len(receiver.door):  # noqa: ASYNC110 - the door tells nobody that it is empty
            await asyncio.sleep(0.01)


async def send(one: Client, raw: bytes, to: bytes, sender: bytes = b"") -> bytes:
    """The reply to the end of data, or to the first command that was refused."""
    for line in (b"MAIL FROM:<%s>" % sender, b"RCPT TO:<%s>" % to, b"DATA"):
        said = await one.say(line)
        if said[:1] not in b"23":
            return said
    one.writer.write(raw)
    return await one.say(b".")
