"""What may be said of a call now. Nothing that is said is taken back, but by what comes late: a test mail, or a bounce.

Each leg is judged as of its own end: a control that was good when the doors were asked does not grow old while somebody waits
for a test mail, and a check reads tomorrow as it reads today.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from mailprobe.evidence import Evidence
from mailprobe.question import Question
from mailprobe.verdict import Confidence, Verdict
from mailprobe.verdict.confidence import weakest
from mailprobe.verdict.judge import judge
from mailprobe.verdict.picture import Known, Picture, SignIn
from mailprobe.verdict.settled import ANSWERED_BY, Leg, settled

TOGETHER = 120.0  # seconds between two ends that count as one time
ORDER = ("canary", "submission", "imap", "dns", "mx")  # of two legs that answer the same question, the later has it


class Takes(Protocol):
    """The part of the house that makes a picture of evidence."""

    def picture(self, question: Question, evidence: tuple[Evidence, ...], now: float) -> Picture: ...


def end_of(evidence: Evidence) -> float:
    return evidence.started + evidence.took


def picture_of(house: Takes, question: Question, evidence: tuple[Evidence, ...], started: float) -> Picture:
    """All that is known of the account, each leg as it stood when it ended. started: Unix seconds of the call."""
    ends: dict[str, float] = {}
    for one in evidence:
        if one.probe in ORDER:  # what the carrier's own systems say is no leg: it stands beside the legs' answers
            ends[one.probe] = max(end_of(one), ends.get(one.probe, 0.0))
    newest = max(ends.values(), default=started)
    picture = house.picture(question, evidence, newest)
    for probe, end in sorted(ends.items(), key=lambda one: ORDER.index(one[0])):
        if newest - end >= TOGETHER:
            older = house.picture(question, evidence, end)
            picture = replace(picture, **{name: getattr(older, name) for name in ANSWERED_BY[Leg(probe)]})
    return picture


def since_repair(picture: Picture) -> Picture:
    """Somebody says that it is repaired: a refusal from before that, which nobody tried again, says nothing of now."""
    return replace(picture, sign_in=not_before(picture.sign_in), submission=not_before(picture.submission))


def not_before(known: Known[SignIn]) -> Known[SignIn]:
    return replace(known, value=SignIn.HELD) if known.among(SignIn.REFUSED_BEFORE) else known


def verdict_of(picture: Picture, pending: Iterable[str]) -> Verdict | None:
    """What no leg under way can overturn; None: "checking"."""
    legs = frozenset(Leg(one) for one in pending)
    return settled(picture, legs) if legs else judge(picture)


def at_most_medium(with_heard: Verdict, without: Verdict | None) -> Verdict:
    """What rests on words that somebody read out over the phone is never sure."""
    if without is not None and with_heard.code is without.code:
        return with_heard
    return replace(with_heard, confidence=weakest(with_heard.confidence, Confidence.MEDIUM))


def is_same(one: Verdict, other: Verdict) -> bool:
    """Whether they would be said as the same: what blames, clears, or allows a step on the handset."""
    return (one.code, one.status, one.actor, one.handset_steps) == (other.code, other.status, other.actor, other.handset_steps)
