"""Is an address of ours on a block list? RFC 5782: a list is believed only while its own test entry is listed.

A code in 127.255.255.0/24 is no listing: the list says that it does not answer us (a public resolver, too many questions).
"""

from __future__ import annotations

import asyncio
import ipaddress
from enum import StrEnum

from mailprobe.evidence import Lookup
from mailprobe.readiness import Finding, Topic, bad, good, unknown
from mailprobe.readiness.spf import Asks

LISTS = ("zen.spamhaus.org", "bl.spamcop.net", "psbl.surriel.com", "bl.mailspike.net")
TEST_ENTRY = "127.0.0.2"  # RFC 5782 section 5
REFUSES = ipaddress.ip_network("127.255.255.0/24")
LISTED = ipaddress.ip_network("127.0.0.0/8")
ABSENT = (Lookup.NXDOMAIN, Lookup.NODATA)


class Entry(StrEnum):
    """What a list says of one address."""

    LISTED = "listed"
    ABSENT = "absent"
    NOT_ANSWERED = "not answered"


def name_at(ip: str, zone: str) -> str:
    """192.0.2.10 at a list -> 10.2.0.192.LIST; an IPv6 address by its nibbles."""
    pointer = ipaddress.ip_address(ip).reverse_pointer
    return f"{pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"


async def entry_of(resolver: Asks, ip: str, zone: str) -> Entry:
    answer = (await resolver.addresses(name_at(ip, zone)))[0]  # the A record counts
    if answer.outcome in ABSENT:
        return Entry.ABSENT
    codes = [ipaddress.ip_address(value) for value in answer.values if ":" not in value]
    if answer.outcome is not Lookup.FOUND or any(code in REFUSES for code in codes):
        return Entry.NOT_ANSWERED
    # a resolver that sends everybody to a search page answers with other addresses
    return Entry.LISTED if codes and all(code in LISTED for code in codes) else Entry.NOT_ANSWERED


async def look_up(resolver: Asks, ips: tuple[str, ...], zones: tuple[str, ...] = LISTS) -> tuple[Finding, ...]:
    """One finding per list."""
    return tuple(await asyncio.gather(*(asked(resolver, ips, zone) for zone in zones)))


async def asked(resolver: Asks, ips: tuple[str, ...], zone: str) -> Finding:
    topic = Topic.BLOCK_LISTS
    if await entry_of(resolver, TEST_ENTRY, zone) is not Entry.LISTED:
        repair = "use a resolver of your own in prober.resolvers: lists do not answer the public ones"
        return unknown(topic, zone, "not answered: even its test entry is not listed", repair)
    said = dict(zip(ips, await asyncio.gather(*(entry_of(resolver, ip, zone) for ip in ips)), strict=True))
    listed = [ip for ip, entry in said.items() if entry is Entry.LISTED]
    if listed:
        repair = f"find out why at {zone} and ask for removal; until then refusals may be about us"
        return bad(topic, zone, f"lists {', '.join(listed)}", repair)
    silent = [ip for ip, entry in said.items() if entry is Entry.NOT_ANSWERED]
    if silent:
        return unknown(topic, zone, f"not answered for {', '.join(silent)}")
    return good(topic, zone, f"does not list {', '.join(ips)}")
