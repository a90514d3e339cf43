"""Are we who we say? Our addresses, their names, the EHLO name and SPF, as a mail host checks them; and the resolvers."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mailprobe.config import Prober
from mailprobe.evidence import Connected, Evidence, Lookup, NotConnected, Replied, Unreachable
from mailprobe.readiness import Finding, Topic, bad, good, unknown
from mailprobe.readiness.spf import Asks, Spf, spf_of

SMTP = 25
SILENT = (Unreachable.TIMEOUT, Unreachable.NO_ROUTE)
ABSENT = (Lookup.NXDOMAIN, Lookup.NODATA)


@dataclass(frozen=True, slots=True)
class Ourselves:
    """ips: our addresses as others see them. translated: they were not seen here but taken from the name's records."""

    ips: tuple[str, ...]
    translated: bool = False


def locals_of(evidence: Iterable[Evidence], route: Callable[[str], str]) -> tuple[str, ...]:
    """The addresses that our connections came from, or would come from where nothing was connected this time. route: which of
    ours the kernel would speak from to an address, '' for none."""
    facts = [fact for one in evidence for fact in one.facts]
    connected = [fact.local for fact in facts if isinstance(fact, Connected) and fact.local]
    routed = (route(fact.ip) for fact in facts if fact.ip)
    return tuple(dict.fromkeys(connected or [one for one in routed if one]))


def ourselves(locals_: Iterable[str], inner: Iterable[str], forward: Sequence[str]) -> Ourselves:
    """inner: allow_networks, inside which an address counts as it is (a lab). forward: the addresses of our name."""
    networks = [ipaddress.ip_network(one) for one in inner]
    seen = [ipaddress.ip_address(one.partition("%")[0]) for one in locals_]
    ips = tuple(str(ip) for ip in seen if ip.is_global or any(ip in network for network in networks))
    return Ourselves(ips) if ips else Ourselves(tuple(forward), translated=True)


def resolver_finding(servers: Sequence[str]) -> Finding:
    about = ", ".join(servers)
    if len(servers) > 1:
        return good(Topic.RESOLVERS, about, f"{len(servers)} are asked: absence is believed from two")
    what = "only one: that a name is absent is never believed" if servers else "none is known on this host"
    return bad(Topic.RESOLVERS, about, what, 'name two: prober.resolvers = ["192.0.2.53", "192.0.2.54"]')


def port_finding(evidence: Iterable[Evidence]) -> Finding:
    """Outgoing port 25, from what became of the connections to the carriers' MX hosts."""
    runs = [one for one in evidence if one.probe == "mx"]
    facts = [fact for one in runs for fact in one.facts if fact.server.endswith(f":{SMTP}")]
    reached = sorted({fact.server for fact in facts if isinstance(fact, Connected)})
    if reached:
        return good(Topic.PORT_25, "", f"{reached[0]} was reached")
    if any(isinstance(fact, Replied) and fact.cached_at is not None for fact in facts):
        return good(Topic.PORT_25, "", f"{facts[0].server} was reached a short while ago; not asked again so soon")
    shut = {fact.ip: fact.why for fact in facts if isinstance(fact, NotConnected)}
    if not shut:
        repair = "do the carriers' mx, or their MX records, lead anywhere?" if runs else "give a carrier a live control"
        return unknown(Topic.PORT_25, "", "no MX host was asked at port 25", repair)
    why = ", ".join(sorted({why.value for why in shut.values()}))
    repair = "have outgoing port 25 opened for this host; many networks block it"
    if len(shut) > 1 and all(why in SILENT for why in shut.values()):
        return bad(Topic.PORT_25, "", f"none of {len(shut)} addresses answers ({why})", repair)
    return unknown(Topic.PORT_25, "", f"{len(shut)} addresses asked, none let us in ({why})", repair)


async def identity_findings(resolver: Asks, prober: Prober, us: Ourselves) -> list[Finding]:
    """PTR = EHLO = A for each of our addresses (RFC 8601 section 2.7.3)."""
    answers = await resolver.addresses(prober.name)
    forward = [value for answer in answers for value in answer.values]
    if not forward:
        outcome = answers[0].outcome
        if outcome in ABSENT:
            return [bad(Topic.IDENTITY, prober.name, "the name has no address", f"publish {prober.name} A <our address>")]
        return [unknown(Topic.IDENTITY, prober.name, f"its address cannot be asked: {outcome.value}")]
    note = "; not seen from here, taken from its A record" if us.translated else ""
    return [await one_identity(resolver, prober.name, ip, forward, note) for ip in us.ips]


async def one_identity(resolver: Asks, name: str, ip: str, forward: Sequence[str], note: str) -> Finding:
    pointer = await resolver.ptr(ip)
    names = tuple(value.rstrip(".").lower() for value in pointer.values)
    if pointer.outcome not in (Lookup.FOUND, *ABSENT):
        return unknown(Topic.IDENTITY, ip, f"its PTR cannot be asked: {pointer.outcome.value}")
    if name.lower() not in names:
        said = f"its PTR is {names[0]}" if names else "it has no PTR"
        repair = f"have {ipaddress.ip_address(ip).reverse_pointer} PTR {name} set by whoever gave us the address"
        return bad(Topic.IDENTITY, ip, f"{said}, but we say {name} at EHLO{note}", repair)
    if ip not in forward:
        kind = "AAAA" if ":" in ip else "A"
        return bad(Topic.IDENTITY, ip, f"{name} does not lead back to it{note}", f"publish {name} {kind} {ip}")
    return good(Topic.IDENTITY, ip, f"PTR, EHLO and address agree: {name}{note}")


async def spf_findings(resolver: Asks, prober: Prober, us: Ourselves) -> list[Finding]:
    """For each domain that we send as, whether all our addresses may."""
    domains = dict.fromkeys(one for one in (prober.mail_from.rpartition("@")[2], prober.bounce_domain) if one)
    if not us.ips:
        return [unknown(Topic.SPF, domain, "our address is not known") for domain in domains]
    return [await one_spf(resolver, domain, us.ips) for domain in domains]


async def one_spf(resolver: Asks, domain: str, ips: Sequence[str]) -> Finding:
    said = {ip: await spf_of(resolver, ip, domain) for ip in ips}
    worst = next((ip for ip, (result, _) in said.items() if result is not Spf.PASS), None)
    if worst is None:
        return good(Topic.SPF, domain, f"lets {', '.join(ips)} send")
    result, why = said[worst]
    if result in (Spf.TEMPERROR, Spf.UNTOLD):
        return unknown(Topic.SPF, domain, f"cannot be told for {worst}: {why}")
    terms = " ".join(f"ip{6 if ':' in ip else 4}:{ip}" for ip in ips)
    return bad(Topic.SPF, domain, f"{result.value} for {worst}: {why}", f'publish {domain} TXT "v=spf1 {terms} -all"')
