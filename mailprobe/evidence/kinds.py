"""The words in which facts are told: each a closed list, in the terms of the RFCs."""

from __future__ import annotations

from enum import StrEnum


class Of(StrEnum):
    """Of whom a fact speaks: the target T, a known good control L, or the reserved address D that never existed."""

    TARGET = "target"
    LIVE = "live"
    DEAD = "dead"


class As(StrEnum):
    """With whose credential a sign-in was tried. A master user's sign-in says nothing about the customer's password."""

    CUSTOMER = "customer"
    MASTER = "master"
    CONTROL = "control"


class Stage(StrEnum):
    """The step of a dialogue, in the words of RFC 5321 and RFC 9051."""

    LOOKUP = "lookup"
    CONNECT = "connect"
    TLS = "tls"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    END_OF_DATA = "end_of_data"
    AFTER_ACCEPTANCE = "after_acceptance"
    RSET = "rset"
    QUIT = "quit"
    CAPABILITY = "capability"
    LOGIN = "login"
    EXAMINE = "examine"
    QUOTA = "quota"
    LOGOUT = "logout"
    IDLE = "idle"
    LOOK = "look"  # searching a mailbox for our own test mail
    REMOVE = "remove"  # taking our own test mail out again


class Lookup(StrEnum):
    """How one DNS question ended. SERVFAIL and silence are not absence (RFC 2308)."""

    FOUND = "found"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    NULL_MX = "null_mx"  # RFC 7505
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    ERROR = "error"


class Purpose(StrEnum):
    """Why a name was looked up."""

    MX = "mx"
    HOST = "host"
    SERVICE = "service"  # SRV, RFC 6186 and 8314
    OWN_ADDRESS = "own_address"
    OWN_PTR = "own_ptr"
    OWN_SPF = "own_spf"


class Unreachable(StrEnum):
    """Why no connection came to be."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    NO_ROUTE = "no_route"
    RESET = "reset"
    FORBIDDEN = "forbidden"  # our own guard: an address we must not connect to
    NO_FAMILY = "no_family"  # this host has no IPv6 (or no IPv4)
    OUR_LIMIT = "our_limit"  # out of descriptors, ports or the like


class TlsFault(StrEnum):
    """Why a channel could not be trusted. No secret is sent on such a channel."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    WRONG_NAME = "wrong_name"
    SELF_SIGNED = "self_signed"
    UNTRUSTED = "untrusted"
    HANDSHAKE = "handshake"
    OLD_SERVER = "old_server"  # only a legacy profile connects, and the carrier's data does not name one
    NOT_OFFERED = "not_offered"  # no STARTTLS
    REFUSED = "refused"  # STARTTLS offered, then 4xx/5xx/NO
    INJECTION = "injection"  # unread bytes before TLS started (CVE-2021-38371 class)
    PREAUTH = "preauth"  # PREAUTH on a clear channel: STARTTLS is impossible
    TIMEOUT = "timeout"
    RESET = "reset"


class Breakage(StrEnum):
    """How a dialogue broke. The connection is dead afterwards; nothing more is asked on it."""

    RESET = "reset"
    CLOSED = "closed"
    OUT_OF_TIME = "out_of_time"
    LINE_TOO_LONG = "line_too_long"
    REPLY_TOO_LONG = "reply_too_long"
    LITERAL_TOO_LONG = "literal_too_long"
    TOO_MUCH = "too_much"  # the session's byte budget
    GARBAGE = "garbage"  # not the protocol
    BYE = "bye"
    PREAUTH = "preauth"


class Withheld(StrEnum):
    """Why something was deliberately not asked."""

    NO_SECRET = "no_secret"  # noqa: S105  a reason, not a secret
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105  a reason, not a secret
    BUDGET_SPENT = "budget_spent"  # refused logins of this user in 24 h
    SAME_SECRET_REFUSED = "same_secret_refused"  # noqa: S105  a reason, not a secret
    CONTROL_FAILED = "control_failed"
    NOT_POLITE_YET = "not_polite_yet"  # a gap of the carrier's limits has not passed
    SERVER_TROUBLED = "server_troubled"  # it failed several times in a row and is left alone for a while
    ASKED_TO_WAIT = "asked_to_wait"  # in its own words, 421, 450 or 4.7.x: what was asked for is waited for
    MASTER_STOPPED = "master_stopped"  # a login through the master user was refused, and nothing has proved it good since
    NEEDS_RELEASE = "needs_release"  # too many unknown addresses without a ticket: a supervisor must agree
    NO_SERVER = "no_server"
    SERVER_GUESSED = "server_guessed"  # found by MX or SRV outside the domain: no secret is sent there
    NOT_SECURE = "not_secure"
    NO_MECHANISM = "no_mechanism"
    NO_SMTPUTF8 = "no_smtputf8"
    NO_CONTROL = "no_control"
    OTHER_LEG_FAILED = "other_leg_failed"  # the chain stopped before this sign-in
    CACHED = "cached"  # a younger answer is at hand
    NO_JOURNAL = "no_journal"  # a test mail that cannot be written down is not sent
    NO_SENDER = "no_sender"  # no bounce domain or token key is configured: what comes back could not be told from forgery
    NO_CONSENT = "no_consent"  # neither an enrolled mailbox nor one whose owner agreed
    ONE_ALIVE = "one_alive"  # a test mail to this mailbox is still out
    NEARLY_FULL = "nearly_full"  # a test mail must not be the mail that fills a mailbox
    NOT_ACCEPTED = "not_accepted"  # the servers refuse the address: nothing to send to


# Not asked for the sake of limits: it would be another time, or after somebody's word
HELD_BACK = frozenset(
    {
        Withheld.NOT_POLITE_YET,
        Withheld.BUDGET_SPENT,
        Withheld.SAME_SECRET_REFUSED,
        Withheld.SERVER_TROUBLED,
        Withheld.ASKED_TO_WAIT,
        Withheld.MASTER_STOPPED,
        Withheld.NEEDS_RELEASE,
    }
)


class CanaryState(StrEnum):
    """Where a test mail stands. The record takes each of these steps at most once, by compare-and-set."""

    PLANNED = "planned"
    SENDING = "sending"  # written down before DATA: whoever finds it later makes it uncertain, and never sends again
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"  # the dialogue broke after DATA: it may have been taken
    SEEN = "seen"
    JUNKED = "junked"
    LATE = "late"  # seen, but after it was given up for lost
    LOST = "lost"
    BOUNCED = "bounced"
    REMOVED = "removed"
    LEFT = "left"  # seen, and not ours to remove


class Folder(StrEnum):
    """Where in a mailbox a test mail was found."""

    INBOX = "inbox"
    JUNK = "junk"  # the special use Junk of RFC 6154
    OTHER = "other"


class SeenBy(StrEnum):
    """What told us of an arrival: IDLE alone may be half a second late, so it is never the only one asked."""

    IDLE = "idle"
    POLL = "poll"


class Removal(StrEnum):
    """What became of our own test mail after it was found."""

    REMOVED = "removed"
    NO_UIDPLUS = "no_uidplus"  # without UID EXPUNGE (RFC 4315) it cannot go alone
    CHANGED = "changed"  # UIDVALIDITY is another one: the noted UID means nothing any more
    GONE = "gone"  # somebody else has moved or removed it
    REFUSED = "refused"


class ReturnKind(StrEnum):
    """What came back to the sender of a test mail. Only `failed` is a failure (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    FORWARDED = "forwarded"  # relayed or expanded, or it came back from another address
    AUTO_REPLY = "auto_reply"


class Contract(StrEnum):
    """What a carrier's own systems say of the contract that a mailbox belongs to."""

    ACTIVE = "active"
    CLOSED = "closed"
    SUSPENDED = "suspended"


class End(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    REFUSED = "refused"
    OUT_OF_TIME = "out_of_time"
    HELD = "held"
    OUR_FAULT = "our_fault"
