"""A rule's test as a timeline: what the metrics were, and at which moments which alerts fire. Run by promtool itself."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from grafana.generate import GROUPS, alerts, recordings
from grafana.generate.rule import Alert, Group, Recording, written
from grafana.generate.times import Pace

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


def needed(name: str) -> tuple[Group, ...]:
    """The rules of an alert and the recorded series that it rests on, in their order; the rest would only cost time."""
    asked = [rule.expr for rule in alerts() if rule.name == name]
    kept: set[str] = set()
    while found := {one.record for one in recordings() if one.record not in kept and any(one.record in text for text in asked)}:
        kept |= found
        asked = [one.expr for one in recordings() if one.record in found]
    groups = (group for several in GROUPS.values() for group in several)
    chosen = (Group(one.name, tuple(rule for rule in one.rules if title(rule) in {name, *kept})) for one in groups)
    return tuple(group for group in chosen if group.rules)


def title(rule: Recording | Alert) -> str:
    return rule.record if isinstance(rule, Recording) else rule.name


def as_promtool(timeline: Timeline, rules: Path) -> dict[str, object]:
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
        "rule_files": [str(rules)],
        "evaluation_interval": timeline.step,
        "group_eval_order": [group.name for group in needed(timeline.alert)],  # else at random
        "tests": [{"interval": timeline.step, "input_series": series, "alert_rule_test": checks}],
    }


def run(timeline: Timeline, folder: Path) -> subprocess.CompletedProcess[str]:
    """promtool's own verdict. JSON is YAML."""
    rules, path = folder / "rules.yml", folder / "timeline.yml"
    rules.write_text(written(needed(timeline.alert), Pace()))
    path.write_text(json.dumps(as_promtool(timeline, rules)))
    return subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, timeout=120, check=False)
