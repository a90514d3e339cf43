"""A rule's test as a timeline: what the metrics were, and at which moments which alerts fire. Run by promtool itself."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from grafana.generate import GROUPS, HERE, alerts
from grafana.generate.rule import Alert

Labels = dict[str, str]
HUMANIZED = re.compile(r"\{\{ \$value(?: \| \w+)? \}\}")


@dataclass(frozen=True)
class Moment:
    """At `at`, exactly these alerts of the timeline's name fire. `values`: `$value` of each as its summary shows it."""

    at: str
    firing: tuple[Labels, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """`series`: selector -> values, a step apart. Other carriers in it show what does not fire."""

    alert: str
    says: str
    series: dict[str, str]
    moments: tuple[Moment, ...]
    step: str = "1m"


def hold(*stretches: tuple[float, int]) -> str:
    """A gauge: a value, for so many steps; then the next."""
    return " ".join(f"{value}+0x{steps - 1}" for value, steps in stretches)


def climb(*stretches: tuple[float, int]) -> str:
    """A counter: it grows by so much a step, for so many steps; then the next."""
    parts, reached = [], 0.0
    for by, steps in stretches:
        parts.append(f"{reached:g}+{by:g}x{steps - 1}")
        reached += by * steps
    return " ".join(parts)


def rule_of(name: str, labels: Labels) -> Alert:
    """The rule that gives an alert these labels."""
    found = [rule for rule in alerts() if rule.name == name and rule.own_labels().items() <= labels.items()]
    assert len(found) == 1, f"{len(found)} rules of {name} give {labels}"
    return found[0]


def expected(name: str, labels: Labels, value: str) -> dict[str, Labels]:
    texts = {}
    for key, text in rule_of(name, labels).annotations().items():
        filled = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels.get(found[1], ""), text)
        texts[key] = HUMANIZED.sub(value, filled)
    return {"exp_labels": labels, "exp_annotations": texts}


def as_promtool(timeline: Timeline) -> dict[str, object]:
    checks = [
        {
            "eval_time": moment.at,
            "alertname": timeline.alert,
            "exp_alerts": [
                expected(timeline.alert, labels, value)
                for labels, value in zip_longest(moment.firing, moment.values, fillvalue="")
                if isinstance(labels, dict)
            ],
        }
        for moment in timeline.moments
    ]
    series = [{"series": name, "values": values} for name, values in timeline.series.items()]
    return {
        "rule_files": [str(HERE / "rules" / name) for name in ("recording.yml", "alerts.yml")],
        "evaluation_interval": timeline.step,
        "group_eval_order": [group.name for groups in GROUPS.values() for group in groups],  # else at random
        "tests": [{"interval": timeline.step, "input_series": series, "alert_rule_test": checks}],
    }


def run(timeline: Timeline, folder: Path) -> subprocess.CompletedProcess[str]:
    """promtool's own verdict. JSON is YAML."""
    path = folder / "timeline.yml"
    path.write_text(json.dumps(as_promtool(timeline)))
    return subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, timeout=120, check=False)
