"""What the world sees of us: our address's name, our name's address, the sender's SPF, and lists of blocked addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from mailprobe.evidence import Lookup
from mailprobe.prober import Check, Finding, Remark, State

ABSENT = frozenset({Lookup.NXDOMAIN, Lookup.NODATA})
LISTED = ipaddress.IPv4Network("127.0.0.0/8")  # RFC 5782 section 2.1
ABOUT_US = ipaddress.IPv4Network("127.255.255.0/24")  # by convention: the question was refused, not answered
IN_EVERY_LIST, IN_NO_LIST = "127.0.0.2", "127.0.0.1"  # RFC 5782 section 5


@dataclass(frozen=True, slots=True)
class Told:
    """One DNS answer."""

    outcome: Lookup
    values: tuple[str, ...] = ()

    @property
    def is_unknown(self) -> bool:
        return self.outcome is not Lookup.FOUND and self.outcome not in ABSENT


@dataclass(frozen=True, slots=True)
class Seen:
    """ip: the address we speak from. addresses: of our EHLO name (A and AAAA together); names: of the address; texts: TXT of
    the sender's domain."""

    ip: str
    name: str
    addresses: Told
    names: Told
    texts: Told


def name(seen: Seen, now: float) -> Finding:
    """PTR = EHLO = A (RFC 8601 section 2.7.3), and an SPF record that permits us (RFC 7208)."""
    if not is_public(seen.ip):
        return Finding(Check.NAME, State.NOT_APPLICABLE, Remark.INNER_ADDRESS, now)
    fault = name_fault(seen)
    if fault is not Remark.NOTHING:
        return Finding(Check.NAME, State.BAD, fault, now)
    if any(one.is_unknown for one in (seen.addresses, seen.names, seen.texts)):
        return Finding(Check.NAME, State.COULD_NOT_TELL, Remark.UNANSWERED, now)
    return Finding(Check.NAME, State.GOOD, Remark.NOTHING, now)


def name_fault(seen: Seen) -> Remark:
    """The first thing that is wrong, as far as it is known."""
    if seen.addresses.outcome in ABSENT:
        return Remark.NAME_WITHOUT_ADDRESS
    if seen.addresses.outcome is Lookup.FOUND and not any(same(seen.ip, value) for value in seen.addresses.values):
        return Remark.NAME_LEADS_ELSEWHERE
    if seen.names.outcome in ABSENT:
        return Remark.ADDRESS_WITHOUT_NAME
    if seen.names.outcome is Lookup.FOUND and folded(seen.name) not in {folded(value) for value in seen.names.values}:
        return Remark.ADDRESS_OF_ANOTHER_NAME
    return spf_fault(seen.texts, seen.ip)


def spf_fault(texts: Told, ip: str) -> Remark:
    if texts.is_unknown:
        return Remark.NOTHING
    records = [one for one in texts.values if one.lower() == "v=spf1" or one.lower().startswith("v=spf1 ")]
    if not records:
        return Remark.NO_SPF
    if len(records) > 1:
        return Remark.SEVERAL_SPF  # RFC 7208 section 4.5: permerror
    return Remark.SPF_FORBIDS if spf(records[0], ip) is Spf.FORBIDS else Remark.NOTHING


class Spf(Enum):
    PERMITS = auto()
    FORBIDS = auto()
    UNDECIDED = auto()


def spf(record: str, ip: str) -> Spf:
    """RFC 7208 section 4.6.2, as far as it goes without more questions: a mechanism that needs one leaves it undecided."""
    address = ipaddress.ip_address(ip.partition("%")[0])
    for term in record.split()[1:]:
        sign, mechanism = (term[0], term[1:]) if term[0] in "+-~?" else ("+", term)
        kind, _, value = mechanism.lower().partition(":")
        if "=" in mechanism and ":" not in mechanism.partition("=")[0]:
            continue  # a modifier
        if kind == "all":
            return {"+": Spf.PERMITS, "?": Spf.UNDECIDED}.get(sign, Spf.FORBIDS) if "redirect=" not in record else Spf.UNDECIDED
        if kind not in ("ip4", "ip6"):
            return Spf.UNDECIDED
        if matches(address, value):
            return Spf.FORBIDS if sign in "-~" else Spf.PERMITS
    return Spf.UNDECIDED


def matches(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


# ---- block lists -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListSays:
    """What a list says of our address, of one that every list names, and of one that none does."""

    ours: Told
    always: Told
    never: Told


def on_no_list(zone: str, now: float) -> Finding:
    """An inner address is on none: nobody is asked about it."""
    return Finding(Check.BLOCK_LIST, State.NOT_APPLICABLE, Remark.INNER_ADDRESS, now, zone)


def block_list(zone: str, says: ListSays, now: float) -> Finding:
    """Listed only if the list plainly works. 127.255.255.x is a refusal to answer (an open resolver, too many questions), and an
    address outside 127/8 somebody's invention: both tell nothing of us."""

    def found(state: State, what: Remark, **words: str) -> Finding:
        return Finding(Check.BLOCK_LIST, state, what, now, zone, tuple(words.items()))

    if any(is_in(value, ABOUT_US) for one in (says.ours, says.always) for value in one.values):
        return found(State.COULD_NOT_TELL, Remark.LIST_REFUSES)
    if says.never.outcome is Lookup.FOUND:
        return found(State.COULD_NOT_TELL, Remark.LIST_NAMES_ALL)
    if says.ours.outcome is Lookup.FOUND:
        if not all(is_in(value, LISTED) for value in says.ours.values):
            return found(State.COULD_NOT_TELL, Remark.LIST_INVENTS)
        return found(State.BAD, Remark.LISTED, values=" ".join(says.ours.values))
    if says.ours.outcome in (Lookup.TIMEOUT, Lookup.ERROR):
        return found(State.COULD_NOT_TELL, Remark.LIST_SILENT)
    if says.ours.outcome not in ABSENT:
        return found(State.COULD_NOT_TELL, Remark.LIST_FAILS, outcome=says.ours.outcome.value.upper())
    if says.always.outcome is not Lookup.FOUND:
        return found(State.COULD_NOT_TELL, Remark.LIST_UNTESTED)
    return found(State.GOOD, Remark.NOTHING)


def list_name(ip: str, zone: str) -> str:
    """The name to ask for (RFC 5782 sections 2.1 and 2.4)."""
    pointer = ipaddress.ip_address(ip.partition("%")[0]).reverse_pointer
    return f"{pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"


def is_in(value: str, network: ipaddress.IPv4Network) -> bool:
    try:
        return ipaddress.ip_address(value) in network
    except ValueError:
        return False


def is_public(ip: str) -> bool:
    try:
        return ipaddress.ip_address(ip.partition("%")[0]).is_global
    except ValueError:
        return False


def same(one: str, other: str) -> bool:
    return matches(ipaddress.ip_address(one.partition("%")[0]), other)


def folded(host: str) -> str:
    return host.rstrip(".").lower()


def together(answers: Sequence[Told]) -> Told:
    """A and AAAA as one answer: what was found, else what could not be told, else that there is none."""
    values = tuple(value for one in answers for value in one.values)
    if values:
        return Told(Lookup.FOUND, values)
    return next((one for one in answers if one.is_unknown), answers[0] if answers else Told(Lookup.ERROR))
