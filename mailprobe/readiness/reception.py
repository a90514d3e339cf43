"""Do bounces reach our own receiver? Only ours can tell a sender that we signed from one that somebody else made up."""

from __future__ import annotations

from collections.abc import Iterable

from mailprobe.evidence import Connected, Evidence, LookedUp, Lookup, NotConnected, Of, Purpose, Replied, Stage, Unreachable
from mailprobe.readiness import Finding, Topic, bad, good, unknown


def bounce_finding(domain: str, name: str, evidence: Iterable[Evidence]) -> Finding:
    """evidence: of the mx probe at the bounce domain, with a signed sender as target and a forged one as dead control."""
    facts = [fact for one in evidence for fact in one.facts]
    topic = Topic.BOUNCES
    route = no_route(topic, domain, name, facts)
    if route is not None:
        return route
    signed, forged = said(facts, Of.TARGET), said(facts, Of.DEAD)
    if signed is None:
        return not_reached(topic, domain, facts)
    if not 200 <= signed.code < 300:
        what = f"{signed.server} refuses a sender that we signed ({signed.code} {signed.enhanced})"
        repair = f"the MX of {domain} must lead to mailprobe serve, with the same token_keys"
        return bad(topic, domain, what, repair)
    if forged is None:
        return unknown(topic, domain, f"{signed.server} takes what we sign; a forged one was not asked", "try again in a minute")
    if 200 <= forged.code < 300:
        repair = f"another mail server is before us: the MX of {domain} must lead to mailprobe serve itself"
        return bad(topic, domain, f"{signed.server} takes a forged sender as well: it is not our receiver", repair)
    return good(topic, domain, f"{signed.server} takes what we sign and refuses what we do not")


def sender_finding(address: str, name: str, evidence: Iterable[Evidence]) -> Finding:
    """Mail hosts ask back whether our sender exists (sender verification). `address` is named by its domain only."""
    facts = [fact for one in evidence for fact in one.facts]
    topic, domain = Topic.SENDER, address.rpartition("@")[2]
    route = no_route(topic, domain, name, facts)
    if route is not None:
        return route
    answer = said(facts, Of.TARGET)
    if answer is None:
        return not_reached(topic, domain, facts)
    if 200 <= answer.code < 300:
        return good(topic, domain, f"at {answer.server}")
    repair = f"lead the MX of {domain} to mailprobe serve, or make the mailbox"
    return bad(topic, domain, f"{answer.server} refuses it ({answer.code} {answer.enhanced})", repair)


def said(facts: Iterable[object], of: Of) -> Replied | None:
    found = [fact for fact in facts if isinstance(fact, Replied) and fact.stage is Stage.RCPT and fact.of is of]
    return found[-1] if found else None


def no_route(topic: Topic, domain: str, name: str, facts: Iterable[object]) -> Finding | None:
    """Where DNS leads nowhere."""
    mx = [fact for fact in facts if isinstance(fact, LookedUp) and fact.purpose is Purpose.MX]
    repair = f"publish {domain} MX 10 {name}"
    if not mx:
        return unknown(topic, domain, "its MX was not asked")
    if mx[-1].outcome in (Lookup.NXDOMAIN, Lookup.NODATA, Lookup.NULL_MX):
        return bad(topic, domain, f"it has no MX ({mx[-1].outcome.value})", repair)
    if mx[-1].outcome is not Lookup.FOUND:
        return unknown(topic, domain, f"its MX cannot be asked: {mx[-1].outcome.value}")
    return None


def not_reached(topic: Topic, domain: str, facts: Iterable[object]) -> Finding:
    """Nobody answered at RCPT. Silence may only mean that this network cannot reach its own outside."""
    gone = [fact for fact in facts if isinstance(fact, NotConnected)]
    if any(isinstance(fact, Connected) for fact in facts):
        return bad(topic, domain, "its MX host does not come as far as RCPT", "is it mailprobe serve that listens there?")
    if gone and all(fact.why is Unreachable.REFUSED for fact in gone):
        return bad(
            topic, domain, f"nobody listens at {gone[-1].server}", "start mailprobe serve, with port 25 in [bounces] listen"
        )
    what = f"{gone[-1].server} was not reached from here" if gone else "its MX host has no address"
    return unknown(
        topic, domain, what, "is incoming port 25 open? ask from another network too: ours may not reach its own outside"
    )
