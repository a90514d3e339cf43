"""What the checks of ourselves ask of the world. Few questions, none of them of a customer's mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mailprobe.config import Config
from mailprobe.evidence import Lookup
from mailprobe.net.resolver import Answer, Resolver
from mailprobe.net.route import local_address
from mailprobe.prober import Finding, findings, names
from mailprobe.prober.findings import Heard
from mailprobe.prober.names import IN_EVERY_LIST, IN_NO_LIST, ListSays, Seen, Told

MOST_NAMES = 3
SOMEWHERE = ("198.51.100.1", "2001:db8::1")  # RFC 5737, RFC 3849: only the routing table is asked, nothing is sent


def spoken_from() -> str:
    """The address that we speak from, as the kernel says; '' without a route. Behind NAT it is an inner one."""
    return next((found for ip in SOMEWHERE if (found := local_address(ip))), "")


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """Asks for the names of the configuration's own carriers, for ours, and for lists. `resolver` is the one that probes use."""

    config: Config
    resolver: Resolver
    address: Callable[[], str] = spoken_from
    alone: tuple[Resolver, ...] = field(init=False)

    def __post_init__(self) -> None:
        each = tuple(self.resolver.of(server) for server in self.resolver.servers)
        object.__setattr__(self, "alone", each)

    async def resolvers(self, now: float) -> Finding:
        """Every resolver by itself, until it answers one of a few names."""
        wanted = self.wanted()
        heard = await asyncio.gather(*(first_answer(one, wanted) for one in self.alone))
        return findings.resolver([one for each in heard for one in each], now)

    def wanted(self) -> tuple[str, ...]:
        """Names that probes look up as well, and one of our own: a carrier whose DNS is broken is no trouble of ours."""
        domains = [domain for carrier in self.config.carriers.values() for domain in carrier.domains if "*" not in domain]
        own = self.config.prober.mail_from.rpartition("@")[2]
        return tuple(dict.fromkeys([*domains[:1], own, *domains[1:]]))[:MOST_NAMES]

    async def name(self, now: float) -> Finding:
        ip, prober = self.address(), self.config.prober
        if not names.is_public(ip):
            nothing = Told(Lookup.ERROR)
            return names.name(Seen(ip, prober.name, nothing, nothing, nothing), now)
        addresses, pointer, texts = await asyncio.gather(
            self.resolver.addresses(prober.name),
            self.resolver.ptr(ip),
            self.resolver.txt(prober.mail_from.rpartition("@")[2]),
        )
        both = names.together([told(one) for one in addresses])
        return names.name(Seen(ip, prober.name, both, told(pointer), told(texts)), now)

    async def block_lists(self, now: float) -> tuple[Finding, ...]:
        """Each list once; nothing is asked about an inner address."""
        ip = self.address()
        if not names.is_public(ip):
            return tuple(names.on_no_list(zone, now) for zone in self.config.prober.block_lists)
        return tuple(await asyncio.gather(*(self._block_list(zone, ip, now) for zone in self.config.prober.block_lists)))

    async def _block_list(self, zone: str, ip: str, now: float) -> Finding:
        said = await asyncio.gather(*(self._listed(one, zone) for one in (ip, IN_EVERY_LIST, IN_NO_LIST)))
        return names.block_list(zone, ListSays(*said), now)

    async def _listed(self, ip: str, zone: str) -> Told:
        return told(await self.resolver.ipv4(names.list_name(ip, zone)))


async def first_answer(resolver: Resolver, wanted: Sequence[str]) -> tuple[Heard, ...]:
    """How one resolver answers, up to its first real answer."""
    heard: list[Heard] = []
    for name in wanted:
        answer = await resolver.ipv4(name)
        heard.append(Heard(resolver.servers[0].label, answer.outcome))
        if answer.outcome in findings.ANSWERS:
            break
    return tuple(heard)


def told(answer: Answer) -> Told:
    return Told(answer.outcome, answer.values)
