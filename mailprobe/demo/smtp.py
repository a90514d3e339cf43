"""The SMTP side of the small carrier, on aiosmtpd: an MX that asks the recipient map, and a submission server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from mailprobe.demo.carrier import CarrierState, Reception, Service, SignIn
from mailprobe.demo.faults import Place

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
    """One conversation. aiosmtpd as it is, but for errors of ours: it would tell the client the exception's text."""

    def __init__(self, handler: object, under_way: set[Server], **settings: Any) -> None:
        super().__init__(handler, ident="ESMTP", enable_SMTPUTF8=True, loop=asyncio.get_running_loop(), **settings)
        self.under_way = under_way

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.under_way.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.under_way.discard(self)
        super().connection_lost(error)

    async def handle_exception(self, error: Exception) -> str:
        return "451 4.3.0 Internal error"


class Exchanger:
    """One MX host. It answers for recipients and keeps no mail."""

    def __init__(self, state: CarrierState, service: Service) -> None:
        self.state = state
        self.service = service

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [line for line in responses if not line[4:].startswith("AUTH")]  # nobody signs in at an MX

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        client = cast(tuple[str, int], session.peer)[0]
        said = self.state.receive(client, envelope.mail_from or "", address, self.service)
        if said is Reception.ACCEPTED:
            envelope.rcpt_tos.append(address)
        return SAYS_OF_RECIPIENT[said].format(recipient=address, client=client)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return "451 4.3.0 This carrier keeps no mail"


class Submitter:
    """The submission server. People sign in; it keeps no mail either."""

    def __init__(self, state: CarrierState) -> None:
        self.state = state

    def sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, told: LoginPassword) -> AuthResult:
        user, password = told.login.decode("utf-8", "replace"), told.password.decode("utf-8", "replace")
        end = self.state.sign_in(Service.SUBMISSION, user, password)
        if end is SignIn.OPEN:
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=SAYS_OF_SIGN_IN[end])

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return "451 4.3.0 This carrier keeps no mail"


@contextlib.asynccontextmanager
async def exchanging(
    state: CarrierState, name: str, *, tls: ssl.SSLContext, service: Service = Service.MX, host: str = "127.0.0.1"
) -> AsyncIterator[Place]:
    """An MX host, as long as the block lasts; it offers STARTTLS (RFC 3207)."""
    under_way: set[Server] = set()
    handler = Exchanger(state, service)
    async with accepting(lambda: Server(handler, under_way, hostname=name, tls_context=tls), under_way, host) as place:
        yield place


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
