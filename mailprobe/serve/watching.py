"""The schedule's results: each is kept, judged, made a reading of its account's status, and told.

Nothing is shown or counted before it is durable. What each account was last seen to be is held in memory; a status and the
reading that waits for a second one outlive the process in the store.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from mailprobe.carriers import Carrier, Limits
from mailprobe.config import Account, Config
from mailprobe.daemon import ourselves
from mailprobe.engine import Due, Fleet, Hold, Hooks, Kind, Past, Result
from mailprobe.evidence import End, Evidence
from mailprobe.limits import pace_of
from mailprobe.limits.held import held_in
from mailprobe.metrics import AccountRow, Metrics, Outcome, ProbeRow, Roundtrip, row_of
from mailprobe.notify.events import Event, Letter, StatusChanged, letters
from mailprobe.prober.findings import Flip
from mailprobe.prober.veto import Case, veto
from mailprobe.serve.counting import certificates, count_facts, count_run
from mailprobe.serve.fitness import Fitness
from mailprobe.serve.newest import Newest
from mailprobe.serve.outcome import outcome_of
from mailprobe.serve.shift import Shift
from mailprobe.serve.tally import Tally
from mailprobe.status import Change, Standing, Step, step, step_in_maintenance
from mailprobe.status.readings import read
from mailprobe.store.hidden import Hidden
from mailprobe.store.outbox import put as put_letters
from mailprobe.store.results import Outcome as Counted
from mailprobe.store.statement import Transaction
from mailprobe.verdict import Status, Verdict
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import History, Picture, SignIn
from mailprobe.verdict.take import take_picture

USUAL = 900.0  # seconds between the looks at an account that names no `every`, as far as the limits allow that
NOTHING_KNOWN = Standing()
FRESH = 2.0  # intervals for which what a probe saw belongs to the picture
LEAST_FRESH = 60.0
NOT_AGAIN = frozenset(
    {SignIn.REFUSED, SignIn.REFUSED_BEFORE, SignIn.DISABLED, SignIn.EXPIRED}
)  # confirmed at RCPT, not by a login


@dataclass(slots=True)
class Seen:
    """One account as it is known now. newest: by probe, what asked something; probes and roundtrips: as Prometheus is told."""

    account: Account
    hidden: Hidden
    standing: Standing = NOTHING_KNOWN
    newest: Newest = field(default_factory=Newest)
    probes: dict[str, ProbeRow] = field(default_factory=dict)
    roundtrips: tuple[Roundtrip, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """One row of the engine, judged: what is kept together, and told afterwards."""

    seen: Seen
    row: Result
    outcomes: tuple[Outcome, ...]
    picture: Picture
    verdict: Verdict
    step: Step


@dataclass(slots=True)
class Watching:
    """Everything that is watched. Made by `watch`."""

    shift: Shift
    metrics: Metrics
    fitness: Fitness
    accounts: dict[str, Seen] = field(default_factory=dict)
    rows: dict[str, AccountRow] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    certificates: dict[tuple[str, str], float] = field(default_factory=dict)  # by carrier and endpoint: Unix seconds
    servers: dict[str, set[str]] = field(default_factory=dict)  # by carrier: those that were asked
    wall: Callable[[], float] = time.time

    async def open(self) -> None:
        """What was known when the last process ended."""
        standings = await self.shift.house.store.standings.all()
        self.renew(self.shift.house.config, standings)

    def renew(self, config: Config, standings: Mapping[str, Standing] | None = None) -> None:
        """The accounts of a configuration, in its order; those that stay keep what is known of them."""
        known, hide = self.accounts, self.shift.house.store.results.hide
        self.accounts = {}
        for account in config.accounts:
            before = known.get(account.id)
            hidden = hide(names_of(account, config.carriers[account.carrier]))
            standing = before.standing if before else (standings or {}).get(account.id, NOTHING_KNOWN)
            fresh = Seen(account, hidden, standing)
            self.accounts[account.id] = replace(before, account=account, hidden=hidden) if before else fresh
        self.rows = {name: self.row(seen) for name, seen in self.accounts.items()}

    def row(self, seen: Seen) -> AccountRow:
        account = seen.account
        place = (account.id, account.carrier, account.group)
        return row_of(place, seen.standing, self.interval(account), tuple(seen.probes.values()), seen.roundtrips)

    def interval(self, account: Account, probe: str = "") -> float:
        return interval(account, self.shift.house.config.carriers[account.carrier].limits, probe)

    # ---- one row of the engine ---------------------------------------------------------------------------------------

    async def ended(self, row: Result) -> None:
        """Returns when it is durable. StoreError: it is offered again, and nothing new is begun meanwhile."""
        if row.kind is Kind.SKIPPED:
            self.metrics.slots_skipped(row.count)
            return
        seen = self.accounts.get(row.account)
        if seen is None:
            return  # a reload took it away while it ran
        judged = self.judge(seen, row)
        await self.keep(judged)
        await self.tell(judged)

    def judge(self, seen: Seen, row: Result) -> Judged:
        config, now = self.shift.house.config, self.wall()
        carrier = config.carriers[seen.account.carrier]
        seen.newest.update({one.probe: one for one in row.evidence if one.ending.kind is not End.HELD})
        evidence = tuple(self.fresh(seen, now))
        picture = take_picture(
            evidence,
            account=seen.account,
            carrier=carrier,
            told=Observations(),
            bounces=(),
            history=History(),
            now=now,
            us=ourselves(config, evidence),
            network=config.engine.network,
        )
        self.fitness.learn(carrier, picture, evidence, now)
        case = Case(carrier.name, evidence, picture, judge(picture), self.fitness.jumps)
        verdict = veto(self.fitness.health.bad, case)
        fit = verdict.code is case.verdict.code
        outcomes = tuple(outcome_of(one, picture, fit) for one in row.evidence)
        return Judged(seen, row, outcomes, picture, verdict, self.stepped(seen, carrier, picture, verdict, now))

    def fresh(self, seen: Seen, now: float) -> Iterable[Evidence]:
        """What still belongs to the picture: of each probe its newest run, for two of its intervals."""
        for probe, one in seen.newest.items():
            if now - one.started <= max(LEAST_FRESH, FRESH * self.interval(seen.account, probe)):
                yield one

    def stepped(self, seen: Seen, carrier: Carrier, picture: Picture, verdict: Verdict, now: float) -> Step:
        reading = read(verdict, picture, self.fitness.health.is_fit, now)
        if self.shift.announced.under_way(seen.account) is not None:
            return step_in_maintenance(seen.standing, reading, now)
        return step(seen.standing, reading, self.interval(seen.account), carrier.relation, now)

    async def keep(self, judged: Judged) -> None:
        store, seen = self.shift.house.store, judged.seen
        events = self.events(judged)

        def also(transaction: Transaction) -> None:
            put_letters(transaction.core, events)

        runs = zip(judged.row.evidence, judged.outcomes, strict=True)
        code = judged.verdict.code.value
        await asyncio.gather(*(store.results.keep(one, Counted(outcome), seen.hidden, code) for one, outcome in runs))
        await store.verdicts.keep(seen.account.id, judged.verdict, self.wall(), seen.hidden)
        await store.standings.keep(seen.account.id, judged.step.standing, judged.step.change, also)

    def events(self, judged: Judged) -> tuple[Letter, ...]:
        """What the webhook is told, in the transaction that makes it true."""
        notify, change = self.shift.house.config.notify, judged.step.change
        if notify is None or change is None or change.revised:
            return ()
        return letters((changed(judged, change),), notify.events)

    async def tell(self, judged: Judged) -> None:
        """Everybody who looks on; it is durable by now."""
        seen, row = judged.seen, judged.row
        seen.newest.settle()
        seen.standing = judged.step.standing
        house = self.shift.house
        carrier = house.config.carriers[seen.account.carrier]
        for one, outcome in zip(row.evidence, judged.outcomes, strict=True):
            self.count(seen, carrier, one, outcome)
            for held in held_in(one):
                self.metrics.held_back(carrier.name, held.why)
            seen.probes[one.probe] = self.probe_row(seen, one, outcome)
            await house.breakers.learn(one.facts, pace_of(carrier.limits), ourselves_fit=self.fitness.health.is_fit)
        self.metrics.result_stored(carrier.name, self.wall())
        self.rows[seen.account.id] = self.row(seen)
        if judged.step.change is not None:
            self.shift.happened.set()
            self.fitness.flipped(flips_of(seen.account, judged.step.change))
        if judged.step.confirm_at is not None:
            await self.confirm(judged, judged.step.confirm_at)

    def count(self, seen: Seen, carrier: Carrier, evidence: Evidence, outcome: Outcome) -> None:
        account = seen.account
        count_run(self.metrics, account, evidence, outcome)
        mailbox = self.shift.house.store.canaries.subject_of(account.address.key)
        count_facts(self.metrics, self.tally, account, carrier, evidence, mailbox)
        self.certificates |= certificates(evidence, carrier.name)
        servers = self.servers.setdefault(carrier.name, set())
        servers.update(fact.server.lower() for fact in evidence.facts if fact.server)

    def probe_row(self, seen: Seen, evidence: Evidence, outcome: Outcome) -> ProbeRow:
        before = seen.probes.get(evidence.probe)
        at = evidence.started + evidence.took
        if outcome not in (Outcome.GOOD, Outcome.BAD):
            kept = ProbeRow(evidence.probe, evidence.vantage, None)
            return before or kept
        good = outcome is Outcome.GOOD
        last = at if good else (before.last_success if before else None)
        stale = at + 3 * self.interval(seen.account, evidence.probe)
        return ProbeRow(evidence.probe, evidence.vantage, good, at, evidence.took, last, stale)

    async def confirm(self, judged: Judged, at: float) -> None:
        """A second reading decides: asked for once, and never by a login that was refused."""
        account = judged.seen.account
        probes = [probe for probe in ("mx", "imap", "submission") if probe in account.probes]
        if judged.picture.sign_in.value in NOT_AGAIN:
            probes = [probe for probe in probes if probe == "mx"]
        for probe in probes:
            await self.shift.house.engine.later(account.id, probe, at, f"confirm:{account.id}:{probe}:{at:.0f}")


async def watch(watching: Watching) -> None:
    """Serve the schedule until the shift ends; what runs then ends at a boundary."""
    shift, engine = watching.shift, watching.shift.house.engine
    renewed = asyncio.Event()
    shift.reloader.subscribe(lambda old, new: renewed.set())
    past = Past(shift.house.store.jobs.schedule_key(), await newest_slots(watching))
    hooks = Hooks(watching.ended, watching.metrics.slot_began, nothing_against)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(engine.serve(fleet_of(shift.house.config), hooks, past))
        keeping = group.create_task(keep_renewed(watching, renewed))
        await shift.ending.wait()
        await engine.drain(DRAINS_WITHIN)
        await serving
        keeping.cancel()


DRAINS_WITHIN = 5.0


async def keep_renewed(watching: Watching, renewed: asyncio.Event) -> None:
    while True:
        await renewed.wait()
        renewed.clear()
        config = watching.shift.house.config
        watching.renew(config)
        await watching.shift.house.engine.replace(fleet_of(config))


async def nothing_against(due: Due, probe: str) -> Hold | None:
    return None


async def newest_slots(watching: Watching) -> dict[str, float]:
    """Account -> when it was last asked by the schedule."""
    found: dict[str, float] = {}
    for one in await watching.shift.house.store.results.last():
        found[one.account] = max(one.at, found.get(one.account, 0.0))
    return found


def fleet_of(config: Config) -> Fleet:
    accounts = tuple(
        replace(one, every=(("", interval(one, config.carriers[one.carrier].limits)),)) if not one.every else one
        for one in config.accounts
    )
    return Fleet(accounts, config.carriers, config.prober, config.engine.vantage)


def interval(account: Account, limits: Limits, probe: str = "") -> float:
    """Seconds between two runs of a probe, or ('') between two looks at an account."""
    table = dict(account.every)
    base = table.get("") or max(USUAL, 2 * limits.rcpt_gap)
    return table.get(probe, base) if probe else base


def names_of(account: Account, carrier: Carrier) -> tuple[str, ...]:
    """Whatever must not stand in the store: the names of the account and of the controls beside it."""
    controls = [name for one in carrier.live_controls for name in (str(one.address), one.username, one.submission_username)]
    dead = [str(carrier.dead_control)] if carrier.dead_control is not None else []
    own = (account.address.key, str(account.address), account.username, account.submission_username)
    return tuple(dict.fromkeys(name for name in (*own, *controls, *dead) if name))


def changed(judged: Judged, change: Change) -> Event:
    account, verdict = judged.seen.account, judged.verdict
    return StatusChanged(
        account=account.id,
        carrier=account.carrier,
        group=account.group,
        before=change.old,
        after=change.new,
        code=change.code,
        actor=verdict.actor,
        confidence=verdict.confidence,
        at=change.at,
    )


def flips_of(account: Account, change: Change) -> tuple[Flip, ...]:
    return (Flip(account.id, account.carrier, change.at),) if change.worse and change.old is Status.OK else ()
