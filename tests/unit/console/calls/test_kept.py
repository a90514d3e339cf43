"""What is kept for a ticket: the evidence and the dialogues are in the call's own row, and outlive every retention."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from mailprobe.console.api.problems import Refused
from mailprobe.console.calls.ask import Ask
from mailprobe.console.calls.call import MOST_EVIDENCE, Call
from mailprobe.console.calls.looking import Desk
from mailprobe.console.calls.mailing import Post
from mailprobe.console.calls.opening import Scribe
from mailprobe.console.calls.registry import Calls
from mailprobe.console.calls.ticket import make_ticket
from mailprobe.evidence import Stage
from mailprobe.store.results import Outcome
from tests.unit.console.calls.given import calls_that_check
from tests.unit.given import carrier
from tests.unit.store.seen import IMAP, MX, replied

DAY = 86_400.0
REFUSED = "550 5.1.1"


async def carried(calls: Calls, kept: str) -> Call:
    ask = Ask("u000002@mail.test")
    call = await calls.start(ask, calls.account_of(ask), "sato")
    await calls.under_way[call.id]
    call.kept = kept
    call.touch()
    return call


def ticket_of(calls: Calls, call: Call) -> str:
    return make_ticket(call, Desk(calls, Post(calls)).shown(call, "en"), UTC).text


async def test_a_kept_ticket_has_its_evidence_when_all_else_was_let_go_of() -> None:
    """A year later: results and dialogues of the schedule are pruned after 90 and 7 days, other calls after three."""
    async with calls_that_check(carrier(), seen=(MX, IMAP)) as (calls, house):
        assert calls.keeping is not None
        for one in (MX, IMAP):
            await house.store.results.keep(one, Outcome.BAD, house.store.results.hide(("u000002@mail.test",)))
        kept, other = await carried(calls, "T-4711"), await carried(calls, "")
        before, scribe = ticket_of(calls, kept), Scribe(calls, calls.keeping)
        await scribe.once()
        house.now[0] += 400 * DAY
        pruned = await house.store.prune(MX.started + 400 * DAY)
        assert (pruned.results, pruned.transcripts) == (2, 2)
        await scribe.prune()
        assert calls.whole == {}
        again = await calls.find(kept.id)
        assert again.evidence == kept.evidence == (MX, IMAP)
        assert ticket_of(calls, again) == before
        for part in ("T-4711", REFUSED, "S: 220 mx1.mail.test ESMTP Postfix", "Examine completed"):
            assert part in before
        with pytest.raises(Refused):
            await calls.find(other.id)


async def test_a_watch_of_three_days_does_not_push_out_what_the_ticket_rests_on() -> None:
    async with calls_that_check(carrier(), seen=(MX, IMAP)) as (calls, _):
        call = await carried(calls, "T-4711")
        well = replace(MX, facts=(replied(0.1, Stage.RCPT, 250, "2.1.5 Ok"),), transcript=MX.transcript[:1])
        for look in range(1, 865):  # one in five minutes
            call.learn((replace(well, started=MX.started + look * 300.0),))
        call.touch()
        assert len(call.evidence) <= MOST_EVIDENCE
        text = ticket_of(calls, call)
        assert text.count("S: 550 5.1.1") == 1
        assert text.count("mx: ") == 2  # the dialogue of the check, and the newest
