"""A verdict -> a reading: when the facts behind it were seen, and whether the controls were good."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from mailprobe.status import RANK, Reading
from mailprobe.verdict import Code, Verdict
from mailprobe.verdict.picture import Acceptance, Control, ControlDelivery, Known, LiveAtMx, Picture

Question = Callable[[Picture], Known[Any]]  # every question has answers of its own type


def acceptance(p: Picture) -> Known[Any]:
    return p.acceptance


def domain(p: Picture) -> Known[Any]:
    return p.domain


def sign_in(p: Picture) -> Known[Any]:
    return p.sign_in


def store(p: Picture) -> Known[Any]:
    return p.store


def room(p: Picture) -> Known[Any]:
    return p.room


def submission(p: Picture) -> Known[Any]:
    return p.submission


def delivery(p: Picture) -> Known[Any]:
    return p.delivery


EVERYTHING: tuple[Question, ...] = (domain, acceptance, sign_in, store, submission, delivery)
AT_THE_DOOR: tuple[Question, ...] = (acceptance, delivery)

# Which answers decide a verdict. A second look at anything else is no second reading: an IMAP outage is not confirmed by
# asking the MX hosts again. Where a refused login is part of it, RCPT confirms: the login must not be tried again.
DECIDED_BY: dict[Code, tuple[Question, ...]] = {
    Code.DIRECTORY_OUT_OF_SYNC: (acceptance, sign_in),
    Code.CLOSED_BY_CONTRACT: AT_THE_DOOR,
    Code.UNKNOWN_TO_MX: AT_THE_DOOR,
    Code.MISSING_FROM_MX: AT_THE_DOOR,
    Code.BLOCKED_AT_MX: AT_THE_DOOR,
    Code.STUCK_DEFERRED: (acceptance,),
    Code.DIRECTORY_UNREACHABLE: (acceptance,),
    Code.DOMAIN_MISCONFIGURED: (domain, acceptance),
    Code.ADDRESS_CHANGED: AT_THE_DOOR,
    Code.RECIPIENT_FILTER: AT_THE_DOOR,
    Code.SUSPENDED: (acceptance, sign_in, delivery),
    Code.MAILBOX_FULL: (acceptance, room, delivery),
    Code.IMAP_OUTAGE: (sign_in,),
    Code.NETWORK_RESTRICTED: (sign_in,),
    Code.SERVER_TLS_OLD: (sign_in,),
    Code.SECRET_EXPIRED: (sign_in,),
    Code.LOGIN_RATE_LIMITED: (sign_in,),
    Code.STORE_LOST: (store,),
    Code.PARTIAL_BACKEND_FAULT: (acceptance,),  # where MX hosts disagree; see `deciding`
    Code.PASSWORD_OR_LOCK: (acceptance, sign_in),
    Code.PASSWORD_NOT_PROPAGATED: (acceptance, sign_in),
    Code.IMAP_AUTH_OUT_OF_SYNC: (acceptance, sign_in, submission),
    Code.SUBMISSION_REFUSED: (submission,),
    Code.SUBMISSION_OUTAGE: (submission,),
    Code.DELIVERED_TO_JUNK: (delivery,),
    Code.SILENTLY_DROPPED: (delivery,),
    Code.DELIVERY_OUTAGE: (delivery,),
    Code.UNKNOWN_BEHIND_GATEWAY: (delivery,),
    Code.FORWARDED_OR_AUTO_REPLIED: (delivery,),
}

# Verdicts about the carrier's servers: that the live control fails as well is their proof, not a doubt.
OF_THE_SERVERS = frozenset(
    {
        Code.DOMAIN_MISCONFIGURED,
        Code.DIRECTORY_UNREACHABLE,
        Code.IMAP_OUTAGE,
        Code.NETWORK_RESTRICTED,
        Code.SERVER_TLS_OLD,
        Code.PARTIAL_BACKEND_FAULT,
        Code.SUBMISSION_OUTAGE,
        Code.DELIVERY_OUTAGE,
    }
)

FAILED: frozenset[StrEnum] = frozenset(
    {
        LiveAtMx.REFUSED,
        LiveAtMx.DEFERRED,
        Control.REFUSED,
        Control.RATE_LIMITED,
        Control.NOT_ALLOWED,
        Control.UNAVAILABLE,
        Control.CLOSED,
        Control.UNREACHABLE,
        ControlDelivery.OVERDUE,
        ControlDelivery.RETURNED,
    }
)


def read(verdict: Verdict, picture: Picture, prober_fit: bool, now: float) -> Reading:
    """The reading that a verdict is. prober_fit: what we check of ourselves was good for this kind of question."""
    good = prober_fit and controls_good(verdict.code, picture)
    return Reading(now, verdict.code, verdict.status, good, decided_at(verdict, picture))


def decided_at(verdict: Verdict, picture: Picture) -> float | None:
    """When the newest of the facts that decide was seen, Unix seconds; None where nothing measured decides.

    For an answer that was remembered this is when it was given: asked again too soon, it is no second reading."""
    asked = deciding(verdict.code, picture) if RANK[verdict.status] else EVERYTHING
    return max((at for one in asked if (at := one(picture).at) is not None), default=None)


def deciding(code: Code, picture: Picture) -> tuple[Question, ...]:
    """Part of the servers fails: which part, the picture tells. One login that broke off is no second time because the MX hosts
    were asked again."""
    if code is Code.PARTIAL_BACKEND_FAULT and not picture.acceptance.among(Acceptance.DISAGREE):
        return (sign_in, store)
    return DECIDED_BY.get(code, EVERYTHING)


def controls_good(code: Code, picture: Picture) -> bool:
    """Whether no control contradicts. Which controls must be good for a verdict to be said at all, its rule has asked."""
    controls = (picture.live_at_mx, picture.control_sign_in, picture.control_submission, picture.control_delivery)
    return code in OF_THE_SERVERS or not any(one.value in FAILED for one in controls)
