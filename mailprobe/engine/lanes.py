"""Who may begin, and who waits: a lane per carrier, one bound for all, and a pace for what is late. Pure: given `now`.

A slot that is on time begins at once if there is a place. One that is late (after a pause, or because there was no place) begins
only as far as the on-time ones leave room below 1.1 times the carrier's normal rate, so nothing is ever caught up on in a burst,
not even against a server that has just come back. Late slots go by their last moment, soonest first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from mailprobe.engine import Due

SOON = 1.0  # seconds: a slot that begins so late is still on time
FASTEST = 1.1  # times the normal rate
JOBS = 0.1  # of the normal rate; they wait for their turn like late slots, with a pace of their own
JOBS_AT_LEAST = 1.0  # a second and carrier
SAVED = 0.25  # seconds of the normal rate that may be saved up: as far as turns are apart
SHARE = 4  # a carrier may hold this many times what is still free


@dataclass(slots=True)
class Pace:
    """`rate` a second, steady seconds. What is on time is never refused and may run into debt, which late ones wait off."""

    rate: float
    since: float
    saved: float = 1.0

    def allows(self, steady: float) -> bool:
        most = max(1.0, self.rate * SAVED)
        self.saved = min(most, self.saved + (steady - self.since) * self.rate)
        self.since = steady
        return self.saved >= 1.0

    def spend(self, steady: float) -> None:
        self.allows(steady)
        self.saved -= 1.0


@dataclass(slots=True)
class Lane:
    """What one carrier has running and waiting."""

    slots: Pace
    jobs: Pace
    running: int = 0
    fresh: deque[Due] = field(default_factory=deque)
    late: list[tuple[float, int, Due]] = field(default_factory=list)  # a heap by the last moment to begin
    asked: deque[Due] = field(default_factory=deque)  # jobs
    numbers: Iterator[int] = field(default_factory=count)  # so that two equal moments need not compare what is due

    def set_rate(self, rate: float) -> None:
        self.slots.rate, self.jobs.rate = FASTEST * rate, max(JOBS * rate, JOBS_AT_LEAST)
        self.slots.saved, self.jobs.saved = min(self.slots.saved, 1.0), min(self.jobs.saved, 1.0)

    def put(self, due: Due) -> None:
        (self.asked if due.slot is None else self.fresh).append(due)

    def pick(self, now: float, steady: float) -> Due | None:
        """The next to begin, if any may. now: as the schedule counts."""
        self._sort(now)
        if self.fresh:
            self.slots.spend(steady)
            return self.fresh.popleft()
        if self.asked and self.jobs.allows(steady):
            self.jobs.spend(steady)
            return self.asked.popleft()
        if self.late and self.slots.allows(steady):
            self.slots.spend(steady)
            return heappop(self.late)[2]
        return None

    def expired(self, now: float) -> Iterator[Due]:
        """Take out what can no longer begin in time."""
        self._sort(now)
        while self.late and self.late[0][0] < now:
            yield heappop(self.late)[2]

    def _sort(self, now: float) -> None:
        while self.fresh and self.fresh[0].at < now - SOON:
            due = self.fresh.popleft()
            heappush(self.late, (due.latest, next(self.numbers), due))

    def clear(self) -> list[Due]:
        waiting = [*self.fresh, *self.asked, *(due for _, _, due in self.late)]
        self.fresh.clear()
        self.asked.clear()
        self.late.clear()
        return waiting

    @property
    def waits(self) -> bool:
        return bool(self.fresh or self.late or self.asked)


class Lanes:
    """All carriers. The schedule's half of the places is shared so that a few slow carriers cannot fill it: each may hold at
    most four times what is still free, so there is always something free for those that hold little."""

    def __init__(self, places: int, rates: Mapping[str, float], steady: float) -> None:
        self.half = max(1, places // 2)
        self.places = max(1, places)
        self.running = 0
        self._lanes: dict[str, Lane] = {}
        self._waiting: dict[str, Lane] = {}  # in the order of their turns
        self.set_rates(rates, steady)

    def set_rates(self, rates: Mapping[str, float], steady: float) -> None:
        """Carrier -> slots per second. A carrier that is gone keeps its lane while it has runs, and a pace of nothing."""
        for name in {*self._lanes, *rates}:
            self._lane(name, steady).set_rate(rates.get(name, 0.0))

    def _lane(self, carrier: str, steady: float) -> Lane:
        lane = self._lanes.get(carrier)
        if lane is None:
            lane = self._lanes[carrier] = Lane(Pace(0.0, steady), Pace(JOBS_AT_LEAST, steady))
        return lane

    def put(self, due: Due, steady: float) -> None:
        lane = self._lane(due.account.carrier, steady)
        lane.put(due)
        self._waiting[due.account.carrier] = lane

    def begin(self, now: float, steady: float, live: int = 0) -> Iterator[Due]:
        """Those that begin now, in turns among the carriers; each holds a place until `leave`. live: checks under way beside the
        schedule: they are never held back, but beyond their own half they take from ours."""
        progress = True
        while progress and self._waiting:
            progress = False
            for name, lane in tuple(self._waiting.items()):
                if self.running + live >= self.places or self.running >= self.half:
                    return
                due = lane.pick(now, steady) if self._has_room(lane) else None
                if due is not None:
                    lane.running, self.running, progress = lane.running + 1, self.running + 1, True
                    del self._waiting[name]  # to the end of the row
                    if lane.waits:
                        self._waiting[name] = lane
                    yield due

    def _has_room(self, lane: Lane) -> bool:
        return lane.running == 0 or lane.running < SHARE * (self.half - self.running)

    def leave(self, due: Due) -> None:
        self.running -= 1
        self._lanes[due.account.carrier].running -= 1

    def expired(self, now: float) -> list[Due]:
        """Take out every slot that can no longer begin in time."""
        gone = [due for lane in self._waiting.values() for due in lane.expired(now)]
        self._forget_idle()
        return gone

    def clear(self) -> list[Due]:
        """Take out all that wait."""
        waiting = [due for lane in self._waiting.values() for due in lane.clear()]
        self._waiting.clear()
        return waiting

    @property
    def jobs(self) -> int:
        """How many jobs wait."""
        return sum(len(lane.asked) for lane in self._waiting.values())

    @property
    def waits(self) -> bool:
        return bool(self._waiting)

    def _forget_idle(self) -> None:
        for name in [name for name, lane in self._waiting.items() if not lane.waits]:
            del self._waiting[name]
