"""What the daemon hands the console is what it knows: rows, controls, checks of ourselves, and incidents that follow."""

from __future__ import annotations

from dataclasses import replace

from mailprobe.config import Config, Engine
from mailprobe.console.services import ServiceState, service_of
from mailprobe.daemon import open_house
from mailprobe.engine import Clock
from mailprobe.evidence import Withheld
from mailprobe.incident import Call, ControlSeen, State
from mailprobe.maintenance import Window
from mailprobe.prober import Check, Finding, Remark
from mailprobe.prober import State as FindingState
from mailprobe.serve.duty import look_for_incidents, opened
from mailprobe.serve.instruments import rooms_of
from mailprobe.serve.shift import new_shift
from mailprobe.serve.watching import Watching
from mailprobe.status import Standing
from mailprobe.verdict import Code, Status
from mailprobe.verdict.picture import Control, Known, Picture
from tests.unit.given import account, carrier, prober
from tests.unit.metrics.given_rows import samples
from tests.unit.verdict.pictures import picture

NOW = 1_800_000_000.0
LAB = carrier()
CONFIG = Config(
    prober=prober(),
    carriers={"lab": LAB},
    accounts=(account(every=(("", 300.0),)), account(id="sato", every=(("", 300.0),))),
    store_url="sqlite://",
    engine=Engine(vantage="here"),
)


def control(seen: Control, at: float) -> Picture:
    return replace(picture(), control_sign_in=Known(seen, at))


def gauges(watching: Watching) -> dict[str, float]:
    found = samples(watching.metrics).items()
    return {dict(labels)["state"]: said for (name, labels), said in found if name == "mailprobe_incident"}


async def test_the_console_sees_what_the_daemon_sees() -> None:
    async with open_house(CONFIG, clock=Clock(lambda: NOW)) as house:
        await house.store.standings.keep("tanaka", Standing(Status.OK, NOW - 900, Code.HEALTHY, NOW - 60, Status.OK, NOW - 60))
        watching = await opened(new_shift(house))
        rooms = rooms_of(watching)
        said = await service_of(rooms, "lab", NOW)
        assert (said.state, said.age_s) == (ServiceState.NORMAL, 60.0)
        watching.metrics.held_back("lab", Withheld.NOT_POLITE_YET)
        watching.metrics.slot_began(0.1)
        held = {key: count for key, count in rooms.instruments.held().items() if count}
        assert held == {("lab", "not_polite_yet"): 1}
        slots = rooms.instruments.slots()
        assert slots is not None
        assert (slots.begun, slots.late) == (1, 0)
        announced = rooms.instruments.announced
        assert announced is not None
        await announced.add(Window("lab", "", NOW - 1, NOW + 60), "chief")
        assert (await service_of(rooms, "lab", NOW)).state is ServiceState.MAINTENANCE


async def test_one_look_at_a_control_counts_once_however_many_pictures_hold_it() -> None:
    async with open_house(CONFIG, clock=Clock(lambda: NOW)) as house:
        watching = await opened(new_shift(house))
        for at in (NOW - 300, NOW - 300, NOW - 300, NOW):
            watching.fitness.learn(LAB, control(Control.REFUSED, at), (), NOW)
        rooms = rooms_of(watching)
        assert rooms.instruments.control("lab") == ControlSeen(False, NOW, NOW - 300, 2)
        assert rooms.instruments.control("other") is None


async def test_what_ails_us_is_shown_and_keeps_incidents_closed() -> None:
    async with open_house(CONFIG, clock=Clock(lambda: NOW)) as house:
        watching = await opened(new_shift(house))
        for at in (NOW - 300, NOW):
            watching.fitness.learn(LAB, control(Control.UNAVAILABLE, at), (), NOW)
        for subject in "abc":
            await house.store.incidents.learn(Call("lab", subject, True, Code.IMAP_OUTAGE, Status.DOWN, NOW))
        watching.fitness.update([Finding(Check.CLOCK, FindingState.BAD, Remark.STEPPED, NOW)])
        rooms = rooms_of(watching)
        assert "clock" in rooms.unfit()
        assert [(one.check, one.state) for one in rooms.instruments.checks() if one.check == "clock"] == [("clock", "bad")]
        await look_for_incidents(watching)
        assert gauges(watching) == {"suspected": 0, "confirmed": 0}
        watching.fitness.health = replace(watching.fitness.health, findings={})
        await look_for_incidents(watching)
        assert [one.state for one in await house.store.incidents.open_ones()] == [State.CONFIRMED]
        assert gauges(watching) == {"suspected": 0, "confirmed": 1}
