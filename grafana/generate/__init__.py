"""The code that writes the rules and the dashboards: names -> recording, alerts, dashboards -> files.

`python -m grafana.generate` brings the committed files up to date. `--to DIR --scale 0.0167` writes the same rules, and
Alertmanager's configuration, with hours passing in minutes, for tests of the whole chain.
"""

from __future__ import annotations

from pathlib import Path

from grafana.generate import carrier_alerts, prober_alerts, recording
from grafana.generate.rule import Alert, Group, Recording, written
from grafana.generate.times import Pace

HERE = Path(__file__).parents[1]
GROUPS: dict[str, tuple[Group, ...]] = {
    "rules/recording.yml": (recording.CARRIERS, recording.BOUNCES),
    "rules/alerts.yml": (prober_alerts.HEALTH, carrier_alerts.CARRIERS, carrier_alerts.MAILBOXES),
}


def alerts() -> tuple[Alert, ...]:
    return tuple(rule for groups in GROUPS.values() for group in groups for rule in group.rules if isinstance(rule, Alert))


def recordings() -> tuple[Recording, ...]:
    found = (rule for groups in GROUPS.values() for group in groups for rule in group.rules)
    return tuple(rule for rule in found if isinstance(rule, Recording))


def rule_files(pace: Pace) -> dict[str, str]:
    """Path below grafana/ -> content."""
    return {name: written(groups, pace) for name, groups in GROUPS.items()}


def at_pace(pace: Pace) -> dict[str, str]:
    """What depends on time: the rules, and Alertmanager's configuration."""
    return {**rule_files(pace), "alertmanager.yml": pace.alertmanager((HERE / "alertmanager.yml").read_text(encoding="utf-8"))}
