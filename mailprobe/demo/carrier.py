"""All that is true of one small carrier right now. Its servers answer from here and from nothing else.

Every server has a copy of the directory of its own: the recipient map of each MX host, and those that IMAP and submission
sign people in by. Most of what makes a mailbox ill is one copy that has lost an entry which another one has.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

MOST_CONNECTIONS = 10  # of one user at IMAP


class Service(StrEnum):
    """A server with a copy of the directory of its own. The domain has two MX hosts."""

    MX = "mx"
    SECOND_MX = "second_mx"
    IMAP = "imap"
    SUBMISSION = "submission"


EVERYWHERE = frozenset(Service)
BOTH_MX = frozenset({Service.MX, Service.SECOND_MX})
NOWHERE: frozenset[Service] = frozenset()


class SignIn(StrEnum):
    """How a sign-in ends. REFUSED is silent on purpose: wrong password, or nobody of that name (RFC 5530 section 3)."""

    OPEN = "open"
    REFUSED = "refused"
    DISABLED = "disabled"
    EXPIRED = "expired"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class Reception(StrEnum):
    """What the MX makes of one recipient."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    DISABLED = "disabled"
    FULL = "full"
    GREYLISTED = "greylisted"
    LOOKUP_FAILED = "lookup_failed"
    CLIENT_BLOCKED = "client_blocked"
    RECIPIENT_BLOCKED = "recipient_blocked"
    RELAY_DENIED = "relay_denied"


def new_password() -> str:
    return secrets.token_urlsafe(9)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One customer. `listed`: the directories that know him; used and limit in KiB; `connections`: open right now."""

    local: str
    password: str = field(default_factory=new_password, repr=False)
    listed: frozenset[Service] = EVERYWHERE
    disabled: bool = False
    expired: bool = False
    used: int = 1_200
    limit: int = 204_800
    has_store: bool = True
    shard: int = 1
    connections: int = 1

    @property
    def full(self) -> bool:
        return self.used >= self.limit


@dataclass(frozen=True, slots=True)
class Master:
    """The operator's own key: signs in with its password and opens anybody's mailbox (SASL PLAIN authzid, RFC 4616)."""

    name: str
    password: str = field(repr=False)


@dataclass(slots=True)
class CarrierState:
    """One carrier. `cut_off`: servers that cannot read their directory; `shards_down`: mail stores out of order.
    greylist: seconds that an unknown (client, sender, recipient) is put off, 0 for never; `clock` in seconds."""

    domain: str
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    cut_off: frozenset[Service] = NOWHERE
    shards_down: frozenset[int] = frozenset()
    blocked_clients: frozenset[str] = frozenset()
    blocked_recipients: frozenset[str] = frozenset()
    accepts_all: bool = False
    greylist: float = 0.0
    master: Master | None = None
    clock: Callable[[], float] = time.monotonic
    first_seen: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def put(self, *mailboxes: Mailbox) -> None:
        self.mailboxes.update((one.local, one) for one in mailboxes)

    def change(self, local: str, **changes: Any) -> None:
        """Something happens to a mailbox: `change("tanaka", password="...")`. KeyError if there is none."""
        self.mailboxes[local] = replace(self.mailboxes[local], **changes)

    def receive(self, client: str, sender: str, recipient: str, at: Service = Service.MX) -> Reception:
        """The answer to RCPT of one MX host. `client` is the IP address that asks."""
        local, _, domain = recipient.rpartition("@")
        if client in self.blocked_clients:
            return Reception.CLIENT_BLOCKED
        if domain.lower() != self.domain:
            return Reception.RELAY_DENIED
        if at in self.cut_off:
            return Reception.LOOKUP_FAILED
        if local in self.blocked_recipients:
            return Reception.RECIPIENT_BLOCKED
        return self._room_for(self._known(local, at), (client, sender, recipient))

    def _room_for(self, mailbox: Mailbox | None, triplet: tuple[str, str, str]) -> Reception:
        if mailbox is None:
            return Reception.ACCEPTED if self.accepts_all else Reception.UNKNOWN
        if mailbox.disabled:
            return Reception.DISABLED
        if mailbox.full:
            return Reception.FULL
        now = self.clock()
        waited = now - self.first_seen.setdefault(triplet, now)
        return Reception.GREYLISTED if waited < self.greylist else Reception.ACCEPTED

    def sign_in(self, service: Service, user: str, password: str, acting_as: str = "") -> SignIn:
        """One login. `user` is the local part or the whole address; `acting_as`: whose mailbox a master user wants."""
        if service in self.cut_off:
            return SignIn.UNAVAILABLE
        mailbox = self.opened_by(service, acting_as or user)
        if acting_as and acting_as != user:
            expected = self.master.password if self.master is not None and self.master.name == user else None
        else:
            expected = mailbox.password if mailbox is not None else None
        if mailbox is None or expected is None or not hmac.compare_digest(expected.encode(), password.encode()):
            return SignIn.REFUSED
        return self._door(service, mailbox)

    def _door(self, service: Service, mailbox: Mailbox) -> SignIn:
        """What somebody with the right password meets."""
        if mailbox.disabled:
            return SignIn.DISABLED
        if mailbox.expired:
            return SignIn.EXPIRED
        if service is not Service.IMAP:
            return SignIn.OPEN
        if mailbox.connections >= MOST_CONNECTIONS:
            return SignIn.TOO_MANY
        return SignIn.UNAVAILABLE if mailbox.shard in self.shards_down else SignIn.OPEN

    def opened_by(self, service: Service, user: str) -> Mailbox | None:
        """Whose mailbox a user name means at this server."""
        return self._known(user.removesuffix(f"@{self.domain}"), service)

    def _known(self, local: str, service: Service) -> Mailbox | None:
        mailbox = self.mailboxes.get(local)
        return mailbox if mailbox is not None and service in mailbox.listed else None
