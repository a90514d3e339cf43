"""The SMTP side of the small carrier, on aiosmtpd: an MX that asks the recipient map and takes mail, and a submission server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from mailprobe.demo.carrier import CarrierState, Reception, Service, SignIn
from mailprobe.demo.delivery import deliver
from mailprobe.demo.dsn_wish import BadWish, Sender, of_recipient, of_sender
from mailprobe.demo.faults import Place
from mailprobe.demo.notices import Letter, Wish

# {recipient} and {client} are filled in
SAYS_OF_RECIPIENT = {
    Reception.ACCEPTED: "250 2.1.5 OK",
    Reception.UNKNOWN: "550 Invalid recipient: <{recipient}>",
    Reception.DISABLED: "550 5.2.1 <{recipient}>: This mailbox is disabled",
    Reception.FULL: "452 4.2.2 <{recipient}>: The mailbox is full",
    Reception.GREYLISTED: "450 4.2.0 <{recipient}>: Recipient address rejected: Greylisted, try again later",
    Reception.LOOKUP_FAILED: "451 4.3.0 <{recipient}>: Temporary lookup failure",
    Reception.CLIENT_BLOCKED: "554 5.7.1 Service unavailable; Client host [{client}] blocked by our own list",
    Reception.RECIPIENT_BLOCKED: "550 5.7.1 <{recipient}>: Recipient address rejected: Access denied",
    Reception.RELAY_DENIED: "554 5.7.1 <{recipient}>: Relay access denied",
}

# RFC 4954 section 6, RFC 5248
SAYS_OF_SIGN_IN = {
    SignIn.REFUSED: "535 5.7.8 Authentication credentials invalid",
    SignIn.DISABLED: "525 5.7.13 User account disabled",
    SignIn.EXPIRED: "535 5.7.8 Password has expired",
    SignIn.TOO_MANY: "454 4.7.0 Too many connections",
    SignIn.UNAVAILABLE: "454 4.7.0 Temporary authentication failure",
}


class Server(SMTP):
    """One conversation. aiosmtpd as it is, but for errors of ours, whose text it would tell the client; and the parameters of
    RFC 3461 are read here, since it knows none and would change their case."""

    def __init__(self, handler: object, under_way: set[Server], **settings: Any) -> None:
        super().__init__(handler, ident="ESMTP", enable_SMTPUTF8=True, loop=asyncio.get_running_loop(), **settings)
        self.under_way = under_way
        self.asked = Sender()  # with MAIL
        self.wish = Wish()  # with the last RCPT
        self.wishes: dict[str, Wish] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.under_way.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.under_way.discard(self)
        super().connection_lost(error)

    async def smtp_MAIL(self, arg: str | None) -> None:
        try:
            rest, asked = of_sender(arg or "")
        except BadWish as why:
            await self.push(f"501 5.5.4 {why}")
            return
        self.asked, self.wishes = asked, {}
        await super().smtp_MAIL(rest)

    async def smtp_RCPT(self, arg: str | None) -> None:
        try:
            rest, self.wish = of_recipient(arg or "", self.asked)
        except BadWish as why:
            await self.push(f"501 5.5.4 {why}")
            return
        await super().smtp_RCPT(rest)

    async def handle_exception(self, error: Exception) -> str:
        return "451 4.3.0 Internal error"


class Exchanger:
    """One MX host. It answers for recipients, and delivers what it has taken after it has said so."""

    def __init__(self, state: CarrierState, service: Service, name: str) -> None:
        self.state = state
        self.service = service
        self.name = name
        self.deliveries: set[asyncio.Task[None]] = set()

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        *first, last = [line for line in responses if not line[4:].startswith("AUTH")]  # nobody signs in at an MX
        return [*first, "250-PIPELINING", "250-DSN", last]

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        client = cast(tuple[str, int], session.peer)[0]
        said = self.state.receive(client, envelope.mail_from or "", address, self.service)
        if said is Reception.ACCEPTED:
            envelope.rcpt_tos.append(address)
            cast(Server, server).wishes[address] = cast(Server, server).wish
        return SAYS_OF_RECIPIENT[said].format(recipient=address, client=client)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """One reply for all recipients (RFC 5321 section 4.2.5): who refuses, refuses for all."""
        data = cast(bytes, envelope.content)
        for recipient in envelope.rcpt_tos:
            if refusal := self.state.at_end_of_data(recipient, len(data)):
                return refusal
        queue = secrets.token_hex(5).upper()
        sender = (envelope.mail_from or "").strip("<>")
        for recipient in envelope.rcpt_tos:
            wish = cast(Server, server).wishes.get(recipient, Wish())
            self.take(Letter(sender, recipient, data, self.name, queue, time.time(), wish))
        return f"250 2.0.0 OK: queued as {queue}"

    def take(self, letter: Letter) -> None:
        task = asyncio.get_running_loop().create_task(deliver(self.state, letter))
        self.deliveries.add(task)
        task.add_done_callback(self.deliveries.discard)


class Submitter:
    """The submission server. People sign in; it takes no mail."""

    def __init__(self, state: CarrierState) -> None:
        self.state = state

    def sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, told: LoginPassword) -> AuthResult:
        user, password = told.login.decode("utf-8", "replace"), told.password.decode("utf-8", "replace")
        end = self.state.sign_in(Service.SUBMISSION, user, password)
        if end is SignIn.OPEN:
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=SAYS_OF_SIGN_IN[end])

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return "451 4.3.0 This server takes no mail"


@contextlib.asynccontextmanager
async def exchanging(
    state: CarrierState, name: str, *, tls: ssl.SSLContext, service: Service = Service.MX, host: str = "127.0.0.1"
) -> AsyncIterator[Place]:
    """An MX host, as long as the block lasts; it offers STARTTLS (RFC 3207). What is still on its way then is lost."""
    under_way: set[Server] = set()
    handler = Exchanger(state, service, name)
    try:
        async with accepting(lambda: Server(handler, under_way, hostname=name, tls_context=tls), under_way, host) as place:
            yield place
    finally:
        for task in handler.deliveries:
            task.cancel()
        await asyncio.gather(*handler.deliveries, return_exceptions=True)


@contextlib.asynccontextmanager
async def submitting(
    state: CarrierState, name: str, *, tls: ssl.SSLContext, starttls: bool = False, host: str = "127.0.0.1"
) -> AsyncIterator[Place]:
    """A submission server (RFC 6409) with TLS from the first octet on (RFC 8314), or with STARTTLS required."""
    under_way: set[Server] = set()
    handler = Submitter(state)

    def conversation() -> Server:
        return Server(
            handler,
            under_way,
            hostname=name,
            tls_context=tls if starttls else None,
            require_starttls=starttls,
            auth_require_tls=starttls,  # with implicit TLS aiosmtpd does not know that it has TLS
            authenticator=handler.sign_in,
        )

    async with accepting(conversation, under_way, host, None if starttls else tls) as place:
        yield place


@contextlib.asynccontextmanager
async def accepting(
    conversation: Callable[[], Server], under_way: set[Server], host: str, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Place]:
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of deprecations that are its own
    server = await asyncio.get_running_loop().create_server(conversation, host, 0, ssl=tls)
    try:
        yield Place(host, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for one in tuple(under_way):
            cast(asyncio.Transport, one.transport).abort()
