"""Which verdicts a trouble of our own voids: those of the kind that it can explain. Pure.

Good news needs no veto: whoever accepts, opens and delivers does so however ill we are. A verdict is void if the trouble
could have brought about what it rests on. Where a known good account got through at the same door, the trouble did not
stand in the way there, and the verdict holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from mailprobe.evidence import Evidence, LookedUp, Lookup, Purpose
from mailprobe.prober import Check, Finding
from mailprobe.prober.clock import Jump, is_void
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, Status, Verdict
from mailprobe.verdict.picture import ControlDelivery, LiveAtMx, Picture, SignIn, Tls

UNANSWERED = frozenset({Lookup.SERVFAIL, Lookup.REFUSED, Lookup.TIMEOUT, Lookup.ERROR})
THEIRS = frozenset({Purpose.MX, Purpose.HOST, Purpose.SERVICE})
ROW = 24

# What each verdict rests on, besides what was told
AT_MX = frozenset(
    {
        Code.DIRECTORY_OUT_OF_SYNC,
        Code.CLOSED_BY_CONTRACT,
        Code.UNKNOWN_TO_MX,
        Code.MISSING_FROM_MX,
        Code.SUSPENDED,
        Code.PARTIAL_BACKEND_FAULT,
        Code.MAILBOX_FULL,
        Code.RECIPIENT_FILTER,
        Code.STUCK_DEFERRED,
        Code.DIRECTORY_UNREACHABLE,
        Code.DOMAIN_MISCONFIGURED,
        Code.ADDRESS_CHANGED,
        Code.NO_SUCH_ADDRESS,
        Code.WAITING,
        Code.BLOCKED_AT_MX,
    }
)
IN_DELIVERY = frozenset(
    {
        Code.DELIVERED_TO_JUNK,
        Code.RECIPIENT_FILTER,
        Code.SILENTLY_DROPPED,
        Code.DELIVERY_OUTAGE,
        Code.UNKNOWN_BEHIND_GATEWAY,
    }
)
AT_SIGN_IN = frozenset(
    {
        Code.DIRECTORY_OUT_OF_SYNC,
        Code.IMAP_AUTH_OUT_OF_SYNC,
        Code.PASSWORD_OR_LOCK,
        Code.PASSWORD_NOT_PROPAGATED,
        Code.SUSPENDED,
        Code.SECRET_EXPIRED,
        Code.LOGIN_RATE_LIMITED,
        Code.NETWORK_RESTRICTED,
        Code.SUBMISSION_REFUSED,
    }
)
BY_DATES = frozenset(
    {Code.SILENTLY_DROPPED, Code.DELIVERY_OUTAGE, Code.STUCK_DEFERRED, Code.PASSWORD_NOT_PROPAGATED, Code.WAITING}
)
REFUSALS = (
    SignIn.REFUSED,
    SignIn.REFUSED_BEFORE,
    SignIn.REFUSED_BY_MASTER,
    SignIn.DISABLED,
    SignIn.EXPIRED,
    SignIn.NOT_ALLOWED,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One account as it was judged just now."""

    carrier: str
    evidence: Sequence[Evidence]
    picture: Picture
    verdict: Verdict
    jumps: Sequence[Jump] = ()


def veto(findings: Iterable[Finding], case: Case) -> Verdict:
    """The verdict as it may be shown and counted: itself, or row 24 with our trouble as the reason. What is `unknown` changes no
    status."""
    if case.verdict.status is Status.OK or case.verdict.code is Code.PROBER_BLOCKED:
        return case.verdict
    if any(is_void(one, case.jumps) for one in case.evidence):
        return voided(case.verdict, Check.CLOCK)
    for one in findings:
        if one.is_bad and one.subject in ("", case.carrier, *lists(one)) and EXPLAINS[one.check](case):
            return voided(case.verdict, one.check)
    return case.verdict


def lists(finding: Finding) -> tuple[str, ...]:
    """A block list's own name is its subject, and it concerns every carrier."""
    return (finding.subject,) if finding.check is Check.BLOCK_LIST else ()


def voided(verdict: Verdict, check: Check) -> Verdict:
    return replace(
        verdict,
        code=Code.PROBER_BLOCKED,
        status=Status.UNKNOWN,
        actor=Actor.PROBER,
        confidence=Confidence.MEDIUM,
        handset_steps=HandsetSteps.NONE,
        row=ROW,
        args=(("reason", f"prober_{check.value}"),),
        notes=(),
    )


# ---- what a trouble can explain --------------------------------------------------------------------------------------


def names_failed(case: Case) -> bool:
    """A name of theirs could not be looked up, or the verdict is about names."""
    if case.verdict.code is Code.DOMAIN_MISCONFIGURED:
        return True
    facts = (fact for one in case.evidence for fact in one.facts if isinstance(fact, LookedUp))
    return any(fact.purpose in THEIRS and fact.outcome in UNANSWERED for fact in facts)


def rests_on_dates(case: Case) -> bool:
    return case.verdict.code in BY_DATES or case.picture.tls.among(Tls.BAD_CERTIFICATE)


def strangers_to_their_door(case: Case) -> bool:
    """What we are may be why we were refused: unless L came in by the same door, or its test mail arrived."""
    code, picture = case.verdict.code, case.picture
    if code in IN_DELIVERY:
        return not picture.control_delivery.among(ControlDelivery.ARRIVED)
    return code in AT_MX and not picture.live_at_mx.among(LiveAtMx.ACCEPTED)


def refused_at_sign_in(case: Case) -> bool:
    refused = case.picture.sign_in.among(*REFUSALS) or case.picture.submission.among(*REFUSALS)
    return case.verdict.code in AT_SIGN_IN and refused


def anything(case: Case) -> bool:
    return True


EXPLAINS: dict[Check, Callable[[Case], bool]] = {
    Check.RESOLVER: names_failed,
    Check.CLOCK: rests_on_dates,
    Check.NAME: strangers_to_their_door,
    Check.BLOCK_LIST: strangers_to_their_door,
    Check.PORT_25: strangers_to_their_door,
    Check.TURNED_AWAY: strangers_to_their_door,
    Check.CONTROL: anything,
    Check.WITNESS: refused_at_sign_in,
    Check.MASS: anything,
}
