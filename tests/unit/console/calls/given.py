"""A registry over a house that judges as the real one does, and asks nobody; and calls that have seen what a world says."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from mailprobe.carriers import Carrier
from mailprobe.config import Account, Config
from mailprobe.console.calls.call import Call, Working
from mailprobe.console.calls.keeping import Keeping
from mailprobe.console.calls.registry import Calls
from mailprobe.console.calls.sealing import Sealer
from mailprobe.console.rooms import Rooms
from mailprobe.evidence import Evidence
from mailprobe.question import Listener, Question
from mailprobe.report import Check
from mailprobe.store import Store, open_store
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import History, Picture
from mailprobe.verdict.take import take_picture
from tests.unit.given import prober
from tests.unit.verdict.test_safety import US
from tests.unit.verdict.world import NOW, World, account_of, carrier_of, evidence_of, told_of

LEGS = ("mx", "imap", "submission", "canary")


@dataclass(slots=True)
class Judges:
    """A house without servers."""

    config: Config
    now: list[float] = field(default_factory=lambda: [NOW])

    @property
    def store(self) -> Store:
        raise AssertionError("nothing is kept here")

    def picture(self, question: Question, evidence: tuple[Evidence, ...], now: float) -> Picture:
        carrier = self.config.carriers[question.account.carrier]
        return take_picture(
            evidence, account=question.account, carrier=carrier, told=question.told, bounces=(), history=History(), now=now, us=US
        )

    async def check(self, question: Question, listener: Listener) -> Check:
        raise AssertionError("nothing is checked here")

    async def numbers(self, account: Account) -> tuple[str, ...]:
        return ()

    async def admit(self, question: Question) -> None:
        return

    async def legs_of(self, question: Question) -> tuple[tuple[str, ...], bool]:
        return LEGS, False

    async def look(self, account: Account) -> tuple[Evidence, ...]:
        return ()


@dataclass(slots=True)
class Checks(Judges):
    """One whose legs end at once, with what they are given to see. kept: the store; fails: what a check raises instead."""

    seen: tuple[Evidence, ...] = ()
    kept: Store | None = None
    fails: Exception | None = None

    @property
    def store(self) -> Store:
        assert self.kept is not None
        return self.kept

    async def check(self, question: Question, listener: Listener) -> Check:
        if self.fails is not None:
            raise self.fails
        for one in self.seen:
            listener.ended(one, Picture())
        account, verdict = question.account, judge(Picture())
        return Check(account.id, str(account.address), NOW, 1.0, self.seen, Picture(), verdict, (), ())


@contextlib.asynccontextmanager
async def calls_that_check(carrier: Carrier, **given: Any) -> AsyncIterator[tuple[Calls, Checks]]:
    """Over a store in memory, in which they are kept."""
    async with open_store("sqlite://") as store:
        house = Checks(Config(prober=prober(), carriers={carrier.name: carrier}), kept=store, **given)
        keeping = Keeping(store, Sealer((bytes(32),)))
        yield Calls(Rooms(lambda: house, lambda: (), lambda: house.now[0]), keeping=keeping), house


def calls_for(carrier: Carrier) -> Calls:
    house = Judges(Config(prober=prober(), carriers={carrier.name: carrier}))
    return Calls(Rooms(lambda: house, lambda: (), lambda: house.now[0]))


def call_of(account: Account, carrier: Carrier, told: Observations | None = None, legs: tuple[str, ...] = LEGS) -> Call:
    """One that has just begun."""
    question = Question(account, told or Observations(), within=30.0)
    call = Call(id="c1", number="00000", owner="sato", reason="", started=NOW, question=question, carrier=carrier, legs=legs)
    call.working = {leg: Working(NOW) for leg in legs}
    return call


def in_world(world: World) -> tuple[Calls, Call, dict[str, Evidence]]:
    """A call in that world, and what each of its legs will see."""
    found = {one.probe: one for one in evidence_of(world)}
    carrier = carrier_of(world)
    call = call_of(account_of(world), carrier, told_of(world), tuple(found))
    calls = calls_for(carrier)
    calls.whole[call.id] = call
    return calls, call, found
