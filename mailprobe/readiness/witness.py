"""For each verdict, the pictures that show it best: everything could be asked, and this is what was seen.

A verdict may be shown in several ways. `provable.py` takes away from these what a carrier's set-up cannot learn, and asks the
rules what is left; a test asks them that each picture, whole, is what it stands for.
"""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from types import MappingProxyType

from mailprobe.verdict import Code
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    Backends,
    BounceSays,
    Breadth,
    ContractState,
    Control,
    ControlDelivery,
    DeadAtMx,
    Deferred,
    Delivery,
    Domain,
    Known,
    LiveAtMx,
    Network,
    OldAddress,
    PasswordChange,
    Picture,
    Portal,
    Prober,
    ReadBack,
    Room,
    SignIn,
    Store,
    Tls,
)

Answers = dict[str, StrEnum]
FIELDS = frozenset(one.name for one in fields(Picture))

FINE: Answers = {
    "domain": Domain.FOUND,
    "prober": Prober.FINE,
    "acceptance": Acceptance.ACCEPTED,
    "breadth": Breadth.ALL,
    "live_at_mx": LiveAtMx.ACCEPTED,
    "dead_at_mx": DeadAtMx.REFUSED,
    "sign_in": SignIn.OPENED,
    "control_sign_in": Control.GOOD,
    "store": Store.OPENED,
    "room": Room.ROOM,
    "backends": Backends.ALL,
    "tls": Tls.MODERN,
    "submission": SignIn.OPENED,
    "control_submission": Control.GOOD,
}
GONE: Answers = {"acceptance": Acceptance.AS_NEVER_EXISTED}
SHUT: Answers = {"sign_in": SignIn.REFUSED, "submission": SignIn.REFUSED, "store": Store.UNKNOWN, "room": Room.UNKNOWN}
UNTRIED: Answers = {"sign_in": SignIn.NO_SECRET, "submission": SignIn.NO_SECRET, "store": Store.UNKNOWN, "room": Room.UNKNOWN}
MAILED: Answers = {"delivery": Delivery.ARRIVED, "control_delivery": ControlDelivery.ARRIVED}


def seen(*changes: Answers, **more: StrEnum) -> Answers:
    """FINE with these changes."""
    answers = dict(FINE)
    for change in (*changes, more):
        answers.update(change)
    if not answers.keys() <= FIELDS:
        raise ValueError(f"no question of a picture: {answers.keys() - FIELDS}")
    return answers


def mailed(what: Delivery, live: ControlDelivery = ControlDelivery.ARRIVED, **more: StrEnum) -> Answers:
    return seen({"delivery": what, "control_delivery": live}, more)


def no_entry(mine: SignIn, live: Control, **more: StrEnum) -> Answers:
    """What becomes of T's sign-in and of L's, with nothing behind it."""
    return seen(UNTRIED, {"sign_in": mine, "control_sign_in": live}, more)


def picture_of(answers: Answers) -> Picture:
    return Picture(**{name: Known(value) for name, value in answers.items()})  # type: ignore[arg-type]  # `seen` checks names


WITNESSES: MappingProxyType[Code, tuple[Answers, ...]] = MappingProxyType(
    {
        Code.DIRECTORY_OUT_OF_SYNC: (seen(GONE, SHUT, portal=Portal.OK),),
        Code.CLOSED_BY_CONTRACT: (seen(GONE, SHUT, portal=Portal.CLOSED),),
        Code.UNKNOWN_TO_MX: (seen(GONE, UNTRIED),),
        Code.MISSING_FROM_MX: (seen(GONE),),
        Code.IMAP_AUTH_OUT_OF_SYNC: (seen(SHUT, submission=SignIn.OPENED),),
        Code.PASSWORD_OR_LOCK: (seen(SHUT),),
        Code.PASSWORD_NOT_PROPAGATED: (seen(SHUT, password_change=PasswordChange.REFUSED_LATER),),
        Code.SUSPENDED: (
            seen(UNTRIED, acceptance=Acceptance.DISABLED),
            no_entry(SignIn.DISABLED, Control.GOOD),
            seen(SHUT, contract=ContractState.SUSPENDED),
        ),
        Code.SECRET_EXPIRED: (no_entry(SignIn.EXPIRED, Control.GOOD),),
        Code.LOGIN_RATE_LIMITED: (no_entry(SignIn.RATE_LIMITED, Control.GOOD),),
        Code.IMAP_OUTAGE: (
            no_entry(SignIn.UNAVAILABLE, Control.UNAVAILABLE),
            no_entry(SignIn.CLOSED, Control.CLOSED, network=Network.INSIDE),
            no_entry(SignIn.CLOSED, Control.CLOSED),
        ),
        Code.STORE_LOST: (seen(store=Store.LOST),),
        Code.PARTIAL_BACKEND_FAULT: (
            seen(acceptance=Acceptance.DISAGREE),
            seen(store=Store.FAILED),
            no_entry(SignIn.UNAVAILABLE, Control.GOOD, backends=Backends.SOME_HIT),
        ),
        Code.SERVER_TLS_OLD: (
            no_entry(SignIn.OLD_TLS, Control.UNASKED, tls=Tls.LEGACY_UNNAMED),
            no_entry(SignIn.INSECURE, Control.UNASKED, tls=Tls.EXPIRED),
        ),
        Code.NETWORK_RESTRICTED: (no_entry(SignIn.NOT_ALLOWED, Control.NOT_ALLOWED, network=Network.OUTSIDE),),
        Code.MAILBOX_FULL: (
            seen(acceptance=Acceptance.FULL, room=Room.FULL),
            seen(room=Room.FULL),
            seen(UNTRIED, acceptance=Acceptance.FULL),
        ),
        Code.HEALTHY: (seen(MAILED), seen(), seen(UNTRIED, MAILED, delivery=Delivery.UNREAD, read_back=ReadBack.INBOX)),
        Code.DELIVERED_TO_JUNK: (mailed(Delivery.JUNKED), mailed(Delivery.UNREAD, read_back=ReadBack.JUNK)),
        Code.RECIPIENT_FILTER: (
            mailed(Delivery.FILTERED),
            seen(acceptance=Acceptance.FILTERED),
            seen(bounce=BounceSays.RECIPIENT_FILTER),
        ),
        Code.SILENTLY_DROPPED: (
            mailed(Delivery.OVERDUE_DAY),
            mailed(Delivery.UNREAD_HOUR, read_back=ReadBack.NOT_SEEN),
        ),
        Code.DELIVERY_OUTAGE: (mailed(Delivery.OVERDUE, ControlDelivery.OVERDUE, undelivered_before=Answer.YES),),
        Code.UNKNOWN_BEHIND_GATEWAY: (
            mailed(Delivery.UNKNOWN_USER, acceptance=Acceptance.ACCEPTED_ALL, dead_at_mx=DeadAtMx.ACCEPTED),
            mailed(Delivery.UNKNOWN_USER),
        ),
        Code.PROBER_BLOCKED: (
            seen(UNTRIED, prober=Prober.BLOCKED, acceptance=Acceptance.REFUSED_OTHERWISE, live_at_mx=LiveAtMx.REFUSED),
            seen(UNTRIED, prober=Prober.PORT_CLOSED, acceptance=Acceptance.UNREACHABLE, live_at_mx=LiveAtMx.UNASKED),
        ),
        Code.STUCK_DEFERRED: (seen(acceptance=Acceptance.DEFERRED_ALONE, deferred=Deferred.OVER_A_DAY),),
        Code.DIRECTORY_UNREACHABLE: (seen(acceptance=Acceptance.DIRECTORY_DOWN, live_at_mx=LiveAtMx.DEFERRED),),
        Code.DOMAIN_MISCONFIGURED: (
            seen(UNTRIED, domain=Domain.ABSENT, acceptance=Acceptance.UNASKED, breadth=Breadth.NONE),
            seen(acceptance=Acceptance.RELAY_DENIED),
        ),
        Code.SENDER_AT_FAULT: (seen(MAILED, bounce=BounceSays.SENDER_AT_FAULT), seen(bounce=BounceSays.SENDER_AT_FAULT)),
        Code.ADDRESS_CHANGED: (
            seen(acceptance=Acceptance.MOVED),
            mailed(Delivery.MOVED),
            seen(bounce=BounceSays.OTHER_ADDRESS),
            seen(GONE, UNTRIED, old_address=OldAddress.THIS_ONE),
        ),
        Code.FORWARDED_OR_AUTO_REPLIED: (mailed(Delivery.FORWARDED), mailed(Delivery.AUTO_REPLIED)),
        Code.HANDSET: (seen(MAILED, handset_fails=Answer.YES), seen(MAILED, handset_fails=Answer.YES, webmail_ok=Answer.YES)),
        Code.ACCEPTS_MAIL: (seen(UNTRIED),),
        Code.NO_SUCH_ADDRESS: (seen(GONE, UNTRIED, enrolled=Answer.NO),),
        Code.WAITING: (seen(acceptance=Acceptance.GREYLISTED),),
        Code.SUBMISSION_REFUSED: (seen(submission=SignIn.REFUSED),),
        Code.SUBMISSION_OUTAGE: (seen(submission=SignIn.UNAVAILABLE, control_submission=Control.UNAVAILABLE),),
        Code.BLOCKED_AT_MX: (seen(UNTRIED, acceptance=Acceptance.BLOCKED_ALONE, dead_at_mx=DeadAtMx.ACCEPTED),),
    }
)
