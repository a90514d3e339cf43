"""All that is known of one account now: one question per field, one enum of answers per question.

Every answer carries when it was learnt and how: measured, told, remembered or configured. `take.py` is the way from facts
to a Picture, `judge.py` the way from a Picture to a Verdict; the rules read nothing but the answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar


class Source(StrEnum):
    """How an answer was learnt."""

    MEASURED = "measured"
    TOLD = "told"  # an agent or a customer said so
    REMEMBERED = "remembered"  # seen by an earlier run
    CONFIGURED = "configured"


T = TypeVar("T", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """One answer. at: Unix seconds, None where there is no instant (configured, or not asked)."""

    value: T
    at: float | None = None
    source: Source = Source.MEASURED

    def among(self, *values: T) -> bool:
        return self.value in values


class Answer(StrEnum):
    """To a plain question; NO also stands for "nobody said so"."""

    YES = "yes"
    NO = "no"


class Domain(StrEnum):
    """Does the DNS send mail for this domain anywhere? Absence counts only from two resolvers."""

    FOUND = "found"
    CONFIGURED = "configured"  # the servers are written in the configuration; DNS does not decide
    ABSENT = "absent"
    REFUSES_MAIL = "refuses_mail"  # null MX, RFC 7505
    NO_SERVERS = "no_servers"  # the name exists, but neither MX nor address; or no MX host has one
    UNSURE = "unsure"  # one resolver only, or they disagree, or SERVFAIL
    DEAF = "deaf"  # no resolver of ours answered at all
    UNASKED = "unasked"


class Prober(StrEnum):
    """Are we ourselves fit to ask at the door (port 25)?"""

    FINE = "fine"
    BLOCKED = "blocked"  # everybody we asked for was refused with words about us
    PORT_CLOSED = "port_closed"  # no MX host at all answers on the port: outgoing mail is blocked here
    MISCONFIGURED = "misconfigured"  # our EHLO name or MAIL FROM is refused
    UNKNOWN = "unknown"


class Acceptance(StrEnum):
    """What the MX hosts say of T at RCPT, read with L and D beside it."""

    UNASKED = "unasked"
    HELD = "held"  # a gap of politeness has not passed
    UNPROBEABLE = "unprobeable"  # needs SMTPUTF8, which the server does not offer
    ACCEPTED = "accepted"  # D refused
    ACCEPTED_ALL = "accepted_all"  # D accepted as well: the answer says nothing
    ACCEPTED_UNCHECKED = "accepted_unchecked"  # D not asked or not answered
    AS_NEVER_EXISTED = "as_never_existed"  # word for word as D, while L is accepted
    DISABLED = "disabled"  # T's own words, L accepted, D answered otherwise; so for the next four
    MOVED = "moved"
    FULL = "full"
    FILTERED = "filtered"
    RATE = "rate"  # this mailbox receives too much at present: it exists
    BLOCKED_ALONE = "blocked_alone"  # L and D accepted, T refused
    REFUSED_UNCHECKED = "refused_unchecked"  # words about the recipient, but L or D is missing or failed
    REFUSED_OTHERWISE = "refused_otherwise"  # words that do not speak of the recipient, or unlike D's
    REFUSED_ALL = "refused_all"  # T, L and D, without words about us
    RELAY_DENIED = "relay_denied"  # T and L: the server is not for this domain
    GREYLISTED = "greylisted"
    DEFERRED_ALONE = "deferred_alone"  # T 4xx, L accepted
    DEFERRED = "deferred"  # 4xx, and L no better or not asked
    DIRECTORY_DOWN = "directory_down"  # T and L: the server cannot look recipients up
    UNREACHABLE = "unreachable"  # no MX host let us ask
    DISAGREE = "disagree"  # T refused at one MX host, accepted at another; L accepted at both
    UNCLEAR = "unclear"  # MX hosts differ and L does not tell why; or not readable


class Breadth(StrEnum):
    """How many MX hosts gave the same full answer (T, L and D)."""

    ALL = "all"  # all that the domain has
    SEVERAL = "several"
    ONE = "one"
    NONE = "none"


class LiveAtMx(StrEnum):
    """The known good control at RCPT."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNASKED = "unasked"


class DeadAtMx(StrEnum):
    """The reserved address that never existed, at RCPT; remembered for 24 hours."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    UNASKED = "unasked"


class SignIn(StrEnum):
    """T's own sign-in at IMAP or at submission. *_BY_MASTER says nothing about the customer's password."""

    OPENED = "opened"
    OPENED_BY_MASTER = "opened_by_master"
    REFUSED = "refused"
    REFUSED_BEFORE = "refused_before"  # by an earlier login of the last 24 h; not asked again
    REFUSED_BY_MASTER = "refused_by_master"
    DISABLED = "disabled"
    EXPIRED = "expired"
    RATE_LIMITED = "rate_limited"
    NOT_ALLOWED = "not_allowed"  # policy: client, network, service
    UNAVAILABLE = "unavailable"  # the server's own fault, or it took the connection and said nothing useful
    CLOSED = "closed"  # the host refuses connections
    UNREACHABLE = "unreachable"  # no answer on the way: may be ours
    INSECURE = "insecure"  # channel not to be trusted: no secret was sent
    OLD_TLS = "old_tls"  # only a legacy profile connects, and none is named for this host
    HELD = "held"
    NO_SECRET = "no_secret"  # noqa: S105 - an answer, not a password
    NO_SERVER = "no_server"
    UNCLEAR = "unclear"
    UNASKED = "unasked"


class Control(StrEnum):
    """L's sign-in, good for 10 minutes. GOOD_BY_MASTER: the master user opened L."""

    GOOD = "good"
    GOOD_BY_MASTER = "good_by_master"
    REFUSED = "refused"
    RATE_LIMITED = "rate_limited"
    NOT_ALLOWED = "not_allowed"
    UNAVAILABLE = "unavailable"
    CLOSED = "closed"
    UNREACHABLE = "unreachable"
    UNCLEAR = "unclear"
    ABSENT = "absent"  # no control with a secret is configured
    UNASKED = "unasked"


class Store(StrEnum):
    """Behind the sign-in: does the mailbox open?"""

    OPENED = "opened"
    LOST = "lost"
    FAILED = "failed"  # by the server's own words a fault of its own, such as [SERVERBUG]; the mail may well be there
    UNKNOWN = "unknown"


class Room(StrEnum):
    """How full the mailbox is (RFC 9208)."""

    ROOM = "room"
    NEAR = "near"
    FULL = "full"
    UNKNOWN = "unknown"


class Backends(StrEnum):
    """The IP addresses of the IMAP server, each tried as far as its greeting."""

    ALL = "all"
    SOME = "some"  # T's own attempt was not hit by the broken ones
    SOME_HIT = "some_hit"  # T's own attempt was
    NONE = "none"
    UNKNOWN = "unknown"


class Tls(StrEnum):
    MODERN = "modern"
    LEGACY_NAMED = "legacy_named"  # with the profile that the carrier's data names
    LEGACY_UNNAMED = "legacy_unnamed"
    EXPIRED = "expired"  # the certificate: no client that looks at it connects
    BAD_CERTIFICATE = "bad_certificate"
    UNKNOWN = "unknown"


class PasswordChange(StrEnum):
    """When the mail password was changed, as told or as the carrier's own systems say, against T's refused sign-in."""

    UNTOLD = "untold"
    REFUSED_EARLIER = "refused_earlier"  # the refusal is older than the change, or there is none
    REFUSED_TOO_SOON = "refused_too_soon"  # within the time a change takes to spread
    REFUSED_LATER = "refused_later"  # than the customer says that he changed it, and no record says otherwise
    REFUSED_AFTER_RECORDED = "refused_after_recorded"  # nobody tells of that change: the secret that was tried may be older
    UNRECORDED = "unrecorded"  # so later; but the carrier's own systems know of no such change


class ContractState(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


class Entry(StrEnum):
    """Whether a list of the carrier's holds T, as its own systems say."""

    LISTED = "listed"
    ABSENT = "absent"
    UNKNOWN = "unknown"  # nobody was asked, no answer came, or it is too old beside what the servers say


class Portal(StrEnum):
    OK = "ok"
    CLOSED = "closed"
    UNTOLD = "untold"


class Network(StrEnum):
    """Where we probe from, seen from the carrier."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNSAID = "unsaid"


class Delivery(StrEnum):
    """What became of T's newest test mail after it was handed over."""

    UNASKED = "unasked"  # no test mail is part of what this account is checked for
    UNSENT = "unsent"
    HELD = "held"  # a limit, or an earlier test mail of which nothing new is known
    UNDER_WAY = "under_way"
    DEFERRED = "deferred"  # put off with 4xx: it goes out later, from the same sender
    UNCERTAIN = "uncertain"  # the dialogue broke after DATA: it may have been taken
    LOST_TRACK = "lost_track"  # still uncertain after an hour
    UNREAD = "unread"  # taken, and nobody of ours can look: the customer may read its number out
    UNREAD_OVERDUE = "unread_overdue"
    UNREAD_HOUR = "unread_hour"
    ARRIVED = "arrived"
    LATE = "late"  # it arrived when it was overdue already, or nobody had looked until then
    ELSEWHERE = "elsewhere"  # in another folder than INBOX and junk: a sorting rule
    JUNKED = "junked"
    OVERDUE = "overdue"  # we can look, and it is not there
    OVERDUE_HOUR = "overdue_hour"
    OVERDUE_DAY = "overdue_day"
    FORWARDED = "forwarded"
    RETURNED_ELSEWHERE = "returned_elsewhere"  # what came back names another mailbox than T
    AUTO_REPLIED = "auto_replied"
    UNKNOWN_USER = "unknown_user"  # at the end of data or afterwards; so for the next four
    FILTERED = "filtered"
    FULL = "full"
    DISABLED = "disabled"
    MOVED = "moved"
    OURS = "ours"  # refused or returned for what we are or what we wrote
    REFUSED = "refused"  # in words that decide nothing
    RETURNED = "returned"  # in words that decide nothing, or tied to the mailbox and to no test mail
    CONFLICT = "conflict"  # it arrived, and it came back as undeliverable


class ControlDelivery(StrEnum):
    """What became of L's test mail, sent at about the same time as T's."""

    UNSENT = "unsent"
    UNDER_WAY = "under_way"
    TAKEN = "taken"  # accepted and not come back; nobody of ours can look
    ARRIVED = "arrived"
    JUNKED = "junked"
    OVERDUE = "overdue"
    RETURNED = "returned"  # refused, or come back


class ReadBack(StrEnum):
    """Where the customer says that the test mail shows, with the number that it carries."""

    UNTOLD = "untold"
    UNPROVEN = "unproven"  # told, but without the number of the newest test mail
    HANDSET = "handset"
    WEBMAIL = "webmail"
    INBOX = "inbox"
    JUNK = "junk"
    NOT_SEEN = "not_seen"


class CleanUp(StrEnum):
    """What became of our own test mail in T's mailbox."""

    UNASKED = "unasked"
    DONE = "done"
    LIMITED = "limited"  # it stays: it could not go alone
    RECREATED = "recreated"  # UIDVALIDITY is another one than before the sending (RFC 9051 section 2.3.1.1)


class Deferred(StrEnum):
    """How long T alone has been put off, from history."""

    OVER_A_DAY = "over_a_day"
    NOT_LONG = "not_long"


class OldAddress(StrEnum):
    """An earlier address of the customer, as told."""

    ANOTHER = "another"
    THIS_ONE = "this_one"  # the address that is being checked
    UNTOLD = "untold"


class BounceSays(StrEnum):
    """What the bounce of a correspondent says; NONE: no bounce was shown, or it is none."""

    NONE = "none"
    RECIPIENT_UNKNOWN = "recipient_unknown"
    RECIPIENT_FILTER = "recipient_filter"
    RECIPIENT_FULL = "recipient_full"
    RECIPIENT_DISABLED = "recipient_disabled"
    SENDER_AT_FAULT = "sender_at_fault"
    OTHER_ADDRESS = "other_address"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class History:
    """What the store remembers. deferred_since: Unix seconds of the first 4xx of an unbroken row for T alone.
    undelivered_since: of the first reading of an unbroken row at which neither T's nor L's test mail had arrived."""

    accepted_before: bool = False
    deferred_since: float | None = None
    undelivered_since: float | None = None


def unsaid() -> Known[Answer]:
    return Known(Answer.NO, None, Source.TOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One answer per question. The defaults are those of an account of which nothing is known yet."""

    # from DNS and the MX hosts
    domain: Known[Domain] = Known(Domain.UNASKED)
    prober: Known[Prober] = Known(Prober.UNKNOWN)
    acceptance: Known[Acceptance] = Known(Acceptance.UNASKED)
    breadth: Known[Breadth] = Known(Breadth.NONE)
    live_at_mx: Known[LiveAtMx] = Known(LiveAtMx.UNASKED)
    dead_at_mx: Known[DeadAtMx] = Known(DeadAtMx.UNASKED)
    # from IMAP
    sign_in: Known[SignIn] = Known(SignIn.UNASKED)
    control_sign_in: Known[Control] = Known(Control.UNASKED)
    store: Known[Store] = Known(Store.UNKNOWN)
    room: Known[Room] = Known(Room.UNKNOWN)
    backends: Known[Backends] = Known(Backends.UNKNOWN)
    tls: Known[Tls] = Known(Tls.UNKNOWN)
    password_change: Known[PasswordChange] = Known(PasswordChange.UNTOLD)
    # from submission
    submission: Known[SignIn] = Known(SignIn.UNASKED)
    control_submission: Known[Control] = Known(Control.UNASKED)
    # from the test mails
    delivery: Known[Delivery] = Known(Delivery.UNASKED)
    control_delivery: Known[ControlDelivery] = Known(ControlDelivery.UNSENT)
    read_back: Known[ReadBack] = Known(ReadBack.UNTOLD, None, Source.TOLD)
    put_off_first: Known[Answer] = Known(Answer.NO)
    forwards: Known[Answer] = Known(Answer.NO)
    clean_up: Known[CleanUp] = Known(CleanUp.UNASKED)
    # from the carrier's own systems
    mx_map: Known[Entry] = Known(Entry.UNKNOWN)
    imap_directory: Known[Entry] = Known(Entry.UNKNOWN)
    stores_differ: Known[Answer] = Known(Answer.NO)  # mail goes to another store than the one that is opened
    written_since: Known[Answer] = Known(Answer.NO)  # to the store, after the newest test mail was taken
    contract_disputed: Known[Answer] = Known(Answer.NO)  # told otherwise than they say
    # told; the contract may be looked up there
    contract: Known[ContractState] = Known(ContractState.UNKNOWN, None, Source.CONFIGURED)
    portal: Known[Portal] = Known(Portal.UNTOLD, None, Source.TOLD)
    spelling_confirmed: Known[Answer] = field(default_factory=unsaid)
    webmail_ok: Known[Answer] = field(default_factory=unsaid)
    other_device_ok: Known[Answer] = field(default_factory=unsaid)
    handset_fails: Known[Answer] = field(default_factory=unsaid)
    pc_used: Known[Answer] = field(default_factory=unsaid)
    old_address: Known[OldAddress] = Known(OldAddress.UNTOLD, None, Source.TOLD)
    bounce: Known[BounceSays] = Known(BounceSays.NONE, None, Source.TOLD)
    # known beforehand
    enrolled: Known[Answer] = Known(Answer.YES, None, Source.CONFIGURED)
    accepted_before: Known[Answer] = Known(Answer.NO, None, Source.REMEMBERED)
    deferred: Known[Deferred] = Known(Deferred.NOT_LONG, None, Source.REMEMBERED)
    undelivered_before: Known[Answer] = Known(Answer.NO, None, Source.REMEMBERED)
    one_secret: Known[Answer] = Known(Answer.YES, None, Source.CONFIGURED)
    network: Known[Network] = Known(Network.UNSAID, None, Source.CONFIGURED)
