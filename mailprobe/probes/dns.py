"""What DNS says of the mailbox's domain, of its servers, and of ourselves as others see us."""

from __future__ import annotations

import asyncio
import ipaddress

from mailprobe.evidence import LookedUp, Lookup, Purpose
from mailprobe.net.records import is_literal
from mailprobe.net.resolver import Answer
from mailprobe.net.route import local_address
from mailprobe.probes import Note, Reach, Target
from mailprobe.probes.discover import discover


async def probe(target: Target, reach: Reach, note: Note) -> None:
    """Notes one LookedUp per answer. Raises nothing for what the network does."""
    asking = Asking(reach, note)
    async with asyncio.TaskGroup() as group:
        route = group.create_task(mail_route(target, asking))
        group.create_task(sign_in_servers(target, asking))
    await ourselves(target, asking, route.result())


class Asking:
    """Asks each host once per run, and notes every answer as it comes."""

    def __init__(self, reach: Reach, note: Note) -> None:
        self.resolver = reach.resolver
        self._clock = reach.clock
        self._note = note
        self._hosts: set[tuple[str, Purpose]] = set()

    def noted(self, answer: Answer, purpose: Purpose) -> Answer:
        self._note(
            LookedUp(
                at=self._clock(),
                server=answer.name,
                purpose=purpose,
                rrtype=answer.rrtype,
                outcome=answer.outcome,
                values=answer.values,
                resolver=answer.resolver,
                took=answer.took,
            )
        )
        return answer

    async def addresses(self, host: str, purpose: Purpose = Purpose.HOST) -> tuple[str, ...]:
        """The host's addresses; a literal needs no question and is no finding."""
        if is_literal(host):
            return (host,)
        if (host, purpose) in self._hosts:
            return ()
        self._hosts.add((host, purpose))
        answers = await self.resolver.addresses(host)
        return tuple(value for answer in answers for value in self.noted(answer, purpose).values)


async def mail_route(target: Target, asking: Asking) -> tuple[str, ...]:
    """Where the domain's mail goes: the addresses found. Configured MX hosts need no MX question."""
    hosts = tuple(endpoint.host for endpoint in target.carrier.mx) or await mx_hosts(target.account.address.domain, asking)
    found = await asyncio.gather(*(asking.addresses(host) for host in hosts))
    return tuple(ip for ips in found for ip in ips)


async def mx_hosts(domain: str, asking: Asking) -> tuple[str, ...]:
    """Asked of two resolvers, each with its own fact: absence is believed when both say so."""
    answers = [asking.noted(answer, Purpose.MX) for answer in await asking.resolver.mx_each(domain)]
    spoken = next((answer for answer in answers if answer.outcome in (Lookup.FOUND, Lookup.NULL_MX)), None)
    if spoken is not None:
        return spoken.hosts
    # RFC 5321 section 5.1: the domain is its own mail host only if it exists and has no MX at all
    return (domain,) if any(answer.outcome is Lookup.NODATA for answer in answers) else ()


async def sign_in_servers(target: Target, asking: Asking) -> None:
    servers = await discover(target.account.address.domain, target.carrier, asking.resolver)
    for answer in servers.asked:
        asking.noted(answer, Purpose.SERVICE)
    hosts = dict.fromkeys(endpoint.host for endpoint in (servers.imap, servers.submission) if endpoint is not None)
    await asyncio.gather(*(asking.addresses(host) for host in hosts))


async def ourselves(target: Target, asking: Asking, route: tuple[str, ...]) -> None:
    """Our name, its address, the address's name and our sender's SPF, as a mail host checks them. Nobody does on loopback."""
    local = local_address(route[0]) if route else ""
    if local and ipaddress.ip_address(local.partition("%")[0]).is_loopback:
        return
    async with asyncio.TaskGroup() as group:
        if target.prober.name:
            group.create_task(asking.addresses(target.prober.name, Purpose.OWN_ADDRESS))
        group.create_task(own_spf(target.prober.mail_from, asking))
        if local and ipaddress.ip_address(local.partition("%")[0]).is_global:
            group.create_task(own_ptr(local, asking))


async def own_ptr(local: str, asking: Asking) -> None:
    """The name of our address, and that name's addresses: they must lead back (RFC 8601 section 2.7.3, iprev)."""
    answer = asking.noted(await asking.resolver.ptr(local), Purpose.OWN_PTR)
    for name in answer.values[:1]:
        await asking.addresses(name.rstrip("."), Purpose.OWN_ADDRESS)


async def own_spf(mail_from: str, asking: Asking) -> None:
    """RFC 7208 section 4.4: TXT records of the sender's domain."""
    domain = mail_from.rpartition("@")[2]
    if domain:
        asking.noted(await asking.resolver.txt(domain), Purpose.OWN_SPF)
