"""One state of things at random: what is true of the mailbox, what ails the way to it, and how the lines to it behave."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeVar

from tests.unit.verdict.world import (
    BYES,
    DOWN,
    NEVER_IN_TIME,
    PASSING_TEXTS,
    POLICY_TEXTS,
    UNKNOWN_TEXTS,
    US_TEXTS,
    Truth,
    World,
)

LEGS = ("dns", "mx", "imap", "submission", "canary")
T = TypeVar("T")
NO_FAULT = World(Truth.HEALTHY)
KEPT = frozenset({"truth", "unknown", "passing", "hosts", "half_at", "bye", "age", "legs", "enrolled", "network"})
KEPT |= {"starttls", "pipelining"}
TRUTHS = tuple(sorted(Truth, key=lambda one: one.value))


class Break(Enum):
    """How a dialogue ends before its time."""

    RESET = auto()
    CLOSED = auto()
    HANGS = auto()
    GARBAGE = auto()
    LEAVES = auto()  # 421, or BYE


class Names(Enum):
    """How the domain's mail hosts are known, and how our resolvers do."""

    CONFIGURED = auto()
    FOUND = auto()
    ONE_LIES = auto()  # the first of two says that there is no such name
    SERVFAIL = auto()
    DEAF = auto()


class Shut(Enum):
    """Where a host that refuses us says so."""

    AT_RCPT = auto()
    AT_MAIL = auto()
    AT_ONCE = auto()


@dataclass(frozen=True)
class Broken:
    """Of which probe's servers, which connection (in their order), and after how many lines of ours; 0: its greeting."""

    probe: str
    connection: int
    line: int
    how: Break


@dataclass(frozen=True)
class Lines:
    """How the lines behave, whatever the truth. pieces: octets that arrive together, 0 for all at once. refused: probes whose
    servers refuse connections, everybody's: to tell that from a firewall that refuses us alone takes `engine.network`."""

    names: Names = Names.CONFIGURED
    shut: Shut = Shut.AT_RCPT
    starttls: bool = False  # offered by the MX hosts
    pipelining: bool = False
    pieces: int = 0
    broken: tuple[Broken, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scene:
    """record: what the carrier's own systems answer; None: they are not asked."""

    world: World
    lines: Lines
    record: bytes | None = None

    @property
    def is_down(self) -> bool:
        """Whether "down" is true of this mailbox."""
        return self.world.truth in DOWN or "imap" in self.lines.refused


def some(dice: random.Random, hosts: int, chance: float = 0.2) -> tuple[int, ...]:
    """Mostly no host, else a few of them."""
    return tuple(host for host in range(hosts) if dice.random() < 0.6) if dice.random() < chance else ()


def draw(dice: random.Random, truths: Sequence[Truth] = TRUTHS) -> Scene:
    truth = dice.choice(truths)
    hosts = dice.randint(1, 3) if truth is not Truth.HALF_DIRECTORY else 2
    made = Scene(world(dice, truth, hosts), lines(dice, hosts))
    if dice.random() < 0.6:  # many faults at once hide each other
        made = Scene(calmed(dice, made.world, NO_FAULT), calmed(dice, made.lines, Lines()))
    return replace(made, world=tidy(made.world))


def calmed(dice: random.Random, one: T, calm: T) -> T:
    """Most of its faults are left out."""
    faults = [name for name, value in vars(calm).items() if name not in KEPT and getattr(one, name) != value]
    return replace(one, **{name: getattr(calm, name) for name in faults if dice.random() < 0.85})  # type: ignore[type-var]


def world(dice: random.Random, truth: Truth, hosts: int) -> World:
    blocked, policies = some(dice, hosts), some(dice, hosts)
    return World(
        truth=truth,
        unknown=dice.choice(UNKNOWN_TEXTS),
        passing=dice.choice(PASSING_TEXTS),
        hosts=hosts,
        half_at=dice.randrange(hosts),
        accepts_all=some(dice, hosts),
        blocks_us=tuple((host, dice.choice(US_TEXTS)) for host in blocked),
        spares_live=dice.random() < 0.5,
        policy=tuple((host, dice.choice(POLICY_TEXTS)) for host in policies),
        puts_off=some(dice, hosts),
        silent=some(dice, hosts),
        live_stale=dice.random() < 0.15,
        dead_old=dice.choice([*UNKNOWN_TEXTS, *POLICY_TEXTS, *US_TEXTS]) if dice.random() < 0.2 else None,
        no_live=some(dice, hosts),
        no_dead=some(dice, hosts),
        live_age=dice.choice([0.0, 0.0, 0.0, 300.0, 3600.0]),
        imap=dice.choice(["open"] * 8 + ["timeout", "banned", "old_tls", "bad_certificate", "limited", "hangs"]),
        bye=dice.choice(BYES),
        live_signs_in=dice.choice(["yes"] * 5 + ["stale", "absent", "unavailable"]),
        submission=dice.choice(["asked"] * 3 + ["none", "timeout"]),
        legs=frozenset(leg for leg in LEGS if dice.random() < 0.85),
        age=dice.choice([5.0, 130.0, 4000.0, 90_000.0]),
        watched=dice.random() < 0.75,
        mails_live=dice.random() < 0.8,
        slow=dice.choice(["", "", "", "t", "l"]),
        content=dice.choice(["", "", "", "", "spam", "reputation"]),
        broke=dice.random() < 0.15,
        bounce_comes=dice.random() < 0.75,
        old_bounce=dice.choice(["", "", "", "old", "loose"]),
        tells=dice.random() < 0.3,
        remembered_refusal=dice.random() < 0.25,
        enrolled=dice.random() < 0.7,
        network=dice.choice(["", "outside"]),
    )


def tidy(one: World) -> World:
    """Without what would make it another truth: two mails that are both late are an outage, whatever its name; ours thrown away
    in silence, T's and L's, look the same; and half a directory whose other half is silent is a whole one."""
    slow = "" if one.truth in NEVER_IN_TIME else one.slow
    silent = () if one.truth is Truth.HALF_DIRECTORY else one.silent
    return replace(one, slow=slow, silent=silent, bounce_comes=one.bounce_comes or one.content == "reputation")


def lines(dice: random.Random, hosts: int) -> Lines:
    broken = tuple(
        Broken(probe, dice.randrange(hosts + 1), dice.randrange(8), dice.choice(list(Break)))
        for probe in ("mx", "imap", "submission")
        if dice.random() < 0.12
    )
    return Lines(
        names=dice.choice([Names.CONFIGURED] * 6 + [Names.FOUND] * 3 + [Names.ONE_LIES, Names.SERVFAIL, Names.DEAF]),
        shut=dice.choice(list(Shut)),
        starttls=dice.random() < 0.5,
        pipelining=dice.random() < 0.3,
        pieces=dice.choice([0] * 9 + [1, 7, 40]),
        broken=broken,
        refused=tuple(probe for probe in ("mx", "imap", "submission") if dice.random() < 0.04),
    )
