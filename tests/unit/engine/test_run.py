"""One run of one probe: deadlines, the one broad except, and how a run ends."""

from __future__ import annotations

import asyncio

import pytest

from mailprobe.engine import Order
from mailprobe.engine.run import Run, run
from mailprobe.evidence import Answered, Connected, End, Evidence, NotAsked, NotConnected, Stage, Unreachable, Withheld
from tests.unit.given import account, carrier, prober


def a_run(within: float = 5.0) -> Run:
    return Run(Order(account(), carrier(), prober(), ("imap",), within), "imap")


async def finish(one: Run, *facts: object) -> Evidence:
    async def ask() -> None:
        one.facts.extend(facts)  # type: ignore[arg-type]  # the tests hand in real facts

    return await run(one, ask)


async def test_a_run_keeps_its_facts_in_order_and_finishes() -> None:
    first, second = Connected(at=1.0, took=0.1), Answered(at=2.0, stage=Stage.LOGIN, status="OK", code="", text="")
    evidence = await finish(a_run(), first, second)
    assert evidence.facts == (first, second)
    assert evidence.ending.kind is End.FINISHED


async def test_facts_survive_the_deadline_and_the_ending_names_it() -> None:
    one = a_run(within=0.0)

    async def hangs() -> None:
        one.facts.append(Connected(at=1.0, took=0.1))
        await asyncio.Event().wait()

    evidence = await run(one, hangs)
    assert evidence.ending.kind is End.OUT_OF_TIME
    assert len(evidence.facts) == 1


async def test_a_time_out_of_the_kernel_is_not_our_deadline() -> None:
    async def kernel() -> None:
        raise TimeoutError(110, "Connection timed out")

    evidence = await run(a_run(), kernel)
    assert evidence.ending.kind is End.OUR_FAULT


async def test_whatever_a_probe_did_not_foresee_is_our_fault_and_its_text_is_not_told() -> None:
    async def breaks() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(inner())

    async def inner() -> None:
        raise ValueError("the secret is hunter2")

    evidence = await run(a_run(), breaks)
    assert evidence.ending.kind is End.OUR_FAULT
    assert "ValueError in inner" in evidence.ending.reason
    assert "hunter2" not in repr(evidence)


async def test_stop_ends_a_run_at_once_with_what_is_known() -> None:
    one = a_run(within=3600.0)

    async def hangs() -> None:
        one.facts.append(Connected(at=1.0, took=0.1))
        asyncio.get_running_loop().call_soon(one.stop)
        await asyncio.Event().wait()

    evidence = await run(one, hangs)
    assert (evidence.ending.kind, evidence.ending.reason) == (End.OUT_OF_TIME, "stopped")
    assert len(evidence.facts) == 1


async def test_the_callers_own_cancellation_goes_through() -> None:
    task = asyncio.create_task(run(a_run(), asyncio.Event().wait))  # type: ignore[arg-type]  # waits for ever
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("why", [Withheld.NOT_POLITE_YET, Withheld.BUDGET_SPENT, Withheld.SAME_SECRET_REFUSED])
async def test_a_run_that_asked_nothing_for_harmlessness_was_held(why: Withheld) -> None:
    held = NotAsked(at=1.0, stage=Stage.LOGIN, why=why, not_before=99.0)
    evidence = await finish(a_run(), Connected(at=0.5, took=0.1), held)
    assert (evidence.ending.kind, evidence.ending.reason, evidence.ending.not_before) == (End.HELD, why.value, 99.0)


async def test_addresses_that_our_own_guard_forbids_end_as_refused() -> None:
    evidence = await finish(a_run(), NotConnected(at=1.0, why=Unreachable.FORBIDDEN))
    assert evidence.ending.kind is End.REFUSED
