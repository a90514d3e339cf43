"""One run's facts -> what Prometheus counts of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailprobe.carriers import Carrier
from mailprobe.config import Account
from mailprobe.evidence import Arrived, Canary, CanaryState, Evidence, Fact, Of, Replied, Returned, ReturnKind, Secured, Stage
from mailprobe.metrics import BounceStage, Metrics, Outcome, stage_of
from mailprobe.replies import Meaning
from mailprobe.replies import read as read_reply
from mailprobe.serve.tally import Tally

REFUSING = (Stage.RCPT, Stage.DATA, Stage.END_OF_DATA)


def count_run(
    metrics: Metrics, tally: Tally, account: Account, carrier: Carrier, evidence: Evidence, outcome: Outcome, mailbox: str
) -> None:
    """How it went, and what the servers said: what the alerts on a whole carrier rest on. So nothing of an account on which work
    is announced belongs here: one group's must not set them off, nor anybody's when it is over. mailbox: the store's hash of the
    account's address; a bounce counts it once a day."""
    metrics.probe_ended(evidence.probe, account.carrier, evidence.vantage, outcome, evidence.took)
    count_replies(metrics, tally, account, carrier, evidence)
    for one in refusals(evidence, account, carrier):
        metrics.bounce(carrier.name, one.meaning.cls, one.meaning.hard, one.stage, mailbox, one.at)
        tally.bounce(account.id, carrier.name, one.meaning.cls, one.at)


def count_mails(metrics: Metrics, carrier: Carrier, evidence: Evidence) -> None:
    for fact in evidence.facts:
        if isinstance(fact, Arrived):
            metrics.canary_arrived(carrier.name, evidence.vantage, fact.took, is_late(fact, evidence))
        elif is_sent(fact):
            metrics.canary_sent(carrier.name)


def count_replies(metrics: Metrics, tally: Tally, account: Account, carrier: Carrier, evidence: Evidence) -> None:
    for fact in evidence.facts:
        if isinstance(fact, Replied) and fact.cached_at is None:
            meaning = meaning_of(fact.stage, fact.code, fact.enhanced, fact.text, account, carrier)
            metrics.reply(carrier.name, meaning.cls, meaning.speaks_of)
            if is_of_the_mailbox(fact):
                tally.test(account.id, carrier.name, at_of(fact, evidence))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A mail of ours that was refused, or came back. at: Unix seconds."""

    meaning: Meaning
    stage: BounceStage
    at: float


def refusals(evidence: Evidence, account: Account, carrier: Carrier) -> Iterator[Refusal]:
    """What one run saw refused for good, at the door or after it."""
    for fact in evidence.facts:
        if isinstance(fact, Replied) and fact.cached_at is None and is_of_the_mailbox(fact) and fact.code >= 500:
            meaning = meaning_of(fact.stage, fact.code, fact.enhanced, fact.text, account, carrier)
            yield Refusal(meaning, stage_of(fact.stage), at_of(fact, evidence))
        elif isinstance(fact, Returned) and fact.kind is ReturnKind.FAILED:
            meaning = meaning_of(fact.stage, fact.code, fact.enhanced, fact.text, account, carrier)
            yield Refusal(meaning, BounceStage.AFTER_ACCEPTANCE, fact.returned_at)


def is_of_the_mailbox(reply: Replied) -> bool:
    return reply.of is Of.TARGET and reply.stage in REFUSING


def at_of(fact: Fact, evidence: Evidence) -> float:
    """Unix seconds."""
    return evidence.started + fact.at - evidence.began


def roundtrip_of(evidence: Evidence) -> float | None:
    """How long the account's own test mail was under way, seconds, if it arrived in this run."""
    found = (fact.took for fact in evidence.facts if isinstance(fact, Arrived) and fact.of is Of.TARGET)
    return next((took for took in found if took is not None), None)


def is_late(fact: Arrived, evidence: Evidence) -> bool:
    """Whether it had been given up, or had come back."""
    standings = (one for one in evidence.facts if isinstance(one, Canary) and one.canary == fact.canary)
    return any(one.state is CanaryState.LATE for one in standings)


def is_sent(fact: Fact) -> bool:
    """A test mail just handed over; the same record is told again at every later look."""
    return isinstance(fact, Canary) and fact.state is CanaryState.ACCEPTED and fact.age < 1.0


def meaning_of(stage: Stage, code: int, enhanced: str, text: str, account: Account, carrier: Carrier) -> Meaning:
    address, domain = str(account.address), account.address.domain
    return read_reply(
        stage=stage, code=code, enhanced=enhanced, text=text, host="", domain=domain, address=address, carrier=carrier
    )


def certificates(evidence: Evidence, carrier: str) -> dict[tuple[str, str], float]:
    """Until when the certificates seen are valid, by carrier and endpoint."""
    found = (fact for fact in evidence.facts if isinstance(fact, Secured) and fact.not_after is not None)
    return {(carrier, fact.server): fact.not_after for fact in found if fact.not_after is not None}
