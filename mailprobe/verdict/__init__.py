"""What the picture of one account means: where it breaks, who must act, how sure we are. Opinion, and pure.

`picture.py` turns every fact into one answer per question; `rules.py` is the ordered table; `judge()` reads it; the words
for the agent on the phone are in `wording.py` and `locale/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The value of `mailprobe check`'s exit code: ok 0, degraded 1, down 2, unknown 3."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


class Actor(StrEnum):
    """Who must act."""

    PROVISIONING = "provisioning"
    MAIL_OPS = "mail_ops"
    IDENTITY = "identity"
    CUSTOMER = "customer"
    SENDER = "sender"
    HANDSET_SUPPORT = "handset_support"
    PROBER = "prober"
    NOBODY = "nobody"


class Confidence(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class HandsetSteps(StrEnum):
    """What may be done to the handset. Nothing that erases anything unless every server-side row is green."""

    NONE = "none"
    HARMLESS = "harmless"
    REINSTALL_MAIL_PROFILE = "reinstall_mail_profile"


class Code(StrEnum):
    """The verdicts, in the order of their numbers; the order in which they are tried is that of the rules."""

    DIRECTORY_OUT_OF_SYNC = "directory_out_of_sync"
    CLOSED_BY_CONTRACT = "closed_by_contract"
    UNKNOWN_TO_MX = "unknown_to_mx"
    MISSING_FROM_MX = "missing_from_mx"
    IMAP_AUTH_OUT_OF_SYNC = "imap_auth_out_of_sync"
    PASSWORD_OR_LOCK = "password_or_lock"  # noqa: S105  a verdict's code, not a secret
    PASSWORD_NOT_PROPAGATED = "password_not_propagated"  # noqa: S105  a verdict's code, not a secret
    SUSPENDED = "suspended"
    SECRET_EXPIRED = "secret_expired"  # noqa: S105  a verdict's code, not a secret
    LOGIN_RATE_LIMITED = "login_rate_limited"
    IMAP_OUTAGE = "imap_outage"
    STORE_LOST = "store_lost"
    PARTIAL_BACKEND_FAULT = "partial_backend_fault"
    SERVER_TLS_OLD = "server_tls_old"
    NETWORK_RESTRICTED = "network_restricted"
    MAILBOX_FULL = "mailbox_full"
    HEALTHY = "healthy"
    DELIVERED_TO_JUNK = "delivered_to_junk"
    RECIPIENT_FILTER = "recipient_filter"
    SILENTLY_DROPPED = "silently_dropped"
    DELIVERY_OUTAGE = "delivery_outage"
    UNKNOWN_BEHIND_GATEWAY = "unknown_behind_gateway"
    PROBER_BLOCKED = "prober_blocked"
    VANTAGES_DISAGREE = "vantages_disagree"
    STUCK_DEFERRED = "stuck_deferred"
    DIRECTORY_UNREACHABLE = "directory_unreachable"
    DOMAIN_MISCONFIGURED = "domain_misconfigured"
    SENDER_AT_FAULT = "sender_at_fault"
    ADDRESS_CHANGED = "address_changed"
    FORWARDED_OR_AUTO_REPLIED = "forwarded_or_auto_replied"
    HANDSET = "handset"
    INCONCLUSIVE = "inconclusive"
    ACCEPTS_MAIL = "accepts_mail"
    NO_SUCH_ADDRESS = "no_such_address"
    WAITING = "waiting"
    SUBMISSION_REFUSED = "submission_refused"
    SUBMISSION_OUTAGE = "submission_outage"
    BLOCKED_AT_MX = "blocked_at_mx"


class NoteCode(StrEnum):
    """What is said beside a verdict, never alone."""

    PC_CANNOT_CAUSE_BOUNCES = "pc_cannot_cause_bounces"
    PC_ACCESS_NOT_THE_CAUSE = "pc_access_not_the_cause"
    GREYLISTED = "greylisted"
    SERVER_TLS_OLD = "server_tls_old"
    PARTIAL_BACKEND_FAULT = "partial_backend_fault"
    MAILBOX_RECREATED = "mailbox_recreated"
    FORWARDED = "forwarded"
    CLEANUP_LIMITED = "cleanup_limited"
    MAINTENANCE = "maintenance"  # announced work is under way; args: until when (ISO 8601 with zone), and the note
    ALSO = "also"  # another row that matches too; args: its code


Args = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Note:
    code: NoteCode
    args: Args = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """missing: what would raise the confidence or is not shown, as tags such as 'portal', 'sign_in', 'store', 'live_control',
    'dead_control', 'delivery', 'live_delivery', 'read_back', 'second_mx'. conflicts: pairs of facts that contradict each
    other, as tags. args fill the wording's placeholders."""

    code: Code
    status: Status
    actor: Actor
    confidence: Confidence
    handset_steps: HandsetSteps
    row: int
    args: Args = ()
    notes: tuple[Note, ...] = ()
    missing: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    @property
    def handset_reset_allowed(self) -> bool:
        """True in row 33 only."""
        return self.code is Code.HANDSET
