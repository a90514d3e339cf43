"""The composition root: builds every room from a Config, and carries one check from the question to the verdict."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mailprobe.bounces.token import Signer
from mailprobe.carriers import Carrier, Limits, Origin
from mailprobe.config import Account, Config, ConfigError, Problem
from mailprobe.config.every import interval
from mailprobe.engine import CANARY, LEGS, UNWATCHED, Clock, Order, Watch
from mailprobe.engine.embedded import Embedded, ReachFor, SignInChain
from mailprobe.evidence import Connected, Evidence, Returned, Stage
from mailprobe.limits import (
    Approach,
    Breakers,
    Controls,
    Courtesy,
    Logbook,
    LoginBudget,
    MasterUsers,
    StrangerGuard,
    half_of,
    pace_of,
)
from mailprobe.net.connecting import Net
from mailprobe.net.guard import Guard
from mailprobe.net.resolver import Resolver
from mailprobe.net.stream import Tap
from mailprobe.probes import Probe, Reach, canary, dns, imap, mx, submission
from mailprobe.probes.posting import relay_of
from mailprobe.question import Listener, Question
from mailprobe.replies import Us
from mailprobe.report import Check
from mailprobe.secret import SecretError
from mailprobe.status.spells import Lasting, history_of, spells_after
from mailprobe.store import Store, open_store
from mailprobe.understood import understand
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Bounced
from mailprobe.verdict.picture import Acceptance, History, Picture
from mailprobe.verdict.proof import prove
from mailprobe.verdict.settled import Leg, settled
from mailprobe.verdict.take import remembering, take_picture
from mailprobe.wire.dsn import Failure
from mailprobe.wire.returned import read_returned

if TYPE_CHECKING:  # they would load SQLAlchemy, and what needs no store does not wait for it
    from mailprobe.store.batch import Committed
    from mailprobe.store.results import Last

NO_PERMISSION = 77  # sysexits.h
LOOK_WITHIN = 60.0  # seconds
MAY_COME = 8 * 86_400.0  # seconds: queues hold a mail for five days (RFC 5321 section 4.5.4.1)
PROBES: dict[str, Probe] = {
    "dns": dns.probe,
    "mx": mx.probe,
    "submission": submission.probe,
    "imap": imap.probe,
    CANARY: canary.probe,
}


@dataclass(slots=True)
class Commits:
    """Who is told of each transaction that wrote: the store is open before there is anybody to measure it."""

    told: Callable[[Committed], None] | None = None

    def __call__(self, committed: Committed) -> None:
        if self.told is not None:
            self.told(committed)


Bare = Callable[[Limits, str, SignInChain, Tap], Reach]


@dataclass(frozen=True, slots=True)
class House:
    """Every room, built. Use `open_house`."""

    config: Config
    store: Store
    engine: Embedded
    bare: Bare  # a reach without a journal, for what is no account's
    breakers: Breakers
    strangers: StrangerGuard
    signs: Signer | None = None
    clock: Clock = field(default_factory=Clock)
    commits: Commits = field(default_factory=Commits)

    async def check(self, question: Question, listener: Listener) -> Check:
        """Ask, watch, judge. Ends by itself within `question.within`. Raises ConfigError if the guard on strangers says no."""
        account = question.account
        await self.admit(question)
        carrier = self.config.carriers[account.carrier]
        legs, sends = await self.legs_of(question)
        sight = Sight(self.config, question, carrier, frozenset(Leg(leg) for leg in legs), listener, self.clock.wall)
        sight.lasting, sight.accepted = await self.past(account)
        started, began = self.clock.wall(), self.clock.steady()
        vantage = self.config.engine.vantage
        order = Order(account, carrier, self.config.prober, legs, question.within, vantage, question.consent, sends)
        evidence = await self.engine.live(order, Watch(listener.learnt, sight.ended))
        picture = sight.picture(evidence)
        await self.learn(question, evidence, picture)
        return Check(
            account=account.id,
            address=account.address.display,
            started=started,
            took=self.clock.steady() - began,
            evidence=evidence,
            picture=picture,
            verdict=judge(picture),
            observed=question.observed,
            proof=prove(evidence, account=account, carrier=carrier),
        )

    def picture(self, question: Question, evidence: tuple[Evidence, ...], now: float) -> Picture:
        """What was seen, with what is told now, as it stood at `now` (Unix seconds): nothing is asked of anybody."""
        carrier = self.config.carriers[question.account.carrier]
        return Sight(self.config, question, carrier, frozenset(), Listener()).picture(evidence, now)

    async def look(self, account: Account) -> tuple[Evidence, ...]:
        """What has become of the test mails to this mailbox: what is found is cleaned up, nothing is sent."""
        carrier, vantage = self.config.carriers[account.carrier], self.config.engine.vantage
        order = Order(account, carrier, self.config.prober, (CANARY,), LOOK_WITHIN, vantage, sends=False)
        return await self.engine.live(order, UNWATCHED)

    async def admit(self, question: Question) -> None:
        """Before anything leaves this host. The error names no address."""
        account = question.account
        if account.enrolled or not question.operator:
            return
        denied = await self.strangers.may_ask(account.carrier, question.operator, account.address.key, question.ticket)
        if denied is not None:
            what = f"more than {self.strangers.free} addresses that are not enrolled were asked about without a ticket in 24 h"
            hint = "name the ticket with --ticket, or ask a supervisor to release the guard"
            raise ConfigError((Problem("MP1901", f"carrier {account.carrier}", what, hint),), NO_PERMISSION)

    async def learn(self, question: Question, evidence: Iterable[Evidence], picture: Picture) -> None:
        """What the limits remember of a check: how the servers did, and whether a stranger is unknown to them."""
        account = question.account
        pace = pace_of(self.config.carriers[account.carrier].limits)
        for one in evidence:
            await self.breakers.learn(one.facts, pace)
        if not account.enrolled and question.operator:
            unknown = picture.acceptance.among(Acceptance.AS_NEVER_EXISTED, Acceptance.REFUSED_UNCHECKED)
            await self.strangers.answered(account.carrier, question.operator, account.address.key, unknown=unknown)

    async def legs_of(self, question: Question) -> tuple[tuple[str, ...], bool]:
        """What a check asks, and whether it may send a test mail. One that was sent before is looked for by every check: a
        late arrival or bounce revises what was said."""
        probes, only = question.account.probes, question.only
        legs = tuple(leg for leg in LEGS if leg in probes and (not only or leg in only))
        sends = question.canary or CANARY in (only or probes)
        looks = sends or (not only and await self.sent_lately(question.account))
        return (*legs, *((CANARY,) if looks else ())), sends

    async def past(self, account: Account) -> tuple[tuple[Lasting, ...], bool]:
        """What the store remembers of an account that is watched: what lasts, and whether it was ever accepted."""
        if not account.enrolled:
            return (), False
        return await self.store.spells.of(account.id), accepted(await self.store.results.last(account.id))

    async def numbers(self, account: Account) -> tuple[str, ...]:
        """The numbers that the owner of this mailbox may read out."""
        canaries = self.store.canaries
        return tuple(one.number for one in await canaries.of_mailbox(canaries.subject_of(account.address.key), 0.0))

    async def sent_lately(self, account: Account) -> bool:
        """Whether a test mail went to this mailbox that may still turn up, or come back."""
        canaries = self.store.canaries
        last = await canaries.last(canaries.subject_of(account.address.key))
        return last is not None and self.clock.wall() - last.planned_at < MAY_COME


def accepted(last: Iterable[Last]) -> bool:
    """Whether an MX host has ever taken this mailbox."""
    return any(one.probe == "mx" and one.good_at is not None for one in last)


@dataclass(slots=True)
class Sight:
    """What one check has seen so far; tells the headline once, as soon as it is settled."""

    config: Config
    question: Question
    carrier: Carrier
    pending: frozenset[Leg]
    listener: Listener
    wall: Callable[[], float] = time.time
    lasting: tuple[Lasting, ...] = ()
    accepted: bool = False
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

    def picture(self, evidence: tuple[Evidence, ...], now: float | None = None) -> Picture:
        now = self.wall() if now is None else now
        picture = take_picture(
            evidence,
            account=self.question.account,
            carrier=self.carrier,
            told=self.question.told,
            bounces=tuple(one for raw in self.question.bounces for one in bounced(raw, self.carrier)),
            history=History(),
            now=now,
            us=ourselves(self.config, evidence),
            network=self.config.engine.network,
        )
        account, limits = self.question.account, self.carrier.limits
        lasting = spells_after(self.lasting, picture, lambda probe: interval(account, limits, probe))
        return remembering(picture, history_of(lasting, accepted_before=self.accepted), now)


def bounced(raw: bytes, carrier: Carrier) -> tuple[Bounced, ...]:
    """A bounce that a correspondent got, read."""
    return failed(read_returned(raw).failures, carrier)


def failed(failures: Iterable[Failure], carrier: Carrier) -> tuple[Bounced, ...]:
    """Whom a bounce names, and of whom its words speak."""
    return tuple(
        Bounced(one.failure.recipient, one.meaning.cls, one.meaning.speaks_of, one.meaning.hard, Stage(one.failure.stage))
        for one in understand(failures, carrier)
        if one.failure.action == "failed"
    )


def ourselves(config: Config, evidence: tuple[Evidence, ...]) -> Us:
    """The words that mean us when a reply quotes them: EHLO name, sender, and the addresses that we spoke from."""
    locals_ = {fact.local for one in evidence for fact in one.facts if isinstance(fact, Connected) and fact.local}
    sender = config.prober.mail_from
    return Us((config.prober.name, sender, sender.rpartition("@")[2], *sorted(locals_)))


@contextlib.asynccontextmanager
async def open_house(config: Config, net: Callable[[Guard, Tap], Net] = Net, clock: Clock | None = None) -> AsyncIterator[House]:
    """Build every room, and close what must be closed. `net`: how a run reaches the network; `clock`: the machine's, if left
    out. Raises StoreError."""
    clock, commits = clock or Clock(), Commits()
    async with open_store(config.store_url, commits) as store:
        try:
            signs = await signer_of(config)
        except ConfigError:  # a check without a test mail needs no key; whoever does (serve) asks for the reason itself
            signs = None
        breakers = Breakers(store, config.engine.vantage, clock.wall)
        bare, reach_for = reaches(config, Furniture(store, breakers, signs, clock), net)
        engine = Embedded(PROBES, reach_for, store.jobs, clock)
        yield House(config, store, engine, bare, breakers, StrangerGuard(store, clock.wall), signs, clock, commits)


def refurnish(house: House, config: Config, net: Callable[[Guard, Tap], Net] = Net) -> House:
    """The same house with another configuration: store, key and engine stay, and so do the runs under way; whatever begins from
    now on reaches what the new one allows."""
    furniture = Furniture(house.store, house.breakers, house.signs, house.clock)
    bare, house.engine.reach_for = reaches(config, furniture, net)
    return replace(house, config=config, bare=bare)


@dataclass(frozen=True, slots=True)
class Furniture:
    """What every run may touch a part of."""

    store: Store
    breakers: Breakers
    signs: Signer | None
    clock: Clock


def reaches(config: Config, furniture: Furniture, net: Callable[[Guard, Tap], Net]) -> tuple[Bare, ReachFor]:
    """What a run may touch, by the configuration: without a journal, and with one. The schedule has half of every budget."""
    guard = Guard(config.prober.allow_networks, written(config))
    resolver = Resolver(config.prober.resolvers)
    store, wall = furniture.store, furniture.clock.wall
    masters, controls = MasterUsers(store, wall), Controls()

    def reach(
        limits: Limits, vantage: str, chain: SignInChain, tap: Tap, whole: int, live: bool, journal: Logbook | None
    ) -> Reach:
        return Reach(
            net=net(guard, tap),
            resolver=resolver,
            clock=furniture.clock.steady,
            wall=wall,
            budget=LoginBudget(store, wall, limits.refused_logins, whole=whole, controls=controls),
            manners=Courtesy(store, limits, vantage, wall, controls=controls),
            chain=chain,
            journal=journal,
            signs=furniture.signs if journal is not None else None,
            approaches=Approach(furniture.breakers, live=live, pace=pace_of(limits)),
            masters=masters,
        )

    def bare(limits: Limits, vantage: str, chain: SignInChain, tap: Tap) -> Reach:
        return reach(limits, vantage, chain, tap, limits.refused_logins, True, None)

    def reach_for(order: Order, chain: SignInChain, tap: Tap) -> Reach:
        carrier, vantage, scheduled = order.carrier, order.vantage, order.slot is not None
        returns = returns_to(order, store)
        journal = Logbook(store, carrier.limits, carrier.relation, wall, vantage=vantage, returns=returns, scheduled=scheduled)
        limits = half_of(carrier.limits) if scheduled else carrier.limits
        return reach(limits, vantage, chain, tap, carrier.limits.refused_logins, not scheduled, journal)

    return bare, reach_for


async def signer_of(config: Config) -> Signer | None:
    """Signs the senders of test mails; None without a bounce domain or a key. Raises ConfigError for a key that is none."""
    if not (config.prober.bounce_domain and config.prober.token_keys):
        return None
    where = "prober.token_keys"
    try:
        return Signer([(await ref.read()).reveal().encode() for ref in config.prober.token_keys])
    except SecretError as error:
        raise ConfigError((Problem(error.code, where, error.what, error.hint),)) from None
    except ValueError as error:
        hint = "write 32 random bytes or more in hexadecimal: openssl rand -hex 32"
        raise ConfigError((Problem("MP1016", where, str(error), hint),)) from None


def returns_to(order: Order, store: Store) -> Callable[[str, float], Awaitable[tuple[Returned, ...]]]:
    """What came back to the mailboxes of an order, with their own addresses put back where a text names them."""
    whose = [order.account.address, *(control.address for control in order.carrier.live_controls)]

    async def returns(subject: str, since: float) -> tuple[Returned, ...]:
        known = {store.canaries.subject_of(address.key): str(address) for address in whose}
        return await store.bounces.of_mailbox(subject, since, known.get(subject, ""))

    return returns


def written(config: Config) -> frozenset[tuple[str, int]]:
    """Endpoints that the configuration itself names: allowed as written."""
    ends = [end for one in config.carriers.values() for end in (*one.mx, one.imap, one.submission) if end is not None]
    relay = relay_of(config.prober)
    ends += [relay] if relay is not None else []
    return frozenset((end.host, end.port) for end in ends if end.origin is Origin.CONFIGURED)
