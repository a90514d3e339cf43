"""What happens, counted: one method per event or state, with the types of the other rooms. Nothing here waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import TypeVar

from prometheus_client import Gauge

from mailprobe.evidence import Of, Stage
from mailprobe.metrics.accounts import account_series
from mailprobe.metrics.exposition import Form, families
from mailprobe.metrics.labels import clean
from mailprobe.metrics.recent import Recent
from mailprobe.metrics.registry import Families
from mailprobe.metrics.rows import AccountRow

Labels = TypeVar("Labels", bound=tuple[str, ...])

DAY = 86_400.0
MOST_ACCOUNTS = 10_000


class Outcome(StrEnum):
    """What one run of one probe came to."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    HELD = "held"
    OUR_FAULT = "our_fault"


class BounceStage(StrEnum):
    """When a mail was refused."""

    RCPT = "rcpt"
    DATA = "data"
    AFTER_ACCEPTANCE = "after_acceptance"


class Window(StrEnum):
    TEN_MINUTES = "10m"
    HOUR = "1h"

    @property
    def seconds(self) -> float:
        return 600.0 if self is Window.TEN_MINUTES else 3600.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What there will be to count. A series that starts at 0 shows its first event; one that comes with it does not.
    replies: class and of whom it speaks; bounces: classes, and whether they are hard; incidents: the states
    that an open one may have."""

    carriers: Collection[str]
    probes: Collection[str] = ()
    vantages: Collection[str] = ()
    replies: Collection[tuple[StrEnum, StrEnum]] = ()
    bounces: Collection[tuple[StrEnum, bool]] = ()
    held: Collection[StrEnum] = ()
    rejected: Collection[StrEnum] = ()
    incidents: Collection[StrEnum] = ()


@dataclass(frozen=True, slots=True)
class Slots:
    """The schedule since this process began. late: slots that began more than a second after their time."""

    begun: int
    late: int
    skipped: int


def stage_of(stage: Stage) -> BounceStage:
    if stage is Stage.AFTER_ACCEPTANCE:
        return BounceStage.AFTER_ACCEPTANCE
    return BounceStage.DATA if stage in (Stage.DATA, Stage.END_OF_DATA) else BounceStage.RCPT


class Metrics:
    """rows: the accounts as they are now, by id, in the order of the configuration; called at each scrape, and must give
    a mapping at once (it is copied). most: so many accounts have series of their own. clock: Unix seconds."""

    def __init__(
        self,
        rows: Callable[[], Mapping[str, AccountRow]],
        most: int = MOST_ACCOUNTS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.rows = rows
        self.most = most
        self.clock = clock
        self._of = Families()
        self._lag = Recent()
        self._commit = Recent()
        self._bounced: set[str] = set()
        self._day = -1
        self._incidents: tuple[StrEnum, ...] = ()
        self._of.event_loop_lag.set_function(self._lag.largest)
        self._of.store_commit.set_function(self._commit.largest)
        for state in (self._of.store_healthy, self._of.reload_successful):
            state.set(1)  # without either of them there would be no daemon to ask
        self._of.build_info.labels(version("mailprobe")).set(1)

    def exposition(self, form: Form) -> Iterator[bytes]:
        """One scrape, piece by piece; an empty piece is only a pause. Each takes a few milliseconds at most."""
        rows = tuple(self.rows().values())
        self._of.left_out.count = max(0, len(rows) - self.most)
        yield from families(self._of.registry, form)
        yield from account_series(rows, self.most, self.clock())
        yield form.end

    # ---- probes and their results ------------------------------------------------------------------------------------

    def probe_ended(self, probe: str, carrier: str, vantage: str, outcome: Outcome, took: float) -> None:
        """took: seconds. What was held back asked nothing, and has no duration."""
        where = (clean(probe), clean(carrier), clean(vantage))
        self._of.probes_total.labels(*where, outcome).inc()
        if outcome is not Outcome.HELD:
            self._of.probe_duration.labels(*where).observe(took)

    def result_stored(self, carrier: str, at: float) -> None:
        """at: Unix seconds."""
        self._of.last_result.labels(clean(carrier)).set(at)

    def reply(self, carrier: str, cls: StrEnum, speaks_of: StrEnum) -> None:
        self._of.replies_total.labels(clean(carrier), cls, speaks_of).inc()

    def held_back(self, carrier: str, reason: StrEnum) -> None:
        self._of.held_back.labels(clean(carrier), reason).inc()

    def slot_began(self, late: float) -> None:
        """late: seconds after its time."""
        self._of.slot_lateness.observe(max(0.0, late))

    def slots_skipped(self, count: int = 1) -> None:
        self._of.slots_skipped.inc(count)

    def held_so_far(self) -> dict[tuple[str, str], int]:
        """What was not asked, by carrier and reason, since this process began; for people, Prometheus counts for itself."""
        samples = (one for family in self._of.held_back.collect() for one in family.samples if one.name.endswith("_total"))
        return {(one.labels["carrier"], one.labels["reason"]): int(one.value) for one in samples}

    def slots_so_far(self) -> Slots:
        """The same of the schedule."""
        found = {one.labels.get("le"): int(one.value) for family in self._of.slot_lateness.collect() for one in family.samples}
        skipped = sum(int(one.value) for family in self._of.slots_skipped.collect() for one in family.samples)
        begun = found["+Inf"]
        return Slots(begun, begun - found["1.0"], skipped)

    # ---- test mails and bounces --------------------------------------------------------------------------------------

    def canary_sent(self, carrier: str) -> None:
        self._of.canaries_sent.labels(clean(carrier)).inc()

    def canary_arrived(self, carrier: str, vantage: str, took: float | None, late: bool = False) -> None:
        """took: seconds; None: nobody saw both ends of its way. late: it had been given up for lost."""
        if took is not None:
            self._of.canary_roundtrip.labels(clean(carrier), clean(vantage)).observe(took)
        if late:
            self._of.late_arrivals.labels(clean(carrier)).inc()

    def orphan_canaries(self, count: int) -> None:
        self._of.orphan_canaries.set(count)

    def bounce(self, carrier: str, cls: StrEnum, hard: bool, stage: BounceStage, mailbox: str, at: float) -> bool:
        """A mail that was refused or came back. mailbox: the store's hash of it, which counts once per UTC day; at: Unix
        seconds. False: it has counted today."""
        day = int(at // DAY)
        if day > self._day:
            self._day, self._bounced = day, set()
        if day < self._day or mailbox in self._bounced:
            return False
        self._bounced.add(mailbox)
        self._of.bounces_total.labels(clean(carrier), cls, str(hard).lower(), stage).inc()
        return True

    def bounced_before(self, mailboxes: Iterable[str], at: float) -> None:
        """After a start: who has counted today already, in an earlier process."""
        self._day, self._bounced = int(at // DAY), set(mailboxes)

    def bounce_rejected(self, reason: StrEnum, count: int = 1) -> None:
        self._of.bounces_rejected.labels(reason).inc(count)

    def bounced_mailboxes(self, counts: Mapping[tuple[str, StrEnum, Window], int]) -> None:
        """By carrier, class and window; whatever is not among them is 0 from now on."""
        self._replace(self._of.bounced_mailboxes, counts, keep=True)

    def tested_mailboxes(self, counts: Mapping[tuple[str, Window], int]) -> None:
        """By carrier and window; whatever is not among them is 0 from now on."""
        self._replace(self._of.tested_mailboxes, counts, keep=True)

    # ---- carriers ----------------------------------------------------------------------------------------------------

    def control(self, carrier: str, control: Of, vantage: str, good: bool | None) -> None:
        """Live controls must be accepted and sign in, the dead one must be refused. None: not known, and no series."""
        labels = (clean(carrier), control.value, clean(vantage))
        if good is None:
            self._of.control_success.remove_by_labels(dict(zip(("carrier", "control", "vantage"), labels, strict=True)))
        else:
            self._of.control_success.labels(*labels).set(good)

    def breaker(self, carrier: str, vantage: str, is_open: bool) -> None:
        self._of.breaker_open.labels(clean(carrier), clean(vantage)).set(is_open)

    def maintenance(self, carrier: str, under_way: bool) -> None:
        self._of.maintenance.labels(clean(carrier)).set(under_way)

    def incident(self, carrier: str, state: StrEnum | None) -> None:
        """The state of the carrier's open incident; None: there is none. States are those that were expected."""
        for one in self._incidents:
            self._of.incident.labels(clean(carrier), one).set(one == state)

    def certificates(self, not_after: Mapping[tuple[str, str], float]) -> None:
        """By carrier and `host:port`, Unix seconds; an endpoint that is not among them is gone."""
        self._replace(self._of.certificate_not_after, not_after)

    # ---- ourselves ---------------------------------------------------------------------------------------------------

    def prober_check(self, vantage: str, check: str, healthy: bool) -> None:
        self._of.prober_healthy.labels(clean(vantage), clean(check)).set(healthy)

    def loop_lag(self, seconds: float) -> None:
        self._lag.add(seconds)

    def store_committed(self, took: float) -> None:
        """took: seconds."""
        self._commit.add(took)

    def store_healthy(self, healthy: bool) -> None:
        self._of.store_healthy.set(healthy)

    def reloaded(self, successful: bool) -> None:
        self._of.reload_successful.set(successful)

    # ---- what is to be expected --------------------------------------------------------------------------------------

    def expect(self, expected: Expected) -> None:
        """Start at 0 what may come. Call it at the start and after each reload."""
        self._incidents = tuple(expected.incidents)
        for carrier in map(clean, expected.carriers):
            self._expect_of(carrier, expected)
        for reason in expected.rejected:
            self._of.bounces_rejected.labels(reason)

    def forget(self, carriers: Iterable[str]) -> None:
        """After a reload: carriers that are configured no more."""
        of = self._of
        with_carrier = (of.probes_total, of.probe_duration, of.replies_total, of.held_back, of.canary_roundtrip)
        mails = (of.canaries_sent, of.late_arrivals, of.bounces_total, of.bounced_mailboxes, of.tested_mailboxes)
        states = (of.control_success, of.breaker_open, of.maintenance, of.incident, of.last_result, of.certificate_not_after)
        for carrier in carriers:
            for family in (*with_carrier, *mails, *states):
                family.remove_by_labels({"carrier": clean(carrier)})

    def _expect_of(self, carrier: str, expected: Expected) -> None:
        of = self._of
        for vantage in map(clean, expected.vantages):
            for probe in map(clean, expected.probes):
                of.probe_duration.labels(probe, carrier, vantage)
                for outcome in Outcome:
                    of.probes_total.labels(probe, carrier, vantage, outcome)
            of.canary_roundtrip.labels(carrier, vantage)
            of.breaker_open.labels(carrier, vantage)
        for family in (of.canaries_sent, of.late_arrivals, of.maintenance):
            family.labels(carrier)
        for state in expected.incidents:
            of.incident.labels(carrier, state)
        for cls, speaks_of in expected.replies:
            of.replies_total.labels(carrier, cls, speaks_of)
        for reason in expected.held:
            of.held_back.labels(carrier, reason)
        for cls, hard in expected.bounces:
            for stage in BounceStage:
                of.bounces_total.labels(carrier, cls, str(hard).lower(), stage)
            for window in Window:
                of.bounced_mailboxes.labels(carrier, cls, window)
        for window in Window:
            of.tested_mailboxes.labels(carrier, window)

    def _replace(self, gauge: Gauge, values: Mapping[Labels, float], keep: bool = False) -> None:
        """Show these values and no others. keep: what had one before stays, as 0."""
        fresh: dict[tuple[str, ...], float] = {tuple(map(clean, labels)): value for labels, value in values.items()}
        for family in gauge.collect():
            for sample in family.samples:
                labels = tuple(sample.labels.values())
                if labels not in fresh and keep:
                    fresh[labels] = 0
        gauge.clear()
        for labels, value in fresh.items():
            gauge.labels(*labels).set(value)
