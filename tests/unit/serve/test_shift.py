"""What runs side by side: told of a new configuration, and ended in order."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time

import pytest

from mailprobe.carriers import Channel, Endpoint
from mailprobe.config import Config, Notify, Told, account_for, from_nothing, read_address
from mailprobe.daemon import House, open_house, refurnish
from mailprobe.engine import Order, Watch
from mailprobe.engine.embedded import Embedded, SignInChain
from mailprobe.evidence import End, Evidence
from mailprobe.notify.events import ProberTrouble, StatusChanged
from mailprobe.probes import Note, Reach, Target
from mailprobe.secret import parse_ref
from mailprobe.serve import shift as rooms
from mailprobe.serve.reception import place_of
from mailprobe.serve.shift import new_shift

CHANGED = StatusChanged("tanaka", "softbank", "", "ok", "down", "store_lost", "mail_ops", "high", 1_800_000_000.0)
TROUBLE = ProberTrouble("here", "resolver", False, 1_800_000_000.0)


def config(notify: Notify | None = None) -> Config:
    return dataclasses.replace(from_nothing(read_address("a@i.softbank.jp")), store_url="sqlite://", notify=notify)


async def hangs(target: Target, reach: Reach, note: Note) -> None:
    await asyncio.Event().wait()


def order(house: House) -> Order:
    account = account_for(house.config, "a@i.softbank.jp")
    return Order(account, house.config.carriers[account.carrier], house.config.prober, ("mx",), 60.0, "here")


async def test_a_run_under_way_is_stopped_in_time_and_keeps_what_it_has_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "RUNS_WITHIN", 0.05)
    async with open_house(config()) as house:
        house = dataclasses.replace(house, engine=Embedded({"mx": hangs}, house.engine.reach_for))
        got: list[Evidence] = []

        async def run() -> None:
            got.extend(await house.engine.live(order(house), Watch(lambda leg, fact: None, lambda evidence: None)))

        shift, began = new_shift(house), time.monotonic()
        shift.runs = [asyncio.create_task(run())]
        while not house.engine.under_way:  # noqa: ASYNC110  a run begins in a few turns of the loop
            await asyncio.sleep(0)
        assert await shift.drain(asyncio.Event()) == ("runs",)
        assert time.monotonic() - began < 2.0
        assert [(one.ending.kind, one.ending.reason) for one in got] == [(End.OUT_OF_TIME, "stopped")]


async def test_what_ends_by_itself_is_let_end() -> None:
    async with open_house(config()) as house:
        shift, seen = new_shift(house), []

        async def loop() -> None:
            await shift.ending.wait()
            seen.append("ended")

        async def for_ever() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                seen.append("cut")

        shift.runs, shift.rest = [asyncio.create_task(loop())], [asyncio.create_task(for_ever())]
        await asyncio.sleep(0)
        assert await shift.drain(asyncio.Event()) == ()
        assert seen == ["ended", "cut"]


async def test_only_what_is_wanted_goes_into_the_outbox() -> None:
    notify = Notify("https://h.test/", parse_ref("prompt:"), (Told.STATUS_CHANGED,))
    async with open_house(config(notify)) as house:
        shift = new_shift(house)
        await shift.announce(TROUBLE)
        assert (await house.store.outbox.count(), shift.happened.is_set()) == (0, False)
        await shift.announce(CHANGED, TROUBLE)
        assert (await house.store.outbox.count(), shift.happened.is_set()) == (1, True)
        one = await house.store.outbox.oldest()
        assert one is not None
        assert json.loads(one.body)["data"]["account"] == "tanaka"
        shift.renew(house.config, config())
        await shift.announce(CHANGED)
        assert (await house.store.outbox.count(), shift.renewed.is_set()) == (1, True)


async def test_a_new_configuration_may_be_reached_at_once() -> None:
    """Endpoints that it names are allowed as written; the engine and its runs stay."""
    async with open_house(config()) as house:
        carrier = house.config.carriers["softbank"]
        end = Endpoint("127.0.0.1", 2525, Channel.STARTTLS)
        new = dataclasses.replace(house.config, carriers={"softbank": dataclasses.replace(carrier, mx=(end,))})
        before = reach(house)
        renewed = refurnish(house, new)
        assert renewed.engine is house.engine
        assert renewed.store is house.store
        assert before.net.guard.check("127.0.0.1", 2525) is not None
        assert reach(renewed).net.guard.check("127.0.0.1", 2525) is None


def reach(house: House) -> Reach:
    return house.engine.reach_for(order(house), SignInChain(runs_imap=False), lambda line: None)


def test_the_place_of_a_socket() -> None:
    assert place_of("[::1]:25") == ("::1", 25)
    assert place_of("127.0.0.1:0") == ("127.0.0.1", 0)
