"""What a carrier's servers say of its controls, as findings: L accepted and signed in, D refused, the master user."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailprobe.carriers import Carrier, Relation
from mailprobe.evidence import Evidence, LookedUp, Lookup, Of, Purpose, Replied, Stage
from mailprobe.readiness import Finding, Topic, bad, good, unknown
from mailprobe.verdict.grounds import ACCEPTED, LATER
from mailprobe.verdict.picture import Acceptance, DeadAtMx, Known, Picture, Prober, SignIn, Store

UNASKED = (Acceptance.UNASKED, Acceptance.UNREACHABLE, Acceptance.UNCLEAR)
WRONG_HERE = {
    Prober.BLOCKED: ("refused with words about us", "look at block lists and reputation; ask the carrier to let us in"),
    Prober.PORT_CLOSED: ("no MX host answers", "have outgoing port 25 opened for this host"),
    Prober.MISCONFIGURED: ("our EHLO name or mail_from is refused", "mend PTR, SPF and the name that we say"),
}
SIGN_IN_BAD = {
    SignIn.REFUSED: ("refused", "mend its secret; a second refusal within 24 h would be the last that is spent"),
    SignIn.REFUSED_BEFORE: ("refused within the last 24 h, not tried again", "mend its secret"),
    SignIn.REFUSED_BY_MASTER: ("refused", "mend master_user: name, secret, form"),
    SignIn.DISABLED: ("its account is disabled", "have it enabled, or name another"),
    SignIn.EXPIRED: ("its secret has expired", "renew it"),
    SignIn.NOT_ALLOWED: ("not allowed from here", "have this network allowed, or probe from inside"),
    SignIn.INSECURE: ("the certificate is not trusted: no secret was sent", "tls_ca, or mend name and chain at the server"),
    SignIn.OLD_TLS: ("the server speaks only an old TLS", 'name it: tls_profiles = { "HOST" = "static_rsa" }'),
    SignIn.CLOSED: ("the server refuses the connection", "is the server right, and does it run?"),
    SignIn.UNAVAILABLE: ("the server says that it cannot", "try again when it can"),
}
SIGN_IN_UNKNOWN = {
    SignIn.NO_SECRET: ("not tried: no secret that can be read", 'live_controls = [{ address = "...", secret = "file:..." }]'),
    SignIn.HELD: ("not tried: a limit has not passed", "try again later"),
    SignIn.UNREACHABLE: ("no answer on the way", "is the server right, and may we reach it?"),
    SignIn.RATE_LIMITED: ("too many sign-ins", "try again later"),
    SignIn.UNASKED: ("not tried", "does the name of its server lead anywhere?"),
}
SERVER = {Topic.SUBMISSION: 'submission = "smtps://HOST"'}  # of all others the mailbox


@dataclass(frozen=True, slots=True)
class Asked:
    """What was learnt at one carrier. live: the picture of its first live control, asked like a target; master: of the same
    mailbox, opened by the master user. None: not asked."""

    carrier: Carrier
    evidence: tuple[Evidence, ...] = ()
    live: Picture | None = None
    master: Picture | None = None


def findings_of(asked: Asked) -> list[Finding]:
    name = asked.carrier.name
    if asked.live is None:
        repair = f'[carriers.{name}] live_controls = [{{ address = "a known good mailbox", secret = "file:..." }}]'
        return [unknown(Topic.LIVE, name, "not asked: no live control", repair)]
    found = [live_finding(asked, asked.live), dead_finding(asked.carrier, asked.live)]
    found.append(sign_in_finding(Topic.LIVE_SIGN_IN, name, asked.live.sign_in, asked.live.store))
    found.append(sign_in_finding(Topic.SUBMISSION, name, asked.live.submission))
    if asked.master is not None:
        found.append(sign_in_finding(Topic.MASTER, name, asked.master.sign_in, asked.master.store))
    return found


def live_finding(asked: Asked, p: Picture) -> Finding:
    topic, name = Topic.LIVE, asked.carrier.name
    if p.acceptance.among(*ACCEPTED):
        hosts, known = accepting_hosts(asked.evidence), hosts_of(asked)
        return good(topic, name, f"at {len(hosts)} of {len(known | hosts)} MX hosts")
    if p.prober.value in WRONG_HERE:
        return bad(topic, name, *WRONG_HERE[p.prober.value])
    if p.acceptance.among(*LATER):
        return unknown(
            topic, name, f"put off ({words_of(asked.evidence)})", "try again in an hour: a first contact may be greylisted"
        )
    if p.acceptance.among(Acceptance.HELD):
        return unknown(topic, name, "not asked: the gap between two RCPTs has not passed", "try again later")
    if p.acceptance.among(*UNASKED):
        return unknown(topic, name, "no MX host let us ask", "do the carrier's mx, or its MX records, lead anywhere?")
    return bad(topic, name, f"refused ({words_of(asked.evidence)})", "name a mailbox that exists: a control must be known good")


def dead_finding(carrier: Carrier, p: Picture) -> Finding:
    topic, name = Topic.DEAD, carrier.name
    if p.dead_at_mx.among(DeadAtMx.REFUSED):
        return good(topic, name, "as an address should be that never existed")
    if p.dead_at_mx.among(DeadAtMx.ACCEPTED):
        repair = "acceptance proves nothing there: enrol accounts for test mails (probe canary); or somebody has got that address"
        return bad(topic, name, "accepted: every address is, or this one exists", repair)
    if carrier.dead_control is None:
        own = carrier.relation is Relation.OWN
        repair = f'[carriers.{name}] dead_control = "..."' + ("; mailprobe init makes one to reserve" if own else "")
        return unknown(topic, name, "not asked: no dead control", repair)
    if p.dead_at_mx.among(DeadAtMx.DEFERRED):
        return unknown(topic, name, "put off", "try again in an hour")
    return unknown(topic, name, "not asked: a limit has not passed, or no MX host let us ask", "try again later")


def sign_in_finding(topic: Topic, name: str, said: Known[SignIn], store: Known[Store] | None = None) -> Finding:
    if said.among(SignIn.OPENED, SignIn.OPENED_BY_MASTER):
        if store is not None and not store.among(Store.OPENED):
            return bad(topic, name, "signs in, but its mailbox does not open", "have the mailbox looked at")
        return good(topic, name, "signs in" + (", and its mailbox opens" if store is not None else ""))
    if said.value in SIGN_IN_BAD:
        return bad(topic, name, *SIGN_IN_BAD[said.value])
    if said.value is SignIn.NO_SERVER:
        return unknown(topic, name, "not tried: no server is known", SERVER.get(topic, 'imap = "imaps://HOST"'))
    return unknown(topic, name, *SIGN_IN_UNKNOWN.get(said.value, ("cannot be told", "mailprobe check on the control says more")))


def rcpts_of(evidence: Iterable[Evidence]) -> list[Replied]:
    facts = [fact for one in evidence if one.probe == "mx" for fact in one.facts if isinstance(fact, Replied)]
    return [fact for fact in facts if fact.stage is Stage.RCPT and fact.of is Of.TARGET]


def words_of(evidence: Iterable[Evidence]) -> str:
    """The last answer's codes. Its text may quote the address."""
    said = rcpts_of(evidence)
    return f"{said[-1].code} {said[-1].enhanced}".strip() if said else "before RCPT"


def accepting_hosts(evidence: Iterable[Evidence]) -> set[str]:
    return {host(fact.server) for fact in rcpts_of(evidence) if 200 <= fact.code < 300}


def hosts_of(asked: Asked) -> set[str]:
    """All MX hosts of the domain, as far as known."""
    if asked.carrier.mx:
        return {end.host.lower() for end in asked.carrier.mx}
    facts = [fact for one in asked.evidence for fact in one.facts if isinstance(fact, LookedUp) and fact.purpose is Purpose.MX]
    found = [value for fact in facts if fact.outcome is Lookup.FOUND for value in fact.values]
    return {value.rpartition(" ")[2].rstrip(".").lower() for value in found}


def host(server: str) -> str:
    return server.rpartition(":")[0].strip("[]").lower()
