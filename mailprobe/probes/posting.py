"""One test mail handed over: through the recipient's mail exchangers in their order, or through the configured relay.

The next host is tried only as long as the one before could not be spoken to. Once DATA was said there is no second try,
whatever becomes of it: a mail that may have been taken is never sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from mailprobe.address import Address
from mailprobe.carriers import Channel, Endpoint
from mailprobe.carriers.endpoint import read_submission
from mailprobe.config import Prober
from mailprobe.evidence import Of, Replied, Stage, Withheld
from mailprobe.probes import Denied, Note, Reach, Target
from mailprobe.probes.dns import Asking
from mailprobe.probes.mx import HOSTS, UNKNOWN_SYNTAX, Exchanger, accepted, exchangers
from mailprobe.probes.session import Insecure, Over, Trust, withheld
from mailprobe.probes.smtp_session import SERVICE_CLOSING, Session, open_session
from mailprobe.wire import smtp_command

AGAIN_AFTER = 300.0  # seconds: the least that greylisting asks for; most let a mail pass after five minutes
POLITE_WAIT = 45.0  # seconds that we wait for a place at a host: the mx probe may just have been there
GO_AHEAD = 354  # RFC 5321 section 4.1.1.4


class PostEnd(StrEnum):
    """How the handing over ended. Only `uncertain` may have been taken without our knowing."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # for good, or for now but after DATA
    DEFERRED = "deferred"  # before DATA, and not for good: the same mail may be sent later
    UNCERTAIN = "uncertain"  # the dialogue broke after DATA
    WITHHELD = "withheld"  # we did not try
    TAKEN = "taken"  # somebody else of ours is sending it


@dataclass(frozen=True, slots=True)
class Posted:
    """at: monotonic, of the answer that ended it. reply: its words with its codes. not_before: Unix seconds, for DEFERRED."""

    end: PostEnd
    at: float
    server: str = ""
    ip: str = ""
    reply: str = ""
    stage: str = ""  # of the reply
    not_before: float | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the servers see. `envid` comes back with a bounce (RFC 3461 section 4.4)."""

    sender: bytes
    to: Address
    message: bytes
    envid: str
    of: Of = Of.TARGET


class Book(Protocol):
    """Where the handing over is written down, durably. `begin`: DATA comes next; False: somebody else has begun. `ended`: at
    once after the answer, before anything else is said to the server."""

    async def begin(self) -> bool: ...
    async def ended(self, posted: Posted) -> None: ...


Sleep = Callable[[float], Awaitable[None]]


async def post(envelope: Envelope, target: Target, reach: Reach, note: Note, book: Book, sleep: Sleep = asyncio.sleep) -> Posted:
    """Hand the mail over, or say why not. `book` is asked once at most, directly before DATA."""
    for endpoint in await doors(envelope, target, reach, note):
        for ip in await Asking(reach, note).addresses(endpoint.host):
            posted = await Handover(endpoint, ip, envelope, target, reach, note, book, sleep).carry()
            if posted is not None:
                return posted
    return Posted(PostEnd.DEFERRED, reach.clock(), not_before=reach.wall() + again_after(target))


def again_after(target: Target) -> float:
    """Seconds until a mail that was put off is tried again; a laboratory's carrier may have a shorter gap."""
    return min(AGAIN_AFTER, target.carrier.limits.canary_gap)


async def doors(envelope: Envelope, target: Target, reach: Reach, note: Note) -> Sequence[Endpoint]:
    """The relay, or the exchangers of the recipient's domain, as many as the mx probe would ask."""
    relay = relay_of(target.prober)
    if relay is not None:
        return (relay,)
    return (await exchangers(target, reach, note))[: HOSTS[target.carrier.relation]]


def relay_of(prober: Prober) -> Endpoint | None:
    """The relay as configured. No secret goes there, so TLS is taken where it is offered (RFC 7435)."""
    if not prober.relay:
        return None
    relay = read_submission(prober.relay)
    return relay if relay.channel is Channel.IMPLICIT else Endpoint(relay.host, relay.port, Channel.CLEAR, relay.origin)


@dataclass(slots=True, eq=False)
class Handover:
    """One session with one address of one host."""

    endpoint: Endpoint
    ip: str
    envelope: Envelope
    target: Target
    reach: Reach
    note: Note
    book: Book
    sleep: Sleep

    async def carry(self) -> Posted | None:
        """How it ended; None if another host may be tried: nothing that counts was said here."""
        refusal = await self.reach.kept_away(self.endpoint.label) or await self.place()
        if refusal is not None:
            return self.not_tried(refusal, Stage.CONNECT)
        door = Exchanger(self.endpoint, self.ip, self.target, self.reach, self.note, of=self.envelope.of)
        try:
            return await self.deliver(await self.arrive(door))
        except Over:
            return None
        finally:
            if door.session is not None:
                door.session.close()
            self.reach.manners.leave(self.endpoint.label)

    async def place(self) -> Denied | None:
        """A place at the host; the mx probe of the same check may have left it a moment ago, so a short wait is worth it."""
        give_up = self.reach.wall() + POLITE_WAIT
        while True:
            refusal = await self.reach.manners.session(self.endpoint.label)
            if refusal is None or refusal.not_before is None or refusal.not_before > give_up:
                return refusal
            await self.sleep(max(0.2, refusal.not_before - self.reach.wall()))

    async def arrive(self, door: Exchanger) -> Session:
        """Greeted, EHLO said, TLS where it is to be had. Raises Over."""
        if self.endpoint.channel is not Channel.IMPLICIT:
            return await door.arrive()
        session = door.session = await open_session(self.reach.net, self.endpoint, self.ip, self.note, self.envelope.of)
        try:
            await session.secure(Trust(self.target.carrier.tls_ca, verify=False))
        except Insecure as insecure:
            session.insecure(insecure)
            raise Over from None
        await session.greeted()
        await session.hello(self.target.prober.name)
        return session

    async def deliver(self, session: Session) -> Posted:
        """MAIL, RCPT, then DATA. Raises Over while another host may still be tried."""
        if self.envelope.to.needs_smtputf8 and not session.offers("SMTPUTF8"):
            await session.quit()
            return self.not_tried(Denied(Withheld.NO_SMTPUTF8), Stage.RCPT)
        answer = await self.mail(session)
        if accepted(answer):
            answer = await self.rcpt(session)
        if not accepted(answer):
            await session.quit()
            return self.turned_away(answer)
        message = smtp_command.message_data(self.envelope.message)  # what it refuses, it refuses before anything is written down
        if not await self.book.begin():
            await session.quit()
            return self.posted(PostEnd.TAKEN)
        return await self.data(session, message)

    async def mail(self, session: Session) -> Replied:
        envelope = self.envelope
        eight_bit = not envelope.message.isascii()  # only its headers can be: RFC 6531 section 3.1 asks for both then
        line = smtp_command.mail_from(
            envelope.sender,
            smtputf8=eight_bit,
            size=len(envelope.message) if session.offers("SIZE") else 0,
            eight_bit=eight_bit and session.offers("8BITMIME"),
            envid=envelope.envid if session.offers("DSN") else "",
        )
        return await session.ask(line, Stage.MAIL)

    async def rcpt(self, session: Session) -> Replied:
        to = self.envelope.to
        original = to.wire if session.offers("DSN") else b""
        line = smtp_command.rcpt_to(to.wire, smtputf8=to.needs_smtputf8, original=original)
        answer = await session.ask(line, Stage.RCPT)
        raw = to.raw_wire
        if raw is not None and (answer.code in UNKNOWN_SYNTAX or answer.enhanced == "5.1.3"):
            answer = await session.ask(smtp_command.rcpt_to(raw, original=original), Stage.RCPT)  # as the mx probe does
        return answer

    async def data(self, session: Session, message: bytes) -> Posted:
        """From here on the mail may be taken without our hearing of it; only an answer tells that it was not. What is cut
        off by the run's deadline stays as it was written down: as being sent."""
        posted = await self.over_the_wire(session, message)
        await self.book.ended(posted)
        if posted.reply and session.heard is not None and session.heard.code != SERVICE_CLOSING:
            await session.quit()
        return posted

    async def over_the_wire(self, session: Session, message: bytes) -> Posted:
        try:
            answer = await session.ask(smtp_command.DATA, Stage.DATA)
            if answer.code != GO_AHEAD:
                return self.ended(PostEnd.REFUSED, answer)
            session.stream.send_message(message, f"(the test mail, {len(message)} octets)")
            answer = await session.reply(Stage.END_OF_DATA)
            return self.ended(PostEnd.ACCEPTED if accepted(answer) else PostEnd.REFUSED, answer)
        except Over:
            last = session.heard
            if last is not None and last.code == SERVICE_CLOSING:  # an answer all the same: not taken (RFC 5321 section 3.8)
                return self.posted(PostEnd.REFUSED, f"{last.code} {last.enhanced} {last.text}")
            return self.posted(PostEnd.UNCERTAIN)

    def turned_away(self, answer: Replied) -> Posted:
        """Before DATA: for now (greylisting and the like), or for good."""
        if 400 <= answer.code < 500:
            return replace(self.ended(PostEnd.DEFERRED, answer), not_before=self.reach.wall() + again_after(self.target))
        return self.ended(PostEnd.REFUSED, answer)

    def ended(self, end: PostEnd, answer: Replied) -> Posted:
        reply = " ".join(part for part in (str(answer.code), answer.enhanced, answer.text) if part)
        return replace(self.posted(end, reply), at=answer.at, stage=answer.stage.value)

    def posted(self, end: PostEnd, reply: str = "", not_before: float | None = None) -> Posted:
        return Posted(end, self.reach.clock(), self.endpoint.label, self.ip, reply, not_before=not_before)

    def not_tried(self, denied: Denied, stage: Stage) -> Posted:
        """Why not, as a fact."""
        self.note(withheld(self.reach.clock(), self.envelope.of, self.endpoint.label, self.ip, stage, denied))
        return self.posted(PostEnd.WITHHELD, not_before=denied.not_before)
