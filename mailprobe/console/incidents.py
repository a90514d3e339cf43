"""The desk for incidents: it learns what callers meet, looks at the signs again and again, and does what follows from one.

A confirmed incident lifts the guard on strangers for everybody, for its time: whoever answers two hundred callers during
an outage is no harvester.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from mailprobe.console.rooms import Rooms
from mailprobe.console.services import watched
from mailprobe.console.watched import Watched
from mailprobe.incident import Call, Incident, Signs, State, Text, Why, by_hand, fault_of, follow
from mailprobe.maintenance import LONGEST
from mailprobe.store import Store

LIFTED = 4 * 3600.0  # seconds for which the guard is lifted where nobody says when it will be over
LIFTED_AGAIN = 600.0  # seconds after which that is said again
OURSELVES = "incident"  # who lifts the guard where no person does


class Part(StrEnum):
    """Of what callers are told."""

    TEXT = "text"
    EXPECTED_AT = "expected_at"


class Untellable(Exception):
    """Callers cannot be told this; it says why, as the end of a sentence."""

    def __init__(self, what: Part, why: str) -> None:
        super().__init__(why)
        self.what = what


@dataclass(frozen=True, slots=True)
class IncidentDesk:
    """Holds nothing of its own: whoever has the rooms makes one."""

    rooms: Rooms

    @property
    def store(self) -> Store:
        return self.rooms.house().store

    async def learn(self, call: Call) -> Incident | None:
        """What one more check on the telephone came to; whoever checks calls this once its verdict is settled, and again when
        it is revised. Not for tests of our own. What it made of the carrier's incident, None if nothing. StoreError."""
        await self.store.incidents.learn(call)
        return await self.look(call.carrier)

    async def look_at_all(self) -> None:
        """To be called every few seconds: what is seen changes without any call."""
        standing = {one.carrier for one in await self.store.incidents.open_ones()}
        counted = await watched(self.rooms, self.rooms.now())
        for carrier in self.rooms.house().config.carriers:
            control = self.rooms.instruments.control(carrier)
            fails = control is not None and not control.good
            if fails or carrier in standing or counted.get(carrier, Watched()).newly_ill:
                await self.look(carrier)

    async def look(self, carrier: str) -> Incident | None:
        """Look at the signs of one carrier, and keep what follows. What was changed."""
        now, fit = self.rooms.now(), not self.rooms.unfit()
        counted = (await watched(self.rooms, now)).get(carrier, Watched())
        control = self.rooms.instruments.control(carrier)

        def decide(standing: Incident | None, closed_at: float, met: Sequence[Call]) -> Incident | None:
            signs = Signs(met, control, counted.newly_ill, counted.known, fit)
            return follow(standing, closed_at, carrier, signs, now)

        before, after = await self.store.incidents.change(carrier, now, decide)
        await self.follow_up(before, after, now)
        return after

    # ---- by hand -----------------------------------------------------------------------------------------------------

    async def declare(self, carrier: str, by: str, owner: str, text: Text, expected_at: float | None) -> Incident | None:
        """The second line says that there is one, whatever we see. None: one is confirmed already. Raises Untellable."""
        now = self.rooms.now()
        check(owner, text, expected_at, now)
        new = Incident(carrier, State.CONFIRMED, Why.BY_HAND, now, now, by, now, 0, owner, text, expected_at)

        def decide(standing: Incident | None, closed_at: float, met: Sequence[Call]) -> Incident | None:
            if standing is None:
                return new
            known = replace(standing, owner=owner, text=text, expected_at=expected_at)
            return by_hand(known, State.CONFIRMED, by, now)

        before, after = await self.store.incidents.change(carrier, now, decide)
        await self.follow_up(before, after, now)
        return after

    async def make(self, number: int, state: State, by: str) -> Incident | None:
        """Confirm, resolve or dismiss one; None where it cannot become that any more, or there is no such one."""
        now = self.rooms.now()
        before = await self.store.incidents.one(number)
        after = await self.store.incidents.step(number, lambda standing: by_hand(standing, state, by, now), now)
        await self.follow_up(before, after, now)
        return after

    async def tell(self, number: int, owner: str, text: Text, expected_at: float | None) -> Incident | None:
        """Who has it, what callers are told and when it will be over; None if it is over, or there is no such one. Raises
        Untellable."""
        now = self.rooms.now()
        check(owner, text, expected_at, now)

        def decide(standing: Incident) -> Incident | None:
            return replace(standing, owner=owner, text=text, expected_at=expected_at) if standing.is_open else None

        after = await self.store.incidents.step(number, decide, now)
        if after is not None and after.state is State.CONFIRMED:
            await self.lift(after, now)
        return after

    # ---- what follows ------------------------------------------------------------------------------------------------

    async def follow_up(self, before: Incident | None, after: Incident | None, now: float) -> None:
        """The guard on strangers is lifted while an incident is confirmed, and stands again when it is over."""
        standing = after if after is not None else before
        if standing is None:
            return
        if standing.state is State.CONFIRMED:
            last = self.rooms.instruments.lifted.get(standing.carrier)
            if after is not None or last is None or not 0.0 <= now - last < LIFTED_AGAIN:
                await self.lift(standing, now)
        elif before is not None and before.state is State.CONFIRMED:
            self.rooms.instruments.lifted.pop(standing.carrier, None)
            by = standing.changed_by or OURSELVES
            await self.store.strangers.release(standing.carrier, "", now, now, by)

    async def lift(self, incident: Incident, now: float) -> None:
        self.rooms.instruments.lifted[incident.carrier] = now
        until = max(now + LIFTED, incident.expected_at or 0.0)
        await self.store.strangers.release(incident.carrier, "", now, until, incident.changed_by or OURSELVES)


def check(owner: str, text: Text, expected_at: float | None, now: float) -> None:
    """Raises Untellable."""
    for fault in filter(None, map(fault_of, (owner, text.ja, text.en))):
        raise Untellable(Part.TEXT, fault)
    if expected_at is not None and abs(expected_at - now) > LONGEST:
        raise Untellable(Part.EXPECTED_AT, "is not within 31 days")
