"""Can the customer send? The submission server's reachability, TLS and mechanisms; then one sign-in, if the chain allows it."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import Enum, auto

from mailprobe.carriers import Channel, Endpoint, LiveControl, Origin
from mailprobe.evidence import As, Breakage, Fact, NotAsked, NotSecured, Of, Secured, Stage, TlsFault, Withheld
from mailprobe.probes import Denied, Granted, Note, Reach, SignInEnd, Target, sasl
from mailprobe.probes.discover import find_submission
from mailprobe.probes.dns import Asking
from mailprobe.probes.session import CUT, Insecure, Over, Trust, unnamed, withheld
from mailprobe.probes.smtp_session import Session, open_session
from mailprobe.secret import SecretError, SecretRef

CONTROL_COUNTS_FOR = 600.0  # seconds that a control's sign-in stays good
# Codes that refuse the command and not the credential (RFC 4954 section 6, RFC 5321 section 4.2.3)
NOT_JUDGED = (500, 501, 502, 503, 504, 530, 538)
SYSTEM = "4.3."  # RFC 3463 section 3.4: a 421 for a reason of the mail system's own
# A handshake that ends like this may be that of a server older than our default
MAYBE_OLD = (TlsFault.HANDSHAKE, TlsFault.RESET)


async def probe(target: Target, reach: Reach, note: Note) -> None:
    """Look at every address of the server at once; the first that is fit gets the sign-in."""
    endpoint = (await find_submission(target.account.address.domain, target.carrier, reach.resolver)).endpoint
    if endpoint is None or endpoint.origin is Origin.GUESSED:
        # said before it is looked at: whatever becomes of a mere guess, it is not the customer's server
        why = Withheld.NO_SERVER if endpoint is None else Withheld.SERVER_GUESSED
        note(NotAsked(at=reach.clock(), stage=Stage.AUTH, why=why, who=As.CUSTOMER))
    if endpoint is None:
        return
    away = await reach.kept_away(endpoint.label)
    if away is not None:
        note(withheld(reach.clock(), Of.TARGET, endpoint.label, "", Stage.AUTH, away, As.CUSTOMER))
        return
    leg = Leg(endpoint, target, reach, note)
    async with asyncio.TaskGroup() as group:
        for ip in await Asking(reach, note).addresses(endpoint.host):
            group.create_task(leg.look(ip))


class Turn(Enum):
    """How the customer's sign-in went, as far as the control's depends on it."""

    GOOD = auto()
    FAILED = auto()  # refused, or the dialogue broke
    WITHHELD = auto()


@dataclass(frozen=True, slots=True)
class Credential:
    """Who signs in here, and where the secret is kept."""

    of: Of
    who: As
    user: str
    secret: SecretRef | None


@dataclass(slots=True, eq=False)
class Leg:
    """The submission leg of one check."""

    endpoint: Endpoint
    target: Target
    reach: Reach
    note: Note
    chosen: str = ""  # the address that the sign-in goes to

    async def look(self, ip: str) -> None:
        """Everything that can be seen of one address without a credential, and the sign-in at the first that is fit."""
        with suppress(Over):
            session = await self.arrive(ip, Of.TARGET)
            try:
                turn = await self.take_turn(session)
            finally:
                session.close()
            if turn is Turn.FAILED:
                await self.control(ip)

    async def take_turn(self, session: Session) -> Turn:
        if self.chosen:
            await session.quit()
            return Turn.WITHHELD
        self.chosen = session.ip
        return await self.customer(session)

    # to the door

    async def arrive(self, ip: str, of: Of) -> Session:
        """Connected, verified, greeted, mechanisms known. Raises Over; the session is closed then."""
        try:
            session = await self.secured(ip, of, self.trust, self.note)
        except Insecure as insecure:
            await self.explain(insecure, ip, of)
            raise Over from None
        with ExitStack() as on_failure:
            on_failure.callback(session.close)
            if self.endpoint.channel is Channel.IMPLICIT:
                await session.greeted()
            await session.hello(self.target.prober.name)
            on_failure.pop_all()
        return session

    async def secured(self, ip: str, of: Of, trust: Trust, note: Note) -> Session:
        """TLS from the first byte (RFC 8314), or by STARTTLS, which is required here. Raises Over or Insecure."""
        session = await open_session(self.reach.net, self.endpoint, ip, note, of)
        with ExitStack() as on_failure:
            on_failure.callback(session.close)
            if self.endpoint.channel is Channel.IMPLICIT:
                await session.secure(trust)
            else:
                await session.greeted()
                await session.hello(self.target.prober.name)
                await session.start_tls(trust)
            on_failure.pop_all()
        return session

    async def explain(self, insecure: Insecure, ip: str, of: Of) -> None:
        """Note why there is no TLS. A failed handshake is tried once more with whatever TLS this machine still speaks: as pure
        diagnosis, nothing is asked behind it."""
        why, detail = insecure.why, insecure.detail
        seen: list[Fact] = []
        try:
            if why in MAYBE_OLD and self.trust.profile == "default":
                with suppress(Over, Insecure):
                    old = Trust(self.target.carrier.tls_ca, "old", verify=False)
                    (await self.secured(ip, of, old, seen.append)).close()
        finally:
            for fact in seen:
                if isinstance(fact, Secured):
                    why, detail = TlsFault.OLD_SERVER, f"{detail}; only {fact.version} {fact.cipher}"
            at = self.reach.clock()
            self.note(NotSecured(at=at, of=of, server=self.endpoint.label, ip=ip, why=why, detail=detail))

    @property
    def trust(self) -> Trust:
        carrier = self.target.carrier
        return Trust(carrier.tls_ca, dict(carrier.tls_profiles).get(self.endpoint.host, "default"))

    # the sign-in

    async def customer(self, session: Session) -> Turn:
        """The target's sign-in, when the IMAP leg of the chain has ended in a way that leaves it sensible."""
        account = self.target.account
        shared = account.secret if self.target.carrier.one_secret else None
        secret = account.submission_secret or shared
        credential = Credential(Of.TARGET, As.CUSTOMER, account.submission_username, secret)
        how = sasl.mechanism(session, self.target.carrier.auth)
        if self.endpoint.origin is Origin.GUESSED:
            await session.quit()
            return Turn.WITHHELD
        why = self.unfit(how, credential) or await self.broken_chain()
        if why is not None:
            self.not_asked(session.ip, credential, Denied(why))
            await session.quit()
            return Turn.WITHHELD
        try:
            return await self.sign_in(session, how, credential)
        except Over:
            return Turn.FAILED

    def unfit(self, how: str, credential: Credential) -> Withheld | None:
        """What forbids or prevents a sign-in here, whatever became of the IMAP leg."""
        if credential.secret is None:
            return Withheld.NO_SECRET
        return None if how else Withheld.NO_MECHANISM

    async def broken_chain(self) -> Withheld | None:
        """After an IMAP refusal a second one is worth its place in the budget only if it is the same secret."""
        end = await self.reach.chain.imap_end()
        if end in (SignInEnd.OPENED, SignInEnd.NOT_RUN) or (end is SignInEnd.REFUSED and self.target.carrier.one_secret):
            return None
        return Withheld.OTHER_LEG_FAILED

    async def control(self, ip: str) -> None:
        """After the customer's failure: does a known good account get in? Raises Over."""
        control = self.live_control()
        if control is None:
            nobody = Credential(Of.LIVE, As.CONTROL, "", None)
            return self.not_asked(ip, nobody, Denied(Withheld.NO_CONTROL))
        credential = Credential(Of.LIVE, As.CONTROL, control.submission_username, control.secret)
        good_at = await self.reach.budget.control_good_at(credential.user, self.endpoint.label)  # not IMAP's, on the same host
        if good_at is not None and self.reach.wall() - good_at < CONTROL_COUNTS_FOR:
            return self.not_asked(ip, credential, Denied(Withheld.CACHED, last_at=good_at))
        session = await self.arrive(ip, Of.LIVE)
        try:
            how = sasl.mechanism(session, self.target.carrier.auth)
            if not how:
                return self.not_asked(ip, credential, Denied(Withheld.NO_MECHANISM))
            if await self.sign_in(session, how, credential) is Turn.GOOD:
                await self.reach.budget.control_good(credential.user, self.endpoint.label)
        finally:
            session.close()

    def live_control(self) -> LiveControl | None:
        own = self.target.account.address.key
        fit = (one for one in self.target.carrier.live_controls if one.secret is not None and one.address.key != own)
        return next(fit, None)

    async def sign_in(self, session: Session, how: str, credential: Credential) -> Turn:
        """One sign-in: reserved before, given back unless the credential was refused. Raises Over."""
        secret = await self.secret_of(session.ip, credential)
        if secret is None:
            return Turn.WITHHELD
        budget = self.reach.budget
        grant = await budget.reserve(self.payer(credential), self.realm, secret, Stage.AUTH)
        if isinstance(grant, Denied):
            self.not_asked(session.ip, credential, grant)
            return Turn.WITHHELD
        try:
            answer = await sasl.sign_in(session, how, credential.user, secret, credential.who, credential.of)
        except Over as over:
            await self.broken_off(over, grant)
            raise
        if answer.code == 235:
            await budget.opened(grant)
        elif 500 <= answer.code < 600 and answer.code not in NOT_JUDGED:
            words = f"{answer.code} {answer.enhanced} {answer.text}"
            await budget.refused(grant, unnamed(words, credential.user))
        else:
            await budget.give_back(grant)
        await session.quit()
        return Turn.GOOD if answer.code == 235 else Turn.FAILED

    async def broken_off(self, over: Over, grant: Granted) -> None:
        """A server that takes its leave for a reason of its own has not judged the secret; one that is gone has not answered.
        What hangs or is garbled stays spent, because nobody knows how the server counted it."""
        if over.why is Breakage.BYE and over.code.startswith(SYSTEM):
            await self.reach.budget.give_back(grant)
        elif over.why in CUT:
            await self.reach.budget.unanswered(grant)

    async def secret_of(self, ip: str, credential: Credential) -> str | None:
        """The secret; None, which is noted, if it cannot be read."""
        try:
            return (await credential.secret.read()).reveal() if credential.secret is not None else None
        except SecretError as error:
            self.not_asked(ip, credential, Denied(Withheld.SECRET_UNREADABLE, last_words=error.code))
            return None

    @property
    def realm(self) -> str:
        """Whose budget a refusal here takes from: the IMAP server's, where both know one secret."""
        imap = self.target.carrier.imap
        return imap.host if imap is not None and self.target.carrier.one_secret else self.endpoint.host

    def payer(self, credential: Credential) -> str:
        """Whose budget it is. Where both servers know one secret they count one user, however he is spelt at each of them."""
        account, carrier = self.target.account, self.target.carrier
        if credential.of is Of.TARGET and carrier.one_secret and account.submission_secret is None and account.username:
            return account.username
        return credential.user

    def not_asked(self, ip: str, credential: Credential, denied: Denied) -> None:
        at, of, who = self.reach.clock(), credential.of, credential.who
        self.note(withheld(at, of, self.endpoint.label, ip, Stage.AUTH, denied, who))
