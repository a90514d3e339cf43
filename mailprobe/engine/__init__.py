"""What is due, who runs it, where results go. Here: the contract that every engine keeps.

`schedule.py` says when an account is due and `timeline.py` by which time, `lanes.py` who may begin (all pure), `legs.py` shares
a run among those who want it, `run.py` carries one probe, `serving.py` and `embedded.py` are the engine of one process.

A live check and a scheduled check take the same road; a live check only streams each fact as it is learnt, and joins a run
that is already under way for that account.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from mailprobe.carriers import Carrier
from mailprobe.config import Account, Prober
from mailprobe.evidence import Evidence, Fact

LEGS = ("dns", "mx", "submission", "imap")  # what every check asks
CANARY = "canary"  # sends a mail: only where it is configured or asked for


@dataclass(frozen=True, slots=True)
class Order:
    """Whom to ask about, which probes, and the one deadline of each of them (seconds)."""

    account: Account
    carrier: Carrier
    prober: Prober
    probes: tuple[str, ...] = LEGS
    within: float = 30.0
    vantage: str = "here"
    consent: str = ""  # to a test mail, for a mailbox that is not enrolled: who agreed
    sends: bool = True  # the canary leg may send; else it only looks for what was sent before
    slot: int | None = None  # of the schedule, which may spend half of any budget; None: a live check, or a job
    fresh: bool = False  # never joins a run that began before: something was just repaired, or measured for itself


@dataclass(frozen=True, slots=True)
class Watch:
    """Who wants to hear. `learnt(probe, fact)` at once; `ended(evidence)` when a probe's run is over."""

    learnt: Callable[[str, Fact], None]
    ended: Callable[[Evidence], None]


def unheard(probe: str, fact: Fact) -> None: ...
def unseen(evidence: Evidence) -> None: ...


UNWATCHED = Watch(unheard, unseen)  # nobody looks on; who asked gets the evidence all the same


@dataclass(frozen=True, slots=True)
class Due:
    """Something to run: a slot of an account, or a job that `later` asked for (no slot, but the job's key)."""

    account: Account
    at: float  # Unix seconds, as the schedule counts them
    probes: tuple[str, ...]
    slot: int | None = None
    latest: float = math.inf  # a slot that has not begun by then is skipped: the next one is nearer
    job: str = ""


class Kind(StrEnum):
    """How a slot ended."""

    RESULT = "result"
    HELD = "held"  # nothing was asked, for harmlessness: every probe says why, and until when
    SKIPPED = "skipped"


class Missed(StrEnum):
    """Why a slot was skipped."""

    ASLEEP = "asleep"  # a pause, a suspend, a step of the clock, or the program did not run
    CROWDED = "crowded"  # no place or no turn until its next slot was nearer
    WITHDRAWN = "withdrawn"  # a reload took the account away
    ENDING = "ending"  # the program was about to end


@dataclass(frozen=True, slots=True)
class Result:
    """The one row that a slot ends as; and what a job ended as (slot None). Consecutive slots of one account that were slept
    through share one row: `count` of them, up to and with `slot`, so a week's sleep makes one row an account. `at`: when that
    slot was due, Unix seconds; it only ever grows, and the newest is what `Past` wants."""

    account: str
    carrier: str
    kind: Kind
    at: float
    slot: int | None = None
    probes: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()  # one per probe, in their order; none if skipped
    missed: Missed | None = None
    count: int = 1
    job: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a probe must not be run now. reason: a short tag; not_before: Unix seconds."""

    reason: str
    not_before: float | None = None


async def nothing_against(due: Due, probe: str) -> Hold | None:
    return None


def unobserved(seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where things go. `ended(row)` returns when the row is durable; while it raises, the row is offered again and nothing new
    is begun. `late(seconds)`: how late each slot began. `veto(due, probe)`: asked just before a probe of the schedule or of a
    job would run."""

    ended: Callable[[Result], Awaitable[None]]
    late: Callable[[float], None] = unobserved
    veto: Callable[[Due, str], Awaitable[Hold | None]] = nothing_against


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is watched. A reload replaces it as a whole; an account whose id and `every` stay keeps its slots."""

    accounts: Sequence[Account]
    carriers: Mapping[str, Carrier]
    prober: Prober
    vantage: str = "here"
    within: float = 30.0  # seconds for any one probe


@dataclass(frozen=True, slots=True)
class Capacity:
    """places: runs at a time. The schedule begins nothing beyond half of them, so live checks always find the other half."""

    places: int = 1000


@dataclass(frozen=True, slots=True)
class Clock:
    """wall: Unix seconds. steady: seconds that only go forward. sleep: of the steady ones."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Job(Protocol):
    """What `later` was asked for."""

    @property
    def key(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def probe(self) -> str: ...
    @property
    def not_before(self) -> float: ...


class Jobs(Protocol):
    """Durable jobs. Every method returns when what it did is on the disk. `take`: each due job to one taker only, which holds
    it until `done` or `give_back`; a taker that died holds it no longer than a lease."""

    async def add(self, account: str, probe: str, not_before: float, key: str, now: float) -> None: ...
    async def take(self, now: float, most: int) -> Sequence[Job]: ...
    async def done(self, key: str, now: float) -> None: ...
    async def give_back(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Past:
    """What is known from before the start. ended: account id -> `at` of its last row; slots after it that were missed while
    the program did not run are told as skipped. key: the store's, from which every slot follows."""

    key: bytes
    ended: Mapping[str, float] = field(default_factory=dict)


class Engine(Protocol):
    """Every engine keeps this contract.

    live: streams facts, joins what is under way, never waits for the schedule. later: durable when it returns; the same key
    again is the same job, also after it has run. serve: until `drain` (or cancelled); every slot that comes due ends as exactly
    one row handed to `hooks.ended`. replace: a reload. pause: begin nothing scheduled until `resume`. drain: begin nothing more,
    let runs end for `within` seconds, then stop them; what they know by then becomes their row. stop: end every run at once.
    """

    async def live(self, order: Order, watch: Watch) -> tuple[Evidence, ...]: ...
    async def later(self, account: str, probe: str, not_before: float, key: str) -> None: ...
    async def serve(self, fleet: Fleet, hooks: Hooks, past: Past) -> None: ...
    async def replace(self, fleet: Fleet) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    async def drain(self, within: float) -> None: ...
    def stop(self) -> None: ...
