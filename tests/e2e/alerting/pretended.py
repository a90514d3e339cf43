"""A page of metrics that a test changes while Prometheus scrapes it: the names are mailprobe's, the figures the test's."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from grafana.generate.names import BLOCKED, LESSER, LISTED, OURS, Family, Kind, families

# One value of each label that the rules or the dashboards ask for by name; more where one series is not enough.
VALUES: dict[str, tuple[str, ...]] = {
    "account": ("tanaka",),
    "carrier": ("lab",),
    "status": ("ok", "degraded", "down", "unknown"),
    "state": ("suspected", "confirmed"),
    "outcome": ("good", "bad", "unknown", "held", "our_fault"),
    "probe": ("mx", "imap"),
    "window": ("10m", "1h"),
    "class": ("unknown_user", "mailbox_full", "blocked_sender_reputation"),
    "check": ("resolver", LISTED, BLOCKED, *LESSER),
    "vantage": ("v",),
    "le": ("0.1", "10", "+Inf"),
}
WELL = {"mailprobe_control_success", "mailprobe_prober_healthy", "mailprobe_store_healthy", "mailprobe_build_info"}
WELL |= {"mailprobe_config_last_reload_successful", "mailprobe_account_info", "mailprobe_probe_success"}


@dataclass
class Pretended:
    """`gauges` and `rates`: by the start of a series as it is written. What none of them names is 0."""

    gauges: dict[str, float]
    rates: dict[str, float]
    began: float = field(default_factory=time.monotonic)

    def page(self) -> str:
        lines = []
        for family in families(OURS):
            lines += [f"# TYPE {family.name} {family.kind.value}"]
            lines += [f"{name} {self.value(name, family)!r}" for name in names(family)]
        return "\n".join(lines) + "\n"

    def value(self, name: str, family: Family) -> float:
        table = self.gauges if family.kind is Kind.GAUGE else self.rates
        found = next((table[start] for start in sorted(table, key=len, reverse=True) if name.startswith(start)), 0.0)
        if family.kind is Kind.GAUGE:
            return found + (time.time() if "timestamp" in family.name else 0)
        return round(found * (time.monotonic() - self.began))


def names(family: Family) -> list[str]:
    """Every series of a metric, as /metrics would write it."""
    if family.kind is not Kind.HISTOGRAM:
        return [family.name + labels for labels in combinations(sorted(family.labels))]
    plain = combinations(sorted(family.labels))
    buckets = combinations([*sorted(family.labels), "le"])
    return [
        *(f"{family.name}_bucket{one}" for one in buckets),
        *(f"{family.name}_{end}{one}" for one in plain for end in ("sum", "count")),
    ]


def combinations(labels: list[str]) -> list[str]:
    found: list[list[str]] = [[]]
    for label in labels:
        found = [[*before, f'{label}="{value}"'] for before in found for value in VALUES.get(label, ("x",))]
    return ["{" + ",".join(one) + "}" if one else "" for one in found]


def well() -> Pretended:
    """A carrier with two hundred mailboxes in which all is well."""
    return Pretended(
        gauges=dict.fromkeys(WELL, 1.0)
        | {
            'mailprobe_accounts{carrier="lab",group="x",status="ok"}': 200,
            'mailprobe_account_status{account="tanaka",carrier="lab",status="ok"}': 1,
            'mailprobe_account_verdict_info{account="tanaka"': 1,
            "mailprobe_tested_mailboxes": 200,
            "mailprobe_certificate_not_after": 90 * 86400,
        },
        rates={
            'mailprobe_probes_total{carrier="lab",outcome="good"': 50,
            "mailprobe_slot_lateness_seconds": 50,
            "mailprobe_probe_duration_seconds": 50,
            "mailprobe_canary_roundtrip_seconds": 1,
            "mailprobe_bounces_rejected_total": 0,
        },
    )


@contextmanager
def served(shown: Pretended) -> Iterator[str]:
    """host:port of the page, until the block ends."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            content = shown.page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *words: object) -> None:
            """Nothing: a scrape is no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
