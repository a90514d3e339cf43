"""What the carrier's own systems say counts where the agent says nothing, and never becomes his word."""

from __future__ import annotations

from datetime import UTC

from mailprobe.console.calls.ask import Ask, understood, with_measured
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.golden import golden_case
from mailprobe.console.calls.looking import Desk
from mailprobe.console.calls.mailing import Post
from mailprobe.console.calls.registry import Calls
from mailprobe.console.calls.repairing import verify
from mailprobe.console.calls.telling import observe
from mailprobe.console.calls.ticket import make_ticket
from mailprobe.verdict.picture import ContractState
from tests.unit.console.calls.given import calls_that_check
from tests.unit.given import account, carrier
from tests.unit.verdict.world import NOW

ACTIVE, CLOSED = "contract=active", "contract=closed"
CHANGED = "mail_password_changed_at=2026-01-01T00:00:00+00:00"


async def looked_up(calls: Calls, *words: str, ticked: tuple[str, ...] = ()) -> Call:
    async def known() -> tuple[str, ...]:
        return words

    call = await calls.start(Ask("u000002@mail.test", observed=ticked), account(enrolled=False), "sato", known)
    await calls.under_way[call.id]
    return call


def test_a_time_in_the_future_spoils_only_its_own_word() -> None:
    assert understood((f"{ACTIVE}@2999-01-01", CHANGED), NOW) == (CHANGED,)
    assert understood((CHANGED.replace("2026", "2999"), ACTIVE), NOW) == (ACTIVE,)


async def test_where_the_agent_says_otherwise_his_word_stays_and_the_two_are_not_mixed() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await looked_up(calls, f"{ACTIVE}@2026-01-01T00:00:00+00:00", CHANGED, ticked=(CLOSED,))
        told = with_measured(call).told
        assert (told.contract, told.contract_at) == (ContractState.CLOSED, None)
        assert told.mail_password_changed_at is not None
        assert (call.question.observed, call.question.told.mail_password_changed_at) == ((CLOSED,), None)
        assert calls.seen(call).question.observed == (CLOSED, CHANGED)


async def test_what_the_agent_ticks_and_unticks_leaves_what_was_looked_up() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await looked_up(calls, ACTIVE)
        await observe(calls, call, [CLOSED])
        assert calls.seen(call).question.told.contract is ContractState.CLOSED
        await observe(calls, call, [])
        assert calls.seen(call).question.told.contract is ContractState.ACTIVE


async def test_page_ticket_and_case_say_where_it_is_from() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call, desk = await looked_up(calls, ACTIVE), Desk(calls, Post(calls))
        shown = next(one for one in desk.view(call, "en").questions if one.key == "contract")
        assert (shown.told, shown.measured) == (None, ACTIVE)
        ticket = make_ticket(call, desk.shown(call, "en"), UTC)
        assert (ticket.json["observed"], ticket.json["measured"]) == ([], [ACTIVE])
        assert "not measured" not in ticket.text
        assert f"observed: {ACTIVE}\n" in golden_case(call)


async def test_it_outlives_a_restart() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await looked_up(calls, ACTIVE, ticked=("portal_ok",))
        assert calls.keeping is not None
        await calls.keeping.keep(call)
        calls.forget(call)
        again = await calls.find(call.id)
        assert (again.measured, again.question.observed) == ((ACTIVE,), ("portal_ok",))


async def test_a_verified_repair_asks_anew() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await looked_up(calls, CLOSED, ticked=("portal_ok",))

        async def known() -> tuple[str, ...]:
            return (ACTIVE,)

        new = await verify(calls, call, "sato", known)
        await calls.under_way[new.id]
        assert (new.measured, new.question.observed) == ((ACTIVE,), ("portal_ok",))
