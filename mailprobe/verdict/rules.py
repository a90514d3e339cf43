"""The ordered table: prober > carrier > account > delivery > sender > handset. First match wins.

A condition reads nothing but the answers of the picture, and of the contract who answered. Every row whose status is "down" needs
positive evidence of the servers with the controls good at the same leg: an answer that is missing or doubtful never fulfils it,
and what a record of the carrier's own says of its lists and stores never does so alone.

Row 25 has no rule as long as nothing here compares two vantages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailprobe.verdict import Actor, Args, Code, Confidence, HandsetSteps, Status
from mailprobe.verdict import confidence as sure
from mailprobe.verdict import delivery as mail
from mailprobe.verdict.grounds import (
    ACCEPTED,
    CONTROL_IN,
    CONTROL_OUT,
    LATER,
    NO_CONTROL,
    NO_WAY_IN,
    OPENED,
    as_never,
    closed,
    customer_refused,
    in_one_chain,
    known_here,
    known_to_imap,
    listed,
    lost,
    nobody_there,
    refused_for_want_of_entry,
    refused_where_control_enters,
    signs_in,
)
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    Backends,
    BounceSays,
    ContractState,
    Control,
    Deferred,
    Delivery,
    Domain,
    Entry,
    LiveAtMx,
    Network,
    OldAddress,
    PasswordChange,
    Picture,
    Prober,
    Room,
    SignIn,
    Store,
    Tls,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. also: worth a note when an earlier row has won."""

    row: int
    code: Code
    status: Status
    actor: Actor
    when: Callable[[Picture], bool]
    sure: Callable[[Picture], Confidence]
    steps: HandsetSteps = HandsetSteps.NONE
    args: Callable[[Picture], Args] = lambda p: ()
    also: bool = True


# ---- prober ----------------------------------------------------------------------------------------------------------


def prober_unfit(p: Picture) -> bool:
    return p.prober.among(Prober.BLOCKED, Prober.PORT_CLOSED, Prober.MISCONFIGURED)


def offline(p: Picture) -> bool:
    """No resolver answers, no MX host was reached, nor any sign-in server."""
    return (
        p.domain.among(Domain.DEAF)
        and p.acceptance.among(Acceptance.UNASKED, Acceptance.UNREACHABLE)
        and p.sign_in.among(SignIn.UNREACHABLE, SignIn.UNASKED, SignIn.NO_SERVER)
        and p.submission.among(SignIn.UNREACHABLE, SignIn.UNASKED, SignIn.NO_SERVER)
    )


def what_ails_us(p: Picture) -> Args:
    return (("reason", p.prober.value.value),)


# ---- carrier ---------------------------------------------------------------------------------------------------------


def domain_wrong(p: Picture) -> bool:
    """DNS leads nowhere, and no MX host has spoken; or the hosts are not for this domain."""
    if p.acceptance.among(Acceptance.RELAY_DENIED):
        return True
    nowhere = p.domain.among(Domain.ABSENT, Domain.REFUSES_MAIL, Domain.NO_SERVERS)
    return nowhere and p.acceptance.among(Acceptance.UNASKED, Acceptance.UNREACHABLE)


def directory_unreachable(p: Picture) -> bool:
    return p.acceptance.among(Acceptance.DIRECTORY_DOWN)


def imap_outage(p: Picture) -> bool:
    """Said by the server itself to both, or nobody gets to the door although our network is sound.

    From outside, a closed door may be closed to us only. A time-out may be ours unless we stand inside."""
    if p.sign_in.among(SignIn.UNAVAILABLE) and p.control_sign_in.among(Control.UNAVAILABLE):
        return True
    if p.network.among(Network.OUTSIDE) or not p.sign_in.among(*NO_WAY_IN) or not p.control_sign_in.among(*CONTROL_OUT):
        return False
    if p.network.among(Network.INSIDE):
        return True
    unreachable = p.sign_in.among(SignIn.UNREACHABLE) or p.control_sign_in.among(Control.UNREACHABLE)
    return not unreachable and p.prober.among(Prober.FINE)


def network_restricted(p: Picture) -> bool:
    """The server says so to L as well as to T, and we stand outside."""
    from_outside = p.network.among(Network.OUTSIDE)
    return from_outside and p.sign_in.among(SignIn.NOT_ALLOWED) and p.control_sign_in.among(Control.NOT_ALLOWED)


def tls_too_old(p: Picture) -> bool:
    """An old protocol, or a certificate that has run out: of every address of the server, or we would have got in."""
    expired = p.sign_in.among(SignIn.INSECURE) and p.tls.among(Tls.EXPIRED)
    return (expired or p.sign_in.among(SignIn.OLD_TLS)) and not as_never(p)


def partial_fault(p: Picture) -> bool:
    """Part of the servers fails, and T was hit by it."""
    if p.acceptance.among(Acceptance.DISAGREE):
        return True
    if p.store.among(Store.FAILED):
        return p.control_sign_in.among(*CONTROL_IN) and not as_never(p)
    if as_never(p) or not p.sign_in.among(SignIn.UNAVAILABLE, SignIn.CLOSED):
        return False
    return p.backends.among(Backends.SOME_HIT) or p.control_sign_in.among(*CONTROL_IN)


# ---- account ---------------------------------------------------------------------------------------------------------


def store_lost(p: Picture) -> bool:
    lost_it = p.sign_in.among(*OPENED) and p.store.among(Store.LOST) and not nobody_there(p)
    return lost_it and p.control_sign_in.among(*CONTROL_IN)


def suspended(p: Picture) -> bool:
    if p.acceptance.among(Acceptance.DISABLED):
        return True
    if p.sign_in.among(SignIn.DISABLED) and p.control_sign_in.among(*CONTROL_IN):
        return True
    if not p.contract.among(ContractState.SUSPENDED) or signs_in(p):
        return False
    return as_never(p) or refused_where_control_enters(p)


def closed_by_contract(p: Picture) -> bool:
    return closed(p) and as_never(p) and not signs_in(p)


def missing_from_mx(p: Picture) -> bool:
    return lost(p) and signs_in(p)


def out_of_sync(p: Picture) -> bool:
    return lost(p) and known_here(p) and (refused_where_control_enters(p) or refused_for_want_of_entry(p))


def unknown_to_mx(p: Picture) -> bool:
    return lost(p) and known_here(p)


def no_such_address(p: Picture) -> bool:
    return lost(p) and not known_here(p) and not known_to_imap(p) and not listed(p)


def blocked_at_mx(p: Picture) -> bool:
    """D is accepted: the host takes everybody, or somebody has got D by now. Then T may simply be misspelt, or given up."""
    return p.acceptance.among(Acceptance.BLOCKED_ALONE) and known_here(p) and not p.old_address.among(OldAddress.THIS_ONE)


def imap_auth_out_of_sync(p: Picture) -> bool:
    """The same secret, refused here and accepted there, now."""
    return (
        p.acceptance.among(*ACCEPTED)
        and p.one_secret.among(Answer.YES)
        and p.sign_in.among(SignIn.REFUSED)
        and p.submission.among(SignIn.OPENED)
        and in_one_chain(p)
        and p.control_sign_in.among(*CONTROL_IN)
    )


def not_propagated(p: Picture) -> bool:
    """A refusal that is remembered counts as well: he who calls again is not told to change his password a second time."""
    return (
        p.acceptance.among(Acceptance.ACCEPTED)
        and customer_refused(p)
        and p.password_change.among(PasswordChange.REFUSED_LATER)
        and p.control_sign_in.among(*CONTROL_IN)
        and not p.submission.among(SignIn.OPENED)
    )


def password_or_lock(p: Picture) -> bool:
    """Where the carrier's own directory has no entry, no password would be right."""
    return (
        p.acceptance.among(Acceptance.ACCEPTED, Acceptance.ACCEPTED_UNCHECKED)
        and customer_refused(p)
        and p.control_sign_in.among(*CONTROL_IN, *NO_CONTROL)
        and not p.password_change.among(PasswordChange.REFUSED_TOO_SOON)
        and not p.submission.among(SignIn.OPENED)
        and not p.imap_directory.among(Entry.ABSENT)
        and not perhaps_let_in(p)
    )


def perhaps_let_in(p: Picture) -> bool:
    """One secret for both, refused here hours ago; what submission said of it then, nobody knows any more. It may have opened."""
    before = p.one_secret.among(Answer.YES) and p.sign_in.among(SignIn.REFUSED_BEFORE)
    return before and p.submission.among(SignIn.HELD)


def secret_expired(p: Picture) -> bool:
    return p.sign_in.among(SignIn.EXPIRED) and not as_never(p) and p.control_sign_in.among(*CONTROL_IN, *NO_CONTROL)


def login_rate_limited(p: Picture) -> bool:
    return p.sign_in.among(SignIn.RATE_LIMITED) and not as_never(p) and p.control_sign_in.among(*CONTROL_IN, *NO_CONTROL)


def mailbox_full(p: Picture) -> bool:
    return p.acceptance.among(Acceptance.FULL) or (p.room.among(Room.FULL) and p.acceptance.among(*ACCEPTED, *LATER))


def stuck_deferred(p: Picture) -> bool:
    return p.acceptance.among(Acceptance.DEFERRED_ALONE) and p.deferred.among(Deferred.OVER_A_DAY)


def submission_refused(p: Picture) -> bool:
    refused = p.submission.among(SignIn.REFUSED, SignIn.DISABLED, SignIn.EXPIRED, SignIn.NOT_ALLOWED)
    return refused and p.sign_in.among(SignIn.OPENED) and p.control_submission.among(*CONTROL_IN, *NO_CONTROL)


def submission_outage(p: Picture) -> bool:
    if p.submission.among(SignIn.UNAVAILABLE):
        return not p.control_submission.among(Control.RATE_LIMITED)
    return p.submission.among(SignIn.CLOSED) and p.sign_in.among(*OPENED) and not p.network.among(Network.OUTSIDE)


# ---- delivery, sender, and what is left ------------------------------------------------------------------------------


def recipient_filter(p: Picture) -> bool:
    if p.acceptance.among(Acceptance.FILTERED):
        return True
    if p.bounce.among(BounceSays.RECIPIENT_FILTER) and p.acceptance.among(*ACCEPTED):
        return True
    return mail.filtered(p)


def full_in_a_bounce(p: Picture) -> bool:
    """A full mailbox may be accepted for at the door; but none that was seen to have room, or to take our own mail."""
    fits = p.room.among(Room.ROOM) or p.delivery.among(*mail.THERE, Delivery.JUNKED) or mail.read_out(p)
    return p.bounce.among(BounceSays.RECIPIENT_FULL) and p.acceptance.among(*ACCEPTED) and not fits


def sender_at_fault(p: Picture) -> bool:
    return p.bounce.among(BounceSays.SENDER_AT_FAULT) and mail.is_accepted(p)


def address_changed(p: Picture) -> bool:
    """The checked address is the old one and gone; or it is the new one, and others still write to the old."""
    if p.acceptance.among(Acceptance.MOVED) or mail.moved(p):
        return True
    if as_never(p) or p.acceptance.among(Acceptance.BLOCKED_ALONE) or mail.unknown(p):
        return p.old_address.among(OldAddress.THIS_ONE)
    other = p.old_address.among(OldAddress.ANOTHER) or p.bounce.among(BounceSays.OTHER_ADDRESS)
    return other and mail.is_accepted(p)


def waiting(p: Picture) -> bool:
    if p.acceptance.among(*LATER):
        return True
    return spreading(p) or mail.out(p)


def spreading(p: Picture) -> bool:
    """A new password takes its time."""
    too_soon = p.password_change.among(PasswordChange.REFUSED_TOO_SOON)
    return too_soon and p.sign_in.among(SignIn.REFUSED, SignIn.REFUSED_BEFORE) and p.acceptance.among(*ACCEPTED)


def why_waiting(p: Picture) -> Args:
    """The reason, by which the words also tell how soon the next answer comes."""
    if p.acceptance.among(*LATER):
        return (("reason", p.acceptance.value.value),)
    return (("reason", "propagation" if spreading(p) else mail.why_out(p)),)


def sends(p: Picture) -> bool:
    return p.submission.among(SignIn.OPENED, SignIn.NO_SECRET, SignIn.NO_SERVER)


def handset(p: Picture) -> bool:
    """Every row above is green, the customer's own sign-in too, and only the device fails. A reset never rests on what was
    told alone: the arrival and the mailbox are measured."""
    own = p.sign_in.among(SignIn.OPENED)
    told = p.webmail_ok.among(Answer.YES) or p.other_device_ok.among(Answer.YES)
    enters = own or (p.sign_in.among(SignIn.OPENED_BY_MASTER) and told)
    return p.handset_fails.among(Answer.YES) and enters and p.store.among(Store.OPENED) and green(p) and mail.in_inbox(p)


def green(p: Picture) -> bool:
    return mail.is_accepted(p) and p.live_at_mx.among(LiveAtMx.ACCEPTED) and sends(p)


def healthy(p: Picture) -> bool:
    """Fresh proof of every leg that exists for this account: one that was only left out this time is not proven."""
    return green(p) and mail.proven_if_possible(p) and reads(p)


def reads(p: Picture) -> bool:
    """The mailbox opens; or the customer has read the number of our test mail in it, where nobody of ours can sign in."""
    if p.sign_in.among(*OPENED):
        return p.store.among(Store.OPENED)
    return p.sign_in.among(SignIn.NO_SECRET, SignIn.NO_SERVER, SignIn.UNASKED) and mail.read_out(p)


def accepts_mail(p: Picture) -> bool:
    """Nothing bad was seen, but not every leg could be. That a known good account cannot get in is bad, though T was not tried;
    so is a mailbox that was asked to open, and did not."""
    fine = (*OPENED, SignIn.UNASKED, SignIn.NO_SECRET, SignIn.NO_SERVER, SignIn.HELD)
    untested = p.sign_in.among(*fine) or (p.sign_in.among(SignIn.REFUSED_BEFORE) and not customer_refused(p))
    unopened = p.store.among(Store.LOST, Store.FAILED) or (p.sign_in.among(*OPENED) and not p.store.among(Store.OPENED))
    if p.sign_in.among(SignIn.HELD) and p.control_sign_in.among(*CONTROL_OUT):
        return False
    return mail.is_accepted(p) and untested and p.submission.among(*fine) and not unopened and mail.unharmed(p)


def how_far(p: Picture) -> Args:
    """What became of the test mail, for the words of those rows that say what is proven."""
    return (("mail", mail.proof_of(p)),)


def anything(p: Picture) -> bool:
    return True


OK, DEGRADED, DOWN, UNKNOWN = Status.OK, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
NONE, HARMLESS, REINSTALL = HandsetSteps.NONE, HandsetSteps.HARMLESS, HandsetSteps.REINSTALL_MAIL_PROFILE

RULES: tuple[Rule, ...] = (
    Rule(24, Code.PROBER_BLOCKED, UNKNOWN, Actor.PROBER, prober_unfit, sure.ours, args=what_ails_us),
    # carrier
    Rule(29, Code.DOMAIN_MISCONFIGURED, DOWN, Actor.MAIL_OPS, domain_wrong, sure.domain),
    Rule(28, Code.DIRECTORY_UNREACHABLE, DOWN, Actor.MAIL_OPS, directory_unreachable, sure.directory),
    Rule(11, Code.IMAP_OUTAGE, DOWN, Actor.MAIL_OPS, imap_outage, sure.outage),
    Rule(15, Code.NETWORK_RESTRICTED, DEGRADED, Actor.NOBODY, network_restricted, sure.medium),
    Rule(14, Code.SERVER_TLS_OLD, DEGRADED, Actor.MAIL_OPS, tls_too_old, sure.medium),
    Rule(13, Code.PARTIAL_BACKEND_FAULT, DEGRADED, Actor.MAIL_OPS, partial_fault, sure.partial),
    # account
    Rule(12, Code.STORE_LOST, DOWN, Actor.MAIL_OPS, store_lost, sure.control),
    Rule(2, Code.CLOSED_BY_CONTRACT, DOWN, Actor.PROVISIONING, closed_by_contract, sure.closed),
    Rule(8, Code.SUSPENDED, DOWN, Actor.PROVISIONING, suspended, sure.suspended),
    Rule(4, Code.MISSING_FROM_MX, DOWN, Actor.MAIL_OPS, missing_from_mx, sure.missing_from_mx),
    Rule(1, Code.DIRECTORY_OUT_OF_SYNC, DOWN, Actor.PROVISIONING, out_of_sync, sure.out_of_sync),
    Rule(3, Code.UNKNOWN_TO_MX, DOWN, Actor.PROVISIONING, unknown_to_mx, sure.unknown_to_mx, also=False),
    Rule(36, Code.NO_SUCH_ADDRESS, UNKNOWN, Actor.CUSTOMER, no_such_address, sure.unknown_to_mx, also=False),
    Rule(40, Code.BLOCKED_AT_MX, DOWN, Actor.MAIL_OPS, blocked_at_mx, sure.doors),
    Rule(5, Code.IMAP_AUTH_OUT_OF_SYNC, DOWN, Actor.IDENTITY, imap_auth_out_of_sync, sure.auth_out_of_sync),
    Rule(7, Code.PASSWORD_NOT_PROPAGATED, DOWN, Actor.IDENTITY, not_propagated, sure.password),
    Rule(9, Code.SECRET_EXPIRED, DEGRADED, Actor.CUSTOMER, secret_expired, sure.own_words),
    Rule(10, Code.LOGIN_RATE_LIMITED, DEGRADED, Actor.CUSTOMER, login_rate_limited, sure.rate_limited),
    Rule(6, Code.PASSWORD_OR_LOCK, DEGRADED, Actor.CUSTOMER, password_or_lock, sure.password),
    Rule(17, Code.MAILBOX_FULL, DEGRADED, Actor.CUSTOMER, mailbox_full, sure.full),
    Rule(27, Code.STUCK_DEFERRED, DOWN, Actor.MAIL_OPS, stuck_deferred, sure.medium),
    Rule(38, Code.SUBMISSION_REFUSED, DEGRADED, Actor.IDENTITY, submission_refused, sure.submission),
    Rule(39, Code.SUBMISSION_OUTAGE, DEGRADED, Actor.MAIL_OPS, submission_outage, sure.submission_outage),
    # delivery; what is said of the mailbox after acceptance has the code of the same thing said at the door
    Rule(22, Code.DELIVERY_OUTAGE, DOWN, Actor.MAIL_OPS, mail.outage, sure.delivery_outage),
    Rule(2, Code.CLOSED_BY_CONTRACT, DOWN, Actor.PROVISIONING, mail.closed_behind, sure.behind),
    Rule(23, Code.UNKNOWN_BEHIND_GATEWAY, DOWN, Actor.PROVISIONING, mail.unknown_behind, sure.behind),
    Rule(36, Code.NO_SUCH_ADDRESS, UNKNOWN, Actor.CUSTOMER, mail.stranger_behind, sure.low, also=False),
    Rule(8, Code.SUSPENDED, DOWN, Actor.PROVISIONING, mail.suspended_behind, sure.words_behind),
    Rule(17, Code.MAILBOX_FULL, DEGRADED, Actor.CUSTOMER, mail.full_behind, sure.medium),
    Rule(17, Code.MAILBOX_FULL, DEGRADED, Actor.CUSTOMER, full_in_a_bounce, sure.told),
    Rule(19, Code.DELIVERED_TO_JUNK, DEGRADED, Actor.CUSTOMER, mail.junked, sure.junked),
    Rule(20, Code.RECIPIENT_FILTER, DEGRADED, Actor.CUSTOMER, recipient_filter, sure.filtered),
    Rule(21, Code.SILENTLY_DROPPED, DEGRADED, Actor.CUSTOMER, mail.dropped, sure.dropped),
    Rule(32, Code.FORWARDED_OR_AUTO_REPLIED, DEGRADED, Actor.CUSTOMER, mail.goes_elsewhere, sure.goes_elsewhere),
    # sender
    Rule(30, Code.SENDER_AT_FAULT, OK, Actor.SENDER, sender_at_fault, sure.sender_at_fault),
    Rule(31, Code.ADDRESS_CHANGED, DEGRADED, Actor.CUSTOMER, address_changed, sure.changed),
    # handset
    Rule(33, Code.HANDSET, OK, Actor.HANDSET_SUPPORT, handset, sure.handset, REINSTALL, also=False),
    # nothing is wrong that we could name
    Rule(37, Code.WAITING, UNKNOWN, Actor.NOBODY, waiting, sure.low, args=why_waiting, also=False),
    Rule(18, Code.HEALTHY, OK, Actor.NOBODY, healthy, sure.healthy, HARMLESS, how_far, also=False),
    Rule(35, Code.ACCEPTS_MAIL, UNKNOWN, Actor.NOBODY, accepts_mail, sure.taken, HARMLESS, how_far, also=False),
    Rule(34, Code.INCONCLUSIVE, UNKNOWN, Actor.PROBER, anything, sure.low, also=False),
)
