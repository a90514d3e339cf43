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
        if named(asked) and named(asked) <= nowhere(asked):
            return Domain.NO_SERVERS
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
    """The names of all hosts that take the domain's mail, as far as known. A name without any address takes none."""
    if carrier.mx:
        return frozenset(endpoint.host.lower() for endpoint in carrier.mx)
    hosts = named(asked)
    no_mx = any(fact.outcome is Lookup.NODATA for fact in asked if fact.purpose is Purpose.MX)
    return hosts - nowhere(asked) if hosts else frozenset({domain.lower()} if no_mx else set())


def named(asked: Sequence[LookedUp]) -> frozenset[str]:
    """The hosts of all MX records."""
    found = (fact.values for fact in asked if fact.purpose is Purpose.MX and fact.outcome is Lookup.FOUND)
    return frozenset(value.rpartition(" ")[2].rstrip(".").lower() for values in found for value in values)


def nowhere(asked: Sequence[LookedUp]) -> frozenset[str]:
    """The names that have neither A nor AAAA. Where two resolvers tell of the MX, both were asked for what the first does not
    know; one alone is not believed."""
    if not by_two([fact for fact in asked if fact.purpose is Purpose.MX], {Lookup.FOUND}):
        return frozenset()
    hosts = [fact for fact in asked if fact.purpose is Purpose.HOST]
    said = {(host_name(fact), fact.rrtype) for fact in hosts if fact.outcome in NOTHING}
    otherwise = {(host_name(fact), fact.rrtype) for fact in hosts if fact.outcome not in NOTHING}
    absent = said - otherwise
    return frozenset(host for host, _ in absent if {(host, "A"), (host, "AAAA")} <= absent)


def host_name(fact: LookedUp) -> str:
    return fact.server.rstrip(".").lower()
