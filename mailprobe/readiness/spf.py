"""Does a domain's SPF record let an address of ours send for it? RFC 7208, as far as records of one's own need it.

Macros and `ptr` are not evaluated: where the outcome hangs on one, the answer is UNTOLD and not a guess.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mailprobe.evidence import Lookup

MOST_LOOKUPS = 10  # RFC 7208 section 4.6.4
VERSION = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
TERM = re.compile(r"([+?~-]?)([a-z0-9]+)(?::([^/]*))?((?:/\d+)?(?://\d+)?)", re.IGNORECASE)
ABSENT = (Lookup.NXDOMAIN, Lookup.NODATA, Lookup.NULL_MX)

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


class Spf(StrEnum):
    """RFC 7208 section 2.6, and UNTOLD for what is not evaluated here."""

    PASS = "pass"  # noqa: S105  a result's name
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    UNTOLD = "untold"


SIGNS = {"": Spf.PASS, "+": Spf.PASS, "-": Spf.FAIL, "~": Spf.SOFTFAIL, "?": Spf.NEUTRAL}


class Answered(Protocol):
    """What a resolver answers; `mailprobe.net.resolver.Answer` is one."""

    @property
    def outcome(self) -> Lookup: ...
    @property
    def values(self) -> tuple[str, ...]: ...
    @property
    def hosts(self) -> tuple[str, ...]: ...


class Asks(Protocol):
    """The questions of DNS that are asked here; `mailprobe.net.resolver.Resolver` answers them."""

    async def txt(self, name: str) -> Answered: ...
    async def mx(self, domain: str) -> Answered: ...
    async def addresses(self, host: str) -> Sequence[Answered]: ...
    async def ptr(self, ip: str) -> Answered: ...


class Ended(Exception):
    """The evaluation ends here, with this result."""

    def __init__(self, result: Spf, why: str) -> None:
        super().__init__(why)
        self.result = result
        self.why = why


@dataclass(slots=True)
class Evaluation:
    """One check_host (RFC 7208 section 4). `lookups`: terms so far that asked the DNS."""

    resolver: Asks
    ip: IP
    lookups: int = 0

    async def of(self, domain: str) -> tuple[Spf, str]:
        """The result, and the term that decided it."""
        terms = (await self.record(domain)).split()[1:]
        for term in terms:
            result = await self.term(term, domain)
            if result is not None:
                return result, term
        redirect = next((term.partition("=")[2] for term in terms if term.lower().startswith("redirect=")), None)
        if redirect is None:
            return Spf.NEUTRAL, "the record ends without a match"
        self.count(redirect)
        return await self.within(redirect)

    async def within(self, domain: str) -> tuple[Spf, str]:
        """What an include or a redirect leads to; a domain without a record is an error there (RFC 7208 sections 5.2, 6.1)."""
        try:
            return await self.of(domain)
        except Ended as ended:
            result = Spf.PERMERROR if ended.result is Spf.NONE else ended.result
            raise Ended(result, ended.why) from None

    async def record(self, domain: str) -> str:
        answer = await self.resolver.txt(domain)
        if answer.outcome in ABSENT:
            raise Ended(Spf.NONE, f"no TXT record at {domain}")
        if answer.outcome is not Lookup.FOUND:
            raise Ended(Spf.TEMPERROR, f"TXT of {domain}: {answer.outcome.value}")
        records = [value for value in answer.values if VERSION.match(value)]
        if len(records) > 1:
            raise Ended(Spf.PERMERROR, f"{len(records)} SPF records at {domain}")  # RFC 7208 section 4.5
        if not records:
            raise Ended(Spf.NONE, f"no SPF record at {domain}")
        return records[0]

    async def term(self, term: str, domain: str) -> Spf | None:
        """None: no match, or a modifier."""
        if re.match(r"[a-z][a-z0-9_.-]*=", term, re.IGNORECASE):
            return None
        found = TERM.fullmatch(term)
        if found is None:
            raise Ended(Spf.PERMERROR, f"{term} is no term of SPF")
        sign, name, target, lengths = found[1], found[2].lower(), found[3] or "", found[4]
        if "%" in target or name == "ptr":
            raise Ended(Spf.UNTOLD, f"{term} is not evaluated here")
        return SIGNS[sign] if await self.matches(name, target or domain, target, lengths) else None

    async def matches(self, name: str, domain: str, target: str, lengths: str) -> bool:
        if name == "all":
            return True
        if name in ("ip4", "ip6"):
            return self.inside(f"{target}{lengths}")
        self.count(domain)
        if name == "include":
            return (await self.within(domain))[0] is Spf.PASS
        if name == "exists":
            return any(answer.outcome is Lookup.FOUND for answer in await self.resolver.addresses(domain))
        if name == "a":
            return await self.is_address_of(domain, lengths)
        if name == "mx":
            answer = await self.resolver.mx(domain)
            self.told(answer, domain)
            return any([await self.is_address_of(host, lengths) for host in answer.hosts[:MOST_LOOKUPS]])
        raise Ended(Spf.PERMERROR, f"{name} is no mechanism of SPF")

    def inside(self, text: str) -> bool:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise Ended(Spf.PERMERROR, f"{text} is no network") from None
        return self.ip.version == network.version and self.ip in network

    async def is_address_of(self, host: str, lengths: str) -> bool:
        v4, _, v6 = (
            lengths.removeprefix("/").partition("//") if lengths and not lengths.startswith("//") else ("", "", lengths[2:])
        )
        length = (v4 or "32") if self.ip.version == 4 else (v6 or "128")
        answers = await self.resolver.addresses(host)
        for answer in answers:
            self.told(answer, host)
        networks = [ipaddress.ip_network(f"{value}/{length}", strict=False) for value in of_version(answers, self.ip.version)]
        return any(self.ip in network for network in networks)

    def told(self, answer: Answered, name: str) -> None:
        if answer.outcome is not Lookup.FOUND and answer.outcome not in ABSENT:
            raise Ended(Spf.TEMPERROR, f"{name}: {answer.outcome.value}")

    def count(self, domain: str) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise Ended(Spf.PERMERROR, f"more than {MOST_LOOKUPS} lookups, at {domain}")


def of_version(answers: Sequence[Answered], version: int) -> tuple[str, ...]:
    values = (value for answer in answers for value in answer.values)
    return tuple(value for value in values if (":" in value) == (version == 6))


async def spf_of(resolver: Asks, ip: str, domain: str) -> tuple[Spf, str]:
    """The result for mail from `ip` in the name of `domain`, and why. Never raises for what DNS says."""
    try:
        return await Evaluation(resolver, ipaddress.ip_address(ip)).of(domain)
    except Ended as ended:
        return ended.result, ended.why
