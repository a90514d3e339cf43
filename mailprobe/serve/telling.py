"""What a webhook is told of one account: that its status is another one, or that what was said of it is not said any more."""

from __future__ import annotations

from collections.abc import Iterable

from mailprobe.config import Account
from mailprobe.evidence import Arrived, Evidence, Returned, ReturnKind
from mailprobe.notify.events import Event, StatusChanged, VerdictRevised
from mailprobe.serve.counting import is_late
from mailprobe.status import Change
from mailprobe.store.verdicts import Said
from mailprobe.verdict import Code, Status, Verdict


def changed(account: Account, verdict: Verdict, change: Change) -> Event:
    """A change that two readings have confirmed."""
    if change.revised:
        before = change.old_code.value if change.old_code is not None else ""
        return revision(account, verdict, before, change.code, change.since, change.at)
    return StatusChanged(
        account=account.id,
        carrier=account.carrier,
        group=account.group,
        before=change.old,
        after=change.new,
        code=change.code,
        actor=verdict.actor,
        confidence=verdict.confidence,
        at=change.at,
    )


def revised(
    account: Account, verdict: Verdict, said: Said | None, evidence: Iterable[Evidence], now: float
) -> VerdictRevised | None:
    """A mail that was given up has arrived, or one has come back: what was `said` is withdrawn at once. What named nothing
    (unknown, or our own trouble) is not withdrawn, and neither withdraws anything."""
    before = said.verdict if said is not None else None
    if said is None or not isinstance(before, Verdict) or before.status is Status.UNKNOWN or before.code is verdict.code:
        return None
    if verdict.code is Code.PROBER_BLOCKED or not any(is_news(one, said.said_at) for one in evidence):
        return None
    return revision(account, verdict, before.code.value, verdict.code, said.said_at, now)


def is_news(evidence: Evidence, said_at: float) -> bool:
    """Whether this run found, or was told of, what came too late for what was said."""
    found = (fact for fact in evidence.facts if isinstance(fact, Arrived))
    back = (fact for fact in evidence.facts if isinstance(fact, Returned) and fact.kind is ReturnKind.FAILED)
    return any(is_late(fact, evidence) for fact in found) or any(fact.returned_at > said_at for fact in back)


def revision(account: Account, verdict: Verdict, before: str, after: Code, said_at: float, at: float) -> VerdictRevised:
    return VerdictRevised(
        account=account.id,
        carrier=account.carrier,
        before=before,
        after=after,
        status=verdict.status,
        actor=verdict.actor,
        said_at=said_at,
        at=at,
    )
