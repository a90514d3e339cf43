"""The shape of a rule, and how a group of them is written for Prometheus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from textwrap import dedent, indent

from grafana.generate.times import Pace
from mailprobe.assets import CONSOLE, RUNBOOKS
from mailprobe.verdict import Actor


class Severity(StrEnum):
    PAGE = "page"  # somebody is woken
    TICKET = "ticket"  # looked at in working hours
    NONE = "none"  # tells another alert or a dead man's switch something; nobody is told


class Layer(StrEnum):
    """What an alert speaks of. Alertmanager silences the effect while the cause fires: see alertmanager.yml."""

    PROBER = "prober"  # our own trouble: nothing below can be trusted
    SCHEDULE = "schedule"  # what follows at once from our own trouble
    CONTROL = "control"  # the carrier's servers fail a known good account
    CAUSE = "cause"  # many mailboxes, one named cause
    SYMPTOM = "symptom"  # a carrier is worse than usual
    ACCOUNT = "account"  # single mailboxes
    NOTICE = "notice"  # silenced by nothing: dates, forgotten things


@dataclass(frozen=True, slots=True)
class Recording:
    """A stored expression; `by` are the labels of its result (level:metric:operation, the level names them)."""

    record: str
    expr: str
    by: tuple[str, ...]
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `actor` None: the series carries it. `about`: the query with which the console shows what is meant."""

    name: str
    expr: str
    severity: Severity
    layer: Layer
    actor: Actor | None
    summary: str
    first_action: str
    wait: str = ""  # how long it must be true
    keep: str = ""  # how long it goes on after it was last true
    about: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    def annotations(self) -> dict[str, str]:
        return {
            "summary": self.summary,
            "first_action": self.first_action,
            "runbook_url": f"{RUNBOOKS}#{self.name}",
            "console": f"{CONSOLE}/{self.about}",
        }

    def own_labels(self) -> dict[str, str]:
        """The labels that the rule itself adds."""
        actor = {} if self.actor is None else {"actor": self.actor.value}
        return {"severity": self.severity.value, "layer": self.layer.value, **actor, **dict(self.labels)}


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    rules: tuple[Recording | Alert, ...]


def written(groups: tuple[Group, ...], pace: Pace) -> str:
    """A rule file: YAML by hand, since its few shapes need no library."""
    lines = ["# Written by `python -m grafana.generate`; change grafana/generate and run it again.", "groups:"]
    for group in groups:
        lines += [f"  - name: {group.name}", "    rules:"]
        for rule in group.rules:
            lines.append(of_recording(rule, pace) if isinstance(rule, Recording) else of_alert(rule, pace))
    return "\n".join(lines) + "\n"


def of_recording(rule: Recording, pace: Pace) -> str:
    return indent(f"- record: {rule.record}\n{expression(rule.expr, pace)}{mapping('labels', dict(rule.labels))}", " " * 6)


def of_alert(rule: Alert, pace: Pace) -> str:
    waits = "".join(
        f"  {key}: {pace.duration(value)}\n" for key, value in (("for", rule.wait), ("keep_firing_for", rule.keep)) if value
    )
    text = f"- alert: {rule.name}\n{expression(rule.expr, pace)}\n{waits.rstrip()}".rstrip()
    return indent(text + mapping("labels", rule.own_labels()) + mapping("annotations", rule.annotations()), " " * 6)


def expression(expr: str, pace: Pace) -> str:
    return "  expr: |-\n" + indent(dedent(pace.filled(expr)).strip(), " " * 4)


def mapping(name: str, values: dict[str, str]) -> str:
    """Nothing for none; a JSON string is a YAML string."""
    lines = [f"    {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(["", f"  {name}:", *lines]) if lines else ""
