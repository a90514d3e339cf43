"""What one run of one probe came to, as it is counted: good, bad, unknown, held, our own fault. Pure."""

from __future__ import annotations

from enum import StrEnum

from mailprobe.evidence import End, Evidence
from mailprobe.metrics import Outcome
from mailprobe.verdict.picture import Acceptance, Delivery, Domain, Picture, SignIn

GOOD: frozenset[StrEnum] = frozenset(
    {
        Domain.FOUND,
        Domain.CONFIGURED,
        Acceptance.ACCEPTED,
        Acceptance.ACCEPTED_ALL,
        Acceptance.ACCEPTED_UNCHECKED,
        SignIn.OPENED,
        SignIn.OPENED_BY_MASTER,
        Delivery.ARRIVED,
        Delivery.LATE,
        Delivery.ELSEWHERE,
        Delivery.FORWARDED,
    }
)
BAD: frozenset[StrEnum] = frozenset(
    {
        Domain.ABSENT,
        Domain.REFUSES_MAIL,
        Domain.NO_SERVERS,
        Acceptance.AS_NEVER_EXISTED,
        Acceptance.DISABLED,
        Acceptance.MOVED,
        Acceptance.FULL,
        Acceptance.FILTERED,
        Acceptance.BLOCKED_ALONE,
        Acceptance.REFUSED_UNCHECKED,
        Acceptance.REFUSED_OTHERWISE,
        Acceptance.RELAY_DENIED,
        Acceptance.DEFERRED_ALONE,
        Acceptance.DIRECTORY_DOWN,
        Acceptance.DISAGREE,
        SignIn.REFUSED,
        SignIn.REFUSED_BY_MASTER,
        SignIn.DISABLED,
        SignIn.EXPIRED,
        SignIn.NOT_ALLOWED,
        SignIn.UNAVAILABLE,
        SignIn.CLOSED,
        SignIn.OLD_TLS,
        Delivery.JUNKED,
        Delivery.OVERDUE,
        Delivery.OVERDUE_HOUR,
        Delivery.OVERDUE_DAY,
        Delivery.UNKNOWN_USER,
        Delivery.FILTERED,
        Delivery.FULL,
        Delivery.DISABLED,
    }
)


def outcome_of(evidence: Evidence, picture: Picture, prober_fit: bool) -> Outcome:
    """prober_fit: nothing that we check of ourselves is bad. If something is, a failure proves nothing."""
    if evidence.ending.kind is End.OUR_FAULT:
        return Outcome.OUR_FAULT
    if evidence.ending.kind in (End.HELD, End.REFUSED):
        return Outcome.HELD
    answer = answer_of(evidence.probe, picture)
    if answer in GOOD:
        return Outcome.GOOD
    return Outcome.BAD if answer in BAD and prober_fit else Outcome.UNKNOWN


def answer_of(probe: str, picture: Picture) -> StrEnum | None:
    """What the picture says to the question that this probe asks."""
    return {
        "dns": picture.domain.value,
        "mx": picture.acceptance.value,
        "imap": picture.sign_in.value,
        "submission": picture.submission.value,
        "canary": picture.delivery.value,
    }.get(probe)
