"""The receiver of bounces, on aiosmtpd: it takes mail for signed senders, keeps it durably, and then says 250. Nothing else.

It never relays, never answers a mail, offers no AUTH and tells nothing of addresses. Every size, count and time of a
connection is bounded by `Bounds`, and an error of ours shows its number only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
import ssl
import time
from asyncio import sslproto
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from mailprobe.bounces.conversation import Conversation, Post
from mailprobe.bounces.door import Bounds, Door, Reason
from mailprobe.bounces.recipients import Dropped, Ours, ReadsSenders, recipient
from mailprobe.bounces.token import Token
from mailprobe.log import Event, tell

BOUNDS = Bounds()
if hasattr(sslproto.SSLProtocol, "max_size"):
    sslproto.SSLProtocol.max_size = 32768  # as in the network room: what plain asyncio holds per TLS session, else 256 KiB
BACKLOG = 128  # connections that the kernel may hold for us: each wakes the loop at once
DESCRIPTORS = 1024  # where the system does not say how many there may be


@dataclass(frozen=True, slots=True)
class Received:
    """One mail for our signed senders, as it came. at: Unix seconds; raw: without transparency dots, CRLF line ends."""

    at: float
    ip: str
    null_sender: bool  # a bounce (RFC 5321 section 4.5.5), if honest; else an auto-reply or a person
    tokens: tuple[Token, ...]
    raw: bytes


Keep = Callable[[Received], Awaitable[None]]


@dataclass(slots=True)
class Receiver:
    """What all connections share, and what came of them. `keep` returns when the mail is durable, or raises."""

    ours: Ours
    signs: ReadsSenders
    keep: Keep
    bounds: Bounds
    door: Door
    tls: ssl.SSLContext | None
    wall: Callable[[], float]
    listening: tuple[tuple[str, int], ...] = ()
    kept: int = 0
    dropped: Counter[Dropped] = field(default_factory=Counter)
    rejected: Counter[Reason] = field(default_factory=Counter)

    def judge(self, path: str) -> Token | Dropped | Reason:
        said = recipient(path, self.ours, self.signs, self.wall())
        if isinstance(said, Reason):
            self.rejected[said] += 1
        return said

    async def take(self, ip: str, post: Post, raw: bytes) -> str:
        """Keep it, and the reply to the end of data: 250 only once it is durable."""
        self.dropped.update(post.dropped)
        if post.tokens:
            try:
                async with asyncio.timeout(self.bounds.keep):
                    await self.keep(Received(self.wall(), ip, post.null_sender, tuple(post.tokens), raw))
            except Exception as error:  # whatever the store cannot do: the sender still has the mail and comes again
                return f"451 4.3.0 Cannot be kept now, try again later (id {self.fault(error, Reason.STORE)})"
            self.kept += 1
        return "250 2.0.0 OK"

    def fault(self, error: Exception, reason: Reason = Reason.FAULT) -> str:
        """Count and log an error of ours; its number. An error's own words may hold addresses or secrets: only its kind
        and place are written down."""
        number = secrets.token_hex(4)
        self.rejected[reason] += 1
        tell(Event.RECEIVER_FAULT, error=error, id=number, kind=reason.value)
        return number


class Porter(asyncio.Protocol):
    """Meets every connection; only who may come in costs a Conversation."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        ip = str(peer[0]) if isinstance(peer, tuple) else ""
        stream = cast(asyncio.Transport, transport)
        if self._receiver.door.has_room_for(ip):
            guest = Conversation(self._receiver, ip)
            self._receiver.door.enter(guest)
            stream.set_protocol(guest)
            guest.connection_made(stream)
            return
        self._receiver.rejected[Reason.CROWD] += 1
        stream.write(b"421 4.7.0 Too many connections, try again later\r\n")
        stream.close()


@contextlib.asynccontextmanager
async def receiving(
    listen: tuple[str, int] | socket.socket,
    ours: Ours,
    signs: ReadsSenders,
    keep: Keep,
    *,
    bounds: Bounds = BOUNDS,
    tls: ssl.SSLContext | None = None,
    wall: Callable[[], float] = time.time,
) -> AsyncIterator[Receiver]:
    """Receive as long as the block lasts. listen: host and port, or a socket that is bound already (port 25 by systemd).

    OSError if the address cannot be had. At the end connections under way are cut: nothing that was not durable has been
    acknowledged, so their senders come again.
    """
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd writes down what strangers say, addresses included
    receiver = Receiver(ours, signs, keep, bounds, Door(bounds, descriptors()), tls, wall)
    loop = asyncio.get_running_loop()
    if isinstance(listen, tuple):
        server = await loop.create_server(lambda: Porter(receiver), *listen, backlog=BACKLOG)
    else:
        server = await loop.create_server(lambda: Porter(receiver), sock=listen, backlog=BACKLOG)
    receiver.listening = tuple(one.getsockname()[:2] for one in server.sockets)
    try:
        yield receiver
    finally:
        server.close()
        for guest in receiver.door.guests:
            guest.show_out("421 4.3.2 Service shutting down")


def descriptors() -> int:
    """How many files this process may hold open."""
    try:
        import resource
    except ImportError:  # not a Unix
        return DESCRIPTORS
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return DESCRIPTORS if limit == resource.RLIM_INFINITY else limit


def tls_of(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """For STARTTLS (RFC 3207). key: left out where it stands in the certificate's file. OSError, of which ssl.SSLError is one."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325 section 3.1.1
    context.load_cert_chain(certificate, key, password=lambda: "")  # never asked for on a terminal
    return context
