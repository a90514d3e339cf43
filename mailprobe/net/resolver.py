"""DNS questions to named resolvers, with every way of not getting an answer told apart (RFC 2308).

Absence is believed from two: where a second resolver is known, NXDOMAIN and NODATA are asked again there. Nothing is
cached and no wildcard gets special treatment: what the servers say now is the evidence.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.reversename

from mailprobe.evidence import Lookup
from mailprobe.net.records import host_of, is_literal, presented

PER_TRY = 2.0  # seconds
IN_ALL = 5.0  # seconds for one question over all tries
TRIES = 2  # per resolver: one lost datagram is no silence
MOST_STEPS = 8  # of a CNAME chain that the resolver leaves to us
ABSENT = frozenset({Lookup.NXDOMAIN, Lookup.NODATA})
SPOKEN_FAILURES = frozenset({Lookup.SERVFAIL, Lookup.REFUSED})  # say more than the silence of the next one
HARD_FAILURES = SPOKEN_FAILURES | {Lookup.ERROR}  # the same resolver is not asked again


@dataclass(frozen=True, slots=True)
class Nameserver:
    """One resolver's address."""

    ip: str
    port: int = 53

    @property
    def label(self) -> str:
        if self.port == 53:
            return self.ip
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One question's end. `values` in presentation form (MX `10 host.`, SRV `0 1 993 host.`), sorted by preference and
    cut at 20; `name` without the final dot; `resolver` is '' where nobody had to be asked; `took` in seconds."""

    outcome: Lookup
    values: tuple[str, ...] = ()
    resolver: str = ""
    took: float = 0.0
    name: str = ""
    rrtype: str = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of an MX or SRV answer in order of preference, without the final dot. Address literals are left
        out: these fields hold domain names (RFC 5321 section 5.1, RFC 2782)."""
        named = (host_of(value) for value in self.values)
        return tuple(dict.fromkeys(host for host in named if host and not is_literal(host)))


Exchange = Callable[[dns.message.Message, Nameserver, float], Awaitable[dns.message.Message]]


async def exchange(query: dns.message.Message, server: Nameserver, within: float) -> dns.message.Message:
    """One question on the wire: UDP, and TCP if the answer was cut (RFC 7766). Foreign datagrams are passed over."""
    async with asyncio.timeout(within):
        message, _ = await dns.asyncquery.udp_with_fallback(
            query, server.ip, timeout=within, port=server.port, ignore_unexpected=True, ignore_errors=True
        )
    return message


class Resolver:
    """Asks the given resolvers in their order: `ip`, `ip:port` or `[v6]:port`; none given means the system's.

    Names are A-labels. ValueError if a resolver cannot be read. No method raises for anything the network does.
    """

    def __init__(
        self,
        nameservers: tuple[str, ...] = (),
        exchange: Exchange = exchange,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.servers = tuple(parse_nameserver(text) for text in nameservers) or of_system()
        self._exchange = exchange
        self._clock = clock

    def of(self, server: Nameserver) -> Resolver:
        """The same way of asking, of one of the resolvers alone."""
        return Resolver((server.label,), self._exchange, self._clock)

    async def ipv4(self, name: str) -> Answer:
        """The A records alone, from the first resolver that answers: what block lists speak in (RFC 5782 section 2.1)."""
        return await self._ask(name, "A", self.servers)

    async def mx(self, domain: str) -> Answer:
        """Where mail for the domain goes. One `0 .` is NULL_MX (RFC 7505)."""
        return await self._again(await self._ask(domain, "MX", self.servers))

    async def mx_each(self, domain: str) -> tuple[Answer, ...]:
        """The same question to each of the first two resolvers, by itself: the proof of an absence."""
        alone: list[tuple[Nameserver, ...]] = [(server,) for server in self.servers[:2]] or [()]
        return tuple(await asyncio.gather(*(self._ask(domain, "MX", servers) for servers in alone)))

    async def addresses(self, host: str) -> tuple[Answer, ...]:
        """A and AAAA of a host, as two answers. A literal or localhost (RFC 6761 section 6.3) is answered as it stands."""
        known = self._standing(host)
        if known:
            return known
        pair = await asyncio.gather(self._ask(host, "A", self.servers), self._ask(host, "AAAA", self.servers))
        if any(answer.outcome not in ABSENT for answer in pair):
            return tuple(pair)
        return tuple(await asyncio.gather(*(self._again(answer) for answer in pair)))

    async def srv(self, domain: str, service: str) -> Answer:
        """`service` as `_imaps._tcp` (RFC 6186, RFC 8314 section 5.1). A target of `.` means: not offered here."""
        return await self._ask(f"{service}.{domain}", "SRV", self.servers)

    async def txt(self, name: str) -> Answer:
        """Each record's strings joined, control characters replaced."""
        return await self._ask(name, "TXT", self.servers)

    async def ptr(self, ip: str) -> Answer:
        """The names of an address. ERROR if `ip` is no address."""
        if not is_literal(ip):
            return Answer(Lookup.ERROR, name=ip, rrtype="PTR")
        return await self._ask(dns.reversename.from_address(ip).to_text(omit_final_dot=True), "PTR", self.servers)

    async def _again(self, first: Answer) -> Answer:
        """Absence must be said by two where there are two; a second one who cannot tell leaves the question open."""
        others = tuple(server for server in self.servers if server.label != first.resolver)
        if first.outcome not in ABSENT or not others:
            return first
        second = await self._ask(first.name, first.rrtype, others)
        return replace(second, took=first.took + second.took)

    def _standing(self, host: str) -> tuple[Answer, ...]:
        bare = host.rstrip(".").lower()
        if is_literal(host):
            return (Answer(Lookup.FOUND, (host,), name=host, rrtype="AAAA" if ":" in host else "A"),)
        if bare == "localhost" or bare.endswith(".localhost"):
            return (
                Answer(Lookup.FOUND, ("127.0.0.1",), name=bare, rrtype="A"),
                Answer(Lookup.FOUND, ("::1",), name=bare, rrtype="AAAA"),
            )
        return ()

    async def _ask(self, name: str, rrtype: str, servers: Sequence[Nameserver]) -> Answer:
        """Ask one after the other until one answers, within the whole question's time. That we stood still ourselves is no
        silence of theirs: it is not counted."""
        began, stood, question = self._clock(), 0.0, _question(name)
        best = Answer(Lookup.ERROR, name=name.rstrip("."), rrtype=rrtype)
        if question is None:
            return best
        spent: set[Nameserver] = set()
        for server in tuple(servers) * TRIES:
            asked = self._clock()
            within = min(PER_TRY, IN_ALL - (asked - began - stood))
            if server in spent or within <= 0:
                continue
            outcome, values = await self._one(question, rrtype, server, within)
            stood += max(0.0, self._clock() - asked - within)
            if outcome is not Lookup.TIMEOUT or best.outcome not in SPOKEN_FAILURES:
                best = replace(best, outcome=outcome, values=values, resolver=server.label, took=self._clock() - began)
            if outcome in HARD_FAILURES:
                spent.add(server)
            elif outcome is not Lookup.TIMEOUT:
                break
        return best

    async def _one(self, name: dns.name.Name, rrtype: str, server: Nameserver, within: float) -> tuple[Lookup, tuple[str, ...]]:
        """One try at one resolver, following a CNAME chain that it leaves unfinished."""
        until = self._clock() + within
        seen: set[dns.name.Name] = set()
        question: dns.name.Name | None = name
        while question is not None and question not in seen and len(seen) < MOST_STEPS:
            seen.add(question)
            query = dns.message.make_query(question, rrtype, use_edns=0, payload=1232)
            try:
                message = await self._exchange(query, server, max(0.01, until - self._clock()))
                outcome, values, question = read(message, rrtype)
            except (TimeoutError, dns.exception.Timeout):
                return Lookup.TIMEOUT, ()
            except (OSError, EOFError, dns.exception.DNSException):
                return Lookup.ERROR, ()
            if question is None:
                return outcome, values
        return Lookup.ERROR, ()  # a loop, or a chain without end


def read(message: dns.message.Message, rrtype: str) -> tuple[Lookup, tuple[str, ...], dns.name.Name | None]:
    """(outcome, values, the name to ask next if the chain was left unfinished). Raises DNSException for nonsense."""
    rcode = message.rcode()
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        failed = {dns.rcode.SERVFAIL: Lookup.SERVFAIL, dns.rcode.REFUSED: Lookup.REFUSED}
        return failed.get(rcode, Lookup.ERROR), (), None
    if not isinstance(message, dns.message.QueryMessage):
        return Lookup.ERROR, (), None
    chain = message.resolve_chaining()
    if chain.answer is not None:
        return *presented(rrtype, chain.answer), None
    if rcode == dns.rcode.NXDOMAIN:
        return Lookup.NXDOMAIN, (), None
    unfinished = bool(chain.cnames) and not any(rr.rdtype == dns.rdatatype.SOA for rr in message.authority)
    return Lookup.NODATA, (), chain.canonical_name if unfinished else None


def parse_nameserver(text: str) -> Nameserver:
    """`ip`, `ip:port`, `[v6]:port` or a bare IPv6 address. ValueError otherwise."""
    if is_literal(text):
        return Nameserver(text)
    host, _, port = (text, "", "53") if text.endswith("]") else text.rpartition(":")
    ip = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not is_literal(ip) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"not a resolver's address: {text!r}")
    return Nameserver(ip, int(port))


def of_system() -> tuple[Nameserver, ...]:
    """The resolvers of this host; none if it names none, and every answer is then ERROR."""
    try:
        found = dns.resolver.Resolver(configure=True).nameservers
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple(Nameserver(server) for server in found if isinstance(server, str) and is_literal(server))


def _question(name: str) -> dns.name.Name | None:
    """None for what cannot be asked: empty, too long, not ASCII (A-labels are the caller's work)."""
    if not name.isascii() or not name.strip("."):
        return None
    try:
        return dns.name.from_text(name)
    except dns.exception.DNSException:
        return None
