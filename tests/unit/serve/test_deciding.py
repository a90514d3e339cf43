"""A server that lets nobody in: what becomes of the accounts behind it, whoever looked."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mailprobe.address import parse
from mailprobe.carriers import Channel, Endpoint, LiveControl
from mailprobe.config import Config, from_nothing, read_address
from mailprobe.daemon import open_house
from mailprobe.engine import Clock, Kind, Result
from mailprobe.evidence import Evidence
from mailprobe.metrics import Metrics
from mailprobe.prober import Check, Finding, Remark, State
from mailprobe.secret import parse_ref
from mailprobe.serve.controls import Controls
from mailprobe.serve.deciding import decide
from mailprobe.serve.fitness import Fitness
from mailprobe.serve.shift import new_shift
from mailprobe.serve.watching import Watching
from mailprobe.status import Standing
from mailprobe.verdict import Code, Status
from mailprobe.verdict.picture import Control, Known
from tests.unit import given
from tests.unit.serve.given import NOW, accepted, held, opened, shut
from tests.unit.verdict.facts import DEAD, LIVE

EVERY = 300.0
PEOPLE = ("tanaka", "suzuki", "sato")


def config() -> Config:
    carrier = given.carrier(
        mx=(Endpoint("mx.mail.test", 25, Channel.CLEAR),),
        imap=Endpoint("imap.mail.test", 993, Channel.IMPLICIT),
        live_controls=(LiveControl(LIVE, "alive", "alive", parse_ref("env:L")),),
        dead_control=DEAD,
    )
    rest = {"every": (("", EVERY),), "probes": ("mx", "imap"), "secret": parse_ref("env:X")}
    accounts = tuple(given.account(id=name, address=parse(f"{name}@mail.test"), **rest) for name in PEOPLE)
    plain = from_nothing(read_address("a@i.softbank.jp"))
    return dataclasses.replace(plain, accounts=accounts, carriers={"lab": carrier}, store_url="sqlite://")


@dataclass
class Day:
    """What happens to three mailboxes, at times that the test names."""

    watching: Watching
    now: list[float]

    async def seen(self, at: float, *runs: Evidence) -> None:
        """A row of each account that these runs are of, just then."""
        self.now[0] = at
        for account in dict.fromkeys(one.account for one in runs):
            mine = tuple(one for one in runs if one.account == account)
            probes = tuple(one.probe for one in mine)
            await self.watching.ended(Result(account, "lab", Kind.RESULT, at, 1, probes, mine))
        while not self.watching.troubled.empty():
            await decide(self.watching, *self.watching.troubled.get_nowait())

    def standing(self, account: str) -> Standing:
        return self.watching.accounts[account].standing

    def statuses(self) -> set[Status]:
        return {self.standing(name).status for name in PEOPLE}

    @property
    def control(self) -> bool | None:
        return self.watching.fitness.controls["lab"].good


@contextlib.asynccontextmanager
async def day() -> AsyncIterator[Day]:
    """All is well at NOW."""

    async def announce(trouble: object) -> None: ...

    now = [NOW]
    async with open_house(config(), clock=Clock(wall=lambda: now[0])) as house:
        metrics = Metrics(dict)
        watching = Watching(new_shift(house), metrics, Fitness(metrics, "here", announce))
        await watching.open()
        made = Day(watching, now)
        for name in PEOPLE:
            await made.seen(NOW, accepted(NOW, name), opened(NOW, name))
        assert made.statuses() == {Status.OK}
        yield made


async def test_two_looks_of_one_account_decide_for_all_that_were_held_back() -> None:
    async with day() as lab:
        await lab.seen(NOW + 100, accepted(NOW + 100, "tanaka"), shut(NOW + 100, "tanaka"))
        for name in PEOPLE[1:]:
            await lab.seen(NOW + 120, accepted(NOW + 120, name), held(NOW + 120, name))
        assert lab.statuses() == {Status.OK}
        await lab.seen(NOW + 401, shut(NOW + 401, "tanaka"))
        assert lab.statuses() == {Status.DOWN}
        assert {lab.standing(name).code for name in PEOPLE} == {Code.IMAP_OUTAGE}


async def test_one_look_judged_again_is_no_second_reading() -> None:
    """The server was away for a moment: nobody is called down because other things were asked since."""
    async with day() as lab:
        await lab.seen(NOW + 100, accepted(NOW + 100, "tanaka"), shut(NOW + 100, "tanaka"))
        await lab.seen(NOW + 120, accepted(NOW + 120, "suzuki"), held(NOW + 120, "suzuki"))
        for name in PEOPLE[:2]:
            await lab.seen(NOW + 420, accepted(NOW + 420, name), held(NOW + 420, name))
        assert lab.statuses() == {Status.OK}
        for name in PEOPLE:
            await lab.seen(NOW + 500, accepted(NOW + 500, name), opened(NOW + 500, name))
        assert {lab.standing(name).unconfirmed for name in PEOPLE} == {None}


async def test_a_second_look_that_comes_too_soon_decides_nothing() -> None:
    async with day() as lab:
        await lab.seen(NOW + 100, shut(NOW + 100, "tanaka"), held(NOW + 100, "suzuki"))
        await lab.seen(NOW + 160, shut(NOW + 160, "sato"))
        assert lab.statuses() == {Status.OK}


async def test_the_control_is_what_the_last_look_showed() -> None:
    """Not what those knew who were kept away since."""
    async with day() as lab:
        await lab.seen(NOW + 10, shut(NOW + 10, "tanaka"))
        assert lab.control is False
        await lab.seen(NOW + 20, accepted(NOW + 20, "suzuki"), held(NOW + 20, "suzuki"))
        await lab.seen(NOW + 21, accepted(NOW + 21, "sato"))
        assert lab.control is False
        await lab.seen(NOW + 80, opened(NOW + 80, "sato", control_at=NOW - 10))
        assert lab.control is True


async def test_an_outage_lasts_as_long_as_its_server_is_left_alone() -> None:
    """Half an hour may lie between two looks: what is known is shown all the while."""
    async with day() as lab:
        await lab.seen(NOW + 100, shut(NOW + 100, "tanaka"), held(NOW + 100, "suzuki"))
        await lab.seen(NOW + 401, shut(NOW + 401, "tanaka"))
        for at in (700, 1000, 1300, 1600, 1900):
            await lab.seen(NOW + at, accepted(NOW + at, "suzuki"), held(NOW + at, "suzuki"))
            assert lab.watching.rows["suzuki"].status_at(NOW + at + EVERY) is Status.DOWN


async def test_one_more_look_is_asked_for_all_of_them() -> None:
    async with day() as lab:
        await lab.seen(NOW + 100, shut(NOW + 100, "tanaka"), held(NOW + 100, "suzuki"), held(NOW + 100, "sato"))
        jobs = await lab.watching.shift.house.store.jobs.take(NOW + 401, 50)
        assert [(one.probe, one.not_before) for one in jobs] == [("imap", NOW + 400)]


async def test_a_prober_on_a_block_list_still_sees_who_is_down() -> None:
    """That trouble explains no closed door."""
    async with day() as lab:
        lab.watching.fitness.update([Finding(Check.BLOCK_LIST, State.BAD, Remark.NOTHING, NOW, "zen.example")])
        await lab.seen(NOW + 100, shut(NOW + 100, "tanaka"))
        await lab.seen(NOW + 401, shut(NOW + 401, "tanaka"))
        assert lab.standing("tanaka").code is Code.IMAP_OUTAGE


async def test_a_prober_without_a_sound_network_sees_nobody_down() -> None:
    async with day() as lab:
        lab.watching.fitness.update([Finding(Check.CONTROL, State.BAD, Remark.NOTHING, NOW, "other")])
        lab.watching.fitness.controls["other"] = Controls(Known(Control.CLOSED, NOW + 1000))
        for at in (100, 401, 800):
            await lab.seen(NOW + at, shut(NOW + at, "tanaka"))
        assert lab.statuses() == {Status.OK}
