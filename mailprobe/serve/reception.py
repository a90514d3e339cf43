"""Bounces come in: by the receiver, or fetched from a mailbox where port 25 is not ours."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mailprobe.bounces.intake import Told
from mailprobe.bounces.receiver import Keep, Received, Receiver, receiving, tls_of
from mailprobe.bounces.recipients import Ours
from mailprobe.bounces.token import Signer
from mailprobe.carriers import OWN_LIMITS
from mailprobe.config import BounceMailbox, Config, ConfigError, Problem
from mailprobe.daemon import House
from mailprobe.engine.embedded import SignInChain
from mailprobe.evidence import Fact
from mailprobe.log import Event, tell
from mailprobe.probes.bounce_mailbox import Mark, fetch_bounces
from mailprobe.probes.session import Over
from mailprobe.store import Store
from mailprobe.wire.mime import take_apart

FETCH_EVERY = 60.0
FETCH_WITHIN = 50.0
CANNOT_CREATE, NO_PERMISSION = 73, 77  # sysexits.h


@contextlib.asynccontextmanager
async def reception(config: Config, signs: Signer, keep: Keep, bound: socket.socket | None = None) -> AsyncIterator[Receiver]:
    """The receiver of bounces, its address logged. bound: a socket that systemd has bound for us, instead of our own."""
    ours = Ours(config.prober.name, config.prober.bounce_domain, config.prober.mail_from)
    tls = tls_of(config.bounces_certificate, config.bounces_key) if config.bounces_certificate else None
    async with contextlib.AsyncExitStack() as door:
        try:
            where = bound or place_of(config.bounces_listen)
            receiver = await door.enter_async_context(receiving(where, ours, signs, keep, tls=tls))
        except OSError as error:
            raise no_port(config.bounces_listen, error) from None
        for address, number in receiver.listening:
            tell(Event.SERVING, listening=f"smtp://[{address}]:{number}" if ":" in address else f"smtp://{address}:{number}")
        yield receiver


def place_of(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def no_port(listen: str, error: OSError) -> ConfigError:
    """Why the receiver cannot be where it is wanted, and what helps."""
    number = error.errno or 0
    hints = {
        errno.EACCES: "give it CAP_NET_BIND_SERVICE, or a port above 1023 behind the mail server",
        errno.EADDRINUSE: "another program holds it: end that, or choose another port",
    }
    hint = hints.get(number, "name an address of this machine")
    code = NO_PERMISSION if number == errno.EACCES else CANNOT_CREATE
    return ConfigError((Problem("MP1019", "bounces.listen", f"cannot listen at {listen}: {os.strerror(number)}", hint),), code)


async def fetching(house: House, mailbox: BounceMailbox, keep: Keep) -> None:
    """Where port 25 is not ours: the bounces come from a mailbox, every minute."""

    async def kept(raw: bytes) -> None:
        await keep(Received(house.clock.wall(), "", came_from_nobody(raw), (), raw))

    reach = house.bare(OWN_LIMITS, house.config.engine.vantage, SignInChain(runs_imap=False), lambda line: None)
    while True:
        try:
            async with asyncio.timeout(FETCH_WITHIN):
                count = await fetch_bounces(mailbox, reach, unnoted, kept, Fetched(house.store))
            tell(Event.BOUNCES_FETCHED, count=count)
        except Over:
            tell(Event.BOUNCE_MAILBOX_UNREADABLE, server=mailbox.server.label)
        except Exception as error:  # what was not remembered as handed on comes again
            tell(Event.BOUNCES_NOT_FETCHED, server=mailbox.server.label, error=error)
        await asyncio.sleep(FETCH_EVERY)


def came_from_nobody(raw: bytes) -> bool:
    """Return-Path holds the envelope sender (RFC 5321 section 4.4); a bounce has none."""
    return take_apart(raw)[0].header("return-path").strip() == "<>"


@dataclass(frozen=True, slots=True)
class Fetched:
    """Keeps `probes.bounce_mailbox.Marks` in the store."""

    store: Store

    async def mark(self, mailbox: str) -> Mark | None:
        found = await self.store.marks.mark(mailbox)
        return Mark(*found) if found is not None else None

    async def keep(self, mailbox: str, mark: Mark) -> None:
        await self.store.marks.keep(mailbox, mark.uidvalidity, mark.uid)


async def told(one: Told) -> None:
    """What came of a mail, without anybody's address."""
    kind = one.returned.kind.value if one.returned is not None else "none"
    tell(Event.MAIL_CAME_BACK, kind=kind, outcome=one.outcome.value)


def unnoted(fact: Fact) -> None: ...
