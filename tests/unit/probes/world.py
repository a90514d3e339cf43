"""What a probe may touch, as small honest fakes: limits, budget, chain, names, and a target to ask about."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from mailprobe.address import Address, parse
from mailprobe.carriers import Carrier, Channel, Endpoint, LiveControl, Relation
from mailprobe.config import Account, Prober
from mailprobe.evidence import Fact, Line, Lookup, Of, Replied, Stage
from mailprobe.net.records import is_literal
from mailprobe.net.resolver import Answer, Resolver
from mailprobe.probes import Denied, Granted, Masters, Probe, Reach, SignInEnd, Target
from mailprobe.secret import Secret, SecretRef
from tests.unit.probes.servers import ScriptedNet, Server

T, L, D = parse("t@mail.test"), parse("l@mail.test"), parse("dead@mail.test")
MX = Endpoint("192.0.2.1", 25, Channel.CLEAR)
SUBMISSION = Endpoint("192.0.2.3", 465, Channel.IMPLICIT)
SECRET = "s3cret-Marker-0815"
KEPT = SecretRef.of_value(Secret(SECRET))
CONTROL_SECRET = "c0ntrol-Marker-4711"

Kind = TypeVar("Kind")


class Anywhere:
    """A guard that forbids nothing."""

    def check(self, ip: str, port: int, host: str = "") -> None:
        return None


class Names:
    """A resolver over a table; literals stand for themselves."""

    def __init__(self, table: Mapping[tuple[str, str], tuple[str, ...] | Lookup]) -> None:
        self.table = table

    def answer(self, name: str, rrtype: str) -> Answer:
        said = self.table.get((name, rrtype), Lookup.NXDOMAIN)
        if isinstance(said, Lookup):
            return Answer(said, (), "192.0.2.53", 0.01, name, rrtype)
        return Answer(Lookup.FOUND, said, "192.0.2.53", 0.01, name, rrtype)

    async def mx(self, domain: str) -> Answer:
        return self.answer(domain, "MX")

    async def srv(self, domain: str, service: str) -> Answer:
        return Answer(Lookup.NXDOMAIN, name=f"{service}.{domain}", rrtype="SRV")

    async def addresses(self, host: str) -> tuple[Answer, ...]:
        if is_literal(host):
            return (Answer(Lookup.FOUND, (host,), name=host, rrtype="A"),)
        return self.answer(host, "A"), self.answer(host, "AAAA")


@dataclass
class Politeness:
    """Manners that remember what they were asked. `no`: refusals by (of, address); `known`: remembered answers."""

    no: dict[tuple[Of, str], Denied] = field(default_factory=dict)
    no_session: Denied | None = None
    known: dict[Of, Replied] = field(default_factory=dict)
    inside: int = 0
    most: int = 0
    asks: list[tuple[Of, str, str]] = field(default_factory=list)
    kept: list[tuple[Of, int]] = field(default_factory=list)

    async def session(self, host: str) -> Denied | None:
        if self.no_session is None:
            self.inside += 1
            self.most = max(self.most, self.inside)
        return self.no_session

    def leave(self, host: str) -> None:
        self.inside -= 1

    async def may_ask(self, of: Of, address: str, host: str) -> Denied | None:
        return self.no.get((of, address))

    async def asked(self, of: Of, address: str, host: str) -> None:
        self.asks.append((of, address, host))

    async def remembered(self, of: Of, address: str, host: str) -> Replied | None:
        return self.known.get(of)

    async def last_said(self, of: Of, address: str, host: str) -> Replied | None:
        return self.known.get(of)

    async def remember(self, of: Of, address: str, host: str, reply: Replied) -> None:
        self.kept.append((of, reply.code))


@dataclass
class Purse:
    """A login budget that writes down every step. `denies`: by user."""

    denies: dict[str, Denied] = field(default_factory=dict)
    good_at: float | None = None
    steps: list[tuple[str, ...]] = field(default_factory=list)

    async def reserve(self, user: str, host: str, secret: str, stage: Stage = Stage.LOGIN) -> Granted | Denied:
        self.steps.append(("reserve", user, host, stage.value))
        return self.denies.get(user) or Granted(len(self.steps))

    async def opened(self, grant: Granted) -> None:
        self.steps.append(("opened",))

    async def give_back(self, grant: Granted) -> None:
        self.steps.append(("give_back",))

    async def unanswered(self, grant: Granted) -> None:
        self.steps.append(("unanswered",))

    async def refused(self, grant: Granted, words: str) -> None:
        self.steps.append(("refused", words))

    async def control_good_at(self, user: str, host: str) -> float | None:
        return self.good_at

    async def control_good(self, user: str, host: str) -> None:
        self.steps.append(("control_good", user, host))


@dataclass
class Leg:
    """The chain, with the IMAP leg's end already known (or never)."""

    end: SignInEnd | None = SignInEnd.OPENED

    def imap_ended(self, end: SignInEnd) -> None:
        self.end = end

    async def imap_end(self) -> SignInEnd:
        if self.end is None:
            await asyncio.Event().wait()
        return cast(SignInEnd, self.end)


@dataclass
class Away:
    """Servers that are left alone: why, by `host:port`."""

    servers: dict[str, Denied] = field(default_factory=dict)

    async def may_visit(self, server: str) -> Denied | None:
        return self.servers.get(server)


@dataclass
class World:
    """One run's surroundings, and what came of it."""

    servers: Mapping[tuple[str, int], Server | OSError] = field(default_factory=dict)
    names: Mapping[tuple[str, str], tuple[str, ...] | Lookup] = field(default_factory=dict)
    manners: Politeness = field(default_factory=Politeness)
    purse: Purse = field(default_factory=Purse)
    leg: Leg = field(default_factory=Leg)
    pipelining: bool = False
    away: Away = field(default_factory=Away)
    masters: Masters | None = None
    facts: list[Fact] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    async def run(self, probe: Probe, target: Target) -> list[Fact]:
        net = ScriptedNet(Anywhere(), self.lines.append, servers=self.servers)
        names = cast(Resolver, Names(self.names))
        wall = lambda: 1_000_000.0  # noqa: E731 - a clock that stands still
        reach = Reach(net, names, net.clock, wall, self.purse, self.manners, self.leg, self.pipelining)
        reach = replace(reach, approaches=self.away, masters=self.masters)
        await probe(target, reach, self.facts.append)
        return self.facts

    def all(self, kind: type[Kind]) -> list[Kind]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def replies(self, stage: Stage) -> list[tuple[Of, int]]:
        return [(fact.of, fact.code) for fact in self.all(Replied) if fact.stage is stage]

    @property
    def transcript(self) -> str:
        return "\n".join(f"{line.who}: {line.text}" for line in self.lines)


def carrier(**given: Any) -> Carrier:
    fields: dict[str, Any] = {
        "mx": (MX,),
        "submission": SUBMISSION,
        "live_controls": (LiveControl(L, "l", "l", SecretRef.of_value(Secret(CONTROL_SECRET))),),
        "dead_control": D,
    }
    return Carrier("example", "Example", **({"relation": Relation.OWN, "domains": ("mail.test",)} | fields | given))


def target(of: Carrier, address: Address = T, **given: Any) -> Target:
    users = {"username": "t", "submission_username": "t"}
    account = Account("tanaka", address, "example", **(users | {"secret": KEPT} | given))
    return Target(account, of, Prober("probe1.p.example", "probe@p.example"))
