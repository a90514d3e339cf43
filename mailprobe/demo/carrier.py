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

from mailprobe.demo.mailstore import MailStore

MOST_CONNECTIONS = 10  # of one user at IMAP


class Service(StrEnum):
    """A server with a copy of the directory of its own. The domain has two MX hosts."""

    MX = "mx"
    SECOND_MX = "second_mx"
    IMAP = "imap"
    SUBMISSION = "submission"
    DELIVERY = "delivery"  # behind the MX: what it knows less than the MX comes back as a bounce


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


class Rule(StrEnum):
    """What the customer's own settings do with a mail that his carrier has taken."""

    KEEP = "keep"
    JUNK = "junk"
    DROP = "drop"  # nobody is told


class Away(StrEnum):
    """The customer's automatic answer. POLITE leaves other machines alone (RFC 3834 section 2); old ones answer everything."""

    OFF = "off"
    POLITE = "polite"
    ALWAYS = "always"


def new_password() -> str:
    return secrets.token_urlsafe(9)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One customer. `listed`: the directories that know him; used (beside what his store holds) and limit in KiB;
    `connections`: open right now; `delay`: seconds that a mail takes to him after its acceptance. `filter_says`: the reply of
    his own filter at the end of data, `store_says`: that of his mail store after the MX has accepted; both empty for yes.
    `forward_to`: the address that gets his mail instead of him."""

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
    rule: Rule = Rule.KEEP
    away: Away = Away.OFF
    delay: float = 0.0
    filter_says: str = ""
    store_says: str = ""
    forward_to: str = ""


@dataclass(frozen=True, slots=True)
class Master:
    """The operator's own key: signs in with its password and opens anybody's mailbox (SASL PLAIN authzid, RFC 4616)."""

    name: str
    password: str = field(repr=False)


@dataclass(slots=True)
class CarrierState:
    """One carrier. `cut_off`: servers that cannot read their directory; `shards_down`: mail stores out of order.
    greylist: seconds that an unknown (client, sender, recipient) is put off, 0 for never; `clock` in seconds.
    accepts_all: a gateway, whose MX takes mail for every name; what nobody is called comes back as a bounce.
    way_back: host and port (loopback) that get what the carrier itself sends, bounces and automatic answers; None: nobody.
    warns_after: seconds until a sender hears of a delay if he asked to (RFC 3461); retry: seconds between two tries."""

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
    stores: dict[str, MailStore] = field(default_factory=dict)
    way_back: tuple[str, int] | None = None
    warns_after: float = float("inf")
    retry: float = 0.5

    def put(self, *mailboxes: Mailbox) -> None:
        self.mailboxes.update((one.local, one) for one in mailboxes)

    def change(self, local: str, **changes: Any) -> None:
        """Something happens to a mailbox: `change("tanaka", password="...")`. KeyError if there is none."""
        self.mailboxes[local] = replace(self.mailboxes[local], **changes)

    def store_of(self, local: str) -> MailStore:
        """His mail. KeyError if there is no such mailbox."""
        return self.stores.setdefault(self.mailboxes[local].local, MailStore())

    def used(self, local: str) -> int:
        """KiB."""
        return self.mailboxes[local].used + self.store_of(local).octets // 1024

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
        if self.used(mailbox.local) >= mailbox.limit:
            return Reception.FULL
        now = self.clock()
        waited = now - self.first_seen.setdefault(triplet, now)
        return Reception.GREYLISTED if waited < self.greylist else Reception.ACCEPTED

    def delivered_to(self, recipient: str) -> Mailbox | None:
        """Whose mail this is, once the MX has taken it."""
        return self._known(recipient.rpartition("@")[0], Service.DELIVERY)

    def at_end_of_data(self, recipient: str, octets: int) -> str:
        """The refusal of one mail whose recipient was accepted, or nothing."""
        mailbox = self.delivered_to(recipient)
        if mailbox is None:
            return ""
        if self.used(mailbox.local) + octets // 1024 >= mailbox.limit:
            return f"552 5.2.2 <{recipient}>: The mailbox is full"
        return mailbox.filter_says.format(recipient=recipient)

    def after_acceptance(self, recipient: str) -> str:
        """Why a mail that was accepted cannot be delivered for good, as a reply; or nothing."""
        mailbox = self.delivered_to(recipient)
        if mailbox is None:
            return f"550 5.1.1 <{recipient}>: User unknown"
        return mailbox.store_says.format(recipient=recipient)

    def store_is_up(self, local: str) -> bool:
        return self.mailboxes[local].has_store and self.mailboxes[local].shard not in self.shards_down

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
