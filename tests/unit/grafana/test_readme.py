"""What the README says of the alerts is so, and what is exported is what lies here."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict

from grafana.generate import HERE, alerts
from grafana.generate.dashboards import PAGES
from mailprobe.assets import EXPORTED

ROOT = HERE.parent
README = (ROOT / "README.md").read_text()


def test_every_alert_is_listed_with_its_severities() -> None:
    listed = {name: set(said.split(", ")) for name, said in re.findall(r"^\| `(Mailprobe\w+)` \| ([a-z, ]+) \|", README, re.M)}
    expected: defaultdict[str, set[str]] = defaultdict(set)
    for rule in alerts():
        expected[rule.name].add(rule.severity.value)
    assert listed == expected


def test_every_dashboard_is_named() -> None:
    assert all(f"*{page.title.removeprefix('mailprobe: ')}*" in README for page in PAGES)


def test_the_wheel_carries_what_is_exported() -> None:
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {f"grafana/{name}": f"mailprobe/assets/files/{name}" for name in EXPORTED}
    assert all((HERE / name).exists() for name in EXPORTED)
