"""One IMAP login: reserved before it is sent, noted, and given back unless the answer means a refused credential."""

from __future__ import annotations

from mailprobe.evidence import As, Stage, Withheld
from mailprobe.probes import Denied, SignInBudget, SignInEnd
from mailprobe.probes.imap_credential import Credential
from mailprobe.probes.imap_session import Session
from mailprobe.probes.session import withheld
from mailprobe.wire import OurFault
from mailprobe.wire.imap_command import Command

# RFC 5530, RFC 9051 section 7.1 and codes in use: a NO with one of these is not about the password
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
# of these, the ones that speak of the server itself
SERVERS_OWN = frozenset({"UNAVAILABLE", "SERVERBUG", "CORRUPTION", "TEMPFAIL"})


async def log_in(session: Session, budget: SignInBudget, credential: Credential) -> SignInEnd:
    """What breaks or hangs stays spent, because nobody knows how the server counted it. Raises Over."""
    command = _command(session, credential)
    if command is None:
        return SignInEnd.UNKNOWN
    grant = await budget.reserve(credential.key, session.endpoint.host, credential.secret.reveal())
    if isinstance(grant, Denied):
        _withheld(session, credential.who, grant)
        return SignInEnd.UNKNOWN
    answer = await session.ask(Stage.LOGIN, command)
    session.answered(Stage.LOGIN, answer, credential.who)
    status = answer.status
    if status.status == "NO" and status.code not in SPARED:
        await budget.refused(grant, session.stream.mask(status.words))
        return SignInEnd.REFUSED
    await budget.give_back(grant)
    session.offered = answer.capabilities()
    if answer.ok:
        return SignInEnd.OPENED
    return SignInEnd.SERVER_FAILED if status.code in SERVERS_OWN else SignInEnd.UNKNOWN


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
