"""A check comes to its end, whatever fails beside it."""

from __future__ import annotations

import pytest

from mailprobe.carriers import Carrier
from mailprobe.console.calls.ask import Ask
from mailprobe.console.calls.call import Call, State
from mailprobe.console.calls.past import Service
from mailprobe.console.calls.registry import Calls, Known, nothing_known
from mailprobe.store import StoreError
from tests.unit.console.calls.given import calls_that_check
from tests.unit.given import account, carrier


async def broken_lookup() -> None:
    raise KeyError("lookup")


async def carried(calls: Calls, known: Known = nothing_known) -> Call:
    call = await calls.start(Ask("u000002@mail.test"), account(enrolled=False), "sato", known)
    await calls.under_way[call.id]
    return call


@pytest.mark.parametrize(("error", "fault"), [(StoreError("MP0001", "", "busy"), ""), (ValueError(), "MP2510")])
async def test_a_check_ends_though_nothing_can_be_known_of_before(error: Exception, fault: str) -> None:
    async def services(carrier: Carrier, now: float) -> Service:
        raise error

    async with calls_that_check(carrier()) as (calls, _):
        calls.services = services
        call = await carried(calls)
        assert (call.state, call.working, calls.under_way) == (State.DONE, {}, {})
        assert call.ended is not None
        assert ("" if call.fault is None else call.fault.code) == fault


async def test_a_check_ends_though_the_carriers_own_systems_cannot_be_asked() -> None:
    async with calls_that_check(carrier()) as (calls, _):
        call = await carried(calls, broken_lookup)
        assert call.state is State.DONE
        assert call.fault is not None


async def test_what_a_check_fails_for_is_shown() -> None:
    async with calls_that_check(carrier(), fails=KeyError("lab")) as (calls, _):
        call = await carried(calls)
        assert call.state is State.DONE
        assert call.fault is not None
