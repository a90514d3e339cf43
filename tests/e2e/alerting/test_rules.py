"""The rules, judged by Prometheus' own promtool: valid, and every alert fires, does not fire, and resolves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from grafana.generate import HERE, alerts, at_pace
from grafana.generate.times import Pace
from tests.e2e.alerting.timeline import Timeline, run
from tests.e2e.alerting.timelines import TIMELINES


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("timeline", TIMELINES, ids=lambda one: f"{one.alert}: {one.says}")
def test_timeline(timeline: Timeline, tmp_path: Path) -> None:
    done = run(timeline, tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout


def test_a_timeline_that_expects_another_thing_fails(tmp_path: Path) -> None:
    right = next(one for one in TIMELINES if one.alert == "MailprobeReloadFailed")
    wrong = Timeline(right.alert, "never fires", right.series, tuple(type(one)(one.at) for one in right.moments))
    assert run(wrong, tmp_path).returncode != 0


def test_every_rule_of_an_alert_fires_somewhere_and_is_silent_before_and_after() -> None:
    shown = {
        (rule.name, tuple(sorted(rule.own_labels().items())))
        for rule in alerts()
        for timeline in TIMELINES
        for moment in timeline.moments
        for labels in moment.firing
        if timeline.alert == rule.name and rule.own_labels().items() <= labels.items()
    }
    assert {(rule.name, tuple(sorted(rule.own_labels().items()))) for rule in alerts()} == shown
    for timeline in TIMELINES:
        if timeline.alert != "MailprobeWatchdog":
            assert not timeline.moments[0].firing, timeline.says
            assert not timeline.moments[-1].firing, timeline.says


@pytest.mark.parametrize("scale", [1.0, 1 / 60, 1 / 600])
def test_valid_at_every_pace(scale: float, tmp_path: Path) -> None:
    for name, text in at_pace(Pace(scale)).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    done = promtool("check", "rules", *(str(path) for path in sorted((tmp_path / "rules").iterdir())))
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        ["amtool", "check-config", str(tmp_path / "alertmanager.yml")], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_example_for_prometheus_is_valid() -> None:
    done = promtool("check", "config", str(HERE / "prometheus.yml"))
    assert done.returncode == 0, done.stderr + done.stdout
