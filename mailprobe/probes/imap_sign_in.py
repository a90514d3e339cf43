"""One IMAP login: reserved before it is sent, noted, and given back unless the answer means a refused credential."""

from __future__ import annotations

from dataclasses import dataclass

from mailprobe.evidence import As, Breakage, Of, Stage, Withheld
from mailprobe.probes import Denied, Granted, Masters, Reach, SignInEnd
from mailprobe.probes.imap_credential import Credential
from mailprobe.probes.imap_session import Session
from mailprobe.probes.session import CUT, Over, unnamed, withheld
from mailprobe.wire import OurFault
from mailprobe.wire.imap_command import Command

# RFC 5530, RFC 9051 section 7.1 and codes in use: a NO or a BYE with one of these is not about the password
SPARED = frozenset(
    {
        "UNAVAILABLE",
        "LIMIT",
        "INUSE",
        "SERVERBUG",
        "CONTACTADMIN",
        "PRIVACYREQUIRED",
        "CORRUPTION",
        "TEMPFAIL",
        "THROTTLED",
        "OVERQUOTA",
        "REFERRAL",
    }
)
# not asked because it was refused: submission may tell whether it refused it as well
REFUSED_BEFORE = frozenset({Withheld.SAME_SECRET_REFUSED, Withheld.BUDGET_SPENT})
# of these, the ones that speak of the server itself
SERVERS_OWN = frozenset({"UNAVAILABLE", "SERVERBUG", "CORRUPTION", "TEMPFAIL"})


async def log_in(session: Session, reach: Reach, credential: Credential) -> SignInEnd:
    """What hangs or is garbled stays spent, because nobody knows how the server counted it. Raises Over."""
    command = _command(session, credential)
    if command is None:
        return SignInEnd.UNKNOWN
    through = await _through(session, reach.masters, credential)
    if isinstance(through, Denied):
        _withheld(session, credential.who, through)
        return SignInEnd.UNKNOWN
    budget = reach.budget
    grant = await budget.reserve(credential.key, session.endpoint.host, credential.secret.reveal())
    if isinstance(grant, Denied):
        if through is not None:
            await through.masters.give_back(through.grant)
        _withheld(session, credential.who, grant)
        return SignInEnd.REFUSED if grant.why in REFUSED_BEFORE and grant.last_words else SignInEnd.UNKNOWN
    try:
        answer = await session.ask(Stage.LOGIN, command)
    except Over as over:
        await _broken_off(over, reach, session.endpoint.host, grant, through)
        raise
    session.answered(Stage.LOGIN, answer, credential.who)
    status = answer.status
    if status.status == "NO" and status.code not in SPARED:
        words = session.stream.mask(status.words)
        await budget.refused(grant, words)
        if through is not None:
            await through.refused(session.endpoint.host, unnamed(words, credential.acting_as, credential.user))
        return SignInEnd.REFUSED
    await (budget.opened(grant) if answer.ok else budget.give_back(grant))
    if through is not None:
        await through.not_refused(session.endpoint.host, good=answer.ok)
    session.offered = answer.capabilities()
    if answer.ok:
        return SignInEnd.OPENED
    return SignInEnd.SERVER_FAILED if status.code in SERVERS_OWN else SignInEnd.UNKNOWN


@dataclass(frozen=True, slots=True)
class Through:
    """A login by a master user, as far as it concerns the master user."""

    masters: Masters
    name: str
    grant: Granted

    async def refused(self, host: str, words: str) -> None:
        await self.masters.refused(self.name, host, self.grant, words)

    async def not_refused(self, host: str, *, good: bool) -> None:
        if good:
            await self.masters.proved(self.name, host)
        else:
            await self.masters.give_back(self.grant)


async def _broken_off(over: Over, reach: Reach, host: str, grant: Granted, through: Through | None) -> None:
    """A server that takes its leave for a reason of its own has not judged the secret; one that is gone has not answered."""
    if over.why is Breakage.BYE and over.code in SPARED:
        await reach.budget.give_back(grant)
        if through is not None:
            await through.not_refused(host, good=False)
    elif over.why in CUT:
        await reach.budget.unanswered(grant)


async def _through(session: Session, masters: Masters | None, credential: Credential) -> Through | Denied | None:
    """None: the account's own login. The live control may always be opened: its own budget is small, and it is the proof."""
    if masters is None or not credential.master:
        return None
    if session.of is Of.LIVE:
        return Through(masters, credential.master, Granted(0))
    grant = await masters.may_use(credential.master, session.endpoint.host)
    return grant if isinstance(grant, Denied) else Through(masters, credential.master, grant)


def _command(session: Session, credential: Credential) -> Command | None:
    """The one command for this server and credential; None where there is none, which is noted."""
    try:
        command = credential.command(session.tag(), session.offered or (), session.endpoint)
    except OurFault:
        _withheld(session, credential.who, Denied(Withheld.SECRET_UNREADABLE))  # not a secret that can be sent as it is
        return None
    if command is None:
        _withheld(session, credential.who, Denied(Withheld.NO_MECHANISM))
    return command


def _withheld(session: Session, who: As, denied: Denied) -> None:
    session.note(withheld(session.clock(), session.of, session.endpoint.label, "", Stage.LOGIN, denied, who))
