"""The composition root: builds every room from a Config, and carries one check from the question to the verdict."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from mailprobe.carriers import Carrier, Origin
from mailprobe.config import Account, Config
from mailprobe.engine import LEGS, Order, Watch
from mailprobe.engine.embedded import Embedded, SignInChain
from mailprobe.evidence import Connected, Evidence, Fact, Stage
from mailprobe.limits import Courtesy, LoginBudget
from mailprobe.net.guard import Guard
from mailprobe.net.resolver import Resolver
from mailprobe.net.stream import Net, Tap
from mailprobe.probes import Probe, Reach, dns, imap, mx, submission
from mailprobe.replies import Us
from mailprobe.report import Check
from mailprobe.store import Store, open_store
from mailprobe.understood import understand
from mailprobe.verdict import Verdict
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import Bounced, History, Picture
from mailprobe.verdict.proof import prove
from mailprobe.verdict.settled import Leg, settled
from mailprobe.verdict.take import take_picture
from mailprobe.wire.returned import read_returned

PROBES: dict[str, Probe] = {"dns": dns.probe, "mx": mx.probe, "submission": submission.probe, "imap": imap.probe}


@dataclass(frozen=True, slots=True)
class Question:
    """One live check. bounces: raw bytes of what came back to somebody who wrote to the account; within: seconds per leg."""

    account: Account
    told: Observations
    observed: tuple[str, ...] = ()
    bounces: tuple[bytes, ...] = ()
    only: tuple[str, ...] = ()
    within: float = 30.0


@dataclass(frozen=True, slots=True)
class Listener:
    """Who looks on: a fact of a leg, the end of a leg with the picture so far, the headline once nothing can overturn it."""

    learnt: Callable[[str, Fact], None] = lambda leg, fact: None
    ended: Callable[[Evidence, Picture], None] = lambda evidence, picture: None
    headline: Callable[[Verdict], None] = lambda verdict: None


@dataclass(frozen=True, slots=True)
class House:
    """Every room, built. Use `open_house`."""

    config: Config
    store: Store
    engine: Embedded

    async def check(self, question: Question, listener: Listener) -> Check:
        """Ask, watch, judge. Ends by itself within `question.within`."""
        account = question.account
        carrier = self.config.carriers[account.carrier]
        legs = tuple(leg for leg in LEGS if leg in account.probes and (not question.only or leg in question.only))
        sight = Sight(self.config, question, carrier, frozenset(Leg(leg) for leg in legs), listener)
        started, began = time.time(), time.monotonic()
        order = Order(account, carrier, self.config.prober, legs, question.within, self.config.engine.vantage)
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
            proof=prove(evidence, account=account, carrier=carrier),
        )


@dataclass(slots=True)
class Sight:
    """What one check has seen so far; tells the headline once, as soon as it is settled."""

    config: Config
    question: Question
    carrier: Carrier
    pending: frozenset[Leg]
    listener: Listener
    seen: list[Evidence] = field(default_factory=list)
    told: bool = False

    def ended(self, evidence: Evidence) -> None:
        self.seen.append(evidence)
        self.pending -= {Leg(evidence.probe)}
        picture = self.picture(tuple(self.seen))
        self.listener.ended(evidence, picture)
        if not self.told and self.pending:
            verdict = settled(picture, self.pending)
            if verdict is not None:
                self.told = True
                self.listener.headline(verdict)

    def picture(self, evidence: tuple[Evidence, ...]) -> Picture:
        return take_picture(
            evidence,
            account=self.question.account,
            carrier=self.carrier,
            told=self.question.told,
            bounces=tuple(one for raw in self.question.bounces for one in bounced(raw, self.carrier)),
            history=History(),
            now=time.time(),
            us=ourselves(self.config, evidence),
            network=self.config.engine.network,
        )


def bounced(raw: bytes, carrier: Carrier) -> tuple[Bounced, ...]:
    """A bounce that a correspondent got, read: whom it names, and of whom its words speak."""
    return tuple(
        Bounced(one.failure.recipient, one.meaning.cls, one.meaning.speaks_of, one.meaning.hard, Stage(one.failure.stage))
        for one in understand(read_returned(raw).failures, carrier)
        if one.failure.action == "failed"
    )


def ourselves(config: Config, evidence: tuple[Evidence, ...]) -> Us:
    """The words that mean us when a reply quotes them: EHLO name, sender, and the addresses that we spoke from."""
    locals_ = {fact.local for one in evidence for fact in one.facts if isinstance(fact, Connected) and fact.local}
    sender = config.prober.mail_from
    return Us((config.prober.name, sender, sender.rpartition("@")[2], *sorted(locals_)))


@contextlib.asynccontextmanager
async def open_house(config: Config, net: Callable[[Guard, Tap], Net] = Net) -> AsyncIterator[House]:
    """Build every room, and close what must be closed. `net`: how a run reaches the network. Raises StoreError."""
    guard = Guard(config.prober.allow_networks, written(config))
    resolver = Resolver(config.prober.resolvers)
    async with open_store(config.store_url) as store:

        def reach_for(order: Order, chain: SignInChain, tap: Tap) -> Reach:
            return Reach(
                net=net(guard, tap),
                resolver=resolver,
                clock=time.monotonic,
                wall=time.time,
                budget=LoginBudget(store, time.time, order.carrier.limits.refused_logins),
                manners=Courtesy(store, order.carrier.limits, order.vantage, time.time),
                chain=chain,
            )

        yield House(config, store, Embedded(PROBES, reach_for))


def written(config: Config) -> frozenset[tuple[str, int]]:
    """Endpoints that the configuration itself names: allowed as written."""
    ends = (end for one in config.carriers.values() for end in (*one.mx, one.imap, one.submission) if end is not None)
    return frozenset((end.host, end.port) for end in ends if end.origin is Origin.CONFIGURED)
