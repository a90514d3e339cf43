"""The families that Prometheus is told of besides those of accounts: names, labels and buckets are fixed."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

RUN = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)
ROUND_TRIP = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0)
LATENESS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)


class LeftOut(Collector):
    """A reload that changes the accounts starts it anew, as a restart does."""

    def __init__(self) -> None:
        self.count = 0

    def collect(self) -> Iterator[Metric]:
        said = "Accounts without series of their own, because there are more than metrics_accounts allows."
        yield CounterMetricFamily("mailprobe_metrics_dropped", said, value=self.count)


class Families:
    """Every family once. The attributes are named as the metrics are."""

    def __init__(self) -> None:
        # a seventh of all lines, and no rule asks for them
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types for it
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.left_out = LeftOut()
        self.registry.register(self.left_out)
        self.probes()
        self.mails()
        self.carriers()
        self.ourselves()

    def counter(self, name: str, said: str, *labels: str) -> Counter:
        return Counter(f"mailprobe_{name}", said, labels, registry=self.registry)

    def gauge(self, name: str, said: str, *labels: str) -> Gauge:
        return Gauge(f"mailprobe_{name}", said, labels, registry=self.registry)

    def histogram(self, name: str, said: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"mailprobe_{name}", said, labels, registry=self.registry, buckets=buckets)

    def probes(self) -> None:
        where = ("probe", "carrier", "vantage")
        self.probes_total = self.counter("probes_total", "Runs of probes by what they found.", *where, "outcome")
        self.probe_duration = self.histogram("probe_duration_seconds", "How long a run of a probe took.", RUN, *where)
        self.replies_total = self.counter(
            "replies_total", "Replies of servers by what they mean, and of whom they speak.", "carrier", "class", "speaks_of"
        )
        self.slot_lateness = self.histogram("slot_lateness_seconds", "How long after its time a slot began.", LATENESS)
        self.slots_skipped = self.counter("slots_skipped_total", "Slots that were skipped because they were too late.")
        self.held_back = self.counter(
            "held_back_total", "What was not asked so as to do no harm, by reason.", "carrier", "reason"
        )

    def mails(self) -> None:
        self.canary_roundtrip = self.histogram(
            "canary_roundtrip_seconds", "From a test mail's acceptance to its arrival.", ROUND_TRIP, "carrier", "vantage"
        )
        self.canaries_sent = self.counter("canaries_sent_total", "Test mails that were handed over.", "carrier")
        self.late_arrivals = self.counter("late_arrivals_total", "Test mails that came after they were given up.", "carrier")
        self.orphan_canaries = self.gauge("orphan_canaries", "Test mails of ours that lie in mailboxes and are not cleaned up.")
        self.bounces_total = self.counter(
            "bounces_total", "Test mails that came back; an account counts once a day (UTC).", "carrier", "class", "hard", "stage"
        )
        self.bounced_mailboxes = self.gauge(
            "bounced_mailboxes", "Distinct mailboxes that refused or returned a mail in the window.", "carrier", "class", "window"
        )
        self.tested_mailboxes = self.gauge(
            "tested_mailboxes", "Distinct mailboxes that were asked about in the window.", "carrier", "window"
        )
        self.bounces_rejected = self.counter("bounces_rejected_total", "What the bounce receiver turned away.", "reason")

    def carriers(self) -> None:
        self.control_success = self.gauge(
            "control_success",
            "Whether a control is as it must be; absent until known.",
            "carrier",
            "control",
            "vantage",
        )
        self.breaker_open = self.gauge("breaker_open", "1 while nothing is asked of a carrier's servers.", "carrier", "vantage")
        self.maintenance = self.gauge("maintenance", "1 during a maintenance window.", "carrier")
        self.incident = self.gauge("incident", "1 while an incident of the carrier is in that state.", "carrier", "state")
        self.last_result = self.gauge("last_result_timestamp_seconds", "When a result was last stored, Unix time.", "carrier")
        self.certificate_not_after = self.gauge(
            "certificate_not_after_timestamp_seconds", "When a server's certificate expires, Unix time.", "carrier", "endpoint"
        )

    def ourselves(self) -> None:
        self.prober_healthy = self.gauge(
            "prober_healthy", "Whether a check of ourselves is good; if not, nothing of that kind is said.", "vantage", "check"
        )
        self.event_loop_lag = self.gauge("event_loop_lag_seconds", "The longest wait for the event loop in the last minute.")
        self.store_healthy = self.gauge("store_healthy", "Whether results can be stored.")
        self.store_commit = self.gauge("store_commit_seconds", "The longest commit of the store in the last minute.")
        self.reload_successful = self.gauge("config_last_reload_successful", "Whether the newest configuration is in force.")
        self.build_info = self.gauge("build_info", "The version that runs.", "version")
