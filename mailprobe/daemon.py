"""The composition root: builds every room from a Config, and carries one check from the question to the verdict."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from mailprobe.carriers import Carrier
from mailprobe.config import Account, Config
from mailprobe.engine import LEGS, Order, Watch
from mailprobe.engine.embedded import Embedded, SignInChain
from mailprobe.evidence import Ending, End, Evidence, Fact, Line
from mailprobe.limits import Courtesy, LoginBudget
from mailprobe.net.guard import Guard
from mailprobe.net.resolver import Resolver
from mailprobe.net.stream import Net
from mailprobe.probes import PROBES, Reach
from mailprobe.report import Check
from mailprobe.store import Store, open_store
from mailprobe.verdict import Verdict
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import take_picture
from mailprobe.verdict.proof import prove
from mailprobe.verdict.settled import settled


@dataclass(frozen=True, slots=True)
class Question:
    """One live check. bounces: raw bytes of what came back to somebody who wrote to the account."""

    account: Account
    told: Observations
    observed: tuple[str, ...] = ()
    bounces: tuple[bytes, ...] = ()
    only: tuple[str, ...] = ()
    within: float = 30.0


@dataclass(frozen=True, slots=True)
class Listener:
    """Who looks on: a fact of a leg, the end of a leg, and the headline as soon as nothing can overturn it."""

    learnt: Callable[[str, Fact], None] = lambda leg, fact: None
    ended: Callable[[Evidence], None] = lambda evidence: None
    headline: Callable[[Verdict], None] = lambda verdict: None


@dataclass(slots=True)
class House:
    """Every room, built. Use `open_house`."""

    config: Config
    store: Store
    engine: Embedded

    def carrier_of(self, account: Account) -> Carrier:
        return self.config.carriers[account.carrier]

    async def check(self, question: Question, listener: Listener) -> Check:
        """Ask, watch, judge. Ends by itself within `question.within` per leg."""
        account = question.account
        carrier = self.carrier_of(account)
        wanted = tuple(leg for leg in LEGS if leg in account.probes and (not question.only or leg in question.only))
        started, began = time.time(), time.monotonic()
        sight = Sight(question, carrier, frozenset(wanted), listener)
        order = Order(account, carrier, self.config.prober, wanted, question.within, self.config.engine.vantage)
        evidence = await self.engine.live(order, Watch(listener.learnt, sight.ended))
        picture = sight.picture(evidence)
        return Check(
            account=account.id,
            address=account.address.display,
            started=started,
            took=time.monotonic() - began,
            evidence=evidence,
            picture=picture,
            verdict=judge(picture),
            observed=question.observed,
            proof=prove(evidence, account.address),
        )


@dataclass(slots=True)
class Sight:
    """What one check has seen so far; tells the headline once, as soon as it is settled."""

    question: Question
    carrier: Carrier
    pending: frozenset[str]
    listener: Listener
    seen: list[Evidence] = field(default_factory=list)
    told: bool = False

    def ended(self, evidence: Evidence) -> None:
        self.seen.append(evidence)
        self.pending -= {evidence.probe}
        self.listener.ended(evidence)
        if not self.told and self.pending:
            verdict = settled(self.picture(tuple(self.seen)), self.pending)
            if verdict is not None:
                self.told = True
                self.listener.headline(verdict)

    def picture(self, evidence: tuple[Evidence, ...]):  # noqa: ANN201
        return take_picture(
            evidence,
            account=self.question.account,
            carrier=self.carrier,
            told=self.question.told,
            bounces=self.question.bounces,
            now=time.time(),
        )


@contextlib.asynccontextmanager
async def open_house(config: Config) -> AsyncIterator[House]:
    """Build every room, and close what must be closed."""
    guard = Guard(config.prober.allow_networks, written(config))
    resolver = Resolver(config.prober.resolvers)
    async with open_store(config.store_url) as store:

        def reach_for(order: Order, chain: SignInChain, tap: Callable[[Line], None]) -> Reach:
            return Reach(
                net=Net(guard.allows, tap),
                resolver=resolver,
                clock=time.monotonic,
                wall=time.time,
                budget=LoginBudget(store, time.time),
                manners=Courtesy(store, order.carrier.limits, time.time),
                chain=chain,
            )

        yield House(config, store, Embedded(PROBES, reach_for))


def written(config: Config) -> frozenset[tuple[str, int]]:
    """Endpoints that the configuration names: allowed as written."""
    found: set[tuple[str, int]] = set()
    for carrier in config.carriers.values():
        found.update((end.host, end.port) for end in (*carrier.mx, carrier.imap, carrier.submission) if end is not None)
    return frozenset(found)
