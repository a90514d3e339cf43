"""Accounts over hours and days of virtual time: readings of recorded facts, through the prober's veto and the status.

Between readings the truth changes, faults come and stay or come and go, the clock jumps, breakers hold, our own trouble is
noticed or not yet, a part of the probes runs and the rest is remembered. What was recorded is only moved in time; a picture of
one recording is taken once, since it does not depend on the hour.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from mailprobe.carriers import Carrier, Relation
from mailprobe.config import Account
from mailprobe.evidence import Evidence
from mailprobe.prober import Check, Finding, Remark, State
from mailprobe.prober.clock import Jump, JumpKind
from mailprobe.prober.veto import Case, veto
from mailprobe.status import Change, Standing, step, undecided
from mailprobe.status.readings import read
from mailprobe.status.spells import Lasting, history_of, spells_after
from mailprobe.verdict import Code, Status, Verdict
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import Acceptance, History, Known, Picture
from mailprobe.verdict.take import remembering, take_picture
from tests.unit.verdict.world import DOWN, Truth
from tests.world.draw import Names
from tests.world.tally import Tally
from tests.world.wire import US, Seen, account, carrier, moved

Frame = tuple[int, bool, bool, bool]
BEGAN = 1_790_000_000.0
FRESH, LEAST_FRESH = 2.0, 60.0
NOT_FOR_LONG = 86_400.0  # seconds for which "come again later" may be honest
LIVES = tuple(truth for truth in Truth if truth is not Truth.MISSPELT)  # whoever is watched has an address
ILL = tuple(truth for truth in LIVES if truth not in DOWN)
FINDINGS = (Check.RESOLVER, Check.BLOCK_LIST, Check.PORT_25, Check.NAME, Check.CLOCK)
MOST = 20_000  # pictures that are kept


def frame_of(seen: Seen) -> Frame:
    """What of a scene is configured, and so stays the same over an account's life."""
    world = seen.scene.world
    configured = seen.scene.lines.names is Names.CONFIGURED
    return world.hosts, world.submission != "none", world.live_signs_in != "absent", configured


@dataclass
class Recording:
    """One scene's facts, and what they are as a picture of their own. name: of the run that recorded it."""

    name: str
    seen: Seen

    @cached_property
    def runs(self) -> dict[str, Evidence]:
        return {one.probe: one for one in self.seen.evidence}


@dataclass
class Pool:
    """Recordings by frame and truth."""

    known: dict[Frame, dict[Truth, list[Recording]]] = field(default_factory=dict)

    def add(self, name: str, seen: Seen) -> None:
        truth = seen.scene.world.truth
        if seen.evidence and truth in LIVES and seen.scene.is_down is (truth in DOWN):
            self.known.setdefault(frame_of(seen), {}).setdefault(truth, []).append(Recording(name, seen))


@dataclass(frozen=True)
class Period:
    """So long this is true: slots of the account's schedule."""

    truth: Truth
    first: int
    last: int


Chapter = tuple[float, str, dict[str, tuple[Recording, float]], str, str]


@dataclass
class Told:
    """A picture and its verdict as of `at`, Unix seconds."""

    picture: Picture
    verdict: Verdict
    at: float


@dataclass
class Life:
    """One account. newest: by probe the recording and when its run began."""

    dice: random.Random
    name: str
    pool: dict[Truth, list[Recording]]
    tally: Tally
    interval: float
    relation: Relation
    network: str
    account: Account
    carrier: Carrier
    cache: dict[object, Told]
    now: float = BEGAN
    standing: Standing = field(default_factory=Standing)
    spells: tuple[Lasting, ...] = ()
    newest: dict[str, tuple[Recording, float]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    jumps: tuple[Jump, ...] = ()
    downs: list[tuple[float, float]] = field(default_factory=list)
    put_off: float | None = None
    current: Recording | None = None
    story: deque[Chapter] = field(default_factory=lambda: deque(maxlen=6))

    # ---- what happens ------------------------------------------------------------------------------------------------

    def live(self, periods: Sequence[Period]) -> None:
        for period in periods:
            began = self.now
            self.put_off = (self.put_off or began) if period.truth is Truth.PUT_OFF else None
            if period.truth in DOWN:
                self.downs.append((began, float("inf")))
            self.current = None
            for _ in range(period.first, period.last):
                self.slot(period.truth)
            if period.truth in DOWN:
                self.downs[-1] = (began, self.now)
                if period.last - period.first >= 4:
                    said = "down" if self.standing.status is Status.DOWN else self.standing.status.value
                    self.tally.of_down[(period.truth.name, said)] += 1

    def slot(self, truth: Truth) -> None:
        self.now += self.interval
        self.events()
        if self.dice.random() < 0.04:
            self.tally.others["readings of held runs"] += 1
            self.reading("held")  # a breaker, or a gap: nothing was asked
            return
        self.ask(truth, self.some_probes())
        confirm_at = self.reading(truth.name)
        if confirm_at is not None and self.dice.random() < 0.5 and confirm_at < self.now + self.interval:
            self.now = max(self.now + 1.0, confirm_at)
            self.ask(truth, ("mx", "imap", "submission"))
            self.reading(truth.name + " confirmed")

    def events(self) -> None:
        """Jumps of the clock, and trouble of our own that is noticed."""
        self.jumps = ()
        if self.dice.random() < 0.02:
            by = self.dice.choice([3600.0, -3600.0, 900.0, 50_000.0])
            self.now += by
            self.downs = [(began + min(by, 0.0), ended) for began, ended in self.downs]
            self.jumps = (Jump(JumpKind.STEPPED, by, 0.0, 1.0),)
            self.standing = undecided(self.standing)
            self.tally.others["jumps of the clock"] += 1
        if self.findings:
            self.findings = () if self.dice.random() < 0.4 else self.findings
        elif self.dice.random() < 0.03:
            check = self.dice.choice(FINDINGS)
            self.findings = (Finding(check, State.BAD, Remark.NOTHING, self.now),)
            self.tally.others["troubles of our own"] += 1

    def ask(self, truth: Truth, probes: Sequence[str]) -> None:
        known = self.pool[truth]
        if self.current is None or self.dice.random() < 0.5:  # faults stay for a while, or come and go
            self.current = self.dice.choice(known)
        self.newest = self.newest | {probe: (self.current, self.now) for probe in probes if probe in self.current.runs}

    def some_probes(self) -> tuple[str, ...]:
        every = ("dns", "mx", "imap", "submission", "canary")
        return every if self.dice.random() < 0.93 else tuple(one for one in every if self.dice.random() < 0.5)

    # ---- what is made of it ------------------------------------------------------------------------------------------

    def reading(self, what: str) -> float | None:
        """One row judged and counted. When a second reading would decide."""
        lasts = max(LEAST_FRESH, FRESH * self.interval)
        self.newest = {probe: one for probe, one in self.newest.items() if -LEAST_FRESH <= self.now - one[1] <= lasts}
        told = self.told()
        if self.spells or told.picture.acceptance.among(Acceptance.DEFERRED_ALONE):
            told = self.with_past(told)
        verdict = told.verdict
        if self.findings or self.jumps:
            verdict = veto(self.findings, Case("lab", tuple(self.evidence()), told.picture, verdict, self.jumps))
        by = self.now - told.at
        reading = read(verdict, told.picture, not self.findings, self.now)
        reading = replace(reading, seen_at=reading.seen_at + by if reading.seen_at is not None else None)
        done = step(self.standing, reading, self.interval, self.relation, self.now)
        self.standing = done.standing
        self.tally.runs += 1
        self.tally.said[verdict.code.value] += 1
        self.story.append((self.now, what, self.newest, verdict.code.value, self.standing.status.value))
        self.check(verdict, done.change, lasts)
        return done.confirm_at

    def told(self) -> Told:
        """The picture of what is fresh; taken once for each mixture of recordings of the same ages."""
        ages = [(probe, one.name, round(self.now - began, 1)) for probe, (one, began) in self.newest.items()]
        key = (self.network, tuple(sorted(ages)))
        known = self.cache.get(key)
        if known is None:
            picture = self.picture()
            known = Told(picture, judge(picture), self.now)
            if len(self.cache) >= MOST:
                self.cache.clear()
            self.cache[key] = known
        return known

    def picture(self) -> Picture:
        return take_picture(
            tuple(self.evidence()),
            account=self.account,
            carrier=self.carrier,
            told=Observations(),
            bounces=(),
            history=History(),
            now=self.now,
            us=US,
            network=self.network,
        )

    def evidence(self) -> Iterable[Evidence]:
        for probe, (recording, began) in self.newest.items():
            run = recording.runs[probe]
            yield moved(run, began - recording.seen.at)

    def with_past(self, told: Told) -> Told:
        """The same with what lasts: then the hour counts."""
        by, known = self.now - told.at, told.picture.acceptance
        at = known.at + by if known.at is not None else None
        picture = replace(told.picture, acceptance=Known(known.value, at, known.source))
        self.spells = spells_after(self.spells, picture, lambda probe: self.interval)
        picture = remembering(told.picture, history_of(self.spells, accepted_before=True), self.now)
        return Told(picture, judge(picture), told.at)

    # ---- whether it is true ------------------------------------------------------------------------------------------

    def check(self, verdict: Verdict, change: Change | None, lasts: float) -> None:
        """Down may be said while it is so, and as long as what was seen then counts; a status for what it rests on."""
        if verdict.status is Status.DOWN and not self.was_down(self.now - lasts - 1.0) and not self.may_be_stuck(verdict.code):
            self.false("verdict")
        if change is None or change.new is not Status.DOWN:
            return
        self.tally.others["statuses that became down"] += 1
        if not self.was_down(min(change.since, self.now) - lasts - 1.0) and not self.may_be_stuck(change.code):
            self.false("status")

    def was_down(self, since: float) -> bool:
        return any(ended >= since for _, ended in self.downs)

    def may_be_stuck(self, code: Code) -> bool:
        """Who is put off alone for more than a day is stuck, by whatever reason."""
        return code is Code.STUCK_DEFERRED and self.put_off is not None and self.now - self.put_off >= NOT_FOR_LONG

    def false(self, what: str) -> None:
        self.tally.false.append(f"{self.name} ({what}): " + "; ".join(map(told_again, self.story)))


def told_again(one: Chapter) -> str:
    """One reading: when, what was true, which recordings of what age it rests on, what was said, and the status then."""
    now, what, newest, code, status = one
    seen = " ".join(f"{probe}={known.name}@{now - began:.0f}" for probe, (known, began) in sorted(newest.items()))
    return f"{now - BEGAN:.0f} {what} {seen}: {code}, {status}"


def periods(dice: random.Random, pool: dict[Truth, list[Recording]]) -> list[Period]:
    """Mostly healthy; seven in ten accounts are never down."""
    ill = [truth for truth in ILL if truth in pool and truth is not Truth.HEALTHY]
    down = [truth for truth in sorted(DOWN, key=lambda one: one.value) if truth in pool]
    found, slot = [], 0
    may = dice.random() < 0.3
    while slot < 30:
        usual = Truth.HEALTHY if dice.random() < 0.5 else dice.choice(ill)
        truth = dice.choice(down) if may and down and dice.random() < 0.3 else usual
        length = dice.randint(1, 10)
        found.append(Period(truth, slot, slot + length))
        slot += length
    return found


def live(seed: str, pool: Pool, cache: dict[object, Told], tally: Tally) -> None:
    """One account's life, by its name: the same again from the same pool."""
    dice = random.Random(seed)  # noqa: S311  it is to be repeated
    frame = dice.choice(sorted(frame for frame, known in pool.known.items() if Truth.HEALTHY in known and len(known) > 5))
    known = pool.known[frame]
    first = known[Truth.HEALTHY][0].seen.scene
    life = Life(
        dice=dice,
        name=seed,
        pool=known,
        tally=tally,
        interval=dice.choice([60.0, 300.0, 300.0, 900.0, 3600.0]),
        relation=dice.choice([Relation.OWN, Relation.OWN, Relation.FOREIGN]),
        network=dice.choice(["", "outside"]),
        account=replace(account(first.world), enrolled=True),
        carrier=carrier(first),
        cache=cache,
    )
    life.live(periods(dice, known))
