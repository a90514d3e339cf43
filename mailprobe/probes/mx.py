"""Does the domain's mail exchanger accept this address? RCPT of the target, of a live and of a dead control; never DATA."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from mailprobe.address import Address
from mailprobe.carriers import Channel, Endpoint, Origin, Relation
from mailprobe.evidence import Lookup, Of, Purpose, Replied, Stage, TlsFault, Withheld
from mailprobe.probes import Denied, Note, Reach, Target
from mailprobe.probes.dns import Asking
from mailprobe.probes.session import Insecure, Over, Trust, withheld
from mailprobe.probes.smtp_session import Session, open_session
from mailprobe.wire import smtp_command

MX_PORT = 25
HOSTS = {Relation.OWN: 4, Relation.FOREIGN: 2}
UNKNOWN_SYNTAX = (500, 501, 553)  # what servers say to a quoted local part that they cannot read


@dataclass(frozen=True, slots=True)
class Question:
    """One RCPT to ask: of whom, and the address."""

    of: Of
    address: Address


async def probe(target: Target, reach: Reach, note: Note) -> None:
    """Ask every MX host (at most four, two of a foreign carrier), each address of it by itself and all at once."""
    endpoints = await exchangers(target, reach, note)
    await together([ask_host(endpoint, target, reach, note) for endpoint in endpoints[: HOSTS[target.carrier.relation]]])


async def together(asks: Sequence[Coroutine[None, None, None]]) -> None:
    """All at once; a single one needs no task of its own."""
    if len(asks) == 1:
        await asks[0]
    else:
        async with asyncio.TaskGroup() as group:
            for one in asks:
                group.create_task(one)


async def exchangers(target: Target, reach: Reach, note: Note) -> tuple[Endpoint, ...]:
    """Where the domain's mail goes: as configured, or by RFC 5321 section 5.1."""
    if target.carrier.mx:
        return target.carrier.mx
    domain = target.account.address.domain
    answer = Asking(reach, note).noted(await reach.resolver.mx(domain), Purpose.MX)
    hosts = answer.hosts if answer.outcome is Lookup.FOUND else ()
    if answer.outcome is Lookup.NODATA:
        hosts = (domain,)  # implicit MX; RFC 7505's null MX and NXDOMAIN leave nobody to ask
    return tuple(Endpoint(host, MX_PORT, Channel.CLEAR, Origin.GUESSED) for host in hosts)


async def ask_host(endpoint: Endpoint, target: Target, reach: Reach, note: Note) -> None:
    """Every address of an own host at once; of a foreign host only the first that answers: each is one more session there."""
    exchangers = [Exchanger(endpoint, ip, target, reach, note) for ip in await Asking(reach, note).addresses(endpoint.host)]
    if target.carrier.relation is Relation.OWN:
        await together([one.ask() for one in exchangers])
        return
    for one in exchangers:
        await one.ask()
        if one.session is not None:
            return


@dataclass(slots=True, eq=False)
class Exchanger:
    """One IP address of one MX host, asked in one session. `session` is None as long as nothing was connected."""

    endpoint: Endpoint
    ip: str
    target: Target
    reach: Reach
    note: Note
    session: Session | None = None
    of: Of = Of.TARGET  # of whom the way to the host is told
    place: str = field(init=False)

    def __post_init__(self) -> None:
        """What the gaps are counted by: an own host's single address, because its directories may differ; a foreign host."""
        own = self.target.carrier.relation is Relation.OWN
        self.place = Endpoint(self.ip, self.endpoint.port, self.endpoint.channel).label if own else self.endpoint.label

    async def ask(self) -> None:
        """The whole conversation, as far as it may go and gets."""
        if not await self.may_ask(Question(Of.TARGET, self.target.account.address)):
            await self.recall_controls()
            return
        refusal = await self.reach.kept_away(self.endpoint.label) or await self.reach.manners.session(self.endpoint.label)
        if refusal is not None:
            await self.turned_back(refusal)
            return
        try:
            with suppress(Over):
                await self.converse()
        finally:
            if self.session is not None:
                self.session.close()
            self.reach.manners.leave(self.endpoint.label)

    async def turned_back(self, refusal: Denied) -> None:
        """The host is not visited now: why, with what it said of the target the last time."""
        last = await self.reach.manners.last_said(Of.TARGET, self.target.account.address.key, self.place)
        self.not_asked(Of.TARGET, remembering(refusal, last), Stage.CONNECT)
        await self.recall_controls()

    async def converse(self) -> None:
        session = await self.arrive()
        questions = await self.questions(session)
        international = any(question.address.needs_smtputf8 for question in questions)
        mail = smtp_command.mail_from(self.target.prober.mail_from.encode(), smtputf8=international)
        legacy = any(question.address.raw_wire for question in questions)  # may have to be asked a second time
        if self.reach.pipelining and session.offers("PIPELINING") and not legacy:
            await self.all_at_once(session, mail, questions)
        else:
            await self.one_by_one(session, mail, questions)

    async def arrive(self) -> Session:
        """Greeting, EHLO, TLS if it is offered: whatever the certificate is worth, and without it if it fails (RFC 7435)."""
        session = await self.enter()
        if not session.offers("STARTTLS"):
            return session
        try:
            await session.start_tls(self.trust())
        except Insecure as insecure:
            session.insecure(insecure)
            if insecure.why is TlsFault.REFUSED:  # 454 and the like: this session goes on in clear
                return session
            return await self.enter()
        await session.hello(self.target.prober.name)
        return session

    async def enter(self) -> Session:
        session = await open_session(self.reach.net, self.endpoint, self.ip, self.note, self.of)
        self.session = session
        await session.greeted()
        await session.hello(self.target.prober.name)
        return session

    def trust(self) -> Trust:
        carrier = self.target.carrier
        return Trust(carrier.tls_ca, dict(carrier.tls_profiles).get(self.endpoint.host, "default"), verify=False)

    async def questions(self, session: Session) -> list[Question]:
        """T, then L, then D, as far as each may be asked now; every other is noted with its last answer or the reason."""
        asked = []
        for question in self.wanted():
            if question.address.needs_smtputf8 and not session.offers("SMTPUTF8"):
                self.not_asked(question.of, Denied(Withheld.NO_SMTPUTF8))
            elif question.of is Of.TARGET or await self.may_ask(question):
                asked.append(question)
        return asked

    def wanted(self) -> list[Question]:
        """The target and the controls of its domain. Another domain's control says nothing of this one's directory."""
        target = self.target.account.address
        carrier = self.target.carrier
        dead = [carrier.dead_control] if carrier.dead_control is not None else []
        found = [Question(Of.TARGET, target)]
        for of, controls in ((Of.LIVE, [control.address for control in carrier.live_controls]), (Of.DEAD, dead)):
            fit = [one for one in controls if one.domain == target.domain and one.key != target.key]
            if fit:
                found.append(Question(of, fit[0]))
            else:
                self.not_asked(of, Denied(Withheld.NO_CONTROL))
        return found

    async def one_by_one(self, session: Session, mail: bytes, questions: list[Question]) -> None:
        """Each command waits for the answer before: so every answer has a time of its own."""
        if accepted(await session.ask(mail, Stage.MAIL)):
            for question in questions:
                await self.rcpt(session, question)
            await self.reset_and_quit(session)
        else:
            await session.quit()

    async def reset_and_quit(self, session: Session) -> None:
        """Nothing is learnt from the time of these two: one write where that is allowed (RFC 2920)."""
        if session.offers("PIPELINING"):
            session.stream.send_all(((smtp_command.RSET, ""), (smtp_command.QUIT, "")))
            await session.reply(Stage.RSET)
            await session.farewell()
        else:
            await session.ask(smtp_command.RSET, Stage.RSET)
            await session.quit()

    async def rcpt(self, session: Session, question: Question) -> None:
        await self.asked(question)
        answer = await session.ask(line_of(question), Stage.RCPT, of=question.of)
        raw = question.address.raw_wire
        if raw is not None and (answer.code in UNKNOWN_SYNTAX or answer.enhanced == "5.1.3"):
            # docomo and au gave out `a..b@`; their servers may know it only without the quotes that RFC 5321 asks for
            answer = await session.ask(smtp_command.rcpt_to(raw), Stage.RCPT, of=question.of)
        await self.remember(question, answer)

    async def all_at_once(self, session: Session, mail: bytes, questions: list[Question]) -> None:
        """One write, answers in order (RFC 2920 section 3.1). Without a sender the answers to RCPT mean nothing."""
        for question in questions:
            await self.asked(question)
        lines = (mail, *(line_of(question) for question in questions), smtp_command.RSET, smtp_command.QUIT)
        session.stream.send_all([(line, "") for line in lines])
        if not accepted(await session.reply(Stage.MAIL)):
            return
        for question in questions:
            await self.remember(question, await session.reply(Stage.RCPT, of=question.of))
        await session.reply(Stage.RSET)
        await session.farewell()

    # politeness

    async def may_ask(self, question: Question) -> bool:
        """Whether this may go on the wire now. If not, the last answer is noted as long as it counts, else the reason.
        The dead control is asked only where nothing is remembered: it looks like harvesting."""
        manners, key = self.reach.manners, question.address.key
        if question.of is Of.DEAD and await self.recalled(question):
            return False
        refusal = await manners.may_ask(question.of, key, self.place)
        if refusal is not None and not await self.recalled(question):
            self.not_asked(question.of, remembering(refusal, await manners.last_said(question.of, key, self.place)))
        return refusal is None

    async def recall_controls(self) -> None:
        """Beside a remembered answer of the target, what is remembered of the controls."""
        for question in self.wanted():
            if question.of is not Of.TARGET:
                await self.recalled(question)

    async def recalled(self, question: Question) -> bool:
        """Whether an earlier session's answer still counts; noted if so."""
        known = await self.reach.manners.remembered(question.of, question.address.key, self.place)
        if known is not None:
            here = self.endpoint.label
            self.note(replace(known, at=self.reach.clock(), of=question.of, server=here, ip=self.ip, stage=Stage.RCPT))
        return known is not None

    async def asked(self, question: Question) -> None:
        await self.reach.manners.asked(question.of, question.address.key, self.place)

    async def remember(self, question: Question, answer: Replied) -> None:
        """Of the dead control only a lasting answer: greylisting and outages pass (RFC 5321 section 4.2.1)."""
        if question.of is not Of.DEAD or not 400 <= answer.code < 500:
            await self.reach.manners.remember(question.of, question.address.key, self.place, answer)

    def not_asked(self, of: Of, denied: Denied, stage: Stage = Stage.RCPT) -> None:
        self.note(withheld(self.reach.clock(), of, self.endpoint.label, self.ip, stage, denied))


def remembering(denied: Denied, last: Replied | None) -> Denied:
    """The refusal to ask, with the last answer: whoever is refused a question is told what is known."""
    if last is None or denied.last_words:
        return denied
    words = f"{last.code} {last.enhanced} {last.text}" if last.enhanced else f"{last.code} {last.text}"
    return replace(denied, last_at=last.cached_at, last_words=words)


def line_of(question: Question) -> bytes:
    return smtp_command.rcpt_to(question.address.wire, smtputf8=question.address.needs_smtputf8)


def accepted(answer: Replied) -> bool:
    """RFC 5321 section 4.2.1: any 2yz is a positive completion."""
    return 200 <= answer.code < 300
