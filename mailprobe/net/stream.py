"""One connection to a mail server: bytes bounded, lines exact, every line told to the tap, every error renamed.

How it is used:

    stream = await net.connect(host, ip, port)       # CannotConnect; see connecting.py
    value = await stream.next(parser)                # Broke; raises it for the parser's TheirFault too
    stream.tell("S", text)                           # what the server said goes into the transcript: the caller's choice
    stream.send(b"EHLO probe.example")               # one line, without its CRLF
    stream.hide(secret, payload)                     # from now on masked in the transcript and by `stream.mask(text)`
    stream.send(line, "AUTH PLAIN ***")              # the transcript gets the second form
    stream.send_all([(line, ""), (line, "")])        # pipelined, one write
    tls = await stream.secure(host, ca=path)         # CannotSecure; for implicit TLS: right after `connect`
    stream.close()                                   # always, in a `finally`

The caller owns the deadline of the dialogue (`asyncio.timeout` around the run) and may cancel at any await: nothing leaks.
After `Broke` or `CannotSecure` the socket is already closed. `sent_at` and `heard_at` (monotonic) give `took` without the
time that the event loop needed.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar, cast

from mailprobe.evidence import Breakage, Line, TlsFault
from mailprobe.net import tls
from mailprobe.net.sealed import Sealed
from mailprobe.wire import OurFault, TheirFault
from mailprobe.wire.text import clean

BUDGET = 1 << 20  # bytes a server may send in one session, or between two calls of `renew`
HIGH_WATER = 1 << 16  # unread bytes after which we stop reading

_ENCODED = re.compile(r"[A-Za-z0-9+/]{8,}")  # base64, or as much of it as a server may echo

Value_co = TypeVar("Value_co", covariant=True)
Value = TypeVar("Value")


class Parser(Protocol[Value_co]):
    """A parser without I/O. `next` gives one value or None (need more), and raises TheirFault. `unread`: octets fed that no
    value has used up."""

    def feed(self, data: bytes, /) -> None: ...
    def next(self) -> Value_co | None: ...
    @property
    def unread(self) -> int: ...


Tap = Callable[[Line], None]
Clock = Callable[[], float]


class CannotSecure(Exception):
    """TLS did not come to be; the socket is closed."""

    def __init__(self, why: TlsFault, detail: str = "") -> None:
        super().__init__(why.value)
        self.why = why
        self.detail = detail


class Broke(Exception):
    """The dialogue broke; the socket is closed. `words`: what the server had said that far, or the broken line's start."""

    def __init__(self, why: Breakage, words: str = "") -> None:
        super().__init__(why.value)
        self.why = why
        self.words = words


class Stream(asyncio.Protocol):
    """One connection. Made by `Net.connect`; use it from one task only."""

    __slots__ = (
        "_clock",
        "_hidden",
        "_hidden_parts",
        "_left",
        "_over",
        "_over_detail",
        "_parser",
        "_paused",
        "_place",
        "_quick_ack",
        "_sealed",
        "_tap",
        "_transport",
        "_unread",
        "_waiter",
        "heard_at",
        "ip",
        "late",
        "local",
        "loop",
        "sent_at",
        "server",
    )

    def __init__(self, server: str, ip: str, tap: Tap, clock: Clock) -> None:
        self.server = server
        self.ip = ip
        self.local = ""
        self.sent_at = self.heard_at = 0.0  # monotonic: of the last write, of the last bytes read
        self._place = server if ip in server else f"{server} {ip}"
        self._tap = tap
        self._clock = clock
        self.loop = asyncio.get_running_loop()  # asked once: each time costs a system call
        self._transport: asyncio.Transport | None = None
        self._sealed: Sealed | None = None  # once TLS is up
        self._parser: Parser[object] | None = None
        self._unread = b""
        self._left = BUDGET
        self._paused = False
        self.late = False  # to connect, or for a handshake
        self._quick_ack = False
        self._hidden: tuple[str, ...] = ()
        self._hidden_parts = ""
        self._over: Breakage | None = None
        self._over_detail = ""
        self._waiter: asyncio.Future[None] | None = None

    # what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.sent_at = self.heard_at = self._clock()
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class is one in all but name

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._clock()
        self._left -= len(data)
        if self._left < 0:
            self._end(Breakage.TOO_MUCH, "")
            self.close()
            return
        if self._sealed is not None:
            data = self._opened(self._sealed, data)
            if not data:
                return
            self._quick_ack = False  # it came after the tickets, and what we say next acknowledges all of it
        self._unread = self._unread + data if self._unread else data
        if len(self._unread) > HIGH_WATER and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def _opened(self, sealed: Sealed, data: bytes) -> bytes:
        """What the server said under TLS; an end or a broken record ends the dialogue."""
        try:
            said = sealed.opened(data)
        except ssl.SSLError as error:
            self._end(Breakage.RESET, clean(error.reason or str(error)))
            return b""
        if sealed.leaving.pending:
            self._hand_over(sealed)
        if sealed.over:
            self._end(Breakage.CLOSED, "")
        return said

    def _hand_over(self, sealed: Sealed) -> None:
        """What the session itself has to say."""
        data = sealed.leaving.read()
        if data and self._transport is not None:
            self._transport.write(data)

    def eof_received(self) -> bool:
        self._end(Breakage.CLOSED, "")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self._end(Breakage.CLOSED, "")
        elif isinstance(exc, TimeoutError):
            self._end(Breakage.OUT_OF_TIME, clean(str(exc).encode()))  # the kernel's ETIMEDOUT
        else:
            self._end(Breakage.RESET, clean(str(exc).encode()))

    def _end(self, why: Breakage, detail: str) -> None:
        if self._over is None:
            self._over, self._over_detail = why, detail
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # what a probe calls

    @property
    def buffered(self) -> int:
        """Octets that the server has sent and nobody has used."""
        return len(self._unread) + (self._parser.unread if self._parser is not None else 0)

    async def next(self, parser: Parser[Value]) -> Value:
        """The next thing the server says. Raises Broke."""
        while (value := self.at_hand(parser)) is None:
            await self.feed(parser)
        return value

    async def feed(self, parser: Parser[Value]) -> None:
        """Give the parser what has come, or else what comes next. Raises Broke when nothing will."""
        if not self._unread:
            await self._arrival()
            if not self._unread:
                raise self._broke(self._over or Breakage.CLOSED, self._over_detail)
        parser.feed(self._take())

    def at_hand(self, parser: Parser[Value]) -> Value | None:
        """The next thing that the server has said already, or None. Raises Broke."""
        self._parser = parser
        try:
            return parser.next()
        except TheirFault as fault:
            raise self._broke(Breakage(fault.why), fault.words) from None

    def all_at_hand(self, parser: Parser[Value], turn: Callable[[Value], bool]) -> list[Value]:
        """All that the server has said already, up to what is our turn to answer or the last we want. Raises Broke only where
        there is nothing before the fault: the parser says it again when the next value is asked for."""
        self._parser = parser
        found: list[Value] = []
        try:
            while (value := parser.next()) is not None:
                found.append(value)
                if turn(value):
                    break
        except TheirFault as fault:
            if not found:
                raise self._broke(Breakage(fault.why), fault.words) from None
        return found

    async def _arrival(self) -> None:
        """Returns when more has come, or nothing will, or it is too late."""
        if self._over is None:
            self._waiter = self.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def _take(self) -> bytes:
        data, self._unread = self._unread, b""
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    def _broke(self, why: Breakage, words: str) -> Broke:
        self.tell("*", f"broke: {why.value} {words}".rstrip())
        self.close()
        return Broke(why, self.mask(words))

    def renew(self) -> None:
        """A session that lasts for hours has the byte budget for each of its commands."""
        self._left = BUDGET

    def send(self, line: bytes, shown: str = "") -> None:
        """Write exactly one line; CRLF is added here. `shown` replaces it in the transcript (secrets). Raises OurFault."""
        self.send_all(((line, shown),))

    def send_all(self, lines: Iterable[tuple[bytes, str]]) -> None:
        """Write several lines in one go (RFC 2920). Raises OurFault before anything is written."""
        pairs = tuple(lines)
        for line, _ in pairs:
            if b"\r" in line or b"\n" in line or b"\0" in line:
                raise OurFault("a command must be exactly one line")
        self._write(b"".join([line + b"\r\n" for line, _ in pairs]))
        self.tell("C", *[shown or (line.decode() if line.isascii() else clean(line)) for line, shown in pairs])

    def send_message(self, data: bytes, shown: str) -> None:
        """Write a message body as it is: CRLF lines, dot-stuffed, ended by the lone dot. The tap gets `shown` only."""
        if not data.endswith(b"\r\n.\r\n") or b"\0" in data or b"\r\n.\r\n" in data[:-3]:
            raise OurFault("a message must end with the one lone dot")
        self._write(data)
        self.tell("C", shown)

    def _write(self, data: bytes) -> None:
        self.sent_at = self._clock()
        if self._transport is None or self._over is not None:
            return  # what the server said before it went is still to be read; the next read tells how it went
        self._transport.write(data if self._sealed is None else self._sealed.seal(data))
        if self._quick_ack:
            self._acknowledge_at_once()

    def _acknowledge_at_once(self) -> None:
        """A server with Nagle on waits for the ACK of its session tickets before it answers the first command after the TLS 1.3
        handshake; our delayed ACK would add 40 ms that are not the server's. The option is not sticky: it counts only now."""
        self._quick_ack = False
        sock = self._transport.get_extra_info("socket") if self._transport is not None else None
        if sock is not None and hasattr(socket, "TCP_QUICKACK"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def tell(self, who: str, *texts: str) -> None:
        """Put lines of the dialogue ('S', 'C') or events ('*') into the transcript."""
        at = self.heard_at if who == "S" else self._clock()
        tap, place = self._tap, self._place
        # looked through together, because hardly ever one of them has anything to mask; no secret has a line end in it
        for text in texts if self._is_clean(texts[0] if len(texts) == 1 else "\n".join(texts)) else map(self.mask, texts):
            tap(Line(at, place, who, text))

    def hide(self, *secrets: str) -> None:
        """From now on no transcript line, and no text given to `mask`, shows these: the secret and each of its wire forms."""
        if secrets:
            self._hidden += tuple(secret for secret in secrets if secret)
            self._hidden_parts = "\n".join(self._hidden)

    def mask(self, text: str) -> str:
        """`text` without what was hidden, for the server's echo of it; a part of a secret's wire form counts too."""
        if not text or self._is_clean(text):
            return text
        for secret in self._hidden:
            if secret in text:
                text = text.replace(secret, "***")
        for part in _ENCODED.findall(text):
            if part in self._hidden_parts:
                text = text.replace(part, "***")
        return text

    def _is_clean(self, text: str) -> bool:
        """Nothing that was hidden is in it, nor a part of that."""
        for secret in self._hidden:
            if secret in text:
                return False
        parts = self._hidden_parts
        for part in _ENCODED.findall(text) if parts else ():  # noqa: SIM110 - a generator would cost as much as the search
            if part in parts:
                return False
        return True

    async def secure(
        self, server_name: str, *, ca: Path | None = None, profile: str = "default", verify: bool = True, within: float = 10.0
    ) -> tls.Tls:
        """Start TLS now: right after connecting, or after the server's go-ahead. An IP literal must be among the certificate's
        IP addresses. Without `verify` any certificate passes and `Tls.verified` tells what it was worth. Raises CannotSecure."""
        if self.buffered:
            # RFC 3207 section 4.2 and the CVE-2021-38371 class: whatever was said in clear must not count after TLS
            raise self._insecure(TlsFault.INJECTION, clean(self._unread))
        name = server_name.rstrip(".")
        try:
            done = await self._handshake(tls.context(ca, profile, verify), name, within)
        except (OSError, EOFError) as error:  # TimeoutError and ssl.SSLError are OSErrors
            raise self._insecure(*tls.fault_of(error)) from None
        except BaseException:
            self.close()
            raise
        shown = tls.seen(done, name, ca, profile, verify, time.time())
        self.tell("*", f"{shown.version} {shown.cipher}" + ("" if shown.verified else ", certificate not verified"))
        return shown

    async def _handshake(self, context: ssl.SSLContext, name: str, within: float) -> ssl.SSLObject:
        """Its own timer, because an asyncio.timeout costs three times as much."""
        sealed = Sealed(context, name)
        timer = self.loop.call_later(within, self.give_up)
        try:
            while not sealed.shake(self._take()):
                self._hand_over(sealed)
                await self._flight()
        finally:
            timer.cancel()
            self._hand_over(sealed)  # our last word, or an alert (RFC 8446 section 6.2)
        self._sealed, self._quick_ack = sealed, True
        self._unread = self._opened(sealed, b"")  # a server that speaks first may have done so with its last flight
        return sealed.session

    async def _flight(self) -> None:
        """Returns when the server has said more of its handshake. Raises OSError when it does not, or not in time."""
        if not self._unread:
            await self._arrival()
        if self.late:
            raise TimeoutError
        if not self._unread:
            raise ConnectionResetError(self._over_detail or "closed during the handshake")

    def give_up(self, connecting: asyncio.Task[None] | None = None) -> None:
        """It is too late: for the task that is connecting, or for whoever waits for more of a handshake."""
        self.late = True
        if connecting is not None:
            connecting.cancel()
        self._wake()

    def _insecure(self, why: TlsFault, detail: str) -> CannotSecure:
        self.tell("*", f"no TLS: {why.value} {detail}".rstrip())
        self.close()
        return CannotSecure(why, detail)

    def ends(self) -> tuple[str, str]:
        """The IP addresses of the peer and of our own end, as the kernel knows them; '' where there is none."""
        if self._transport is None:
            return "", ""
        peer, own = self._transport.get_extra_info("peername"), self._transport.get_extra_info("sockname")
        return (peer[0] if peer else ""), (own[0] if own else "")

    def close(self) -> None:
        """Abort the socket. Idempotent; unread bytes are gone."""
        if self._transport is not None:
            self._transport.abort()
        self._transport = None
        self._unread = b""
