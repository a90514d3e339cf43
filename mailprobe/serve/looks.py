"""Servers that are left alone because they are in trouble: what the last look at one showed holds for every account behind it.

A door that lets nobody in says nothing of one mailbox. So the look of one account, with the control before the same door, is
the look of all that are held back meanwhile. Without it they would go on being what they were when the trouble began, and so
would the control.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mailprobe.evidence import (
    Broken,
    Connected,
    End,
    Evidence,
    Fact,
    NotAsked,
    NotConnected,
    NotSecured,
    Of,
    Replied,
    Withheld,
)
from mailprobe.limits.breakers import LONGEST_OPEN, OF_SERVER, Seen, Visit, visits

LASTS = LONGEST_OPEN + 120.0  # seconds: a server that is left alone is looked at again before

Key = tuple[str, str, str]  # carrier, probe, server


@dataclass(slots=True)
class Looks:
    """The newest run of each probe that found a server in trouble, until another finds it well."""

    newest: dict[Key, Evidence] = field(default_factory=dict)

    def learn(self, carrier: str, run: Evidence) -> bool:
        """Whether this run found a server in trouble."""
        seen = visits(run.facts)
        for server, one in seen.items():
            key = (carrier, run.probe, server.lower())
            if one.visit is Visit.TROUBLED:
                self.newest[key] = run
            else:
                self.newest.pop(key, None)
        return in_trouble(seen)

    def found_trouble(self, run: Evidence | None) -> bool:
        return run is not None and in_trouble(visits(run.facts))

    def instead_of(self, carrier: str, held: Evidence, now: float) -> Evidence | None:
        """What is known in place of a run that was held back because its server is in trouble; None: nothing newer than what the
        account itself saw. now: Unix seconds."""
        if held.ending.kind is not End.HELD:
            return None
        return self.of(carrier, held.probe, held.account, left_alone(held), now)

    def again(self, carrier: str, run: Evidence, now: float) -> Evidence | None:
        """A newer look than this run at the servers that it found in trouble."""
        troubled = {server.lower() for server, one in visits(run.facts).items() if one.visit is Visit.TROUBLED}
        found = self.of(carrier, run.probe, run.account, troubled, now)
        return found if found is not None and found.started > run.started else None

    def of(self, carrier: str, probe: str, account: str, servers: Iterable[str], now: float) -> Evidence | None:
        wanted = {server: self.newest.get((carrier, probe, server)) for server in servers}
        looks = {server: one for server, one in wanted.items() if one is not None and now - one.started <= LASTS}
        if not looks:
            return None
        newest = max(looks.values(), key=lambda one: one.started)
        facts = tuple(fact for server, one in looks.items() for fact in one.facts if is_of_server(fact, server))
        return replace(newest, account=account, slot=None, facts=facts, transcript=())


def in_trouble(seen: Mapping[str, Seen]) -> bool:
    """One of the servers that were visited."""
    return any(one.visit is Visit.TROUBLED for one in seen.values())


def left_alone(held: Evidence) -> set[str]:
    """The servers that a run was kept from because they are in trouble."""
    facts = (fact for fact in held.facts if isinstance(fact, NotAsked) and fact.why is Withheld.SERVER_TROUBLED)
    return {fact.server.lower() for fact in facts}


def free_at(runs: Iterable[Evidence], probe: str, gap: float) -> float:
    """From when on a new answer is to be had, Unix seconds: the server was in trouble and is left alone, or it was asked for
    this address less than `gap` seconds before. 0: nothing kept these runs from one."""
    facts = [fact for one in runs if one.probe == probe for fact in one.facts]
    held = [one for one in facts if isinstance(one, NotAsked) and (one.why is Withheld.SERVER_TROUBLED or too_soon(one))]
    known = [one.cached_at for one in facts if isinstance(one, Replied) and one.of is Of.TARGET and one.cached_at is not None]
    return max([*(one.not_before or 0.0 for one in held), *(at + gap for at in known)], default=0.0)


def too_soon(fact: NotAsked) -> bool:
    return fact.of is Of.TARGET and fact.why is Withheld.NOT_POLITE_YET


def is_of_server(fact: Fact, server: str) -> bool:
    """Said or done before anybody was named: nothing of one account goes to another."""
    if fact.server.lower() != server:
        return False
    match fact:
        case Connected() | NotConnected() | NotSecured():
            return True
        case Broken(stage=stage) | Replied(stage=stage, cached_at=None):
            return stage in OF_SERVER
    return False
