"""Which test mail a call is about, and whether something may still come of it."""

from __future__ import annotations

from collections.abc import Iterable

from mailprobe.console.calls.call import KEPT, Call
from mailprobe.evidence import Canary, CanaryState, Fact, Of
from mailprobe.store import Store

OVER = frozenset({CanaryState.SEEN, CanaryState.JUNKED, CanaryState.LATE, CanaryState.REMOVED, CanaryState.LEFT})
OVER |= {CanaryState.BOUNCED, CanaryState.REFUSED}


def note_number(call: Call, facts: Iterable[Fact]) -> None:
    """The number of the newest test mail to the customer."""
    for fact in facts:
        if isinstance(fact, Canary) and fact.of is Of.TARGET:
            call.number_to_read = fact.number


async def wait_of(call: Call, store: Store) -> float | None:
    """Unix seconds until which something may come of its test mail; None: nothing does. StoreError."""
    if not call.number_to_read:
        return None
    record = await store.canaries.last(store.canaries.subject_of(call.account.address.key))
    if record is None or record.number != call.number_to_read or record.state in OVER:
        return None
    return call.started + KEPT
