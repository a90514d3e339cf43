"""One SMTP dialogue, shared by the mx and the submission probe: each step asks, and notes what was answered.

A step raises `Over` when the session cannot go on; why has been noted by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from mailprobe.carriers import Endpoint
from mailprobe.evidence import (
    As,
    Breakage,
    Broken,
    Connected,
    Fact,
    NotConnected,
    NotSecured,
    Of,
    Offered,
    Replied,
    Secured,
    Stage,
    TlsFault,
    Unreachable,
)
from mailprobe.net.connecting import CannotConnect, Net
from mailprobe.net.stream import Broke, CannotSecure, Stream
from mailprobe.probes.session import Insecure, Over, Trust
from mailprobe.wire import smtp, smtp_command

GOODBYE_WITHIN = 2.0  # seconds for the answer to QUIT: nothing is learnt from it any more
SERVICE_CLOSING = 421  # RFC 5321 section 3.8: may answer any command


@dataclass(slots=True, eq=False)
class Session:
    """A dialogue with one IP address of one server. `of` and `who` label the facts that are noted."""

    endpoint: Endpoint
    ip: str
    stream: Stream
    note: Callable[[Fact], None]
    clock: Callable[[], float]
    of: Of = Of.TARGET
    parser: smtp.Parser = field(default_factory=smtp.Parser)
    offered: tuple[str, ...] = ()
    heard: smtp.Reply | None = None  # the last reply, whole
    server: str = field(init=False)

    def __post_init__(self) -> None:
        self.server = self.endpoint.label

    def close(self) -> None:
        self.stream.close()

    async def ask(self, line: bytes, stage: Stage, *, of: Of | None = None, shown: str = "", who: As | None = None) -> Replied:
        """Write one command and wait for its reply."""
        self.stream.send(line, shown)
        return await self.reply(stage, of=of, who=who)

    async def reply(self, stage: Stage, *, of: Of | None = None, who: As | None = None) -> Replied:
        """The next reply, noted as an answer of `stage`. Raises Over: broken, or 421."""
        whom = of or self.of
        return self.noted(await self.read(stage, whom), stage, whom, who)

    def noted(self, reply: smtp.Reply, stage: Stage, of: Of, who: As | None = None, reason: str = "") -> Replied:
        """Make a reply a fact; `reason` goes behind the server's words. Raises Over after a 421."""
        text = f"{reply.text} {reason}" if reason else reply.text
        fact = Replied(
            at=self.stream.heard_at,
            of=of,
            server=self.server,
            ip=self.ip,
            stage=stage,
            code=reply.code,
            enhanced=reply.enhanced,
            text=self.stream.mask(text),
            took=max(0.0, self.stream.heard_at - self.stream.sent_at),
            who=who,
        )
        self.note(fact)
        if reply.code == SERVICE_CLOSING:
            self.close()
            raise Over(Breakage.BYE, reply.enhanced)
        return fact

    async def read(self, stage: Stage, of: Of) -> smtp.Reply:
        """The next reply, into the transcript only. Raises Over when the dialogue broke, which is noted."""
        try:
            reply = await self.stream.next(self.parser)
        except Broke as broke:
            self._broken(stage, of, broke.why, broke.words)
            raise Over(broke.why) from None
        except asyncio.CancelledError:
            self._broken(stage, of, Breakage.OUT_OF_TIME, "")  # the last fact names the stage that hung
            raise
        self.stream.tell("S", *reply.shown)
        self.heard = reply
        return reply

    def _broken(self, stage: Stage, of: Of, why: Breakage, words: str) -> None:
        said = self.parser.words if why not in (Breakage.GARBAGE, Breakage.LINE_TOO_LONG, Breakage.REPLY_TOO_LONG) else ""
        words = self.stream.mask(said or words)
        self.note(Broken(at=self.clock(), of=of, server=self.server, ip=self.ip, stage=stage, why=why, words=words))

    async def greeted(self) -> None:
        """Wait for 220 (RFC 5321 section 3.1); 554 and the like end the session."""
        if (await self.reply(Stage.GREETING)).code != 220:
            await self.quit()
            raise Over

    async def hello(self, name: str) -> None:
        """EHLO, or HELO where the server does not know it (RFC 5321 section 3.2); notes what is offered."""
        fact = await self.ask(smtp_command.ehlo(name), Stage.EHLO)
        offered = smtp.capabilities(self.heard) if self.heard is not None and fact.code == 250 else ()
        if 500 <= fact.code < 600:
            fact = await self.ask(smtp_command.helo(name), Stage.EHLO)
        if fact.code != 250:
            await self.quit()
            raise Over
        self.offered = offered
        at = self.stream.heard_at
        self.note(Offered(at=at, of=self.of, server=self.server, ip=self.ip, stage=Stage.EHLO, capabilities=self.offered))

    def offers(self, keyword: str) -> bool:
        return smtp.offers(self.offered, keyword)

    async def start_tls(self, trust: Trust) -> None:
        """RFC 3207. Raises Insecure; after NOT_OFFERED or REFUSED the session lives on in clear."""
        if not self.offers("STARTTLS"):
            raise Insecure(TlsFault.NOT_OFFERED)
        reply = await self.ask(smtp_command.STARTTLS, Stage.STARTTLS)
        if reply.code != 220:
            raise Insecure(TlsFault.REFUSED, f"{reply.code} {reply.text}")
        await self.secure(trust)

    async def secure(self, trust: Trust) -> None:
        """The handshake; what was offered in clear is forgotten (RFC 3207 section 4.2). Raises Insecure."""
        began = self.clock()
        try:
            tls = await self.stream.secure(self.endpoint.host, ca=trust.ca, profile=trust.profile, verify=trust.verify)
        except CannotSecure as cannot:
            injected = self.parser.words if cannot.why is TlsFault.INJECTION else ""
            raise Insecure(cannot.why, injected or cannot.detail) from None
        except asyncio.CancelledError:
            self.insecure(Insecure(TlsFault.TIMEOUT))  # the last fact names the stage that hung
            raise
        self.offered = ()
        at = self.clock()
        self.note(
            Secured(
                at=at,
                of=self.of,
                server=self.server,
                ip=self.ip,
                version=tls.version,
                cipher=tls.cipher,
                profile=tls.profile,
                verified=tls.verified,
                not_after=tls.not_after,
                took=at - began,
            )
        )

    def insecure(self, fault: Insecure) -> None:
        """Make the want of TLS a fact."""
        self.note(NotSecured(at=self.clock(), of=self.of, server=self.server, ip=self.ip, why=fault.why, detail=fault.detail))

    async def quit(self) -> None:
        """Part politely."""
        self.stream.send(smtp_command.QUIT)
        await self.farewell()

    async def farewell(self) -> None:
        """The answer to QUIT. No fact: a server may hang up on it as it likes, and the transcript has it."""
        try:
            async with asyncio.timeout(GOODBYE_WITHIN):
                self.stream.tell("S", *(await self.stream.next(self.parser)).shown)
        except (Broke, TimeoutError):
            pass
        finally:
            self.close()


async def open_session(
    net: Net, endpoint: Endpoint, ip: str, note: Callable[[Fact], None], of: Of = Of.TARGET, *, within: float = 8.0
) -> Session:
    """Connect to one address of a server. Raises Over when that fails, which is noted."""
    began = net.clock()
    try:
        stream = await net.connect(endpoint.host, ip, endpoint.port, within=within)
    except CannotConnect as cannot:
        note(NotConnected(at=net.clock(), of=of, server=endpoint.label, ip=ip, why=cannot.why, detail=cannot.detail))
        raise Over from None
    except asyncio.CancelledError:
        note(NotConnected(at=net.clock(), of=of, server=endpoint.label, ip=ip, why=Unreachable.TIMEOUT, detail="out of time"))
        raise
    at = net.clock()
    note(Connected(at=at, of=of, server=endpoint.label, ip=ip, took=at - began, local=stream.local))
    return Session(endpoint, ip, stream, note, net.clock, of)
