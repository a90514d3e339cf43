"""Every fact laid down where its question looks for it: by probe, server and IP address. Opinion comes later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar, assert_never

from mailprobe.evidence import (
    Answered,
    Arrived,
    Breakage,
    Broken,
    Canary,
    CleanedUp,
    Connected,
    End,
    Evidence,
    Fact,
    LookedUp,
    NotAsked,
    NotConnected,
    NotSecured,
    Of,
    Offered,
    Opened,
    Quota,
    Recorded,
    Replied,
    Returned,
    Secured,
    Unreachable,
)

F = TypeVar("F", covariant=True)


@dataclass(frozen=True, slots=True)
class Dated(Generic[F]):
    """A fact with its instant in Unix seconds: when it was learnt, or first learnt if it is a remembered one."""

    at: float
    fact: F

    @property
    def remembered(self) -> bool:
        return isinstance(self.fact, Replied | Answered) and self.fact.cached_at is not None


@dataclass(slots=True, eq=False)
class Door:
    """One server at one IP address: how far one got there, and what it said."""

    probe: str
    server: str
    ip: str
    opened_up: list[Dated[Connected | Secured | Offered]] = field(default_factory=list)
    shut: list[Dated[NotConnected | NotSecured | Broken]] = field(default_factory=list)
    replies: list[Dated[Replied]] = field(default_factory=list)
    answers: list[Dated[Answered]] = field(default_factory=list)
    mailboxes: list[Dated[Opened]] = field(default_factory=list)
    quotas: list[Dated[Quota]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Filed:
    lookups: list[tuple[str, Dated[LookedUp]]] = field(default_factory=list)
    withheld: list[tuple[str, Dated[NotAsked]]] = field(default_factory=list)
    doors: dict[tuple[str, str, str], Door] = field(default_factory=dict)
    canaries: list[Dated[Canary | Arrived | CleanedUp | Returned]] = field(default_factory=list)
    records: list[Dated[Recorded]] = field(default_factory=list)

    def of_probe(self, probe: str) -> list[Door]:
        return [door for door in self.doors.values() if door.probe == probe]

    def mail_lookups(self) -> list[LookedUp]:
        """What was asked of DNS to find where the mail goes; the sign-in probes ask for other names."""
        return [one.fact for probe, one in self.lookups if probe in ("dns", "mx")]

    def mail_looked_up_at(self) -> float | None:
        return max((one.at for probe, one in self.lookups if probe in ("dns", "mx")), default=None)

    def withheld_of(self, probe: str, of: Of) -> Iterator[Dated[NotAsked]]:
        return (one for name, one in self.withheld if name == probe and one.fact.of is of)


def file_all(evidence: Sequence[Evidence]) -> Filed:
    """Oldest first, so that the last of each kind is the newest."""
    filed = Filed()
    for one in sorted(evidence, key=lambda each: each.started):
        for fact in one.facts:
            if not cut_off(one, fact):
                file_one(filed, one.probe, one.started + fact.at - one.began, fact)
    return filed


def cut_off(evidence: Evidence, fact: Fact) -> bool:
    """Somebody stopped the run: what was under way then is no sign of a slow server or of a blocked port."""
    if evidence.ending.kind is not End.OUT_OF_TIME or evidence.ending.reason != "stopped":
        return False
    match fact:
        case Broken(why=Breakage.OUT_OF_TIME) | NotConnected(why=Unreachable.TIMEOUT, detail="out of time"):
            return True
        case _:
            return False


def file_one(filed: Filed, probe: str, at: float, fact: Fact) -> None:
    """The only place that matches every kind of fact to the end."""
    match fact:
        case LookedUp():
            filed.lookups.append((probe, Dated(at, fact)))
        case NotAsked():
            filed.withheld.append((probe, Dated(at, fact)))
        case Connected() | Secured() | Offered():
            door_of(filed, probe, fact).opened_up.append(Dated(at, fact))
        case NotConnected() | NotSecured() | Broken():
            door_of(filed, probe, fact).shut.append(Dated(at, fact))
        case Replied():
            door_of(filed, probe, fact).replies.append(Dated(at if fact.cached_at is None else fact.cached_at, fact))
        case Answered():
            door_of(filed, probe, fact).answers.append(Dated(at if fact.cached_at is None else fact.cached_at, fact))
        case Opened():
            door_of(filed, probe, fact).mailboxes.append(Dated(at, fact))
        case Quota():
            door_of(filed, probe, fact).quotas.append(Dated(at, fact))
        case Canary() | Arrived() | CleanedUp() | Returned():
            filed.canaries.append(Dated(at, fact))
        case Recorded():
            filed.records.append(Dated(at, fact))
        case _:
            assert_never(fact)


def door_of(filed: Filed, probe: str, fact: Fact) -> Door:
    return filed.doors.setdefault((probe, fact.server, fact.ip), Door(probe, fact.server, fact.ip))
