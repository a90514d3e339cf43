"""A daemon's watching without its loops: a clock that is told, a store in memory, and runs of probes as they would come in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from mailprobe.address import parse
from mailprobe.carriers import Carrier, Channel, Endpoint, LiveControl
from mailprobe.config import Account, Config, Notify
from mailprobe.daemon import House, open_house
from mailprobe.engine import Clock, Kind, Result
from mailprobe.evidence import Answered, As, End, Ending, Evidence, Fact, Of, Offered, Opened, Replied, Stage
from mailprobe.metrics import Metrics
from mailprobe.metrics.exposition import PLAIN
from mailprobe.notify.events import ProberTrouble
from mailprobe.prober.clock import Sample, clock
from mailprobe.prober.findings import mass
from mailprobe.secret import Secret, SecretRef, parse_ref
from mailprobe.serve.fitness import CLOCK_EVERY, Fitness
from mailprobe.serve.shift import new_shift
from mailprobe.serve.watching import Watching
from tests.unit import given

NOW = 1_800_000_000.0
INTERVAL = 300.0
OK, LOGGED_IN = "250 2.1.5 Ok", ("OK", "", "Logged in")
UNKNOWN = "550 5.1.1 User unknown"
KEPT = SecretRef.of_value(Secret("x"))


@dataclass
class Time:
    """wall can be stepped; steady only goes on; asleep: seconds of a suspend, which steady does not count."""

    steady: float = 1000.0
    offset: float = NOW - 1000.0
    asleep: float = 0.0

    def wall(self) -> float:
        return self.steady + self.offset

    def sample(self) -> Sample:
        return Sample(self.wall(), self.steady, self.steady + self.asleep)

    def suspend(self, seconds: float) -> None:
        self.offset += seconds
        self.asleep += seconds


def carrier(name: str) -> Carrier:
    domain = f"{name}.test"
    live = parse(f"alive@{domain}")
    return given.carrier(
        name=name,
        title=name,
        domains=(domain,),
        mx=(Endpoint(f"mx.{domain}", 25, Channel.CLEAR),),
        imap=Endpoint(f"imap.{domain}", 993, Channel.IMPLICIT),
        live_controls=(LiveControl(live, "alive", "alive", KEPT),),
        dead_control=parse(f"nobody-7f3a@{domain}"),
    )


def account(carrier: str, number: int, probes: tuple[str, ...] = ("mx", "imap")) -> Account:
    address = parse(f"u{number}@{carrier}.test")
    every = (("", INTERVAL),)
    name = f"{carrier}-{number}"
    return given.account(
        id=name, address=address, carrier=carrier, username=f"u{number}", secret=KEPT, every=every, probes=probes
    )


def config(carriers: int = 1, accounts: int = 1, **changes: Any) -> Config:
    """So many carriers `a`, `b` ... with so many accounts each."""
    names = "abcdefgh"[:carriers]
    probes = changes.pop("probes", ("mx", "imap"))
    watched = tuple(account(name, number, probes) for name in names for number in range(accounts))
    plain = Config(given.prober(), {name: carrier(name) for name in names}, watched, store_url="sqlite://")
    return replace(plain, **changes)


def told() -> Notify:
    return Notify("https://h.test/", parse_ref("prompt:"))


async def unheard(trouble: ProberTrouble) -> None: ...


@dataclass
class Scene:
    """One daemon's life. `again` is the next one, on the same store."""

    time: Time
    house: House
    watching: Watching = field(init=False)

    async def begin(self) -> None:
        shift = new_shift(self.house)
        metrics = Metrics(lambda: self.watching.rows, clock=self.time.wall)
        fitness = Fitness(metrics, "here", unheard, self.time.sample)
        self.watching = Watching(shift, metrics, fitness)
        await self.watching.open()
        watched: dict[str, int] = {}
        for one in self.house.config.accounts:
            watched[one.carrier] = watched.get(one.carrier, 0) + 1
        fitness.watched = watched
        fitness.look()

    async def again(self) -> None:
        await self.begin()

    def passes(self, seconds: float) -> None:
        """Time goes by, and the loop that looks at the clocks does so."""
        fitness, until = self.watching.fitness, self.time.steady + seconds
        while self.time.steady < until:
            self.time.steady = min(self.time.steady + CLOCK_EVERY, until)
            fitness.look()
            now = self.time.sample()
            fitness.update([clock(fitness.jumps, now.monotonic, now.wall), mass(fitness.flips, fitness.watched, now.wall)])

    def run(self, account: str, probe: str, *facts: Fact) -> Evidence:
        """A run that begins now."""
        time = self.time
        return Evidence(account, probe, "here", None, time.wall(), time.steady, 0.5, facts, (), Ending(End.FINISHED))

    async def ended(self, account: str, *runs: Evidence) -> None:
        self.time.steady += 1.0
        probes = tuple(one.probe for one in runs)
        row = Result(account, account.partition("-")[0], Kind.RESULT, self.time.wall(), 1, probes, runs)
        await self.watching.ended(row)

    async def read(self, account: str, rcpt: str = OK, login: tuple[str, str, str] = LOGGED_IN) -> None:
        """Both probes, with the controls good."""
        await self.ended(account, self.mx(account, rcpt), self.imap(account, login))

    def mx(self, account: str, rcpt: str) -> Evidence:
        domain = f"{account.partition('-')[0]}.test"
        return self.run(account, "mx", *(said(line, of, domain, self.time.steady) for line, of in three(rcpt)))

    def imap(self, account: str, login: tuple[str, str, str]) -> Evidence:
        here: dict[str, Any] = {"at": self.time.steady, "server": f"imap.{account.partition('-')[0]}.test:993", "ip": "192.0.2.9"}
        status, code, text = login
        facts: list[Fact] = [
            Offered(**here, stage=Stage.CAPABILITY, capabilities=("IMAP4REV1",)),
            Answered(**here, of=Of.LIVE, stage=Stage.LOGIN, status="OK", code="", text="", who=As.CONTROL),
            Answered(**here, stage=Stage.LOGIN, status=status, code=code, text=text, who=As.CUSTOMER),
        ]
        return self.run(
            account, "imap", *facts, *([Opened(**here, uidvalidity=1, uidnext=2, who=As.CUSTOMER)] if status == "OK" else [])
        )

    def status(self, account: str) -> str:
        return self.watching.accounts[account].standing.status.value

    def shown(self, start: str) -> list[str]:
        """The lines of a scrape that begin so."""
        text = b"".join(self.watching.metrics.exposition(PLAIN)).decode()
        return [line for line in text.splitlines() if line.startswith(start)]


def three(rcpt: str) -> tuple[tuple[str, Of], ...]:
    """Of T, L and D."""
    return ((rcpt, Of.TARGET), (OK, Of.LIVE), (UNKNOWN, Of.DEAD))


def said(line: str, of: Of, domain: str, at: float) -> Replied:
    code, enhanced, text = line.split(" ", 2)
    where: dict[str, Any] = {"server": f"mx.{domain}:25", "ip": "192.0.2.1"}
    return Replied(at=at, of=of, **where, stage=Stage.RCPT, code=int(code), enhanced=enhanced, text=text)


@contextlib.asynccontextmanager
async def scene(config: Config) -> AsyncIterator[Scene]:
    time = Time()
    async with open_house(config, clock=Clock(time.wall, lambda: time.steady)) as house:
        one = Scene(time, house)
        await one.begin()
        yield one
