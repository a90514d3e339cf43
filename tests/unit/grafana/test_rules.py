"""The rule files: equal to what the code generates, complete, and asking only for what exists."""

from __future__ import annotations

import re

import pytest

from grafana.generate import HERE, alerts, at_pace, recordings, rule_files
from grafana.generate.recording import NO_BOUNCE, classes
from grafana.generate.rule import Alert, Layer, Recording, Severity
from grafana.generate.times import Pace, seconds
from mailprobe.assets import runbooks
from mailprobe.replies.meaning import ReplyClass
from mailprobe.verdict import Actor
from tests.unit.grafana.promql import asked, faults, known

ANNOTATIONS = {"summary", "first_action", "runbook_url", "console"}
RUNBOOKS = (HERE / "runbooks.md").read_text()
EXPRESSIONS = [*((one.record, one.expr) for one in recordings()), *((one.name, one.expr) for one in alerts())]


@pytest.mark.parametrize("name", rule_files(Pace()))
def test_committed_is_what_the_code_writes(name: str) -> None:
    assert (HERE / name).read_text() == rule_files(Pace())[name], "run `python -m grafana.generate`"


@pytest.mark.parametrize(("name", "expr"), EXPRESSIONS)
def test_every_name_and_label_exists(name: str, expr: str) -> None:
    assert faults(Pace().filled(expr)) == [], name


def test_a_name_or_a_label_that_does_not_exist_is_found() -> None:
    assert faults("mailprobe_acounts") == ["mailprobe_acounts does not exist"]
    assert faults('mailprobe_accounts{vantage="v"}') == ["mailprobe_accounts has no ['vantage']"]
    assert faults("sum by (endpoint) (mailprobe_accounts)") == ["nothing has the label endpoint"]
    assert faults("mailprobe_accounts + on (reason) mailprobe_accounts") == ["nothing has the label reason"]
    with pytest.raises(ValueError, match="unclosed"):
        faults("sum(")


@pytest.mark.parametrize("rule", recordings(), ids=lambda rule: rule.record)
def test_a_recorded_name_tells_its_labels(rule: Recording) -> None:
    level, metric, operation = rule.record.split(":")
    assert level.split("_") == list(rule.by)
    assert metric.startswith("mailprobe_")
    assert operation


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule.name)
def test_an_alert_tells_what_whose_and_what_first(rule: Alert) -> None:
    labels, texts = rule.own_labels(), rule.annotations()
    assert labels["severity"] in set(Severity)
    assert set(texts) == ANNOTATIONS
    assert all(texts.values())
    assert rule.actor is not None or "actor" in rule.expr, "the series must carry whose desk it is"
    assert len(texts["summary"]) <= 160
    given = set().union(*(known()[one.metric] for one in asked(Pace().filled(rule.expr)).selectors), {"instance"})
    used = set(re.findall(r"\$labels\.(\w+)", " ".join(texts.values())))
    assert used <= given, "a text names a label that the series does not carry"


@pytest.mark.parametrize("name", sorted({rule.name for rule in alerts()}))
def test_every_alert_has_a_runbook(name: str) -> None:
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", RUNBOOKS, re.MULTILINE | re.DOTALL)
    assert section, f"no section ## {name} in runbooks.md"
    assert all(f"{word}: " in section[1] for word in ("Means", "Do", "Ends")) or name == "MailprobeWatchdog"
    assert name in dict(runbooks()[1])


def test_no_runbook_of_an_alert_that_is_gone() -> None:
    assert set(re.findall(r"^## (\w+)", RUNBOOKS, re.MULTILINE)) == {rule.name for rule in alerts()}
    assert len(re.findall(r"Mailprobe\w+", RUNBOOKS)) > 0
    assert set(re.findall(r"Mailprobe\w+", RUNBOOKS)) <= {rule.name for rule in alerts()}


def test_alertmanager_names_only_alerts_and_layers_that_exist() -> None:
    text = (HERE / "alertmanager.yml").read_text()
    assert set(re.findall(r"Mailprobe\w+", text)) <= {rule.name for rule in alerts()}
    layers = {layer for found in re.findall(r'layer=~?"([^"]+)"', text) for layer in found.split("|")}
    assert layers <= set(Layer)


def test_every_bounce_class_has_one_desk() -> None:
    desks = [classes(actor).split("|") for actor in (Actor.PROVISIONING, Actor.MAIL_OPS, Actor.PROBER)]
    together = [cls for desk in desks for cls in desk]
    assert sorted(together) == sorted(cls.value for cls in ReplyClass if cls not in NO_BOUNCE)
    assert "unknown_user" in desks[0]
    assert "mailbox_full" in desks[1]
    assert "blocked_sender_reputation" in desks[2]


@pytest.mark.parametrize(
    ("text", "at_one", "at_a_sixtieth"),
    [
        ("rate(x[{1h}])", "rate(x[1h])", "rate(x[60000ms])"),
        ("rate(x[{1m}])", "rate(x[1m])", "rate(x[5000ms])"),
        ("x offset {23h30m}", "x offset 23h30m", "x offset 1410000ms"),
        ("x > {15m in seconds}", "x > 900", "x > 15"),
        ('x{a="b"} < 21 * 86400', 'x{a="b"} < 21 * 86400', 'x{a="b"} < 21 * 86400'),
    ],
)
def test_one_number_scales_every_duration(text: str, at_one: str, at_a_sixtieth: str) -> None:
    assert Pace().filled(text) == at_one
    assert Pace(1 / 60).filled(text) == at_a_sixtieth


def test_no_duration_escapes_the_scale() -> None:
    shown = "\n".join(at_pace(Pace(1 / 60)).values())
    left = re.findall(r"\[\d+[smhd]\]|offset \d+[smhd]\b|(?:for|keep_firing_for|group_wait|repeat_interval): \d+[mhd]\b", shown)
    assert left == []
    assert re.findall(r"^\s+for: 2000ms$", shown, re.MULTILINE)
    assert seconds("1d2h3m4s") == 93784
