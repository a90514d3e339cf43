"""The guard on addresses that are not enrolled: a harvester is stopped, an incident never is."""

from __future__ import annotations

import random

import pytest

from mailprobe.evidence import Withheld
from mailprobe.limits import StrangerGuard
from mailprobe.probes import Denied
from mailprobe.store import Store
from tests.unit.limits.given import DAY, HOUR, NOW, Time


@pytest.fixture
def guard(store: Store, time: Time) -> StrangerGuard:
    return StrangerGuard(store, time.wall)


async def ask(guard: StrangerGuard, who: str, whom: str, ticket: str = "", *, unknown: bool = True) -> Denied | None:
    """One check of an address that the servers do not know."""
    denied = await guard.may_ask("own", who, whom, ticket)
    if denied is None:
        await guard.answered("own", who, whom, unknown=unknown)
    return denied


@pytest.mark.parametrize("unknown", [True, False])
async def test_two_hundred_guesses_of_one_operator(guard: StrangerGuard, time: Time, unknown: bool) -> None:
    """Hits stop him as misses do: what comes of a guess makes no difference."""
    said = []
    for n in range(200):
        said.append(await ask(guard, "mallory", f"guess{n}@d.test", unknown=unknown))
        time.now += 6
    assert sum(one is None for one in said) == 5
    assert all(one == Denied(Withheld.NEEDS_RELEASE, NOW + DAY, NOW + 24) for one in said[5:])


@pytest.mark.parametrize("seed", range(20))
async def test_thirty_agents_in_an_incident(guard: StrangerGuard, time: Time, seed: int) -> None:
    """200 customers whose mailboxes are gone call within 20 minutes; nobody types a ticket."""
    choice = random.Random(seed)  # noqa: S311  no secret
    for n in range(200):
        time.now = NOW + n * 6
        assert await ask(guard, f"agent{choice.randrange(30)}", f"customer{n}@d.test") is None


async def test_every_ticket_is_answered(guard: StrangerGuard) -> None:
    for n in range(200):
        assert await ask(guard, "agent", f"customer{n}@d.test", "T-1") is None


async def test_a_guesser_alone_makes_no_incident_with_two_colleagues(guard: StrangerGuard) -> None:
    for n in range(5):
        assert await ask(guard, "mallory", f"guess{n}@d.test") is None
    for who in ("alice", "bob"):
        for n in range(5):
            assert await ask(guard, who, f"{who}{n}@d.test") is None
    assert await ask(guard, "mallory", "guess5@d.test") is not None


async def test_what_the_servers_know_makes_no_incident(guard: StrangerGuard) -> None:
    for n in range(30):
        await ask(guard, f"agent{n % 6}", f"known{n}@d.test", unknown=False)
    assert await ask(guard, "agent0", "one more@d.test") is not None


async def test_an_incident_is_over_some_time(guard: StrangerGuard, time: Time) -> None:
    for n in range(20):
        assert await ask(guard, f"agent{n % 5}", f"customer{n}@d.test") is None
    for n in range(20):
        assert await ask(guard, "agent0", f"late{n}@d.test") is None
    time.now += HOUR
    # what was asked in the incident counts for nothing; the two before anybody knew of it do
    said = [await ask(guard, "agent0", f"after{n}@d.test") for n in range(4)]
    assert [one is None for one in said] == [True, True, True, False]


async def test_the_same_customer_again(guard: StrangerGuard) -> None:
    for n in range(5):
        await ask(guard, "agent", f"customer{n}@d.test")
    assert await ask(guard, "agent", "customer3@d.test") is None
    assert await ask(guard, "agent", "customer5@d.test") is not None
    assert await ask(guard, "agent", "customer5@d.test", "T-9") is None


async def test_a_supervisor_releases_one_and_an_incident_all(guard: StrangerGuard, time: Time) -> None:
    for who in ("alice", "bob"):
        for n in range(5):
            await ask(guard, who, f"{who}{n}@d.test")
    await guard.release("own", "alice", by="chief", lasting=HOUR)
    assert await ask(guard, "alice", "x@d.test") is None
    assert await ask(guard, "bob", "x@d.test") is not None
    await guard.open_incident("own", by="chief")
    assert await ask(guard, "bob", "x@d.test") is None
    await guard.close_incident("own", by="chief")
    assert await ask(guard, "bob", "y@d.test") is not None
    time.now += HOUR
    assert await ask(guard, "alice", "y@d.test") is not None


async def test_a_day_later_and_at_another_carrier(guard: StrangerGuard, time: Time) -> None:
    for n in range(5):
        await ask(guard, "agent", f"customer{n}@d.test")
    assert await guard.may_ask("other", "agent", "x@e.test") is None
    time.now += DAY
    assert await ask(guard, "agent", "x@d.test") is None
