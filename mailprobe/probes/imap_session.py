"""One IMAP dialogue: each step asks, and notes what was answered.

A step raises `Over` when the session cannot go on; why has been noted by then. `Insecure` is an `Over` for want of TLS,
not yet noted: the caller may know a profile that works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn, TypedDict

from mailprobe.carriers import Channel, Endpoint
from mailprobe.evidence import (
    Answered,
    As,
    Breakage,
    Broken,
    Connected,
    Fact,
    NotConnected,
    NotSecured,
    Of,
    Offered,
    Opened,
    Quota,
    Secured,
    Stage,
    TlsFault,
    Unreachable,
)
from mailprobe.net.connecting import CannotConnect, Net
from mailprobe.net.stream import Broke, CannotSecure, Parser, Stream
from mailprobe.probes.session import Insecure, Over, Trust
from mailprobe.wire import imap, imap_command, imap_response
from mailprobe.wire.imap_command import Command
from mailprobe.wire.imap_response import Capabilities, Continuation, QuotaRoot, Response, Status, Untagged

GOODBYE_WITHIN = 2.0  # seconds for the answer to LOGOUT: nothing is learnt from it any more
_TOLD_BY_FAULT = (Breakage.GARBAGE, Breakage.LINE_TOO_LONG, Breakage.LITERAL_TOO_LONG, Breakage.TOO_MUCH)


class Seen(TypedDict):
    """What every fact of one session carries."""

    at: float
    of: Of
    server: str
    ip: str


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command was completed, what came untagged before that, and the seconds it took."""

    status: Status
    said: tuple[Response, ...]
    took: float

    @property
    def ok(self) -> bool:
        return self.status.status == "OK"

    def capabilities(self) -> tuple[str, ...] | None:
        """The list that came with this answer: as a code (RFC 9051 section 7.1) or untagged; None: none came."""
        for value in (self.status, *self.said):
            if isinstance(value, Capabilities):
                return value.names
            if isinstance(value, Status) and value.code == "CAPABILITY":
                return imap_response.capabilities(value.args)
        return None

    def number(self, code: str) -> int | None:
        """The number of an untagged OK with this code, for UIDVALIDITY and UIDNEXT (RFC 9051 section 7.1)."""
        for value in self.said:
            if isinstance(value, Status) and value.code == code:
                return imap_response.number(value.args)
        return None


@dataclass(slots=True, eq=False)
class Session:
    """A dialogue with one IP address of one server. `of` labels the facts that are noted."""

    endpoint: Endpoint
    ip: str
    stream: Stream
    note: Callable[[Fact], None]
    clock: Callable[[], float]
    of: Of = Of.TARGET
    parser: imap.Parser = field(default_factory=imap.Parser)
    offered: tuple[str, ...] | None = None  # None: a sign-in may have changed it, and nobody has said to what
    tags: int = 0
    leaving: Command | None = None  # the LOGOUT that has been sent
    server: str = field(init=False)

    def __post_init__(self) -> None:
        self.server = self.endpoint.label

    def here(self, at: float) -> Seen:
        return {"at": at, "of": self.of, "server": self.server, "ip": self.ip}

    def close(self) -> None:
        self.stream.close()

    def tag(self) -> str:
        self.tags += 1
        return f"A{self.tags}"

    async def greeted(self) -> None:
        """Wait for the greeting (RFC 9051 section 7.1); it may name the capabilities."""
        began = self.clock()
        value = await self.heard(Stage.GREETING)
        if not isinstance(value, Status) or value.status in ("NO", "BAD"):
            self._break_off(Stage.GREETING, Breakage.GARBAGE, " ".join(value.shown))
        if value.status == "PREAUTH":
            self._preauthenticated(value)
        greeting = Answer(value, (), max(0.0, self.stream.heard_at - began))
        self.answered(Stage.GREETING, greeting)
        self.offered = greeting.capabilities()

    def _preauthenticated(self, greeting: Status) -> NoReturn:
        """Somebody is signed in already, and it is not us; on a clear channel TLS has become impossible
        (RFC 9051 section 11.3): no secret is sent, nothing is asked."""
        words = self.stream.mask(greeting.words)
        self.close()
        if self.endpoint.channel is not Channel.IMPLICIT:
            raise Insecure(TlsFault.PREAUTH, words)
        self._break_off(Stage.GREETING, Breakage.PREAUTH, words)

    async def capabilities(self) -> tuple[str, ...]:
        """What the server offers: as it has just told us, or asked."""
        if self.offered is None:
            answer = await self.ask(Stage.CAPABILITY, imap_command.capability(self.tag()))
            if not answer.ok:
                self.answered(Stage.CAPABILITY, answer)
            self.offered = answer.capabilities() or ()
        return self.offered

    async def learn_offer(self) -> None:
        names = await self.capabilities()
        self.note(Offered(**self.here(self.stream.heard_at), stage=Stage.CAPABILITY, capabilities=names))

    async def start_tls(self, trust: Trust) -> None:
        """RFC 9051 section 6.2.1; what was offered in clear is forgotten. Raises Insecure."""
        if "STARTTLS" not in await self.capabilities():
            self.close()
            raise Insecure(TlsFault.NOT_OFFERED)
        answer = await self.ask(Stage.STARTTLS, imap_command.starttls(self.tag()))
        if not answer.ok:
            self.close()
            raise Insecure(TlsFault.REFUSED, self.stream.mask(f"{answer.status.status} {answer.status.words}"))
        await self.secure(trust)
        self.offered = None

    async def secure(self, trust: Trust) -> None:
        """The handshake. Raises Insecure."""
        began = self.clock()
        try:
            tls = await self.stream.secure(self.endpoint.host, ca=trust.ca, profile=trust.profile, verify=trust.verify)
        except CannotSecure as cannot:
            injected = self.parser.words if cannot.why is TlsFault.INJECTION else ""
            raise Insecure(cannot.why, injected or cannot.detail) from None
        except asyncio.CancelledError:
            self.note(NotSecured(**self.here(self.clock()), why=TlsFault.TIMEOUT))  # the last fact names the stage
            raise
        at = self.clock()
        self.note(
            Secured(
                **self.here(at),
                version=tls.version,
                cipher=tls.cipher,
                profile=tls.profile,
                verified=tls.verified,
                not_after=tls.not_after,
                took=at - began,
            )
        )

    async def ask(self, stage: Stage, *commands: Command) -> Answer:
        """Write one command, or several at once (RFC 9051 section 5.5), and wait for the first one's completion."""
        for command in commands:
            self.parser.expect(command.tag, command.data)
            self.stream.hide(*command.hidden)
        self.stream.send_all([(command.lines[0], command.shown[0]) for command in commands])
        return await self.answer(stage, commands[0])

    async def answer(self, stage: Stage, command: Command) -> Answer:
        """Everything up to the completion of `command`. Raises Over: broken, or BYE."""
        began = self.stream.sent_at
        said: list[Response] = []
        rest = zip(command.lines[1:], command.shown[1:], strict=True)
        while True:
            for value in await self._heard_together(stage):
                if isinstance(value, Status) and value.tag != "*":
                    return Answer(value, tuple(said), max(0.0, self.stream.heard_at - began))
                if isinstance(value, Continuation):
                    self._go_on(stage, rest)
                elif not isinstance(value, Untagged):
                    said.append(value)

    def _go_on(self, stage: Stage, rest: Iterator[tuple[bytes, str]]) -> None:
        """The server waits for the rest of a command; if there is none, it is not speaking IMAP."""
        line, shown = next(rest, (None, ""))
        if line is None:
            self._break_off(stage, Breakage.GARBAGE, "+")
        self.stream.send(line, shown)

    async def _heard_together(self, stage: Stage) -> list[Response]:
        """As `heard`, of all that comes together, up to the first that is a turn: an answer of many lines waits once."""
        parser: Parser[Response] = self.parser
        try:
            while not (values := self.stream.all_at_hand(parser, is_turn)):
                await self.stream.feed(parser)
        except Broke as broke:
            self._broke(stage, broke)
        except asyncio.CancelledError:
            self._broken(stage, Breakage.OUT_OF_TIME, self.parser.words)  # the last fact names the stage that hung
            raise
        self._told(stage, *values)
        return values

    async def heard(self, stage: Stage) -> Response:
        """The next response, into the transcript only. Raises Over: broken, or BYE."""
        try:
            value: Response = await self.stream.next(self.parser)
        except Broke as broke:
            self._broke(stage, broke)
        except asyncio.CancelledError:
            self._broken(stage, Breakage.OUT_OF_TIME, self.parser.words)  # the last fact names the stage that hung
            raise
        return self._told(stage, value)

    async def hear(self, stage: Stage, within: float) -> Response | None:
        """What the server says of itself in so many seconds, or None: its silence is no fault. Raises Over."""
        try:
            async with asyncio.timeout(max(0.0, within)):
                value: Response = await self.stream.next(self.parser)
        except TimeoutError:
            return None
        except Broke as broke:
            self._broke(stage, broke)
        return self._told(stage, value)

    def _told(self, stage: Stage, *values: Response) -> Response:
        """Into the transcript; the last of them, which alone may be a BYE."""
        self.stream.tell("S", *[text for value in values for text in value.shown])
        last = values[-1]
        if isinstance(last, Status) and last.status == "BYE":
            self._break_off(stage, Breakage.BYE, last.words, last.code)
        return last

    def _broke(self, stage: Stage, broke: Broke) -> NoReturn:
        words = broke.words if broke.why in _TOLD_BY_FAULT else self.parser.words
        self._break_off(stage, broke.why, words or broke.words)

    def _break_off(self, stage: Stage, why: Breakage, words: str, code: str = "") -> NoReturn:
        """After a protocol error the connection is dead: nothing more is asked on it."""
        self.close()
        self._broken(stage, why, words)
        raise Over(why, code)

    def _broken(self, stage: Stage, why: Breakage, words: str) -> None:
        self.note(Broken(**self.here(self.clock()), stage=stage, why=why, words=self.stream.mask(words)))

    def answered(self, stage: Stage, answer: Answer, who: As | None = None) -> None:
        status = answer.status
        referral = f"{status.args} " if status.code == "REFERRAL" else ""  # RFC 2221: told, never followed with a secret
        self.note(
            Answered(
                **self.here(self.stream.heard_at),
                stage=stage,
                status=status.status,
                code=self.stream.mask(status.code),
                text=self.stream.mask(referral + status.text),
                took=answer.took,
                who=who,
            )
        )

    async def visit(self, who: As, *, with_quota: bool, pipelining: bool) -> bool:
        """After a sign-in: EXAMINE INBOX and its quota. True if it opened. Raises Over. LOGOUT goes out with the last command:
        its answer is no evidence, and every other answer keeps a time of its own unless pipelining is asked for."""
        asks_quota = with_quota and has_quota(await self.capabilities())
        examine = imap_command.examine_inbox(self.tag())
        if asks_quota and not pipelining:
            opened = self._opened(await self.ask(Stage.EXAMINE, examine), who)
            if opened:
                self.quota_told(await self.ask(Stage.QUOTA, *self._last(imap_command.quota_of_inbox(self.tag()))))
            return opened
        quota = (imap_command.quota_of_inbox(self.tag()),) if asks_quota else ()
        opened = self._opened(await self.ask(Stage.EXAMINE, examine, *self._last(*quota)), who)
        for command in quota:
            self.quota_told(await self.answer(Stage.QUOTA, command))
        return opened

    def _last(self, *commands: Command) -> tuple[Command, ...]:
        """These, and then LOGOUT."""
        self.leaving = imap_command.logout(self.tag())
        return (*commands, self.leaving)

    def _opened(self, answer: Answer, who: As) -> bool:
        if not answer.ok:
            self.answered(Stage.EXAMINE, answer, who)
            return False
        here = self.here(self.stream.heard_at)
        self.note(Opened(**here, uidvalidity=answer.number("UIDVALIDITY"), uidnext=answer.number("UIDNEXT"), who=who))
        return True

    def quota_told(self, answer: Answer) -> None:
        if not answer.ok:
            self.answered(Stage.QUOTA, answer)
        for root in answer.said:
            for one in root.resources if isinstance(root, QuotaRoot) else ():
                here = self.here(self.stream.heard_at)
                self.note(Quota(**here, resource=self.stream.mask(one.name), used=one.used, limit=one.limit))

    async def goodbye(self) -> None:
        """Part politely. No fact: a server may hang up on LOGOUT as it likes, and the transcript has it."""
        if self.leaving is None:
            self.leaving = imap_command.logout(self.tag())
            self.parser.expect(self.leaving.tag)
            self.stream.send(self.leaving.lines[0])
        try:
            if not self._heard_out(self.leaving.tag):  # it came with the last answer, mostly
                async with asyncio.timeout(GOODBYE_WITHIN):
                    await self._hear_out(self.leaving.tag)
        except (Broke, TimeoutError):
            pass
        finally:
            self.close()

    async def _hear_out(self, tag: str) -> None:
        while not self._heard_out(tag):
            await self.stream.feed(self.parser)

    def _heard_out(self, tag: str) -> bool:
        """Whether LOGOUT was answered by now. Nobody waits for more: a flood of `+` would only fill the transcript."""
        parser: Parser[Response] = self.parser
        while values := self.stream.all_at_hand(parser, is_turn):
            self.stream.tell("S", *[text for value in values for text in value.shown])
            last = values[-1]
            if isinstance(last, Continuation) or (isinstance(last, Status) and last.tag == tag):
                return True
        return False


def is_turn(value: Response) -> bool:
    """After this it is somebody else's turn: a `+`, a command's completion, a BYE."""
    if isinstance(value, Status):
        return value.tag != "*" or value.status == "BYE"
    return isinstance(value, Continuation)


def has_quota(offered: tuple[str, ...]) -> bool:
    """RFC 9208 section 3.1; servers of RFC 2087 say QUOTA only."""
    return "QUOTA" in offered or any(name.startswith("QUOTA=RES-") for name in offered)


async def enter(net: Net, endpoint: Endpoint, ip: str, note: Callable[[Fact], None], of: Of, trust: Trust) -> Session:
    """To the door of one server address: connected, secured, greeted, what it offers known. Raises Over or Insecure."""
    session = await _connected(net, endpoint, ip, note, of)
    try:
        if endpoint.channel is Channel.IMPLICIT:
            await session.secure(trust)
            await session.greeted()
        else:  # there is no other clear-text road: without STARTTLS nothing is asked
            await session.greeted()
            await session.start_tls(trust)
        await session.learn_offer()
    except BaseException:
        session.close()
        raise
    return session


async def _connected(net: Net, endpoint: Endpoint, ip: str, note: Callable[[Fact], None], of: Of) -> Session:
    began = net.clock()
    try:
        stream = await net.connect(endpoint.host, ip, endpoint.port)
    except CannotConnect as cannot:
        note(NotConnected(at=net.clock(), of=of, server=endpoint.label, ip=ip, why=cannot.why, detail=cannot.detail))
        raise Over from None
    except asyncio.CancelledError:
        note(NotConnected(at=net.clock(), of=of, server=endpoint.label, ip=ip, why=Unreachable.TIMEOUT, detail="out of time"))
        raise
    at = net.clock()
    note(Connected(at=at, of=of, server=endpoint.label, ip=ip, took=at - began, local=stream.local))
    return Session(endpoint, ip, stream, note, net.clock, of)
