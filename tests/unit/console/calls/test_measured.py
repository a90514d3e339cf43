"""What the carrier's own systems say counts before what the agent tells, and never becomes his word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

from mailprobe.carriers import Lookup
from mailprobe.console.calls.ask import Ask
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.golden import golden_case
from mailprobe.console.calls.keeping import formerly
from mailprobe.console.calls.looking import Desk
from mailprobe.console.calls.mailing import Post
from mailprobe.console.calls.records import measured, only_told, record_of, unanswered
from mailprobe.console.calls.registry import Calls
from mailprobe.console.calls.repairing import verify
from mailprobe.console.calls.telling import observe
from mailprobe.console.calls.ticket import make_ticket
from mailprobe.evidence import Evidence
from mailprobe.lookup import Answer, Unanswered, recorded
from mailprobe.verdict.picture import Answer as Is
from mailprobe.verdict.picture import ContractState, Entry, Source
from tests.unit.console.calls.given import calls_that_check
from tests.unit.given import account, carrier
from tests.unit.store.seen import MX
from tests.unit.verdict.world import NOW

ACTIVE, CLOSED = Answer(contract="active"), Answer(contract="closed")
BY = "SoftBooks"


def found(answer: Answer | Unanswered) -> Evidence:
    return recorded(answer, "stranger", BY, NOW, 0.5)


async def looked_up(calls: Calls, answer: Answer | Unanswered, ticked: tuple[str, ...] = ()) -> Call:
    async def known() -> Evidence:
        return found(answer)

    call = await calls.start(Ask("u000002@mail.test", observed=ticked), account(enrolled=False), "sato", known)
    await calls.under_way[call.id]
    return call


def contract(calls: Calls, call: Call) -> tuple[ContractState, Source, bool]:
    picture = calls.seen(call).picture
    return picture.contract.value, picture.contract.source, picture.contract_disputed.among(Is.YES)


async def test_it_is_measured_and_stays_apart_from_what_is_told() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await looked_up(calls, Answer(contract="active", in_mx_map=False), ticked=("contract=closed", "portal_ok"))
        assert contract(calls, call) == (ContractState.ACTIVE, Source.MEASURED, True)
        assert calls.seen(call).picture.mx_map.value is Entry.ABSENT
        assert call.question.observed == ("contract=closed", "portal_ok")
        assert call.question.told.contract is ContractState.CLOSED
        record = record_of(call)
        assert record is not None
        assert (record.by, record.at, measured(call)) == (BY, NOW + 0.5, ("contract=active", "in_mx_map=no"))


async def test_what_the_agent_ticks_and_unticks_leaves_what_was_looked_up() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await looked_up(calls, ACTIVE)
        assert contract(calls, call) == (ContractState.ACTIVE, Source.MEASURED, False)
        await observe(calls, call, ["contract=closed"])
        assert contract(calls, call) == (ContractState.ACTIVE, Source.MEASURED, True)
        await observe(calls, call, [])
        assert contract(calls, call) == (ContractState.ACTIVE, Source.MEASURED, False)


async def test_page_ticket_and_proof_say_by_whom_and_when() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call, desk = await looked_up(calls, Answer(contract="active", in_imap_directory=True)), None
        desk = Desk(calls, Post(calls))
        view = desk.view(call, "en")
        shown = next(one for one in view.questions if one.key == "contract")
        assert (shown.told, shown.measured) == (None, "contract=active")
        rows: list[dict[str, Any]] = [one for one in view.proof.rows if one["kind"] == "record"]
        assert {(one["server"], one["at"]) for one in rows} == {(BY, NOW + 0.5)}
        assert [one["answer"] for one in rows] == ["contract=active", "in_imap_directory=yes"]
        assert view.proof.transcript == ()
        ticket = make_ticket(call, desk.shown(call, "en"), UTC)
        assert f"Measured by {BY}, at 2026-09-21 14:13:20+00:00" in ticket.text
        assert "contract=active, in_imap_directory=yes" in ticket.text
        assert (ticket.json["observed"], ticket.json["measured"]) == ([], ["contract=active", "in_imap_directory=yes"])
        assert (ticket.json["measured_by"], ticket.json["measured_at"]) == (BY, "2026-09-21T14:13:20.500Z")
        assert "not measured" not in ticket.text
        assert "measured: contract=active" in golden_case(call, calls.rooms.house().config)


async def test_what_is_measured_is_no_longer_marked_as_told() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await looked_up(calls, ACTIVE, ticked=("contract=active@2026-01-01", "portal_ok"))
        assert only_told(call) == ("portal_ok",)
        await observe(calls, call, ["contract=closed", "pc_used"])
        assert only_told(call) == ("contract=closed", "pc_used")


async def test_a_contract_that_was_read_long_ago_is_marked_with_its_time_and_counts_no_more() -> None:
    """Within a watch the servers are asked for three days; the books are not."""
    asked = Lookup(counts_for=6 * 3600.0)
    async with calls_that_check(carrier(lookup=asked)) as (calls, _):
        call, desk = await looked_up(calls, ACTIVE, ticked=("contract=active",)), Desk(calls, Post(calls))
        for hours, state, words in ((5, ContractState.ACTIVE, ("contract=active",)), (7, ContractState.UNKNOWN, ())):
            call.learn((replace(MX, started=NOW + hours * 3600.0),))
            await observe(calls, call, [])
            assert (contract(calls, call)[0], measured(call)) == (state, words)
        view = desk.view(call, "en")
        assert next(one for one in view.questions if one.key == "contract").measured is None
        assert [one["answer"] for one in view.proof.rows if one["kind"] == "record"] == ["contract=active"]  # as it was said
        ticket = make_ticket(call, desk.shown(call, "en"), UTC)
        assert f"Measured by {BY}, at 2026-09-21 14:13:20+00:00" in ticket.text
        assert "contract=active (the contract is too old" in ticket.text
        assert ticket.json["measured"] == []
        await observe(calls, call, ["contract=active"])
        assert only_told(call) == ("contract=active",)  # what is said on the phone is said by nobody else any more


async def test_no_answer_is_no_fact_and_the_ticket_says_why() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call, desk = await looked_up(calls, Unanswered.TIMEOUT), Desk(calls, Post(calls))
        assert (record_of(call), measured(call), unanswered(call)) == (None, (), "timeout")
        assert contract(calls, call) == (ContractState.UNKNOWN, Source.CONFIGURED, False)
        ticket = make_ticket(call, desk.shown(call, "en"), UTC)
        assert "The carrier's own systems: no answer in time" in ticket.text
        assert (ticket.json["measured"], ticket.json["measured_by"]) == ([], None)
        for why in Unanswered:
            call.evidence = (found(why),)
            for language in ("ja", "en"):
                assert make_ticket(call, desk.shown(call, language), UTC).text


async def test_it_outlives_a_restart() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await looked_up(calls, ACTIVE, ticked=("portal_ok",))
        assert calls.keeping is not None
        await calls.keeping.keep(call)
        calls.forget(call)
        again = await calls.find(call.id)
        assert (measured(again), again.question.observed) == (("contract=active",), ("portal_ok",))
        assert contract(calls, again) == (ContractState.ACTIVE, Source.MEASURED, False)


async def test_what_was_kept_before_it_was_evidence_is_read() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await looked_up(calls, Unanswered.FAILED)
        changed = "mail_password_changed_at=2026-01-01T00:00:00Z"
        (old,) = formerly(("contract=active", changed), call)
        call.learn((old,))
        assert measured(call) == ("contract=active", changed)
        assert (formerly((), call), formerly(("nonsense",), call)) == ((), ())


async def test_a_verified_repair_asks_anew() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await looked_up(calls, CLOSED, ticked=("portal_ok",))

        async def known() -> Evidence:
            return found(ACTIVE)

        async def nothing() -> None:
            return None

        new = await verify(calls, call, "sato", known)
        await calls.under_way[new.id]
        assert (measured(new), new.question.observed) == (("contract=active",), ("portal_ok",))
        unasked = await verify(calls, call, "sato", nothing)
        await calls.under_way[unasked.id]
        assert measured(unasked) == ()
