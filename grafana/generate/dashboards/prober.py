"""Prober health: can what the other pages say be trusted?"""

from __future__ import annotations

from grafana.generate.dashboards.chart import GREEN, ORANGE, RED, Ask, Chart, Look
from grafana.generate.dashboards.page import CARRIER, VANTAGE, Page, Row
from grafana.generate.prober_alerts import ON_TIME

OF = 'carrier=~"$carrier",vantage=~"$vantage"'
HEALTHY = (("0", "fails", RED), ("1", "healthy", GREEN))


def number(title: str, description: str, expr: str, legend: str, *, good: str = "1", width: int = 4) -> Chart:
    """One word in green or red."""
    bad = "0" if good == "1" else "1"
    return Chart(
        title,
        description,
        "short",
        Look.NUMBER,
        (Ask(expr, legend),),
        width=width,
        height=4,
        states=((good, "good", GREEN), (bad, "trouble", RED)),
    )


def line(
    title: str, description: str, unit: str, *asks: Ask, width: int = 8, thresholds: tuple[tuple[float, str], ...] = ()
) -> Chart:
    return Chart(title, description, unit, Look.LINES, asks, width=width, thresholds=thresholds)


def lateness(q: float) -> str:
    return f"histogram_quantile({q}, sum by (instance, le) (rate(mailprobe_slot_lateness_seconds_bucket[$__rate_interval])))"


NOW = Row(
    "Now",
    (
        number("Scraped", "Prometheus reaches every prober.", 'min(up{job="mailprobe"})', "all"),
        number("Own checks", "Every check of ourselves is good.", 'min(mailprobe_prober_healthy{vantage=~"$vantage"})', "all"),
        number("Store", "Results and bounces can be written down.", "min(mailprobe_store_healthy)", "all"),
        number("Configuration", "The last reload was accepted.", "min(mailprobe_config_last_reload_successful)", "all"),
        Chart(
            "Test mails left behind",
            "In customers' mailboxes, to be taken out by the next sweep.",
            "short",
            Look.NUMBER,
            (Ask("sum(mailprobe_orphan_canaries)", "left"),),
            width=4,
            height=4,
            thresholds=((1, ORANGE),),
        ),
        Chart(
            "Version",
            "What runs where.",
            "short",
            Look.TABLE,
            (Ask("max by (instance, version) (mailprobe_build_info)"),),
            width=4,
            height=4,
        ),
    ),
)
CHECKS = Row(
    "Checks of ourselves",
    (
        Chart(
            "Own checks over time",
            "Resolver, clock, name, block lists, port 25, witness. While one fails, verdicts of its kind are unknown.",
            "short",
            Look.STATES,
            (Ask('mailprobe_prober_healthy{vantage=~"$vantage"}', "{{check}} at {{vantage}}"),),
            states=HEALTHY,
        ),
        Chart(
            "Controls",
            "Known good accounts and addresses that never existed, by carrier.",
            "short",
            Look.STATES,
            (Ask(f"mailprobe_control_success{{{OF}}}", "{{carrier}} {{control}} from {{vantage}}"),),
            states=HEALTHY,
        ),
        line(
            "Coverage",
            "Probes that could tell, among all that were due.",
            "percentunit",
            Ask(f"carrier_vantage:mailprobe_known:ratio_rate15m{{{OF}}}", "{{carrier}} from {{vantage}}"),
            width=12,
        ),
        line(
            "Could not tell, or our fault",
            "Probes a second. Our fault is never the server's.",
            "cps",
            Ask(
                f'sum by (probe, outcome) (rate(mailprobe_probes_total{{{OF},outcome=~"unknown|our_fault"}}[$__rate_interval]))',
                "{{probe}} {{outcome}}",
            ),
            width=12,
        ),
    ),
)
SCHEDULE = Row(
    "Schedule",
    (
        line(
            "Slots: how late",
            "From when a probe was due until it began.",
            "s",
            Ask(lateness(0.5), "{{instance}} median"),
            Ask(lateness(0.99), "{{instance}} 99th percentile"),
            thresholds=((ON_TIME, RED),),
        ),
        line(
            "Slots skipped",
            "Per hour. After a pause nothing is caught up in a burst; what was missed is skipped and counted.",
            "short",
            Ask("sum by (instance) (increase(mailprobe_slots_skipped_total[1h]))", "{{instance}}"),
        ),
        line(
            "Held back, by reason",
            "Probes a second that politeness kept from a server.",
            "cps",
            Ask('sum by (reason) (rate(mailprobe_held_back_total{carrier=~"$carrier"}[$__rate_interval]))', "{{reason}}"),
        ),
    ),
)
PROCESS = Row(
    "The process",
    (
        line("Event loop lag", "How long work waits for the loop.", "s", Ask("mailprobe_event_loop_lag_seconds", "{{instance}}")),
        line("Store: commit", "How long the last writing took.", "s", Ask("mailprobe_store_commit_seconds", "{{instance}}")),
        line(
            "Metrics dropped",
            "Per hour: what went over a bound of /metrics.",
            "short",
            Ask("sum by (instance) (increase(mailprobe_metrics_dropped_total[1h]))", "{{instance}}"),
        ),
        line(
            "CPU",
            "Cores in use.",
            "short",
            Ask('rate(process_cpu_seconds_total{job="mailprobe"}[$__rate_interval])', "{{instance}}"),
        ),
        line(
            "Memory",
            "Resident memory of the process.",
            "bytes",
            Ask('process_resident_memory_bytes{job="mailprobe"}', "{{instance}}"),
        ),
        line(
            "Open files",
            "Of the share that the system allows.",
            "percentunit",
            Ask('process_open_fds{job="mailprobe"} / process_max_fds{job="mailprobe"}', "{{instance}}"),
            thresholds=((0.8, RED),),
        ),
    ),
)
PAGE = Page(
    uid="mailprobe-prober",
    title="mailprobe: Prober health",
    description="mailprobe itself: its own checks, schedule, store and process. While it is ill, nothing else counts.",
    choices=(CARRIER, VANTAGE),
    rows=(NOW, CHECKS, SCHEDULE, PROCESS),
)
