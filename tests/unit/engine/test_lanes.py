"""Who may begin: places, fairness among carriers, and the pace of what is late. Simulated, with a given now."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from mailprobe.config import Account
from mailprobe.engine import Due
from mailprobe.engine.lanes import FASTEST, SHARE, SOON, Lanes
from mailprobe.engine.schedule import Gap, Schedule, plan_of
from mailprobe.engine.timeline import Timeline
from tests.unit.given import account

KEY = b"the store's own key"
NOW = 1_800_000_000.0
EVERY = 300.0


def due(number: int = 0, carrier: str = "lab", at: float = NOW, latest: float = NOW + 450) -> Due:
    return Due(account(id=f"a{number}", carrier=carrier), at, ("imap",), number, latest)


def job(number: int = 0, carrier: str = "lab") -> Due:
    return Due(account(id=f"a{number}", carrier=carrier), NOW, ("mx",), job=f"job {number}")


def lanes(places: int = 100, steady: float = 0.0, **rates: float) -> Lanes:
    return Lanes(places, rates or {"lab": 10.0}, steady)


def put(room: Lanes, many: Sequence[Due]) -> None:
    for one in many:
        room.put(one, 0.0)


def test_the_schedule_never_takes_more_than_half_of_the_places() -> None:
    room = lanes(places=40, a=100.0, b=100.0, c=100.0)
    put(room, [due(number, carrier) for number in range(100) for carrier in "abc"])
    assert len(list(room.begin(NOW, 0.0))) <= 20
    assert list(room.begin(NOW, 0.0)) == []


def test_live_checks_beyond_their_half_take_from_the_schedule_and_never_the_other_way() -> None:
    room = lanes(places=40)
    put(room, [due(number) for number in range(100)])
    assert len(list(room.begin(NOW, 0.0, live=35))) == 5
    assert list(room.begin(NOW, 0.0, live=60)) == []


def test_a_place_that_is_left_is_taken_by_the_next() -> None:
    room = lanes(places=2)
    put(room, [due(1), due(2)])
    (first,) = room.begin(NOW, 0.0)
    assert list(room.begin(NOW, 0.0)) == []
    room.leave(first)
    assert [one.slot for one in room.begin(NOW, 0.0)] == [2]


@pytest.mark.parametrize("slow", [1, 2, 5, 20])
def test_slow_carriers_cannot_fill_the_places(slow: int) -> None:
    """Whose runs never end may hold what they like: whoever comes then begins at once."""
    room = lanes(places=400)
    for _ in range(100):
        put(room, [due(number, f"slow{number % slow}") for number in range(40)])
        list(room.begin(NOW, 0.0))
    room.put(due(7, "quick"), 0.0)
    assert [one.account.carrier for one in room.begin(NOW, 0.0)] == ["quick"]
    assert room.running - 1 > 200 * SHARE / (SHARE + 1) * 0.9  # and yet they are put to use


def test_carriers_take_turns() -> None:
    room = lanes(places=60, big=10.0, small=10.0)
    put(room, [due(number, "big") for number in range(50)])
    put(room, [due(number, "small") for number in range(5)])
    begun = Counter(one.account.carrier for _, one in zip(range(10), room.begin(NOW, 0.0), strict=False))
    assert begun == {"big": 5, "small": 5}


def test_what_is_late_goes_by_its_last_moment_and_expires_after_it() -> None:
    room = lanes(places=100, lab=0.001)
    put(room, [due(1, at=NOW - 100, latest=NOW + 50), due(2, at=NOW - 90, latest=NOW + 10), due(3, at=NOW - 80, latest=NOW - 1)])
    assert [one.slot for one in room.expired(NOW)] == [3]
    assert [one.slot for one in room.begin(NOW, 0.0)] == [2]  # one is saved up, the next has to wait
    assert [one.slot for one in room.expired(NOW + 60)] == [1]
    assert not room.waits


def test_an_on_time_slot_never_waits_for_a_late_one() -> None:
    room = lanes(places=100, lab=0.01)
    put(room, [due(number, at=NOW - 20) for number in range(10)])
    assert len(list(room.begin(NOW, 0.0))) == 1
    room.put(due(99, at=NOW - SOON / 2), 0.0)
    assert [one.slot for one in room.begin(NOW, 0.0)] == [99]


def test_jobs_have_a_pace_of_their_own_and_never_expire() -> None:
    room = lanes(places=100, lab=0.01)
    put(room, [job(number) for number in range(30)])
    assert room.jobs == 30
    begun = [sum(1 for _ in room.begin(NOW + 9_999, float(second))) for second in range(30)]
    assert (max(begun), sum(begun)) == (1, 30)
    assert room.expired(NOW + 99_999) == []


def test_what_waits_can_be_taken_out() -> None:
    room = lanes(places=2)
    put(room, [due(1), due(2), due(3, at=NOW - 60), job(4)])
    list(room.begin(NOW, 0.0))
    assert len(room.clear()) == 3
    assert not room.waits


# the pace as a whole: an engine in a loop, without an engine


@dataclass
class World:
    """A schedule and its lanes, looked at every 50 ms of steady time; runs take `took` seconds."""

    accounts: Sequence[Account]
    places: int = 4000
    took: Callable[[float, Due], float] = lambda steady, due: 0.2
    steady: float = 0.0
    wall: float = NOW
    begun: list[tuple[float, Due]] = field(default_factory=list)
    told: list[Gap | Due] = field(default_factory=list)
    running: list[tuple[float, Due]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.timeline = Timeline(self.wall, 0.0)
        self.schedule = Schedule(KEY, self.accounts, self.wall)
        self.lanes = Lanes(self.places, self.schedule.rates(), 0.0)

    def look(self) -> None:
        now = self.timeline.now(self.wall, self.steady)
        for ended in [one for one in self.running if one[0] <= self.steady]:
            self.running.remove(ended)
            self.lanes.leave(ended[1])
        while taken := self.schedule.take(now, 200):
            for one in taken:
                if isinstance(one, Due):
                    self.lanes.put(one, self.steady)
                else:
                    self.told.append(one)
        self.told += self.lanes.expired(now)
        for one in self.lanes.begin(now, self.steady):
            self.begun.append((self.steady, one))
            self.running.append((self.steady + self.took(self.steady, one), one))

    def go_on(self, seconds: float) -> None:
        end = self.steady + seconds
        while self.steady < end:
            self.look()
            self.steady, self.wall = self.steady + 0.05, self.wall + 0.05

    def stand_still(self, seconds: float) -> None:
        self.steady, self.wall = self.steady + seconds, self.wall + seconds

    def step(self, seconds: float) -> None:
        self.wall += seconds

    def most_in(self, window: float) -> int:
        """The most that began in any stretch of so many seconds."""
        times = [at for at, _ in self.begun]
        first = most = 0
        for last, at in enumerate(times):
            while times[first] <= at - window:
                first += 1
            most = max(most, last - first + 1)
        return most


def many(count: int, carrier: str = "lab", every: float = EVERY) -> list[Account]:
    return [account(id=f"{carrier}{n:05d}", every=(("", every),), probes=("imap",), carrier=carrier) for n in range(count)]


def told_once(world: World) -> None:
    """Of every account consecutive slots, each exactly once: begun, missed, or still waiting."""
    waiting = world.lanes.clear()
    by: dict[str, list[tuple[int, int]]] = {}
    for one in [*(due for _, due in world.begun), *world.told, *waiting]:
        assert one.slot is not None
        by.setdefault(one.account.id, []).append((one.slot, one.count if isinstance(one, Gap) else 1))
    for whose in world.accounts:
        rows, plan = sorted(by.get(whose.id, [])), plan_of(whose, KEY)
        assert plan is not None
        for (before, _), (slot, count) in pairwise(rows):
            assert plan.count(before + 1, slot + 1) == count, (whose.id, rows)


DISTURBED: dict[str, Callable[[World], None]] = {
    "a hiccup": lambda world: world.stand_still(3),
    "a short pause": lambda world: world.stand_still(20),
    "a long pause": lambda world: world.stand_still(140),
    "a suspend of two hours": lambda world: world.step(7200),
    "stopped for an hour": lambda world: world.stand_still(3600),
    "the clock put forward": lambda world: world.step(3600),
    "the clock put forward, crooked": lambda world: world.step(3470),
    "the clock put back": lambda world: world.step(-3600),
}


@pytest.mark.parametrize("what", DISTURBED)
def test_nothing_is_caught_up_on_in_a_burst(what: str) -> None:
    world = World(many(900))
    world.go_on(EVERY)
    DISTURBED[what](world)
    woke = world.steady
    world.go_on(2 * EVERY)
    normal = len(world.accounts) / EVERY
    for window in (20.0, 60.0, EVERY):
        chance = 3.5 * (normal * window) ** 0.5 if window < EVERY else 3.5 * (normal * 0.05 * EVERY) ** 0.5
        assert world.most_in(window) <= FASTEST * normal * window + chance + 1
    began_again = min(at for at, _ in world.begun if at >= woke)
    assert began_again - woke < 3.0  # and nobody waits for an hour either
    last = Counter(due.account.id for at, due in world.begun if at >= woke + 0.9 * EVERY)
    assert len(last) == len(world.accounts)
    told_once(world)


def test_a_server_that_comes_back_is_not_met_by_all_who_waited() -> None:
    """For ten minutes every run hangs for 30 s and fills the places; then all is well again."""
    hangs = 600.0
    world = World(many(900), places=40, took=lambda steady, one: 30.0 if steady < hangs else 0.2)
    world.go_on(hangs)
    assert len(world.running) == 16  # of twenty: one carrier leaves something free
    assert sum(isinstance(one, Due) for one in world.told) > 500  # no turn until the next slot was nearer
    world.begun.clear()
    told = list(world.told)
    world.go_on(2 * EVERY)
    assert world.most_in(60.0) <= FASTEST * 180 + 3.5 * 180**0.5 + 1
    assert len(world.told) - len(told) < 500
    last = Counter(due.account.id for at, due in world.begun if at >= hangs + 0.9 * EVERY)
    assert len(last) == len(world.accounts)


def test_a_slow_carrier_does_not_make_others_late() -> None:
    slow = many(900, "slow")
    world = World(
        [*slow, *many(300, "quick")], places=100, took=lambda steady, due: 30.0 if due.account.carrier == "slow" else 0.2
    )
    world.go_on(3 * EVERY)
    lateness = [at + NOW - due.at for at, due in world.begun if due.account.carrier == "quick"]
    assert len(lateness) >= 880
    assert max(lateness) < 0.2
    told_once(world)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_each_slot_is_told_once(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  a world, not a secret
    world = World(many(30, every=20.0) + many(30, "other", every=60.0), places=chance.choice([4, 20, 200]))
    for _ in range(12):
        world.go_on(chance.choice([1.0, 7.0, 30.0]))
        chance.choice([world.stand_still, world.step])(chance.choice([0.3, 9.0, 25.0, 400.0, 86_400.0]))
        world.step(chance.choice([0.0, 0.0, -3600.0, -2.0]))
    world.go_on(1.0)
    told_once(world)
