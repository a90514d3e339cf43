"""What rules and dashboards may ask for is what the code exposes, with the same labels."""

from __future__ import annotations

from grafana.generate.names import OURS, Kind, families
from mailprobe.metrics.accounts import FAMILIES as BY_HAND
from mailprobe.metrics.registry import Families

WRITTEN = {"mailprobe_accounts", "mailprobe_metrics_dropped_total", *(name for name, *_ in BY_HAND)}


def test_every_metric_of_the_list_is_exposed_with_these_labels() -> None:
    listed = {one.name: (one.kind, one.labels) for one in families(OURS) if one.name not in WRITTEN}
    exposed = {}
    for collector in set(Families().registry._collector_to_names):
        if (labels := getattr(collector, "_labelnames", None)) is not None:
            kind, name = Kind(getattr(collector, "_type", "")), getattr(collector, "_name", "")
            exposed[name + ("_total" if kind is Kind.COUNTER else "")] = (kind, frozenset(labels))
    assert exposed == listed
    assert {one.name for one in families(OURS)} >= WRITTEN
