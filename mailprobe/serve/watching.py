"""The schedule's results: each is kept, judged, made a reading of its account's status, and told.

Nothing is shown or counted before it is durable. What each account was last seen to be is held in memory; a status and the
reading that waits for a second one outlive the process in the store.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Container, Iterable, Mapping
from dataclasses import dataclass, field

from mailprobe.bounces.door import Reason
from mailprobe.carriers import Carrier
from mailprobe.config import Account, Config
from mailprobe.config.every import interval
from mailprobe.config.names import names_of
from mailprobe.console.fleet.returned import Mailboxes
from mailprobe.console.instruments import Summary
from mailprobe.daemon import accepted, ourselves
from mailprobe.engine import Kind, Result
from mailprobe.evidence import End, Evidence
from mailprobe.limits import pace_of
from mailprobe.limits.held import held_in
from mailprobe.log import Event, tell
from mailprobe.metrics import AccountRow, Metrics, Outcome, ProbeRow, Roundtrip, row_of
from mailprobe.notify.events import Event as Happening
from mailprobe.notify.events import Letter, VerdictRevised, letters
from mailprobe.prober import Check
from mailprobe.prober.findings import Flip as Turned
from mailprobe.prober.veto import Case, veto, voided
from mailprobe.serve.counting import certificates, count_mails, count_run, roundtrip_of
from mailprobe.serve.fitness import Fitness
from mailprobe.serve.flips import Flips, asked_again
from mailprobe.serve.looks import Looks, free_at
from mailprobe.serve.outcome import outcome_of
from mailprobe.serve.repairs import Repairs
from mailprobe.serve.seen import NOTHING_KNOWN, Seen, thrice
from mailprobe.serve.shift import Shift
from mailprobe.serve.tally import Tally
from mailprobe.serve.telling import changed, revised
from mailprobe.status import Standing, Step, step, step_in_maintenance, undecided
from mailprobe.status.flips import Flip
from mailprobe.status.readings import decided_at, read
from mailprobe.status.spells import Lasting, history_of, spells_after
from mailprobe.store import StoreError
from mailprobe.store.hidden import Hidden
from mailprobe.store.outbox import put as put_letters
from mailprobe.store.results import Outcome as Counted
from mailprobe.store.skips import Skipped
from mailprobe.store.spells import put as put_spells
from mailprobe.store.statement import Transaction
from mailprobe.store.verdicts import put as put_word
from mailprobe.store.verdicts import row_of as word_of
from mailprobe.store.verdicts import said_of
from mailprobe.verdict import Status, Verdict
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import History, Picture, SignIn
from mailprobe.verdict.take import remembering, take_picture

FRESH = 2.0  # intervals for which what a probe saw belongs to the picture
LEAST_FRESH = 60.0
NOT_AGAIN = frozenset(
    {SignIn.REFUSED, SignIn.REFUSED_BEFORE, SignIn.DISABLED, SignIn.EXPIRED}
)  # confirmed at RCPT, not by a login


@dataclass(frozen=True, slots=True)
class Judged:
    """One row of the engine, judged: what is kept together, and told afterwards. jumps: how often the clock had been moved;
    flip: the change for the worse, held or not."""

    seen: Seen
    row: Result
    outcomes: tuple[Outcome, ...]
    picture: Picture
    verdict: Verdict
    step: Step
    lasting: tuple[Lasting, ...]
    jumps: int
    flip: Flip | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed from a row that is durable. letters: somebody is to be told."""

    revision: VerdictRevised | None
    letters: bool


@dataclass(slots=True)
class Watching:
    """Everything that is watched. Made by `watch`."""

    shift: Shift
    metrics: Metrics
    fitness: Fitness
    accounts: dict[str, Seen] = field(default_factory=dict)
    rows: dict[str, AccountRow] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    looks: Looks = field(default_factory=Looks)
    troubled: asyncio.Queue[tuple[str, str]] = field(default_factory=asyncio.Queue)  # carrier and probe of each new look
    certificates: dict[tuple[str, str], float] = field(default_factory=dict)  # by carrier and endpoint: Unix seconds
    servers: dict[str, set[str]] = field(default_factory=dict)  # by carrier: those that were asked
    summary: Summary = field(default_factory=Summary)  # of all accounts, as the console counts them
    mailboxes: Mailboxes = field(default_factory=Mailboxes)
    lifted: dict[str, float] = field(default_factory=dict)  # by carrier: when an incident lifted the guard on strangers
    flips: Flips = field(default_factory=Flips)
    repairs: Repairs = field(default_factory=Repairs)
    rejected: Counter[Reason] = field(default_factory=Counter)  # by the receiver, as far as it was counted
    jumps: int = 0
    turns: dict[str, asyncio.Future[None]] = field(default_factory=dict)  # by account: the end of the last row on its way

    def wall(self) -> float:
        return self.shift.house.clock.wall()

    async def open(self) -> None:
        """What was known when the last process ended."""
        store = self.shift.house.store
        self.renew(self.shift.house.config, await store.standings.all())
        lasting, last = await store.spells.all(), await store.results.last()
        taken = {one.account for one in last if accepted((one,))}
        for name, seen in self.accounts.items():
            seen.lasting, seen.accepted = lasting.get(name, ()), name in taken
        self.fitness.jumped = self.jumped

    def jumped(self) -> None:
        """The time between two readings is not known: what waits for a second one waits no more."""
        self.jumps += 1
        self.flips.forget()
        for seen in self.accounts.values():
            seen.standing = undecided(seen.standing)

    def renew(self, config: Config, standings: Mapping[str, Standing] | None = None) -> None:
        """The accounts of a configuration, in its order; those that stay keep what is known of them."""
        known, results, carriers = self.accounts, self.shift.house.store.results, config.carriers

        def hide(account: Account) -> Hidden:
            return results.hide(names_of(account, carriers[account.carrier]))

        self.accounts = {}
        for account in config.accounts:
            seen = known.get(account.id)
            if seen is None:
                seen = Seen(account, hide, (standings or {}).get(account.id, NOTHING_KNOWN))
            seen.account, seen.hide = account, hide  # the same object: a row on its way writes down there what it has learnt
            self.accounts[account.id] = seen
        self.rows = {name: self.row(seen) for name, seen in self.accounts.items()}

    def hidden(self, account: str) -> Hidden | None:
        """The names to be hidden, or shown again, in what is stored of an account; None if it is not watched."""
        seen = self.accounts.get(account)
        return seen.hidden if seen is not None else None

    def row(self, seen: Seen) -> AccountRow:
        account = seen.account
        place = (account.id, account.carrier, account.group)
        return row_of(place, seen.standing, self.interval(account), seen.probes, seen.roundtrips)

    def interval(self, account: Account, probe: str = "") -> float:
        return interval(account, self.shift.house.config.carriers[account.carrier].limits, probe)

    # ---- one row of the engine ---------------------------------------------------------------------------------------

    async def ended(self, row: Result) -> None:
        """Returns when it is durable. StoreError: it is offered again, and nothing new is begun meanwhile."""
        if row.kind is Kind.SKIPPED:
            await self.skipped(row)
            return
        seen = self.accounts.get(row.account)
        if seen is None:
            return  # a reload took it away while it ran
        before, mine = self.turns.get(row.account), asyncio.get_running_loop().create_future()
        self.turns[row.account] = mine
        try:
            if before is not None:  # of this account, one after the other: a reading rests on the one before it
                await asyncio.wait((before,))
            judged = self.judge(self.accounts.get(row.account, seen), row)
            await self.keep(judged)
            await self.tell(judged)
        finally:
            mine.set_result(None)
            if self.turns.get(row.account) is mine:
                del self.turns[row.account]

    async def skipped(self, row: Result) -> None:
        if row.slot is not None:
            missed = row.missed.value if row.missed is not None else ""
            await self.shift.house.store.skips.keep(Skipped(row.account, row.slot, row.at, missed, row.count))
        self.metrics.slots_skipped(row.count)

    async def looked(self, account: Account, evidence: tuple[Evidence, ...]) -> None:
        """A look for test mails that are under way, beside the schedule: what is found, or has come back, revises."""
        asked = tuple(one.probe for one in evidence)
        if account.id in self.accounts and evidence:
            await self.ended(Result(account.id, account.carrier, Kind.RESULT, self.wall(), None, asked, evidence))

    def judge(self, seen: Seen, row: Result) -> Judged:
        self.fitness.look()
        config, now = self.shift.house.config, self.wall()
        carrier = config.carriers[seen.account.carrier]
        learnt = {one.probe: one for one in self.learnt(carrier.name, row, now)}
        seen.newest.update(learnt)
        evidence = tuple(self.fresh(seen, learnt, now))
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
        lasting = spells_after(seen.lasting, picture, lambda probe: self.interval(seen.account, probe))
        picture = remembering(picture, history_of(lasting, accepted_before=seen.accepted), now)
        self.fitness.learn(carrier, picture, row.evidence, now)
        case = Case(carrier.name, evidence, picture, judge(picture), self.fitness.jumps)
        verdict = veto(self.fitness.health.bad, case)
        fit = verdict.code is case.verdict.code
        done, flip = self.stepped(seen, carrier, picture, verdict, fit), None
        if done.change is not None and done.change.worse:
            rechecked = self.flips.is_rechecked(seen.account.id, decided_at(verdict, picture), evidence)
            flip = Flip(seen.account.id, carrier.name, done.change, rechecked)
            if self.flips.turned(flip, self.fitness.watched, now):
                self.flips.hold(seen.account.id, asked_again(seen.account.probes, picture, NOT_AGAIN), now)
                verdict, fit = voided(verdict, Check.MASS), False
                done = self.stepped(seen, carrier, picture, verdict, fit)
        outcomes = tuple(outcome_of(one, picture, fit) for one in row.evidence)
        return Judged(seen, row, outcomes, picture, verdict, done, lasting, self.jumps, flip)

    def learnt(self, carrier: str, row: Result, now: float) -> Iterable[Evidence]:
        """What was seen; for what was held back because its server is in trouble, what the last look there showed."""
        for one in row.evidence:
            known = one if one.ending.kind is not End.HELD else self.looks.instead_of(carrier, one, now)
            if known is not None:
                yield known

    def fresh(self, seen: Seen, learnt: Container[str], now: float) -> Iterable[Evidence]:
        """What still belongs to the picture: of each probe its newest run, for two of its intervals. learnt: the probes that have
        just told something; a look at a server that is left alone may be older, and nothing newer is to be had. What began in
        the future is from before the clock was put back: nobody knows how old it is."""
        for probe, one in seen.newest.items():
            lasts = max(LEAST_FRESH, FRESH * self.interval(seen.account, probe))
            if probe in learnt or -LEAST_FRESH <= now - one.started <= lasts:
                yield one

    def stepped(self, seen: Seen, carrier: Carrier, picture: Picture, verdict: Verdict, fit: bool) -> Step:
        """fit: no trouble of ours explains this verdict."""
        now = self.wall()
        reading = read(verdict, picture, fit, now)
        if self.shift.announced.under_way(seen.account) is not None:
            return step_in_maintenance(seen.standing, reading, now)
        return step(seen.standing, reading, self.interval(seen.account), carrier.relation, now)

    async def keep(self, judged: Judged) -> None:
        """What was seen, said and decided goes to the writer in one go: one wait for the disk, not three."""
        store, seen, now = self.shift.house.store, judged.seen, self.wall()
        hidden, runs = seen.hidden, zip(judged.row.evidence, judged.outcomes, strict=True)
        word = word_of(seen.account.id, judged.verdict, now, hidden)
        quiet = self.is_quiet(seen.account)

        def also(transaction: Transaction) -> Followed:
            revises = put_word(transaction, word)
            said = said_of(revises, hidden) if revises is not None else seen.withdrawn
            revision = revised(seen.account, judged.verdict, said, judged.row.evidence, now)
            letters = () if quiet else self.letters(judged, revision)
            put_letters(transaction.core, letters)
            if judged.lasting != seen.lasting:
                put_spells(transaction, seen.account.id, judged.lasting)
            return Followed(revision, bool(letters))

        standing, code = self.standing_after(judged), judged.verdict.code.value
        kept = asyncio.gather(*(store.results.keep(one, Counted(outcome), hidden, code) for one, outcome in runs))
        followed, _ = await asyncio.gather(store.standings.keep(seen.account.id, standing, judged.step.change, also), kept)
        if followed.letters:
            self.shift.happened.set()
        seen.withdrawn, seen.lasting = None, judged.lasting
        if followed.revision is not None or judged.step.change is not None:
            seen.revised_to = judged.verdict.code if followed.revision is not None else None

    def standing_after(self, judged: Judged) -> Standing:
        standing = judged.step.standing
        return standing if judged.jumps == self.jumps else undecided(standing)

    def is_quiet(self, account: Account) -> bool:
        """Nobody is to be told of it: while work is announced, nothing."""
        return self.shift.house.config.notify is None or self.shift.announced.under_way(account) is not None

    def letters(self, judged: Judged, revision: VerdictRevised | None) -> tuple[Letter, ...]:
        """What the webhook is told, in the transaction that makes it true."""
        notify, change, account = self.shift.house.config.notify, judged.step.change, judged.seen.account
        told: list[Happening] = [revision] if revision is not None else []
        if change is not None and not (change.revised and (told or change.code is judged.seen.revised_to)):
            told.append(changed(account, judged.verdict, change))
        return letters(tuple(told), notify.events) if notify is not None else ()

    async def tell(self, judged: Judged) -> None:
        """Everybody who looks on; it is durable by now."""
        seen, row = judged.seen, judged.row
        seen.newest.settle()
        seen.standing = self.standing_after(judged)
        house = self.shift.house
        carrier = house.config.carriers[seen.account.carrier]
        for one, outcome in zip(row.evidence, judged.outcomes, strict=True):
            self.count(seen, carrier, one, outcome)
            for held in held_in(one):
                self.metrics.held_back(carrier.name, held.why)
            seen.put(self.probe_row(seen, one, outcome))
            seen.accepted = seen.accepted or (one.probe == "mx" and outcome is Outcome.GOOD)
            await done_once(house.breakers.learn(one.facts, pace_of(carrier.limits), ourselves_fit=self.fitness.health.hears))
            if self.looks.learn(carrier.name, one):
                self.troubled.put_nowait((carrier.name, one.probe))
        self.metrics.result_stored(carrier.name, self.wall())
        self.rows[seen.account.id] = self.row(seen)
        self.turned(judged)
        if judged.step.confirm_at is not None:
            await self.confirm(judged, judged.step.confirm_at)

    def turned(self, judged: Judged) -> None:
        """What a change for the worse says of us; and a held account is let go once it is shown, or well again."""
        flip, seen = judged.flip, judged.seen
        if flip is not None and flip.rechecked:
            self.fitness.confirmed(flip.carrier)
        elif flip is not None and flip.change.old is Status.OK:
            self.fitness.flipped([Turned(flip.account, flip.carrier, flip.change.at)])
        if flip is not None and judged.step.change is None:
            self.fitness.doubted.set()
        elif seen.standing.unconfirmed is None:
            self.flips.let_go(seen.account.id)

    def count(self, seen: Seen, carrier: Carrier, evidence: Evidence, outcome: Outcome) -> None:
        account = seen.account
        count_mails(self.metrics, carrier, evidence)
        if self.shift.announced.under_way(account) is None:
            mailbox = self.shift.house.store.canaries.subject_of(account.address.key)
            count_run(self.metrics, self.tally, account, carrier, evidence, outcome, mailbox)
        took = roundtrip_of(evidence)
        if took is not None:
            seen.roundtrips = (Roundtrip(evidence.vantage, took),)
        self.certificates |= certificates(evidence, carrier.name)
        servers = self.servers.setdefault(carrier.name, set())
        servers.update(fact.server.lower() for fact in evidence.facts if fact.server)

    def probe_row(self, seen: Seen, evidence: Evidence, outcome: Outcome) -> ProbeRow:
        before = seen.probe(evidence.probe)
        at = evidence.started + evidence.took
        if outcome not in (Outcome.GOOD, Outcome.BAD):
            kept = ProbeRow(evidence.probe, evidence.vantage, None)
            return before or kept
        good = outcome is Outcome.GOOD
        last = at if good else (before.last_success if before else None)
        lasts = thrice(self.interval(seen.account, evidence.probe))
        return ProbeRow(evidence.probe, evidence.vantage, good, at, evidence.took, last, lasts)

    async def confirm(self, judged: Judged, at: float) -> None:
        """A second reading decides: asked for once, and never by a login that was refused; once more where only what was known
        before came of it. Where a server lets nobody in, one more look at it decides for all behind it."""
        account, later = judged.seen.account, self.shift.house.engine.later
        gap = self.shift.house.config.carriers[account.carrier].limits.rcpt_gap
        shut = [probe for probe in account.probes if self.looks.found_trouble(judged.seen.newest.get(probe))]
        for probe in shut or asked_again(account.probes, judged.picture, NOT_AGAIN):
            when = at if at > self.wall() else max(at, free_at(judged.row.evidence, probe, gap))
            whose = account.carrier if shut else account.id
            await done_once(later(account.id, probe, when, f"confirm:{whose}:{probe}:{when:.0f}"))


async def done_once(doing: Awaitable[None]) -> None:
    """What follows a row that is durable: a store in trouble must not have the row offered again, and counted twice. The next
    slot brings what is missed here."""
    try:
        await doing
    except StoreError as error:
        tell(Event.STORE_TROUBLED, error=error, code=error.code)
