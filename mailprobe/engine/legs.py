"""One run of one probe, shared by all who want it: whoever comes late hears the facts so far first, then the rest, and gets the
same evidence. A run that nobody wants any more is ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mailprobe.config import Account
from mailprobe.engine import CANARY, Clock, Order, Watch
from mailprobe.engine.run import Run, run
from mailprobe.evidence import End, Evidence, Fact, Line
from mailprobe.probes import Probe, Reach, SignInEnd, Target

ReachFor = Callable[[Order, "SignInChain", Callable[[Line], None]], Reach]


class SignInChain:
    """T's IMAP sign-in first; submission waits for its end, so that no two logins race for one budget."""

    def __init__(self, *, runs_imap: bool) -> None:
        self._end: asyncio.Future[SignInEnd] = asyncio.get_running_loop().create_future()
        if not runs_imap:
            self._end.set_result(SignInEnd.NOT_RUN)

    def imap_ended(self, end: SignInEnd) -> None:
        if not self._end.done():
            self._end.set_result(end)

    async def imap_end(self) -> SignInEnd:
        return await asyncio.shield(self._end)


@dataclass(slots=True, eq=False)
class Follower:
    """One who wants to hear. What its own `watch` raises is its own affair: it hears no more, and the run goes on."""

    watch: Watch
    live: bool
    error: Exception | None = None

    def learnt(self, probe: str, fact: Fact) -> None:
        if self.error is None:
            try:
                self.watch.learnt(probe, fact)
            except Exception as error:  # raised again to whom it belongs, when the check is over
                self.error = error

    def ended(self, evidence: Evidence) -> None:
        if self.error is None:
            try:
                self.watch.ended(evidence)
            except Exception as error:  # as above
                self.error = error


@dataclass(slots=True, eq=False)
class Leg:
    """A run under way and who follows it."""

    run: Run
    chain: SignInChain
    followers: list[Follower] = field(default_factory=list)
    task: asyncio.Task[Evidence] | None = None

    def note(self, fact: Fact) -> None:
        self.run.facts.append(fact)
        for one in tuple(self.followers):
            one.learnt(self.run.probe, fact)

    def refuses(self, evidence: Evidence, follower: Follower) -> bool:
        """The schedule was held: it has one half of each budget, live checks have the other. To them this is no answer."""
        return follower.live and self.run.order.slot is not None and evidence.ending.kind is End.HELD

    def join(self, follower: Follower) -> None:
        for fact in tuple(self.run.facts):
            follower.learnt(self.run.probe, fact)
        self.followers.append(follower)

    def serves(self, order: Order, now: float) -> bool:
        """Whether this run is what the order asks for: of the same account, not over later, and allowed to do as much."""
        mine = self.run.order
        return (
            not self.run.stopped
            and not order.fresh
            and mine.vantage == order.vantage
            and self.run.began + mine.within <= now + order.within
            and (self.run.probe != CANARY or (mine.sends, mine.consent) == (order.sends, order.consent))
            and same_account(mine.account, order.account)
            and mine.carrier == order.carrier
            and mine.prober == order.prober
        )


def same_account(one: Account, other: Account) -> bool:
    """A secret that was typed for one check is not compared: such a check shares nothing."""
    if one is other:
        return True
    refs = (one.secret, one.submission_secret, other.secret, other.submission_secret)
    return one == other and all(ref is None or ref.given is None for ref in refs)


class Legs:
    """All runs under way of one process."""

    def __init__(self, probes: Mapping[str, Probe], reach_for: ReachFor, clock: Clock) -> None:
        self._probes = probes
        self._reach_for = reach_for
        self._clock = clock
        self._under_way: dict[tuple[str, str], list[Leg]] = {}

    @property
    def under_way(self) -> tuple[Leg, ...]:
        return tuple(leg for legs in self._under_way.values() for leg in legs)

    async def ask(self, order: Order, watch: Watch) -> tuple[Evidence, ...]:
        """Run the order's probes side by side, or join those that already run; the result is in the order of `order.probes`."""
        follower = Follower(watch, live=order.slot is None)
        chain, shared = self._under_way_for(order)
        legs = {name: shared.get(name) or self._begin(order, name, chain) for name in order.probes}
        heard = await follow(follower, legs)
        again = {name: self._begin(order, name, chain) for name, leg in legs.items() if leg.refuses(heard[name], follower)}
        if again:
            heard |= await follow(follower, again)
        if follower.error is not None:
            raise follower.error
        return tuple(heard[name] for name in order.probes)

    def _under_way_for(self, order: Order) -> tuple[SignInChain, dict[str, Leg]]:
        """What can be joined; and the chain of T's sign-in, also where the order does not ask for it itself: one that is under
        way comes before any other login of the account."""
        found = {name: self._joinable(order, name) for name in (*order.probes, "imap")}
        shared = {name: leg for name, leg in found.items() if leg is not None}
        return shared["imap"].chain if "imap" in shared else SignInChain(runs_imap="imap" in order.probes), shared

    def _joinable(self, order: Order, probe: str) -> Leg | None:
        now = self._clock.steady()
        return next((leg for leg in self._under_way.get((order.account.id, probe), ()) if leg.serves(order, now)), None)

    def _begin(self, order: Order, probe: str, chain: SignInChain) -> Leg:
        leg = Leg(Run(order, probe, self._clock.wall(), self._clock.steady(), clock=self._clock.steady), chain)
        self._under_way.setdefault((order.account.id, probe), []).append(leg)
        leg.task = asyncio.get_running_loop().create_task(self._carry(leg))
        leg.task.add_done_callback(lambda _: self._over(leg))
        return leg

    async def _carry(self, leg: Leg) -> Evidence:
        order, name = leg.run.order, leg.run.probe
        target = Target(order.account, order.carrier, order.prober, order.consent, order.sends)

        async def probe() -> None:
            await self._probes[name](target, self._reach_for(order, leg.chain, leg.run.lines.append), leg.note)

        evidence = await run(leg.run, probe)
        self._over(leg)  # before anybody is told: who asks from now on gets a run of his own
        for one in leg.followers:
            if not leg.refuses(evidence, one):
                one.ended(evidence)
        return evidence

    def _over(self, leg: Leg) -> None:
        if leg.run.probe == "imap":  # whatever became of it, nobody is left waiting for its sign-in
            leg.chain.imap_ended(SignInEnd.UNKNOWN)
        key = (leg.run.order.account.id, leg.run.probe)
        legs = self._under_way.get(key, [])
        if leg in legs:
            legs.remove(leg)
            if not legs:
                del self._under_way[key]


async def follow(follower: Follower, legs: Mapping[str, Leg]) -> dict[str, Evidence]:
    """Hear all of them out."""
    for leg in legs.values():
        leg.join(follower)
    tasks = {name: leg.task for name, leg in legs.items() if leg.task is not None}
    try:
        await settled(tuple(tasks.values()))
    except asyncio.CancelledError:
        await leave(follower, legs.values())
        raise
    return {name: task.result() for name, task in tasks.items()}


async def settled(tasks: Sequence[asyncio.Task[Evidence]]) -> None:
    """Returns when all have ended, and touches none. A check of one probe is the most frequent: `asyncio.wait` costs four times
    as much, and a shield twice."""
    if len(tasks) == 1:
        await _ended(tasks[0])
    elif tasks:
        await asyncio.wait(tasks)


async def _ended(task: asyncio.Task[Evidence]) -> None:
    ended = asyncio.get_running_loop().create_future()

    def tell(_: asyncio.Task[Evidence]) -> None:
        if not ended.done():
            ended.set_result(None)

    task.add_done_callback(tell)
    try:
        await ended
    finally:
        task.remove_done_callback(tell)


async def leave(follower: Follower, legs: Iterable[Leg]) -> None:
    """Somebody gave up: end what nobody else follows, and wait until it has let go of its connections."""
    alone = []
    for leg in legs:
        if follower in leg.followers:
            leg.followers.remove(follower)
        if not leg.followers and leg.task is not None and not leg.task.done():
            leg.task.cancel()
            alone.append(leg.task)
    if alone:
        await asyncio.wait(alone)
