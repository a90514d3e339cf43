"""The canary's jobs against the real servers, without the program around them: what one run may touch, and what it noted."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Protocol, TypeVar

from mailprobe.address import parse
from mailprobe.bounces.token import Signer
from mailprobe.canary import Record
from mailprobe.carriers import Carrier, Channel, Endpoint, Limits, LiveControl, Relation
from mailprobe.config import Account, Prober
from mailprobe.engine.embedded import SignInChain
from mailprobe.evidence import Canary, CanaryState, Fact, Line, Of
from mailprobe.limits import Courtesy, Logbook, LoginBudget
from mailprobe.net.connecting import Net
from mailprobe.net.guard import Guard
from mailprobe.net.resolver import Resolver
from mailprobe.probes import Journal, Note, Reach, Target
from mailprobe.secret import Secret, SecretRef
from mailprobe.store import Store
from tests.e2e.real.postoffice import DOMAIN, PostOffice

PROBER = Prober("probe.example.net", "probe@probe.example.net", bounce_domain="bounce.probe.example.net")
SIGNS = Signer([b"a key of the tests, 32 octets long."])
NO_GAPS = Limits(rcpt_gap=0.0, sessions=50, session_gap=0.0, canary_gap=0.0, dead_gap=0.0)
PASSWORD = SecretRef.of_value(Secret("secret"))
ANYWHERE = ("127.0.0.0/8", "::1/128")

Job = Callable[[Target, Reach, Note], Awaitable[None]]
Kind = TypeVar("Kind")


class Premises(Protocol):
    """What a target needs to know of a post office."""

    @property
    def base(self) -> Path: ...
    @property
    def imaps(self) -> int: ...


def target_of(office: Premises, name: str, *doors: str, live: str = "", secret: SecretRef | None = PASSWORD) -> Target:
    """The mailbox `name`, with mail going through these doors (`host:port`)."""
    exchangers = tuple(
        Endpoint(door.rpartition(":")[0].strip("[]"), int(door.rpartition(":")[2]), Channel.CLEAR) for door in doors
    )
    control = (LiveControl(parse(f"{live}@{DOMAIN}"), live, live, PASSWORD),) if live else ()
    carrier = Carrier(
        name="lab",
        title="見本モバイル",
        relation=Relation.OWN,
        domains=(DOMAIN,),
        mx=exchangers,
        imap=Endpoint("127.0.0.1", office.imaps, Channel.IMPLICIT),
        tls_ca=office.base / "tls" / "ca.pem",
        username="{local}",
        live_controls=control,
        limits=NO_GAPS,
    )
    return Target(Account(name, parse(f"{name}@{DOMAIN}"), "lab", name, name, secret=secret), carrier, PROBER)


@dataclass
class Mailing:
    """One prober's runs. `ahead`: seconds that its clock on the wall is ahead."""

    store: Store
    ahead: float = 0.0
    facts: list[Fact] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    net: Callable[..., Net] = Net

    def wall(self) -> float:
        return time.time() + self.ahead

    def reach(self, target: Target) -> Reach:
        limits = target.carrier.limits
        return Reach(
            net=self.net(Guard(ANYWHERE), self.lines.append),
            resolver=Resolver(()),
            clock=time.monotonic,
            wall=self.wall,
            budget=LoginBudget(self.store, self.wall),
            manners=Courtesy(self.store, limits, "here", self.wall),
            chain=SignInChain(runs_imap=False),
            journal=self.journal(target),
            signs=SIGNS,
        )

    def journal(self, target: Target) -> Journal:
        return Logbook(self.store, target.carrier.limits, target.carrier.relation, self.wall)

    async def run(self, job: Job, target: Target, within: float = 20.0) -> bool:
        """False: it ran out of time."""
        try:
            async with asyncio.timeout(within):
                await job(target, self.reach(target), self.facts.append)
        except TimeoutError:
            return False
        return True

    def all(self, kind: type[Kind]) -> list[Kind]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def states(self, of: Of = Of.TARGET) -> list[CanaryState]:
        """The states in order; told again (it is older now, or watched) counts once."""
        return [state for state, _ in groupby(fact.state for fact in self.all(Canary) if fact.of is of)]

    async def record(self, name: str) -> Record:
        found = await self.store.canaries.last(self.store.canaries.subject_of(f"{name}@{DOMAIN}"))
        assert found is not None
        return found


def tree(folder: Path) -> dict[str, str]:
    """Every mail of a Maildir by its unique name and flags, with a hash of its bytes. new/ and cur/ are one: a SELECT moves."""
    mails = [path for part in ("new", "cur") for path in folder.glob(f"{part}/*")] + list(folder.glob(".*/cur/*"))
    return {flagged(path.name): hashlib.sha256(path.read_bytes()).hexdigest() for path in mails if not is_ours(path)}


def flagged(name: str) -> str:
    """The name with the flags in it: `:2,` and nothing behind it is what a mail without flags gets when it is moved to cur/."""
    base, _, flags = name.partition(":2,")
    return f"{base.partition(',')[0]}:{flags}"


def is_ours(path: Path) -> bool:
    return b"\nX-Mailprobe-Token:" in path.read_bytes().replace(b"\r", b"")


def ours_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.parent.name in ("new", "cur") and is_ours(path)]


def taken(office: PostOffice, canary: str) -> int:
    """How many mails of this id there are, by two witnesses: those that Postfix has put into its queue (one that broke off has
    a line in its log as well, but is not queued), and those that Dovecot has put into a mailbox."""
    log = (office.base / "postfix.log").read_text(errors="replace")
    queued = sum(f"]: {one}: from=<" in log for one in re.findall(rf"(\w+): message-id=<{canary}\.", log))
    return max(queued, len(re.findall(rf"msgid=<{canary}\.[^>]*>: saved mail", office.log())))


class Cut:
    """A wire to a mail server that breaks at the end of a mail. passes: whether the end gets through before; whose: only the
    mail to this local part meets it."""

    def __init__(self, host: str, port: int, *, passes: bool, whose: str = "") -> None:
        self.host, self.port, self.passes = host, port, passes
        self.marked = f"RCPT TO:<{whose}".encode()
        self.visits = self.ends = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Gives `host:port`."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        async with server:
            yield "127.0.0.1:{1}".format(*server.sockets[0].getsockname())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        inside_reader, inside = await asyncio.open_connection(self.host, self.port)
        backwards = asyncio.ensure_future(pump(inside_reader, writer))
        try:
            await self.forwards(reader, inside, backwards)
        finally:
            backwards.cancel()
            for one in (inside, writer):
                one.transport.abort() if one is writer else one.close()

    async def forwards(self, reader: asyncio.StreamReader, inside: asyncio.StreamWriter, backwards: asyncio.Future[None]) -> None:
        said = b""
        while data := await reader.read(65536):
            said += data
            if said.endswith(b"\r\n.\r\n") and self.marked in said:
                self.ends += 1
                backwards.cancel()
                if self.passes:
                    inside.write(data)
                    await asyncio.sleep(0.3)  # the server takes it; its answer goes nowhere
                return
            inside.write(data)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
