"""What DNS says of the domain's mail. SERVFAIL and silence are not absence; absence counts from two resolvers only."""

from __future__ import annotations

from collections.abc import Sequence

from mailprobe.carriers import Carrier
from mailprobe.evidence import LookedUp, Lookup, Purpose
from mailprobe.verdict.picture import Domain, Known, Source

NO_ANSWER = frozenset({Lookup.TIMEOUT, Lookup.ERROR, Lookup.REFUSED})
ABSENT = frozenset({Lookup.NXDOMAIN})
NOTHING = frozenset({Lookup.NODATA, Lookup.NXDOMAIN})
TWO = 2


def domain_of(asked: Sequence[LookedUp], domain: str, carrier: Carrier, at: float | None) -> Known[Domain]:
    """at: Unix seconds of the newest answer."""
    if carrier.mx:
        return Known(Domain.CONFIGURED, None, Source.CONFIGURED)
    mx = [fact for fact in asked if fact.purpose is Purpose.MX]
    if not mx:
        return Known(Domain.UNASKED)
    return Known(read_mx(mx, asked, domain), at)


def read_mx(mx: Sequence[LookedUp], asked: Sequence[LookedUp], domain: str) -> Domain:
    outcomes = {fact.outcome for fact in mx}
    if Lookup.FOUND in outcomes:
        return Domain.FOUND if outcomes <= {Lookup.FOUND, *NO_ANSWER, Lookup.SERVFAIL} else Domain.UNSURE
    if outcomes <= NO_ANSWER:
        # `localhost` and addresses are known without asking anybody: they have no resolver
        heard = any(fact.resolver and fact.outcome not in NO_ANSWER for fact in asked)
        return Domain.UNSURE if heard else Domain.DEAF
    if by_two(mx, {Lookup.NULL_MX}):
        return Domain.REFUSES_MAIL
    if by_two(mx, ABSENT):
        return Domain.ABSENT
    return implicit(mx, asked, domain)


def by_two(mx: Sequence[LookedUp], wanted: frozenset[Lookup] | set[Lookup]) -> bool:
    """Two resolvers say so, and nobody who answered says otherwise."""
    said = {fact.resolver for fact in mx if fact.outcome in wanted}
    return len(said) >= TWO and all(fact.outcome in wanted for fact in mx if fact.outcome not in NO_ANSWER)


def implicit(mx: Sequence[LookedUp], asked: Sequence[LookedUp], domain: str) -> Domain:
    """RFC 5321 section 5.1: without any MX the domain's own address takes its mail."""
    hosts = [fact for fact in asked if fact.purpose is Purpose.HOST and fact.server.rstrip(".").lower() == domain.lower()]
    if any(fact.outcome is Lookup.FOUND for fact in hosts):
        return Domain.FOUND
    nowhere = {fact.rrtype for fact in hosts if fact.outcome in NOTHING}
    nothing = by_two(mx, {Lookup.NODATA}) and {"A", "AAAA"} <= nowhere
    return Domain.NO_SERVERS if nothing else Domain.UNSURE


def hosts_of(asked: Sequence[LookedUp], domain: str, carrier: Carrier) -> frozenset[str]:
    """The names of all hosts that take the domain's mail, as far as known."""
    if carrier.mx:
        return frozenset(endpoint.host.lower() for endpoint in carrier.mx)
    found = [fact for fact in asked if fact.purpose is Purpose.MX]
    values = [value for fact in found if fact.outcome is Lookup.FOUND for value in fact.values]
    named = {value.rpartition(" ")[2].rstrip(".").lower() for value in values}
    no_mx = any(fact.outcome is Lookup.NODATA for fact in found)
    return frozenset(named or ({domain.lower()} if no_mx else set()))
