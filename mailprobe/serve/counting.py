"""One run's facts -> what Prometheus counts of them."""

from __future__ import annotations

from mailprobe.carriers import Carrier
from mailprobe.config import Account
from mailprobe.evidence import Arrived, Canary, CanaryState, Evidence, Fact, Of, Replied, Returned, ReturnKind, Secured, Stage
from mailprobe.metrics import BounceStage, Metrics, Outcome, stage_of
from mailprobe.replies import Meaning
from mailprobe.replies import read as read_reply
from mailprobe.serve.tally import Tally

REFUSING = (Stage.RCPT, Stage.DATA, Stage.END_OF_DATA)


def count_run(metrics: Metrics, account: Account, evidence: Evidence, outcome: Outcome) -> None:
    metrics.probe_ended(evidence.probe, account.carrier, evidence.vantage, outcome, evidence.took)


def count_facts(metrics: Metrics, tally: Tally, account: Account, carrier: Carrier, evidence: Evidence, mailbox: str) -> None:
    """mailbox: the store's hash of the account's address; a bounce counts it once a day."""
    for fact in evidence.facts:
        if isinstance(fact, Replied) and fact.cached_at is None:
            at = evidence.started + fact.at - evidence.began
            count_reply(metrics, tally, account, carrier, fact, at, mailbox)
        elif isinstance(fact, Returned) and fact.kind is ReturnKind.FAILED:
            meaning = meaning_of(fact.stage, fact.code, fact.enhanced, fact.text, account, carrier)
            metrics.bounce(carrier.name, meaning.cls, meaning.hard, BounceStage.AFTER_ACCEPTANCE, mailbox, fact.returned_at)
            tally.bounce(account.id, carrier.name, meaning.cls, fact.returned_at)
        elif isinstance(fact, Arrived) and fact.took is not None:
            metrics.canary_arrived(carrier.name, evidence.vantage, fact.took)
        elif is_sent(fact):
            metrics.canary_sent(carrier.name)


def is_sent(fact: Fact) -> bool:
    """A test mail just handed over; the same record is told again at every later look."""
    return isinstance(fact, Canary) and fact.state is CanaryState.ACCEPTED and fact.age < 1.0


def count_reply(
    metrics: Metrics, tally: Tally, account: Account, carrier: Carrier, reply: Replied, at: float, mailbox: str
) -> None:
    meaning = meaning_of(reply.stage, reply.code, reply.enhanced, reply.text, account, carrier)
    metrics.reply(carrier.name, meaning.cls, meaning.speaks_of)
    if reply.of is not Of.TARGET or reply.stage not in REFUSING:
        return
    tally.test(account.id, carrier.name, at)
    if reply.code >= 500:
        metrics.bounce(carrier.name, meaning.cls, meaning.hard, stage_of(reply.stage), mailbox, at)
        tally.bounce(account.id, carrier.name, meaning.cls, at)


def meaning_of(stage: Stage, code: int, enhanced: str, text: str, account: Account, carrier: Carrier) -> Meaning:
    address, domain = str(account.address), account.address.domain
    return read_reply(
        stage=stage, code=code, enhanced=enhanced, text=text, host="", domain=domain, address=address, carrier=carrier
    )


def certificates(evidence: Evidence, carrier: str) -> dict[tuple[str, str], float]:
    """Until when the certificates seen are valid, by carrier and endpoint."""
    found = (fact for fact in evidence.facts if isinstance(fact, Secured) and fact.not_after is not None)
    return {(carrier, fact.server): fact.not_after for fact in found if fact.not_after is not None}
