"""Who may come in at the receiver: so many per address, per network and in all, far below what the process can hold open.

When the house is full the newcomer still gets in, and the oldest guest goes who has shown no valid recipient: silence must not
keep a bounce out. Nothing here knows sockets or the time.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Reason(StrEnum):
    """Why something was turned away at the receiver: the label of its counter."""

    RELAY = "relay"  # another domain than ours
    UNKNOWN = "unknown"  # ours, and no signed sender
    FORGED = "forged"
    EXPIRED = "expired"
    RECIPIENTS = "recipients"
    COMMANDS = "commands"
    SIZE = "size"
    LINE = "line"
    BARE_LINE_END = "bare_line_end"
    SLOW = "slow"
    FLOOD = "flood"  # more octets than any bounce needs
    CROWD = "crowd"  # too many connections
    INJECTION = "injection"  # commands in clear behind STARTTLS
    NOT_SMTP = "not_smtp"
    STORE = "store"  # ours: it could not be kept
    FAULT = "fault"  # ours: an error in this program


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection may cost, and how many there may be. Octets and seconds.

    A bounce that holds its test mail is below 16 KiB. What a connection holds in memory is bounded by `message`, so all of
    them by `most` times that.
    """

    octets: int = 256 * 1024  # of one connection, whatever is said
    message: int = 64 * 1024
    recipients: int = 5
    commands: int = 40
    session: float = 60.0
    crowded: float = 10.0  # instead of `session` while more than half of the places are taken
    quiet: float = 0.02  # before the greeting: who speaks now is no mail server (RFC 5321 section 4.3.1)
    grace: float = 10.0  # of a message, before its rate counts
    rate: float = 500.0  # octets per second
    keep: float = 20.0  # for the store
    per_host: int = 10
    per_network: int = 30
    most: int = 500


class Guest(Protocol):
    """One connection. `earned`: it has named a recipient that is ours."""

    @property
    def ip(self) -> str: ...
    @property
    def earned(self) -> bool: ...
    def show_out(self, words: str, reason: Reason | None = None) -> None: ...


class Door:
    """`descriptors`: how many files the process may hold open; guests take less than half of them."""

    def __init__(self, bounds: Bounds, descriptors: int) -> None:
        self.most = max(1, min(bounds.most, descriptors // 2 - 1))
        self._bounds = bounds
        self._guests: dict[Guest, None] = {}  # the oldest first
        self._hosts: Counter[str] = Counter()
        self._networks: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._guests)

    @property
    def guests(self) -> tuple[Guest, ...]:
        return tuple(self._guests)

    @property
    def within(self) -> float:
        """Seconds that a session beginning now may last."""
        return self._bounds.crowded if len(self) > self.most // 2 else self._bounds.session

    def has_room_for(self, ip: str) -> bool:
        """Whether a guest from there may come in; if the house is full, an idle one is shown out for him."""
        if self._hosts[ip] >= self._bounds.per_host or self._networks[network_of(ip)] >= self._bounds.per_network:
            return False
        return len(self) < self.most or self._make_room()

    def enter(self, guest: Guest) -> None:
        """Take the place that there was; the guest must `leave`."""
        self._guests[guest] = None
        self._hosts[guest.ip] += 1
        self._networks[network_of(guest.ip)] += 1

    def leave(self, guest: Guest) -> None:
        """Give the place up; a second time does nothing."""
        if guest not in self._guests:
            return
        del self._guests[guest]
        for counter, key in ((self._hosts, guest.ip), (self._networks, network_of(guest.ip))):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]

    def _make_room(self) -> bool:
        idle = next((one for one in self._guests if not one.earned), None)
        if idle is None:
            return False
        self.leave(idle)
        idle.show_out("421 4.7.0 Too many connections, try again later", Reason.CROWD)
        return True


def network_of(ip: str) -> str:
    """The /24 or /48 that an address belongs to: as much as one customer of a network easily has."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return ip  # no IP at all: a socket of this host
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))
