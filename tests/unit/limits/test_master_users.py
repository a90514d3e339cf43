"""A master user that fails: what it may still cost, with a control and without one."""

from __future__ import annotations

import asyncio

import pytest

from mailprobe.evidence import Withheld
from mailprobe.limits import MasterUsers
from mailprobe.probes import Denied, Granted
from mailprobe.store import Store
from tests.unit.limits.given import DAY, NOW, Time


@pytest.fixture
def masters(store: Store, time: Time) -> MasterUsers:
    return MasterUsers(store, time.wall, time.sleep)


async def spent(masters: MasterUsers) -> Withheld | None:
    """One account's login through it, which is refused; or why it was not spent."""
    grant = await masters.may_use("master", "imap")
    if isinstance(grant, Denied):
        return grant.why
    await masters.refused("master", "imap", grant, "NO")
    return None


async def test_one_refusal_stops_the_logins_of_all_accounts(masters: MasterUsers, store: Store, time: Time) -> None:
    assert [await spent(masters) for _ in range(100)] == [None, *[Withheld.MASTER_STOPPED] * 99]
    assert await masters.in_doubt("master", "imap")
    assert await MasterUsers(store, time.wall, time.sleep).in_doubt("master", "imap")  # another process, or after a restart
    assert not await masters.in_doubt("master", "other")


async def test_without_a_control_two_in_a_row_are_all_for_a_day(masters: MasterUsers, time: Time) -> None:
    count = 0
    for _ in range(96):
        count += await spent(masters) is None
        time.now += DAY / 96
    assert count == 2


async def test_an_account_that_opens_clears_it(masters: MasterUsers) -> None:
    assert await spent(masters) is None
    await masters.proved("master", "imap")
    assert not await masters.in_doubt("master", "imap")
    assert await spent(masters) is None


async def test_a_proof_is_void_at_once_when_it_fails_afterwards(masters: MasterUsers) -> None:
    await masters.proved("master", "imap")
    assert [await spent(masters) for _ in range(3)] == [None, Withheld.MASTER_STOPPED, Withheld.MASTER_STOPPED]


async def test_unproved_it_is_used_by_one_at_a_time(masters: MasterUsers) -> None:
    """A hundred accounts are due at the same moment, and it fails: one login is spent."""
    said = await asyncio.gather(*(spent(masters) for _ in range(100)))
    assert said.count(None) == 1


async def test_proved_it_is_used_by_all_at_once(masters: MasterUsers, time: Time) -> None:
    await masters.proved("master", "imap")
    time.now += 60
    granted = await asyncio.gather(*(masters.may_use("master", "imap") for _ in range(20)))
    assert all(isinstance(one, Granted) for one in granted)
    assert time.now == NOW + 60  # nobody waited


async def test_a_server_that_could_not_say_costs_nothing(masters: MasterUsers) -> None:
    for _ in range(5):
        grant = await masters.may_use("master", "imap")
        assert isinstance(grant, Granted)
        await masters.give_back(grant)
