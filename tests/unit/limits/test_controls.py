"""What a process goes by for some seconds: answers of the controls and a no; never a yes, and nothing of the target's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from mailprobe.carriers import OWN_LIMITS
from mailprobe.evidence import Of, Replied, Stage, Withheld
from mailprobe.limits import Controls, Courtesy, LoginBudget
from mailprobe.limits.controls import FRESH, Fresh
from mailprobe.limits.manners import PastAsking, PastSession
from mailprobe.probes import Denied
from mailprobe.store import Store
from tests.unit.limits.given import NOW, Time

CONTROLS = (Of.LIVE, Of.DEAD)
T = TypeVar("T")


@dataclass
class Counted:
    """A store's askings and sessions, and how often it was looked into: a claim is one as well."""

    store: Store
    reads: int = 0
    claims: int = 0

    @property
    def askings(self) -> Counted:
        return self

    @property
    def sessions(self) -> Counted:
        return self

    def subject_of(self, address: str) -> str:
        return self.store.askings.subject_of(address)

    async def claim(
        self, subject: str, host: str, vantage: str, by: str, now: float, decide: Callable[[PastAsking], T | None]
    ) -> T | None:
        self.claims += 1
        return await self.store.askings.claim(subject, host, vantage, by, now, decide)

    async def asked(self, subject: str, host: str, vantage: str, now: float) -> None:
        await self.store.askings.asked(subject, host, vantage, now)

    async def remember(self, address: str, host: str, vantage: str, reply: Replied, now: float) -> None:
        await self.store.askings.remember(address, host, vantage, reply, now)

    async def remembered(self, of: Of, address: str, host: str, vantage: str) -> Replied | None:
        self.reads += 1
        return await self.store.askings.remembered(of, address, host, vantage)

    async def put_off(self, address: str, host: str) -> tuple[int, float] | None:
        return await self.store.askings.put_off(address, host)

    async def enter(self, host: str, now: float, decide: Callable[[Sequence[PastSession]], T | None]) -> int | T:
        return await self.store.sessions.enter(host, now, decide)

    def leave_soon(self, key: int, now: float) -> None:
        self.store.sessions.leave_soon(key, now)


@dataclass
class Program:
    """One process: its runs share what it knows."""

    store: Counted
    time: Time
    controls: Controls = field(default_factory=Controls)

    def run(self) -> Courtesy:
        return Courtesy(self.store, OWN_LIMITS, "here", self.time.wall, self.time.sleep, self.controls)


@pytest.fixture
def program(stores: tuple[Store, Store], time: Time) -> Program:
    return Program(Counted(stores[0]), time)


@pytest.fixture
def other(stores: tuple[Store, Store], time: Time) -> Program:
    return Program(Counted(stores[1]), time)


def answer(code: int = 250) -> Replied:
    return Replied(at=5.0, server="mx:25", ip="192.0.2.1", stage=Stage.RCPT, code=code, enhanced="2.1.5", text="ok")


async def said(one: Program, of: Of) -> int | None:
    found = await one.run().remembered(of, "l@d.test", "mx")
    assert found is None or found.of is of
    return found.code if found is not None else None


@pytest.mark.parametrize("of", CONTROLS)
async def test_a_controls_answer_is_read_once_in_some_seconds(program: Program, time: Time, of: Of) -> None:
    await program.run().remember(of, "l@d.test", "mx", answer())
    for seconds, reads in ((0.0, 1), (FRESH - 1, 1), (FRESH, 2), (2 * FRESH - 1, 2), (2 * FRESH, 3), (2 * FRESH - 1, 4)):
        time.now = NOW + seconds  # the last: the clock was put back
        assert await said(program, of) == 250
        assert program.store.reads == reads


async def test_the_targets_answer_is_read_each_time(program: Program) -> None:
    await program.run().remember(Of.TARGET, "l@d.test", "mx", answer())
    assert [await said(program, Of.TARGET) for _ in range(3)] == [250] * 3
    assert program.store.reads == 3


async def test_nothing_is_remembered_of_what_is_not_known_yet(program: Program, other: Program) -> None:
    assert await said(program, Of.LIVE) is None
    await other.run().remember(Of.LIVE, "l@d.test", "mx", answer())
    assert await said(program, Of.LIVE) == 250


@pytest.mark.parametrize("asked_as", Of)
async def test_what_this_program_is_answered_it_knows_at_once(program: Program, asked_as: Of) -> None:
    """A control may be watched as well: then it is a target."""
    await program.run().remember(Of.LIVE, "l@d.test", "mx", answer())
    assert await said(program, Of.LIVE) == 250
    await program.run().remember(asked_as, "l@d.test", "mx", answer(550))
    assert await said(program, Of.LIVE) == 550


async def test_what_another_program_is_answered_is_known_some_seconds_later(program: Program, other: Program, time: Time) -> None:
    await program.run().remember(Of.LIVE, "l@d.test", "mx", answer())
    assert await said(program, Of.LIVE) == 250
    await other.run().remember(Of.LIVE, "l@d.test", "mx", answer(550))
    time.now += FRESH
    assert await said(program, Of.LIVE) == 550


async def test_an_answer_counts_no_longer_for_it(program: Program, time: Time) -> None:
    await program.run().remember(Of.LIVE, "l@d.test", "mx", answer())
    time.now = NOW + 600 - 1
    assert await said(program, Of.LIVE) == 250
    time.now = NOW + 600
    assert await said(program, Of.LIVE) is None


async def test_a_no_is_gone_by_and_a_yes_is_given_by_the_store_alone(program: Program, other: Program, time: Time) -> None:
    await other.run().asked(Of.LIVE, "l@d.test", "mx")
    time.now = NOW + 57
    for _ in range(3):
        assert await program.run().may_ask(Of.LIVE, "l@d.test", "mx") == Denied(Withheld.NOT_POLITE_YET, NOW + 60, NOW)
    assert program.store.claims == 1
    time.now = NOW + 60  # within the seconds in which the no would be gone by
    assert await program.run().may_ask(Of.LIVE, "l@d.test", "mx") is None
    assert await other.run()._claim(Of.LIVE, "l@d.test", "mx", 60.0) == Denied(Withheld.NOT_POLITE_YET, NOW + 75, NOW)
    assert program.store.claims == 2


async def test_whoever_is_just_asking_is_looked_at_each_time(program: Program, other: Program, time: Time) -> None:
    assert await other.run().may_ask(Of.LIVE, "l@d.test", "mx") is None
    assert await program.run().may_ask(Of.LIVE, "l@d.test", "mx") is not None  # after ten seconds without its answer
    assert time.now >= NOW + 10
    time.now = NOW + 15  # it has died
    assert await program.run().may_ask(Of.LIVE, "l@d.test", "mx") is None


async def test_a_targets_no_is_looked_up_each_time(program: Program) -> None:
    await program.run().asked(Of.TARGET, "l@d.test", "mx")
    for _ in range(3):
        assert await program.run().may_ask(Of.TARGET, "l@d.test", "mx") is not None
    assert program.store.claims == 3


async def test_another_gap_is_another_question(program: Program, time: Time) -> None:
    """The schedule's gap is longer than that of a check that somebody waits for."""
    await program.run().asked(Of.LIVE, "l@d.test", "mx")
    time.now += 100
    assert await program.run()._claim(Of.LIVE, "l@d.test", "mx", 108.0) is not None
    assert await program.run()._claim(Of.LIVE, "l@d.test", "mx", 60.0) is None


async def test_a_good_login_of_a_control_is_known_to_all_runs(stores: tuple[Store, Store], time: Time) -> None:
    controls = Controls()
    one, another = (LoginBudget(stores[0], time.wall, sleep=time.sleep, controls=controls) for _ in range(2))
    elsewhere = LoginBudget(stores[1], time.wall, sleep=time.sleep)
    assert await one.control_good_at("live", "imap") is None
    await elsewhere.control_good("live", "imap")
    assert await one.control_good_at("live", "imap") == NOW
    time.now += 1
    await elsewhere.control_good("live", "imap")
    assert await another.control_good_at("live", "imap") == NOW
    await one.control_good("live", "imap")
    assert await another.control_good_at("live", "imap") == NOW + 1
    time.now += 601
    assert await another.control_good_at("live", "imap") is None


def test_not_more_is_kept_than_there_is_room_for() -> None:
    kept: Fresh[int] = Fresh(most=2)
    for number in range(3):
        kept.put(number, number, NOW)
    assert [kept.get(number, NOW) for number in range(3)] == [None, None, 2]
