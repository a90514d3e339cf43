"""The words for what a reply means: closed sets, so that every reader matches them to the end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SpeaksOf(StrEnum):
    """Only RECIPIENT may ever count against a mailbox."""

    RECIPIENT = "recipient"
    US = "us"
    SERVER = "server"
    MESSAGE = "message"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


class ReplyClass(StrEnum):
    ACCEPTED = "accepted"
    UNKNOWN_USER = "unknown_user"
    MAILBOX_DISABLED = "mailbox_disabled"
    MAILBOX_MOVED = "mailbox_moved"
    MAILBOX_FULL = "mailbox_full"
    RECIPIENT_RATE = "recipient_rate"
    RECIPIENT_FILTER = "recipient_filter"
    POLICY_REJECTED = "policy_rejected"
    DOMAIN_NOT_FOUND = "domain_not_found"
    DOMAIN_REFUSES_MAIL = "domain_refuses_mail"
    RELAY_DENIED = "relay_denied"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    SERVER_ERROR = "server_error"
    UNREACHABLE = "unreachable"
    GREYLISTED = "greylisted"
    RATE_LIMITED = "rate_limited"
    BLOCKED_SENDER_REPUTATION = "blocked_sender_reputation"
    SENDER_REJECTED = "sender_rejected"
    AUTH_POLICY = "auth_policy"
    TLS_REQUIRED = "tls_required"
    PROTOCOL_ERROR = "protocol_error"
    CONTENT_REJECTED = "content_rejected"
    MESSAGE_TOO_BIG = "message_too_big"
    UNCLASSIFIED = "unclassified"
    DELIVERED = "delivered"
    AUTO_REPLY = "auto_reply"
    NOT_A_BOUNCE = "not_a_bounce"


class SignInClass(StrEnum):
    """What the answer to a login says (RFC 5530, and the texts of servers without codes)."""

    OPENED = "opened"
    REFUSED = "refused"  # wrong password, unknown user or locked: deliberately silent
    DISABLED = "disabled"  # CONTACTADMIN, login disabled for this user
    EXPIRED = "expired"  # passphrase no longer valid, or an application password is wanted
    RATE_LIMITED = "rate_limited"  # LIMIT, too many connections, INUSE
    UNAVAILABLE = "unavailable"  # UNAVAILABLE, SERVERBUG: the server's own fault
    MAILBOX_ABSENT = "mailbox_absent"  # NONEXISTENT, CORRUPTION at EXAMINE: signed in, store gone
    NOT_ALLOWED = "not_allowed"  # AUTHORIZATIONFAILED, policy, client or network restriction
    CHANNEL = "channel"  # PRIVACYREQUIRED, wrong mechanism, BAD: ours
    UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`hard`: no later try can succeed by itself. `rule`: the table row that decided, for the proof."""

    cls: ReplyClass
    speaks_of: SpeaksOf
    hard: bool
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Us:
    """Words that mean us when a reply quotes them: our address(es), EHLO name, sender domain."""

    words: tuple[str, ...] = ()


SPEAKS: dict[ReplyClass, SpeaksOf] = {
    ReplyClass.ACCEPTED: SpeaksOf.RECIPIENT,
    ReplyClass.UNKNOWN_USER: SpeaksOf.RECIPIENT,
    ReplyClass.MAILBOX_DISABLED: SpeaksOf.RECIPIENT,
    ReplyClass.MAILBOX_MOVED: SpeaksOf.RECIPIENT,
    ReplyClass.MAILBOX_FULL: SpeaksOf.RECIPIENT,
    ReplyClass.RECIPIENT_RATE: SpeaksOf.RECIPIENT,
    ReplyClass.RECIPIENT_FILTER: SpeaksOf.AMBIGUOUS,
    ReplyClass.POLICY_REJECTED: SpeaksOf.AMBIGUOUS,
    ReplyClass.DOMAIN_NOT_FOUND: SpeaksOf.SERVER,
    ReplyClass.DOMAIN_REFUSES_MAIL: SpeaksOf.SERVER,
    ReplyClass.RELAY_DENIED: SpeaksOf.SERVER,
    ReplyClass.TEMPORARILY_UNAVAILABLE: SpeaksOf.SERVER,
    ReplyClass.SERVER_ERROR: SpeaksOf.SERVER,
    ReplyClass.UNREACHABLE: SpeaksOf.SERVER,
    ReplyClass.GREYLISTED: SpeaksOf.US,
    ReplyClass.RATE_LIMITED: SpeaksOf.US,
    ReplyClass.BLOCKED_SENDER_REPUTATION: SpeaksOf.US,
    ReplyClass.SENDER_REJECTED: SpeaksOf.US,
    ReplyClass.AUTH_POLICY: SpeaksOf.US,
    ReplyClass.TLS_REQUIRED: SpeaksOf.US,
    ReplyClass.PROTOCOL_ERROR: SpeaksOf.US,
    ReplyClass.CONTENT_REJECTED: SpeaksOf.MESSAGE,
    ReplyClass.MESSAGE_TOO_BIG: SpeaksOf.MESSAGE,
    ReplyClass.UNCLASSIFIED: SpeaksOf.NONE,
    ReplyClass.DELIVERED: SpeaksOf.NONE,
    ReplyClass.AUTO_REPLY: SpeaksOf.NONE,
    ReplyClass.NOT_A_BOUNCE: SpeaksOf.NONE,
}

# What no later try to this address can mend by itself. A disabled or full mailbox can be mended.
LASTING = frozenset(
    {ReplyClass.UNKNOWN_USER, ReplyClass.MAILBOX_MOVED, ReplyClass.DOMAIN_NOT_FOUND, ReplyClass.DOMAIN_REFUSES_MAIL}
)
