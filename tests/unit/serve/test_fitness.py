"""What we know of ourselves, and what follows when it changes."""

from __future__ import annotations

import asyncio

import pytest

from mailprobe.carriers import Carrier, Relation
from mailprobe.evidence import Connected, Fact
from mailprobe.metrics import Metrics
from mailprobe.prober import Check, Finding, Remark, State
from mailprobe.serve.fitness import Fitness
from mailprobe.verdict.picture import Picture
from tests.unit.serve.given import BEGAN, IP, MX, closed, run

NOW = 1_800_000_000.0


async def announced(trouble: object) -> None: ...


@pytest.mark.parametrize(
    ("check", "times"), [(Check.CONTROL, 1), (Check.RESOLVER, 1), (Check.BLOCK_LIST, 0), (Check.TURNED_AWAY, 0)]
)
async def test_servers_are_forgiven_what_was_ours(check: Check, times: int) -> None:
    """Once, when it is over; a prober that is only disliked was answered all the while."""
    fitness, forgiven = Fitness(Metrics(dict), "here", announced), []

    async def forgive() -> None:
        forgiven.append(fitness.health.hears)

    telling = asyncio.create_task(fitness.keep_telling(forgive))
    for state in (State.BAD, State.BAD, State.GOOD, State.GOOD):
        fitness.update([Finding(check, state, Remark.NOTHING, NOW)])
        while not fitness.told.empty():  # noqa: ASYNC110  a few turns of the loop
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    telling.cancel()
    assert forgiven == [True] * times


def test_who_is_only_disliked_still_hears() -> None:
    fitness = Fitness(Metrics(dict), "here", announced)
    fitness.update(
        [
            Finding(Check.BLOCK_LIST, State.BAD, Remark.NOTHING, NOW, "zen.example"),
            Finding(Check.NAME, State.BAD, Remark.NOTHING, NOW),
        ]
    )
    assert (not fitness.health.bad, fitness.health.hears) == (False, True)


def visited(fitness: Fitness, name: str, fact: Fact, started: float) -> None:
    carrier = Carrier(name, name, Relation.FOREIGN, (f"{name}.test",))
    fitness.learn(carrier, Picture(), (run(started, fact, probe="mx"),), started)


def port_25(fitness: Fitness) -> State:
    return fitness.health.findings[(Check.PORT_25, "")].state


def test_the_many_visits_to_one_carrier_do_not_hide_who_was_reached() -> None:
    fitness = Fitness(Metrics(dict), "here", announced)
    visited(fitness, "small", Connected(at=BEGAN, server="mx.small.test:25", ip=IP, took=0.01), NOW)
    for number in range(2000):
        visited(fitness, "great", closed(MX), NOW + 1 + number / 100)
    assert port_25(fitness) is State.GOOD
    for name in ("small", "great"):
        visited(fitness, name, closed(f"mx.{name}.test:25"), NOW + 700)
    assert port_25(fitness) is State.BAD  # what was reached that long ago says nothing any more
