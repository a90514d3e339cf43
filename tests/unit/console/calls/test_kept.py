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
from mailprobe.console.calls.past import Unknown, past_of
from mailprobe.console.calls.registry import Calls
from mailprobe.console.calls.telling import keep
from mailprobe.console.calls.ticket import make_ticket
from mailprobe.evidence import Stage
from mailprobe.report import utc
from mailprobe.status import Standing
from mailprobe.store.results import Outcome
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, Status, Verdict
from tests.unit.console.calls.given import calls_that_check
from tests.unit.given import account, carrier
from tests.unit.store.seen import IMAP, MX, replied

DAY = 86_400.0
HEALTHY = Verdict(Code.HEALTHY, Status.OK, Actor.NOBODY, Confidence.HIGH, HandsetSteps.NONE, 18)
REFUSED = "550 5.1.1"


async def carried(calls: Calls, kept: str) -> Call:
    ask = Ask("u000002@mail.test")
    call = await calls.start(ask, calls.account_of(ask), "sato")
    await calls.under_way[call.id]
    await keep(calls, call, kept)
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


async def test_a_kept_ticket_says_for_ever_what_was_known_when_it_was_kept() -> None:
    """The mailbox is well again, and ill once more, before somebody reads the ticket."""
    async with calls_that_check(carrier(), seen=(MX, IMAP)) as (calls, house):
        house.config = replace(house.config, accounts=(account(),))
        store, at = house.store, MX.started
        hidden = store.results.hide(("u000002@mail.test",))

        async def was_good(then: float) -> str:
            """As it is remembered."""
            await store.results.keep(replace(MX, started=then), Outcome.GOOD, hidden)
            (last,) = await store.results.last("tanaka")
            assert last.good_at is not None
            return utc(last.good_at)

        async def became(status: Status, then: float) -> None:
            await store.standings.keep("tanaka", Standing(status, then))

        good = await was_good(at - 900.0)
        await became(Status.DOWN, at - 600.0)
        kept, other = await carried(calls, "T-4711"), await carried(calls, "")
        bad, then = utc(at - 600.0), utc(house.now[0])
        before = Desk(calls, Post(calls)).view(kept, "en")
        assert (before.last_good, before.first_bad, before.kept_at) == (good, bad, then)
        assert calls.keeping is not None
        await Scribe(calls, calls.keeping).once()
        calls.whole.clear()
        house.now[0] += DAY
        better = await was_good(at + 7200.0)
        await became(Status.DEGRADED, at + 9000.0)
        again = Desk(calls, Post(calls)).view(await calls.find(kept.id), "en")
        assert (again.last_good, again.first_bad, again.kept_at) == (good, bad, then)
        assert ticket_of(calls, calls.whole[kept.id]).count("Kept at") == 1
        ticket = make_ticket(calls.whole[kept.id], Desk(calls, Post(calls)).shown(calls.whole[kept.id], "en"), UTC)
        assert [ticket.json[name] for name in ("last_good", "first_bad", "kept_at")] == [good, bad, then]
        now = Desk(calls, Post(calls)).view(await calls.find(other.id), "en")
        assert (now.last_good, now.first_bad, now.kept_at) == (better, utc(at + 9000.0), None)
        call = calls.whole[kept.id]
        await keep(calls, call, "T-4712")  # said anew: as of now
        assert Desk(calls, Post(calls)).view(call, "en").first_bad == utc(at + 9000.0)
        await keep(calls, call, " ")
        assert (call.kept, call.then) == ("", None)


async def test_of_a_mailbox_that_nobody_watches_this_check_is_all_there_is() -> None:
    """Every verdict says since when; what is not on record is named as that."""
    async with calls_that_check(carrier(), seen=(MX, IMAP)) as (calls, _):
        call = await carried(calls, "")
        assert "Last proven good: no record" in ticket_of(calls, call)
        shown = Desk(calls, Post(calls)).shown(call, "en")
        assert shown.verdict is not None

        def times(status: Status) -> tuple[float | None, float | None]:
            return replace(shown, verdict=replace(HEALTHY, status=status)).times(call)

        assert times(Status.DOWN) == times(Status.DEGRADED) == (None, call.started)
        assert times(Status.OK) == (call.said[-1].at, None)
        assert times(Status.UNKNOWN) == replace(shown, verdict=None).times(call) == (None, None)


async def test_when_it_was_last_good_is_told_by_what_was_said_where_no_probe_remembers_it() -> None:
    """A leg that never failed was good a minute ago, and says nothing of when all was well."""
    async with calls_that_check(carrier()) as (_, house):
        store, at = house.store, MX.started
        hidden = store.results.hide(("u000002@mail.test",))
        await store.verdicts.keep("tanaka", HEALTHY, at - 9000.0, hidden)
        await store.verdicts.keep("tanaka", HEALTHY, at - 7200.0, hidden)  # and so again
        await store.results.keep(replace(IMAP, started=at), Outcome.GOOD, hidden)
        assert (await past_of(store, account(), carrier(), Unknown())).first_bad is None
        await store.standings.keep("tanaka", Standing(Status.DOWN, at - 3600.0))
        past = await past_of(store, account(), carrier(), Unknown())
        assert (past.last_good, past.first_bad) == (at - 7200.0, at - 3600.0)
        assert past.stored == HEALTHY
