"""Whether we ourselves are fit to judge: what every result says of us, and what is asked of the world for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from mailprobe.carriers import Carrier, LiveControl
from mailprobe.config import Account, ad_hoc
from mailprobe.daemon import House
from mailprobe.engine import UNWATCHED, Order
from mailprobe.evidence import Connected, Evidence, NotConnected, Of
from mailprobe.incident import ControlSeen, looked_at
from mailprobe.limits import LoginBudget
from mailprobe.log import Event, tell
from mailprobe.metrics import Metrics
from mailprobe.net.resolver import Resolver
from mailprobe.notify.events import ProberTrouble
from mailprobe.prober import Check, Finding, findings
from mailprobe.prober.asking import SelfCheck
from mailprobe.prober.clock import Jump, JumpKind, Sample, clock, jump, sample
from mailprobe.prober.comparing import Comparison
from mailprobe.prober.findings import Door, Flip
from mailprobe.prober.health import DEAFENING, Changed, Health
from mailprobe.serve.controls import Controls
from mailprobe.verdict.picture import Control, Picture

CLOCK_EVERY = 5.0  # seconds
RESOLVERS_EVERY = 20.0
HOURLY = 3600.0
FORGOTTEN = 600.0  # seconds: jumps, doors and flips that are older say nothing any more
COMPARED_WITHIN = 30.0

Announce = Callable[[ProberTrouble], Awaitable[None]]


def nobody() -> None: ...


@dataclass(slots=True)
class Fitness:
    """What is known of ourselves. announce: the webhook is told once per trouble; vantage: where this process probes from;
    jumped: called when the time between two readings is not known any more; doubted: the resolvers are to be asked at once;
    checked_at: when they were last, Unix seconds."""

    metrics: Metrics
    vantage: str
    announce: Announce
    sample: Callable[[], Sample] = sample
    jumped: Callable[[], None] = nobody
    health: Health = field(default_factory=Health)
    before: Sample | None = None
    doubted: asyncio.Event = field(default_factory=asyncio.Event)
    checked_at: float = 0.0
    jumps: tuple[Jump, ...] = ()
    doors: dict[tuple[str, str, bool], Door] = field(default_factory=dict)  # newest of each kind
    flips: deque[Flip] = field(default_factory=lambda: deque(maxlen=10_000))
    controls: dict[str, Controls] = field(default_factory=dict)  # by carrier
    control_seen: dict[str, ControlSeen] = field(default_factory=dict)  # the same, as the console tells it
    watched: dict[str, int] = field(default_factory=dict)
    told: asyncio.Queue[Changed] = field(default_factory=asyncio.Queue)
    proven: dict[str, float] = field(default_factory=dict)  # by carrier: monotonic seconds
    comparisons: dict[str, Comparison] = field(default_factory=dict)  # by carrier; each keeps its last two pairs

    def learn(self, carrier: Carrier, picture: Picture, evidence: Iterable[Evidence], now: float) -> None:
        """What one account's picture says of us, and of the carrier's controls. evidence: what was asked just now."""
        self.doors.update(((one.carrier, one.host, one.reached), one) for one in doors_of(carrier.name, evidence))
        before = self.controls.get(carrier.name)
        known = self.controls[carrier.name] = (before or Controls()).after(picture)
        found = [findings.port_25(self.doors.values(), now)]
        if before is None or (before.us.value, before.sign_in.value) != (known.us.value, known.sign_in.value):
            tried = {name: one.sign_in.value for name, one in self.controls.items() if one.sign_in.value is not Control.UNASKED}
            found += [findings.turned_away(carrier.name, known.us.value, now), *findings.controls(tried, now)]
        self.update(found)
        if known.good is not None:
            self.metrics.control(carrier.name, Of.LIVE, self.vantage, known.good)
            at = picture.control_sign_in.at or picture.live_at_mx.at or now
            self.control_seen[carrier.name] = looked_at(self.control_seen.get(carrier.name), known.good, at)

    def confirmed(self, carrier: str) -> None:
        """One of its accounts was asked again and is as bad as before: what turns bad there now says nothing of us."""
        self.proven[carrier] = self.sample().monotonic

    def flipped(self, flips: Sequence[Flip]) -> None:
        now = self.sample().monotonic
        flips = [one for one in flips if now - self.proven.get(one.carrier, -FORGOTTEN) >= FORGOTTEN]
        if flips:
            self.flips.extend(flips)
            self.update([findings.mass(self.flips, self.watched, self.sample().wall)])

    @property
    def suspects_a_mass(self) -> bool:
        return any(one.check is Check.MASS for one in self.health.bad)

    def update(self, found: Iterable[Finding]) -> None:
        known, (self.health, changed) = self.health, self.health.update(found)
        if self.health is known:
            return
        for one in changed:
            self.told.put_nowait(one)
        for check, healthy in self.health.healthy().items():
            self.metrics.prober_check(self.vantage, check, healthy)

    async def keep_telling(self, forgive: Callable[[], Awaitable[None]]) -> None:
        """One event per trouble, and one when it is over. forgive: what servers did not answer meanwhile was ours."""
        while True:
            one = await self.told.get()
            if one.healthy and one.check in DEAFENING and self.health.hears:
                await forgive()
            tell(Event.PROBER, kind=one.check.value, outcome="good" if one.healthy else "bad")
            await self.announce(ProberTrouble(self.vantage, one.check, one.healthy, one.since))

    async def keep_time(self) -> None:
        """Whether the clock was moved, or we were asleep."""
        while True:
            self.look()
            now = self.sample()
            self.update([clock(self.jumps, now.monotonic, now.wall), findings.mass(self.flips, self.watched, now.wall)])
            await asyncio.sleep(CLOCK_EVERY)

    def look(self) -> None:
        """At all clocks. Also before anything is judged: a reading must not come between a jump and our noticing it."""
        before, self.before = self.before, self.sample()
        found = jump(before, self.before, CLOCK_EVERY) if before is not None else None
        if found is None:
            return
        now = self.before
        self.jumps = (*(one for one in self.jumps if now.monotonic - one.after < FORGOTTEN), found)
        self.update([clock(self.jumps, now.monotonic, now.wall)])
        if found.kind is not JumpKind.STALLED:  # standing still, the clocks went on
            self.jumped()


async def keep_asking(fitness: Fitness, house: Callable[[], House]) -> None:
    """The resolver every 20 seconds, and at once when we are in doubt; our name, the block lists and the witness every hour."""
    async with asyncio.TaskGroup() as group:
        group.create_task(repeatedly(lambda: asked_resolvers(fitness, house()), RESOLVERS_EVERY, fitness.doubted))
        group.create_task(repeatedly(lambda: asked_hourly(fitness, house()), HOURLY, asyncio.Event()))


async def repeatedly(ask: Callable[[], Awaitable[None]], every: float, at_once: asyncio.Event) -> None:
    while True:
        at_once.clear()
        try:
            await ask()
        except Exception as error:  # one check of ourselves that fails must not end the others, nor the daemon
            tell(Event.SELF_CHECK_FAILED, error=error)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(every):
                await at_once.wait()


async def asked_resolvers(fitness: Fitness, house: House) -> None:
    began = house.clock.wall()
    fitness.update([await self_check(house).resolvers(began)])
    fitness.checked_at = began


async def asked_hourly(fitness: Fitness, house: House) -> None:
    check, now = self_check(house), house.clock.wall()
    fitness.update([await check.name(now), *await check.block_lists(now)])
    for carrier in house.config.carriers.values():
        comparison = fitness.comparisons.get(carrier.name)
        if comparison is None:
            budget = LoginBudget(house.store, house.clock.wall, carrier.limits.refused_logins)
            comparison = Comparison(lambda of, control: our_sign_in(house, of, control), budget)
            fitness.comparisons[carrier.name] = comparison
        found = await comparison.compare(carrier, now)
        fitness.update([found] if found is not None else [])


def self_check(house: House) -> SelfCheck:
    return SelfCheck(house.config, Resolver(house.config.prober.resolvers))


async def our_sign_in(house: House, carrier: Carrier, control: LiveControl) -> Evidence:
    """Our own client signs a control in, as any check would."""
    account: Account = ad_hoc(house.config, control.address)
    order = Order(account, carrier, house.config.prober, ("imap",), COMPARED_WITHIN, house.config.engine.vantage)
    (evidence,) = await house.engine.live(order, UNWATCHED)
    return evidence


def doors_of(carrier: str, evidence: Iterable[Evidence]) -> Iterable[Door]:
    """Who took a connection on the mail port, and who did not."""
    for one in evidence:
        for fact in one.facts if one.probe == "mx" else ():
            if isinstance(fact, Connected | NotConnected):
                yield Door(carrier, fact.server, isinstance(fact, Connected), one.started + fact.at - one.began)
