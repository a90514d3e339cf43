"""Where we may connect. Asked with the address that is actually used, after the lookup, so that a name cannot be rebound.

`ipaddress.is_global` is not enough: it calls the NAT64 and 6to4 forms of 127.0.0.1 global. So the table is our own, from
the IANA special-purpose registries (RFC 6890), and addresses that carry an IPv4 address inside are judged by that one.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable
from enum import StrEnum

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAIL_PORTS = frozenset({25, 465, 587, 143, 993})


class Forbidden(StrEnum):
    """Why we do not connect there."""

    NOT_AN_ADDRESS = "not an IP address"
    THIS_HOST = "loopback or this host"
    PRIVATE = "private network"
    LINK_LOCAL = "link-local"
    METADATA = "cloud metadata service"
    MULTICAST = "multicast or broadcast"
    SPECIAL = "special-purpose registry"
    TUNNEL = "tunnel or translation prefix"
    NOT_GLOBAL = "outside the global unicast space"
    PORT = "not a port of this service"


# The first match decides. Metadata services stand first, because they lie inside wider blocks.
DENIED_V4 = (
    ("169.254.169.254/32", Forbidden.METADATA),
    ("100.100.100.200/32", Forbidden.METADATA),
    ("168.63.129.16/32", Forbidden.METADATA),
    ("0.0.0.0/8", Forbidden.THIS_HOST),
    ("127.0.0.0/8", Forbidden.THIS_HOST),
    ("10.0.0.0/8", Forbidden.PRIVATE),
    ("172.16.0.0/12", Forbidden.PRIVATE),
    ("192.168.0.0/16", Forbidden.PRIVATE),
    ("100.64.0.0/10", Forbidden.PRIVATE),  # RFC 6598, shared by carriers
    ("169.254.0.0/16", Forbidden.LINK_LOCAL),
    ("224.0.0.0/4", Forbidden.MULTICAST),
    ("255.255.255.255/32", Forbidden.MULTICAST),
    ("192.0.0.0/24", Forbidden.SPECIAL),
    ("192.0.2.0/24", Forbidden.SPECIAL),  # RFC 5737
    ("198.51.100.0/24", Forbidden.SPECIAL),
    ("203.0.113.0/24", Forbidden.SPECIAL),
    ("198.18.0.0/15", Forbidden.SPECIAL),  # RFC 2544
    ("192.31.196.0/24", Forbidden.SPECIAL),  # AS112, RFC 7535
    ("192.175.48.0/24", Forbidden.SPECIAL),
    ("192.52.193.0/24", Forbidden.SPECIAL),  # AMT, RFC 7450
    ("192.88.99.0/24", Forbidden.TUNNEL),  # 6to4 relays, RFC 7526
    ("240.0.0.0/4", Forbidden.SPECIAL),
)

DENIED_V6 = (
    ("fd00:ec2::254/128", Forbidden.METADATA),
    ("::/128", Forbidden.THIS_HOST),
    ("::1/128", Forbidden.THIS_HOST),
    ("fc00::/7", Forbidden.PRIVATE),  # RFC 4193
    ("fec0::/10", Forbidden.PRIVATE),  # site-local, RFC 3879
    ("fe80::/10", Forbidden.LINK_LOCAL),
    ("ff00::/8", Forbidden.MULTICAST),
    ("2001::/32", Forbidden.TUNNEL),  # Teredo, RFC 4380
    ("64:ff9b:1::/48", Forbidden.TUNNEL),  # local NAT64, RFC 8215
    ("2001::/23", Forbidden.SPECIAL),  # RFC 2928
    ("2001:db8::/32", Forbidden.SPECIAL),  # RFC 3849
    ("3fff::/20", Forbidden.SPECIAL),  # RFC 9637
    ("2620:4f:8000::/48", Forbidden.SPECIAL),  # AS112
)

TABLE_V4 = tuple((ipaddress.IPv4Network(net), why) for net, why in DENIED_V4)
TABLE_V6 = tuple((ipaddress.IPv6Network(net), why) for net, why in DENIED_V6)

# Prefixes that carry an IPv4 address, and how far it must be shifted down to be read
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")  # RFC 3056
V4_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")  # RFC 4291 section 2.5.5.2
V4_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291 section 2.5.5.1
CARRYING_V4 = ((NAT64, 0), (SIX_TO_FOUR, 80), (V4_MAPPED, 0), (V4_COMPATIBLE, 0))
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: the upper half of the interface identifier


class Guard:
    """Says whether an address and port may be connected to.

    `allow_networks` are the prober's CIDRs (ValueError if one is not a network). `written` are the endpoints of the
    configuration as (host or address as written, port): these are allowed as they stand, whatever the host resolves to.
    `ports`: of anybody else.
    """

    def __init__(
        self,
        allow_networks: Iterable[str] = (),
        written: Iterable[tuple[str, int]] = (),
        ports: frozenset[int] = MAIL_PORTS,
    ) -> None:
        self._ports = ports
        self._allowed = tuple(ipaddress.ip_network(net, strict=False) for net in allow_networks)
        self._written = frozenset((_folded(host), port) for host, port in written)

    def check(self, ip: str, port: int, host: str = "") -> Forbidden | None:
        """None if the connection may be made; else why not. `host` is the name that was looked up, if any."""
        address = _address(ip)
        if address is None:
            return Forbidden.NOT_AN_ADDRESS
        if self._is_written(ip, port, host) or self.is_inner(ip):
            return None
        return denied(address) or (None if port in self._ports else Forbidden.PORT)

    def is_inner(self, ip: str) -> bool:
        """Whether the address lies in `allow_networks`."""
        address = _address(ip)
        if address is None:
            return False
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return any(form in network for network in self._allowed for form in (address, mapped) if form is not None)

    def _is_written(self, ip: str, port: int, host: str) -> bool:
        return (_folded(ip), port) in self._written or (bool(host) and (_folded(host), port) in self._written)


def denied(address: IP) -> Forbidden | None:
    """Why nobody outside may make us connect to this address; None for global unicast."""
    if isinstance(address, ipaddress.IPv4Address):
        return next((why for network, why in TABLE_V4 if address in network), None)
    listed = next((why for network, why in TABLE_V6 if address in network), None)
    if listed is not None:
        return listed
    inner = carried(address)
    if inner is not None:
        return denied(inner)
    return None if address in GLOBAL_UNICAST else Forbidden.NOT_GLOBAL


def carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside a translated, tunnelled or mapped IPv6 address."""
    for network, shift in CARRYING_V4:
        if address in network:
            return ipaddress.IPv4Address(int(address) >> shift & 0xFFFFFFFF)
    if (int(address) >> 32) & 0xFFFFFFFF in ISATAP:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@functools.lru_cache(maxsize=1024)
def _address(ip: str) -> IP | None:
    """Only the full textual form counts: `127.1` or `0x7f000001`, which getaddrinfo takes, are not addresses here."""
    try:
        return ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return None


@functools.lru_cache(maxsize=1024)
def _folded(host: str) -> str:
    """One spelling per host: literals in canonical form, names in lower case without the final dot."""
    address = _address(host.strip("[]"))
    return str(address) if address is not None else host.rstrip(".").lower()
