"""One conversation at the receiver: aiosmtpd with a limit on everything, and its own words for what is turned away.

aiosmtpd leaves to whoever uses it how many recipients and commands, how many octets and how much time a client gets, and it
tells the client an exception's text.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import Counter
from typing import Any, Protocol, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from mailprobe.bounces.door import Bounds, Door, Reason
from mailprobe.bounces.recipients import NOBODY, Dropped, Ours, path_of
from mailprobe.bounces.token import Token

LINE = 1000  # octets with CRLF, a transparency dot not counted (RFC 5321 section 4.5.3.1.6)
CLOSING = 2.0  # seconds until a client that does not take our last words is cut
_HTTP = ("GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH")
_NOT_OFFERED = ("AUTH", "BDAT", "EXPN", "TURN", "ETRN", "XCLIENT", "XFORWARD")
_WORDS = {
    Reason.RELAY: "550 5.7.1 Relaying denied",
    Reason.UNKNOWN: "550 5.1.1 No such address here",
    Reason.FORGED: "550 5.7.1 Not an address of ours",
    Reason.EXPIRED: "550 5.7.1 This address is no longer in use",
    Reason.SIZE: "552 5.3.4 Message too big",
    Reason.BARE_LINE_END: "550 5.6.0 Bare CR or LF is not allowed",
    Reason.LINE: "500 5.5.2 Line too long",
    Reason.SLOW: "421 4.4.2 Too slow, try again later",
}
# RFC 3463 by reply code, for replies that aiosmtpd gives without (RFC 2034 section 4 wants one in each)
_ENHANCED = {"250": "2.0.0", "221": "2.0.0", "500": "5.5.2", "501": "5.5.4", "502": "5.5.1"}
_ENHANCED |= {"454": "4.7.0", "503": "5.5.1", "552": "5.3.4", "553": "5.1.3", "555": "5.5.4"}
_BARE_REPLY = re.compile(r"(250(?= OK$)|221|454|50[0-3]|552|553|555) (?:Error: )?(?!\d\.\d)")


class House(Protocol):
    """What a conversation needs of the receiver."""

    rejected: Counter[Reason]

    @property
    def ours(self) -> Ours: ...
    @property
    def bounds(self) -> Bounds: ...
    @property
    def door(self) -> Door: ...
    @property
    def tls(self) -> ssl.SSLContext | None: ...
    def judge(self, path: str) -> Token | Dropped | Reason: ...
    def fault(self, error: Exception) -> str: ...
    async def take(self, ip: str, post: Post, raw: bytes) -> str: ...


class Post(Envelope):
    """The envelope under way, with what our recipients stand for."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: list[Token] = []
        self.dropped: list[Dropped] = []

    @property
    def null_sender(self) -> bool:
        return self.mail_from == NOBODY


class Clerk:
    """aiosmtpd's hooks: what is offered, and whom mail is taken for."""

    async def handle_EHLO(self, server: Conversation, session: Session, post: Post, name: str, offers: list[str]) -> list[str]:
        session.host_name = name
        kept = [line for line in offers if line[4:].split(" ")[0] not in ("AUTH", "HELP")]
        return [*kept, "250 ENHANCEDSTATUSCODES"]

    async def handle_RCPT(self, server: Conversation, session: Session, post: Post, path: str, options: list[str]) -> str:
        if len(post.rcpt_tos) >= server.house.bounds.recipients:
            server.house.rejected[Reason.RECIPIENTS] += 1
            return "452 4.5.3 Too many recipients"
        said = server.house.judge(path)
        if isinstance(said, Reason):
            return _WORDS[said]
        post.rcpt_tos.append(path)
        if isinstance(said, Dropped):
            post.dropped.append(said)
        elif said not in post.tokens:
            post.tokens.append(said)
        server.earned = True
        return "250 2.1.5 OK"


class Conversation(SMTP):
    """A guest of the door."""

    line_length_limit = LINE + 1

    def __init__(self, house: House, ip: str) -> None:
        self.house = house
        self.ip = ip
        self.earned = False
        self.octets = 0
        self.answered = 0
        self.leaving = False
        self.post = Post()
        super().__init__(
            Clerk(),
            hostname=house.ours.name,
            ident="ESMTP",
            data_size_limit=house.bounds.message,
            enable_SMTPUTF8=True,
            tls_context=house.tls,
            auth_exclude_mechanism=("PLAIN", "LOGIN"),
            loop=asyncio.get_running_loop(),
        )
        self._smtp_methods |= dict.fromkeys(_HTTP, self._not_smtp) | dict.fromkeys(_NOT_OFFERED, self._not_offered)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._handler_coroutine is not None:  # never, but its type says so
            self._handler_coroutine.add_done_callback(retrieve)

    def connection_lost(self, error: Exception | None) -> None:
        self.house.door.leave(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Octets are counted before anything keeps them; TLS counts what was in it."""
        self.octets += len(data)
        if self.octets > self.house.bounds.octets and not self.leaving and self.transport is not None:
            self.house.rejected[Reason.FLOOD] += 1
            self._stop_listening()
            cast(asyncio.Transport, self.transport).abort()
        elif not self.leaving:
            super().data_received(data)

    def show_out(self, words: str, reason: Reason | None = None) -> None:
        """Say the last reply and close; whoever does not read it is cut soon after."""
        transport = cast(asyncio.Transport | None, self.transport)
        if transport is None or self.leaving:
            return
        self._stop_listening()
        if reason is not None:
            self.house.rejected[reason] += 1
        transport.write(f"{words}\r\n".encode())
        transport.close()
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._timeout_handle = self.loop.call_later(CLOSING, transport.abort)

    async def push(self, status: str | bytes) -> None:
        """One reply; after the last that a session may have, 421 (RFC 5321 section 3.8)."""
        if self.leaving:
            return
        reply = with_enhanced(status) if isinstance(status, str) else status.decode("ascii", "replace")
        await super().push(reply)
        self.answered += reply[3:4] != "-" and not reply.startswith(("220 ", "354 "))
        if self.answered >= self.house.bounds.commands:
            self.show_out("421 4.7.0 Too many commands", Reason.COMMANDS)

    async def handle_exception(self, error: Exception) -> str:
        return f"451 4.3.0 Internal error, try again later (id {self.house.fault(error)})"

    async def smtp_STARTTLS(self, arg: str) -> None:
        """RFC 3207 section 6: what came in clear behind the command must never be taken for what came in TLS."""
        if self._tls_protocol is not None:
            await self.push("503 5.5.1 TLS is in use already")
        elif self._unread():
            self.show_out("554 5.5.1 Wait for the answer to STARTTLS", Reason.INJECTION)
        else:
            await super().smtp_STARTTLS(arg)
            if self.session is None or self.session.ssl is None:  # cut in the handshake, which asyncio tells nobody
                self.connection_lost(None)

    async def smtp_QUIT(self, arg: str) -> None:
        self.show_out("221 2.0.0 Bye")

    async def smtp_VRFY(self, arg: str) -> None:
        await self.push("252 2.5.2 Cannot verify, send the mail")

    async def smtp_HELP(self, arg: str) -> None:
        await self.push("214 2.0.0 See RFC 5321")

    async def smtp_DATA(self, arg: str) -> None:
        if await self.check_helo_needed():
            return
        post = self.post
        if not post.rcpt_tos or arg:
            await self.push("501 5.5.4 Syntax: DATA" if post.rcpt_tos else "503 5.5.1 Send RCPT first")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        said = await self._message()
        self.envelope = self._create_envelope()
        if isinstance(said, bytes):
            await self.push(await self.house.take(self.ip, post, said))
        elif said in (Reason.LINE, Reason.SLOW):
            self.show_out(_WORDS[said], said)
        else:
            self.house.rejected[said] += 1
            await self.push(_WORDS[said])

    async def _message(self) -> bytes | Reason:
        """Up to the end of data, which is CRLF.CRLF and nothing else (RFC 5321 section 4.1.1.4), or why not."""
        lines: list[bytes] = []
        size, wrong = 0, None
        until = self.loop.time() + self.house.bounds.grace
        while True:
            try:
                async with asyncio.timeout_at(until + size / self.house.bounds.rate):
                    line = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError:
                return Reason.LINE
            except TimeoutError:
                return Reason.SLOW
            if line == b".\r\n":
                return wrong or b"".join(lines)
            size += len(line)
            text = line[1:] if line.startswith(b".") else line
            wrong = Reason.LINE if len(text) > LINE else wrong or self._wrong(text, size)
            if wrong is Reason.LINE:
                return wrong
            if wrong is None:
                lines.append(text)
            else:
                lines.clear()

    def _wrong(self, line: bytes, size: int) -> Reason | None:
        if size > self.house.bounds.message:
            return Reason.SIZE
        return Reason.BARE_LINE_END if b"\r" in line[:-2] or b"\n" in line[:-2] else None

    async def _handle_client(self) -> None:
        await asyncio.sleep(self.house.bounds.quiet)
        if early := self._unread():
            http = early.split(b" ")[0].decode("latin-1") in _HTTP
            words = "421 4.7.0 This is no web server" if http else "554 5.5.1 Wait for the greeting"
            self.show_out(words, Reason.NOT_SMTP)
            return
        await super()._handle_client()

    async def _not_smtp(self, arg: str | None) -> None:
        self.show_out("421 4.7.0 This is no web server", Reason.NOT_SMTP)

    async def _not_offered(self, arg: str | None) -> None:
        await self.push("502 5.5.1 Not implemented")

    def _unread(self) -> bytes:
        return bytes(self._reader._buffer)  # type: ignore[attr-defined]  # asyncio has no other way to look at it

    def _stop_listening(self) -> None:
        """What is left of a pipeline must have no effect: nothing is taken in any more, and nothing read that was."""
        self.leaving = True
        self._reader._buffer.clear()  # type: ignore[attr-defined]  # as in `_unread`

    def _create_envelope(self) -> Post:
        self.post = Post()
        return self.post

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Our own strict and linear reading: aiosmtpd's takes comments and spaces, recursively."""
        return path_of(arg) or (None, None)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """One deadline for the whole session, TLS included: what a command does must not extend it."""
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_later(self.house.door.within, self._timeout_cb)

    def _timeout_cb(self) -> None:
        self.show_out(_WORDS[Reason.SLOW], Reason.SLOW)


def with_enhanced(reply: str) -> str:
    """The reply with an enhanced status code (RFC 2034), if it has none."""
    found = _BARE_REPLY.match(reply)
    return f"{found[1]} {_ENHANCED[found[1]]} {reply[found.end() :]}" if found else reply


def retrieve(task: asyncio.Task[Any]) -> None:
    """A connection that breaks ends its task with an error, which is nobody's fault."""
    if not task.cancelled():
        task.exception()
