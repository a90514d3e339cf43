"""What the last hour, and the day so far, came to in an earlier process: a restart forgets neither, and counts nobody twice."""

from __future__ import annotations

from mailprobe.evidence import Evidence
from mailprobe.metrics import Window
from mailprobe.serve.counting import refusals
from mailprobe.serve.watching import Watching
from mailprobe.store.results import Kept

DAY = 86_400.0
STEP = 500  # results that are read at once
MOST = 20_000  # ... and in all, the newest first: about a second


async def recall(watching: Watching) -> None:
    """Fill the tally, and tell the metrics who has bounced today. StoreError."""
    now = watching.wall()
    hour, midnight = now - Window.HOUR.seconds, now - now % DAY
    results = watching.shift.house.store.results
    for account, at in await results.asked_since(hour):
        if account in watching.accounts:
            watching.tally.test(account, watching.accounts[account].account.carrier, at)
    bounced: set[str] = set()
    before, read = None, 0
    while read < MOST and (page := await results.failed_since(min(hour, midnight), watching.hidden, before, STEP)):
        for one in page:
            bounced |= recalled(watching, one, midnight)
        before, read = page[-1].id, read + len(page)
    watching.metrics.bounced_before(bounced, now)


def recalled(watching: Watching, kept: Kept, midnight: float) -> set[str]:
    """One result that may hold refusals, for the tally. The mailboxes of it that count for today."""
    seen = watching.accounts.get(kept.account)
    if seen is None:
        return set()
    account, house = seen.account, watching.shift.house
    evidence, carrier = kept.evidence, house.config.carriers[account.carrier]
    found = list(refusals(evidence, account, carrier)) if isinstance(evidence, Evidence) else []
    for one in found:
        watching.tally.bounce(account.id, account.carrier, one.meaning.cls, one.at)
    today = any(one.at >= midnight for one in found)
    return {house.store.canaries.subject_of(account.address.key)} if today else set()
