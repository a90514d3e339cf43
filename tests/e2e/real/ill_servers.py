"""Servers that are ill in ways no configuration of a real one gives, each remembering every octet that it was told.

They live in a thread of their own for as long as the tests run.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from mailprobe.demo.carrier import CarrierState, Mailbox
from mailprobe.demo.faults import Hang, Hear, Place, Send, Serve, listening, scripted
from mailprobe.demo.imap import ImapServer

GREETING = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"
EVERYTHING_IN_CLEAR = (Send(GREETING), Hear(), Send(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA1 OK done\r\n"), Hang())
NO_STARTTLS = (Send(b"220 mx ESMTP\r\n"), Hear(), Send(b"250-mx\r\n250 AUTH PLAIN LOGIN\r\n"), Hang())
PREAUTH = (Send(b"* PREAUTH [CAPABILITY IMAP4rev1] welcome\r\n"), Hang())


@dataclass(frozen=True)
class IllServers:
    """Each is a `Place` with `.port` and `.heard`."""

    imap_clear: Place  # has no STARTTLS, and asks for plain-text logins
    imap_preauth: Place
    smtp_clear: Place
    imap_expired: Place
    smtp_expired: Place
    imap_strange: Place  # its certificate is of an authority that nobody knows
    imap_static_rsa: Place  # TLS 1.2 with static RSA only: a good certificate, and no key exchange that is still allowed
    imap_good: Place  # the mail of `no_store` is gone
    deaf: Place  # accepts, and never says a word


@contextlib.contextmanager
def ill_servers(tls: Path, people: dict[str, str]) -> Iterator[IllServers]:
    """`tls`: the folder of the certificates; `people`: local part -> password of the IMAP servers that get as far."""
    started: Future[IllServers] = Future()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def live() -> None:
        async with contextlib.AsyncExitStack() as stack:
            started.set_result(await start(stack, tls, people))
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),), daemon=True)
    thread.start()
    try:
        yield started.result(30)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


async def start(stack: contextlib.AsyncExitStack, tls: Path, people: dict[str, str]) -> IllServers:
    state = CarrierState("mail.test")
    state.put(*(Mailbox(local, password) for local, password in people.items()), Mailbox("no_store", "secret", has_store=False))
    imap = ImapServer(state, "mx.mail.test").serve

    async def place(serve: Serve, context: ssl.SSLContext | None = None) -> Place:
        return await stack.enter_async_context(listening(serve, tls=context, remember=True))

    expired = shows(tls, "expired")
    return IllServers(
        imap_clear=await place(scripted(EVERYTHING_IN_CLEAR)),
        imap_preauth=await place(scripted(PREAUTH)),
        smtp_clear=await place(scripted(NO_STARTTLS)),
        imap_expired=await place(imap, expired),
        smtp_expired=await place(scripted(NO_STARTTLS), expired),
        imap_strange=await place(imap, shows(tls, "strange")),
        imap_good=await place(imap, shows(tls, "good")),
        imap_static_rsa=await place(imap, static_rsa(tls)),
        deaf=await place(scripted((Hang(),))),
    )


def shows(tls: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / f"{name}.pem", tls / f"{name}.key")
    return context


def static_rsa(tls: Path) -> ssl.SSLContext:
    context = shows(tls, "rsa")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA:@SECLEVEL=0")
    return context


@contextlib.contextmanager
def clogged(address: str = "127.0.0.1") -> Iterator[int]:
    """A port whose queue is full: the kernel drops every further SYN, as a firewall does that blocks a port silently."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((address, 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(listener.getsockname())
        yield int(listener.getsockname()[1])
