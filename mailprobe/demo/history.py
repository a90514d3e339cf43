"""What the demo's store remembers from before the demo began: a test mail that was accepted long ago and never heard of."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from mailprobe.canary import Record
from mailprobe.demo.house import Case, Demo
from mailprobe.demo.mailboxes import LIVE
from mailprobe.evidence import CanaryState, Folder, Of
from mailprobe.probes import Signs

BESIDE = 2.0  # seconds that the known good mailbox took


def earlier_mails(demo: Demo, case: Case, subject_of: Callable[[str], str], signs: Signs, now: float) -> tuple[Record, ...]:
    """Two records as an earlier run would have left them, the target's accepted and no more, the known good one's removed;
    none for a case without a past. They are for the store to hold before the first check. now: Unix seconds."""
    if not case.scenario.sent_ago:
        return ()
    sent_at = now - case.scenario.sent_ago
    live = f"{LIVE}@{demo.states[case.account.carrier].domain}"

    def record(address: str, of: Of, state: CanaryState, found_at: float | None) -> Record:
        subject = subject_of(address)
        return Record(
            id=secrets.token_hex(8),
            subject=subject,
            of=of,
            account=case.account.id if of is Of.TARGET else "",
            vantage=demo.config.engine.vantage,
            sender=signs.sender(subject, sent_at),
            number=f"{secrets.randbelow(10_000):04}",
            consent="enrolled" if of is Of.TARGET else "control",
            planned_at=sent_at,
            state=state,
            changed_at=found_at or sent_at,
            watched=True,
            sent_at=sent_at,
            reply="2.0.0 OK: queued",
            folder=Folder.INBOX if found_at else None,
            found_at=found_at,
            took=found_at - sent_at if found_at else None,
        )

    return (
        record(case.account.address.key, Of.TARGET, CanaryState.ACCEPTED, None),
        record(live, Of.LIVE, CanaryState.REMOVED, sent_at + BESIDE),
    )
