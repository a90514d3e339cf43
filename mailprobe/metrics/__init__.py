"""What Prometheus is told: the only room that knows it.

`Metrics` has one method per event or state and is asked for one scrape at a time, in pieces; `AccountRow` is what is shown of
an account. The library (prometheus_client) keeps what carries no account: counters, histograms, the process itself. The series
of accounts are written by hand, because there may be very many.
"""

from __future__ import annotations

from mailprobe.metrics.counting import MOST_ACCOUNTS, BounceStage, Expected, Metrics, Outcome, Slots, Window, stage_of
from mailprobe.metrics.exposition import Form, negotiate
from mailprobe.metrics.recent import watch_loop
from mailprobe.metrics.rows import AccountRow, ProbeRow, Roundtrip, row_of

__all__ = [
    "MOST_ACCOUNTS",
    "AccountRow",
    "BounceStage",
    "Expected",
    "Form",
    "Metrics",
    "Outcome",
    "ProbeRow",
    "Roundtrip",
    "Slots",
    "Window",
    "negotiate",
    "row_of",
    "stage_of",
    "watch_loop",
]
