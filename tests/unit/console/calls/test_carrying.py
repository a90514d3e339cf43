"""A check comes to its end, whatever fails beside it."""

from __future__ import annotations

import dataclasses

import pytest

from mailprobe.carriers import Carrier
from mailprobe.console.calls.ask import Ask
from mailprobe.console.calls.call import KEPT, Call, State
from mailprobe.console.calls.past import Service
from mailprobe.console.calls.registry import Calls, Known, nothing_known
from mailprobe.console.rooms import Rooms
from mailprobe.store import Store, StoreError
from tests.unit.console.calls.given import Judges, call_of, calls_for, calls_that_check
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


@dataclasses.dataclass(slots=True)
class Busy(Judges):
    """A house whose store cannot be asked just now."""

    @property
    def store(self) -> Store:
        raise StoreError("MP0001", "", "busy", "")


@pytest.mark.parametrize(("number", "state"), [("4821", State.WAITING), ("", State.DONE)])
async def test_a_mail_that_was_sent_is_waited_for_though_the_store_is_busy(number: str, state: State) -> None:
    calls = calls_for(carrier())
    busy = Busy(calls.rooms.house().config)
    calls.rooms = Rooms(lambda: busy, lambda: (), calls.rooms.now)
    call = call_of(account(), carrier())
    call.number_to_read, call.ended = number, call.started
    await calls.await_mail(call)
    assert call.wait == (call.started + KEPT if number else None)
    assert call.state is state
