"""One call: what was asked, what was told, what was seen so far. It alone changes; all that is made of it is frozen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mailprobe.carriers import Carrier
from mailprobe.config import Account, Problem
from mailprobe.evidence import Evidence, Fact
from mailprobe.question import Question
from mailprobe.verdict import Verdict

KEPT = 72 * 3600.0  # seconds that a call is found by its number
MOST_EVIDENCE = 24  # runs that one call keeps; of each probe the first and the newest stay


class State(StrEnum):
    """running: probes are under way. waiting: a test mail is, or an agreed time. done: nothing more comes by itself."""

    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Said:
    """What stood on the top line. at: Unix seconds. why: what changed it, a key of the texts; '' for the first."""

    at: float
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """The mailbox is looked at again and again. until: Unix seconds; failing: the stations that are to become good."""

    until: float
    reason: str
    by: str
    failing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Then:
    """What was known of the mailbox's status over time when the call was kept for a ticket. Unix seconds."""

    at: float
    last_good: float | None = None
    first_bad: float | None = None


@dataclass(frozen=True, slots=True)
class Working:
    """A leg under way. began: Unix seconds of the order; fact: the last that it learnt."""

    began: float
    fact: Fact | None = None


@dataclass(slots=True, kw_only=True)
class Call:
    """question: with what is told by now. evidence: oldest first. said: the sentences of the top line, oldest first. wait: Unix
    seconds until which something may still change by itself. before: stations of the check that this one repeats."""

    id: str
    number: str
    owner: str
    reason: str
    started: float
    question: Question
    carrier: Carrier
    legs: tuple[str, ...] = ()
    working: dict[str, Working] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    heard: tuple[str, ...] = ()  # fragments of a bounce that were read out
    hearing: bool = False  # the carrier's own systems are being asked, and may yet overturn what would be said
    ended: float | None = None
    wait: float | None = None
    said: tuple[Said, ...] = ()
    before: tuple[tuple[str, str], ...] = ()  # station -> state
    repairs: str = ""  # the id of that check
    watch: Watched | None = None
    kept: str = ""
    then: Then | None = None  # since when it is kept
    wrong: str = ""
    number_to_read: str = ""  # of the test mail
    sends: bool = False  # a test mail is being sent now
    fault: Problem | None = None  # why it could not be carried through
    masked: bool = False  # what was told cannot be opened any more: no name, and nothing is judged anew
    dirty: bool = False  # changed since it was kept
    version: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def account(self) -> Account:
        return self.question.account

    @property
    def state(self) -> State:
        if self.ended is None or self.sends:
            return State.RUNNING
        return State.WAITING if self.wait is not None or self.watch is not None else State.DONE

    @property
    def ticket(self) -> str:
        return self.question.ticket

    def touch(self) -> None:
        """Tell everybody who looks on."""
        self.version += 1
        self.dirty = True
        self.changed.set()
        self.changed = asyncio.Event()

    def learn(self, seen: tuple[Evidence, ...]) -> None:
        """More evidence; too much of it lets the oldest go, but never the newest of a probe, nor the first: what a ticket rests
        on stands there still after three days of looking again."""
        self.evidence = (*self.evidence, *seen)
        held = self.ends
        room = MOST_EVIDENCE - len(held)
        spare = [one for one in self.evidence if not among(one, held)][-room:] if room > 0 else []
        self.evidence = tuple(one for one in self.evidence if among(one, held) or among(one, spare))

    @property
    def ends(self) -> tuple[Evidence, ...]:
        """The first and the newest run of each probe, oldest first."""
        newest = {one.probe: one for one in self.evidence}
        first = {one.probe: one for one in reversed(self.evidence)}
        return tuple(one for one in self.evidence if one is newest[one.probe] or one is first[one.probe])

    def last(self, probe: str) -> Evidence | None:
        return next((one for one in reversed(self.evidence) if one.probe == probe), None)


def among(one: Evidence, others: Sequence[Evidence]) -> bool:
    """The run itself, and not one that saw the same."""
    return any(one is other for other in others)
