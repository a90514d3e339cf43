"""How many calls there may be, which of them go, and what becomes of one whose customer is to be forgotten."""

from __future__ import annotations

import pytest

from mailprobe.address import parse
from mailprobe.console.api.problems import Refused
from mailprobe.console.calls.ask import reply_of
from mailprobe.console.calls.call import MOST_EVIDENCE, Call, State
from mailprobe.console.calls.registry import AT_ONCE_EACH, IN, MOST, PACE, Calls
from mailprobe.evidence import End, Ending, Evidence
from tests.unit.console.calls.given import call_of, calls_for, calls_that_check
from tests.unit.given import account, carrier
from tests.unit.verdict.world import NOW


def given_calls(count: int, **changes: object) -> Calls:
    calls = calls_for(carrier())
    for number in range(count):
        made = call_of(account(address=parse(f"u{number}@mail.test"), enrolled=False), carrier())
        for name, value in {"id": f"c{number}", "started": NOW + number, **changes}.items():
            setattr(made, name, value)
        calls.whole[made.id] = made
    return calls


def test_one_operator_runs_a_few_at_once() -> None:
    calls = given_calls(AT_ONCE_EACH)
    calls.admit_pace("suzuki", NOW)
    with pytest.raises(Refused) as refused:
        calls.admit_pace("sato", NOW)
    assert (refused.value.problem.status, refused.value.problem.code) == (429, "MP2502")


def test_one_operator_starts_so_many_in_a_while_and_then_again() -> None:
    calls = given_calls(0)
    calls.started["sato"] = [NOW + second for second in range(PACE)]
    with pytest.raises(Refused) as refused:
        calls.admit_pace("sato", NOW + PACE)
    assert refused.value.problem.code == "MP2503"
    calls.admit_pace("sato", NOW + IN + 1.0)


DONE = {"working": {}, "ended": NOW + 30}


async def test_of_too_many_those_that_are_done_and_written_go_and_first_the_longest_unused() -> None:
    calls = given_calls(MOST + 4, **DONE)
    calls.whole["c0"].dirty = True
    calls.whole["c1"].wait = NOW + 3600.0
    await calls.find("c2")
    calls.let_go()
    assert len(calls.whole) == MOST
    assert {"c0", "c1", "c2"} < set(calls.whole)
    assert {"c3", "c4", "c5", "c6"}.isdisjoint(calls.whole)


async def test_a_call_that_is_opened_from_the_store_stays_one_call_in_a_full_memory() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        assert calls.keeping is not None
        old = call_of(account(enrolled=False), carrier())
        old.working, old.ended = {}, NOW
        await calls.keeping.keep(old)
        full = given_calls(MOST, **DONE | {"dirty": True})
        calls.whole |= full.whole
        first = await calls.find(old.id)
        assert await calls.find(old.id) is first
        assert set(calls.past) <= set(calls.whole)


def test_whoever_is_erased_is_gone_from_memory() -> None:
    calls = given_calls(3)
    assert calls.erase("", {"u1@mail.test"}) == 1
    assert set(calls.whole) == {"c0", "c2"}
    assert calls.erase("tanaka", ()) == 2


def evidence(probe: str, at: float) -> Evidence:
    return Evidence("tanaka", probe, "here", None, at, 0.0, 1.0, (), (), Ending(End.FINISHED))


def test_a_call_keeps_the_first_and_the_newest_of_each_probe_and_not_all_of_a_long_watch() -> None:
    call: Call = call_of(account(), carrier())
    call.learn((evidence("dns", NOW),))
    for look in range(100):
        call.learn((evidence("mx", NOW + look), evidence("imap", NOW + look)))
    assert len(call.evidence) <= MOST_EVIDENCE
    assert {one.probe for one in call.evidence} == {"dns", "mx", "imap"}
    assert call.last("mx") == evidence("mx", NOW + 99)
    assert [one.started - NOW for one in call.ends] == [0.0, 0.0, 0.0, 99.0, 99.0]
    assert [one.started for one in call.evidence] == sorted(one.started for one in call.evidence)


def test_a_call_is_done_when_nothing_comes_by_itself() -> None:
    call = call_of(account(), carrier())
    states = [call.state]
    call.ended = NOW + 1
    states.append(call.state)
    call.wait = NOW + 60
    states.append(call.state)
    assert states == [State.RUNNING, State.DONE, State.WAITING]


def test_fragments_are_put_together_as_a_server_would_say_them() -> None:
    assert reply_of(["invalid recipient", "5.1.1", "550"]) == b"550 5.1.1 invalid recipient"
    assert reply_of(["user unknown"]) == b"550 user unknown"
    assert reply_of(["4.2.2", "over quota"]) == b"450 4.2.2 over quota"
