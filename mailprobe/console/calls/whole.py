"""A call and the service as a whole: what is said of it before the first probe, and what a call says for an incident."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mailprobe.carriers import Carrier
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.past import Service
from mailprobe.console.incidents import IncidentDesk
from mailprobe.console.rooms import Rooms
from mailprobe.console.saying import service_passages
from mailprobe.console.services import Service as Whole
from mailprobe.console.services import service_of
from mailprobe.incident import Call as Heard
from mailprobe.incident import Passage
from mailprobe.log import Event, tell
from mailprobe.verdict import Verdict

TEST = "test"  # the reason of a check that is no customer's


@dataclass(frozen=True, slots=True)
class Said:
    """The service as a whole, as a page of a call shows it. since: when that was last seen, Unix seconds."""

    whole: Whole
    now: float

    @property
    def state(self) -> str:
        return self.whole.state.value

    @property
    def since(self) -> float | None:
        return None if self.whole.age_s is None else self.now - self.whole.age_s

    def passages(self, language: str) -> tuple[Passage, ...]:
        return service_passages(self.whole, language, self.now)


def service_for(rooms: Rooms) -> Callable[[Carrier, float], Awaitable[Service]]:
    async def service(carrier: Carrier, now: float) -> Service:
        return Said(await service_of(rooms, carrier.name, now), now)

    return service


@dataclass(slots=True)
class CallsHeard:
    """Tells the incidents' desk what each check came to. The page does not wait for it."""

    rooms: Rooms
    working: set[asyncio.Task[None]] = field(default_factory=set)

    def __call__(self, call: Call, verdict: Verdict) -> None:
        if call.reason != TEST:
            task = asyncio.get_running_loop().create_task(self.learn(heard(self.rooms, call, verdict)))
            self.working.add(task)
            task.add_done_callback(self.working.discard)

    async def learn(self, one: Heard) -> None:
        try:
            await IncidentDesk(self.rooms).learn(one)
        except Exception as error:  # the call itself stands; what ails the store is told by its own metric
            tell(Event.CONSOLE_FAULT, error=error)


def heard(rooms: Rooms, call: Call, verdict: Verdict) -> Heard:
    account = call.question.account
    confirmed = account.enrolled or call.question.told.spelling_confirmed
    subject = rooms.house().store.strangers.subject_of(account.address.key)
    return Heard(account.carrier, subject, confirmed, verdict.code, verdict.status, rooms.now())
