"""What is known while the daemon works and the store does not hold: handed in by whoever serves the console, each with a default
for a console that stands alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from mailprobe.config import Account
from mailprobe.console.fleet.returned import Mailboxes
from mailprobe.console.watched import Watched
from mailprobe.evidence import Evidence
from mailprobe.incident import ControlSeen
from mailprobe.maintenance import Window
from mailprobe.metrics import AccountRow, Slots


class Announcing(Protocol):
    """Announced work, as it is known now."""

    @property
    def windows(self) -> tuple[Window, ...]: ...

    async def add(self, window: Window, by: str) -> Window:
        """ValueError says what is wrong with it; StoreError."""
        ...

    async def end(self, number: int) -> Window | None:
        """None if there is no such one, it is over, or it stands in the configuration."""
        ...


Readings = asyncio.Queue[tuple[Evidence, ...]]


class Enrolling(Protocol):
    """The schedule, for a mailbox that is to be looked at until it is repaired."""

    def enrolled(self, account: Account, every: float) -> AbstractContextManager[Readings]:
        """For as long as the block lasts it is looked at in slots of the schedule, every so many seconds or more often; each look
        gives what its probes have seen. Spends the schedule's half of the limits."""
        ...


@dataclass(frozen=True, slots=True)
class OurCheck:
    """One check of ourselves. state: good, bad, could_not_tell, not_applicable; subject: the carrier or list that it is about, ''
    for all; what: the name of the sentence that says what was seen, '' for nothing, and the words that it wants by their names,
    without anybody's address; since: Unix seconds."""

    check: str
    state: str
    subject: str
    what: str
    since: float
    words: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Summary:
    """What was last counted of all watched accounts, and when. `lock`: it is counted once, whoever asks."""

    at: float = float("-inf")
    watched: Mapping[str, Watched] = field(default_factory=dict)
    rows: Mapping[str, AccountRow] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Instruments:
    """rows: the accounts as Prometheus is told of them, by id, in the configuration's order; None: they are read from the store.
    control: how a carrier's live controls do, None where nothing is known. announced: None: the store's windows and the
    configuration's. schedule: None: nothing is scheduled here. held: what was not asked, by carrier and reason, since this
    process began. lifted: by carrier, when the guard on strangers was lifted last for an incident."""

    rows: Callable[[], Mapping[str, AccountRow]] | None = None
    control: Callable[[str], ControlSeen | None] = lambda carrier: None
    announced: Announcing | None = None
    schedule: Enrolling | None = None
    checks: Callable[[], tuple[OurCheck, ...]] = lambda: ()
    held: Callable[[], Mapping[tuple[str, str], int]] = dict
    slots: Callable[[], Slots | None] = lambda: None
    summary: Summary = field(default_factory=Summary, compare=False)
    mailboxes: Mailboxes = field(default_factory=Mailboxes, compare=False)
    lifted: dict[str, float] = field(default_factory=dict, compare=False)
