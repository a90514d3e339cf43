"""Everything that the rules and the dashboards ask, and what of it a Prometheus cannot answer."""

from __future__ import annotations

import json

from grafana.generate import alerts, recordings
from grafana.generate.dashboards import dashboard_files
from grafana.generate.times import Pace
from tests.e2e.alerting.watching import Watch
from tests.unit.grafana.promql import asked, selectors, with_variables

HOUR = 3600.0


def of_rules() -> list[str]:
    return [Pace().filled(expr) for expr in (*(one.expr for one in recordings()), *(one.expr for one in alerts()))]


def of_dashboards() -> list[str]:
    boards = (json.loads(text) for text in dashboard_files().values())
    targets = (target for board in boards for panel in board["panels"] for target in panel.get("targets", ()))
    return [with_variables(target["expr"]) for target in targets]


def over_long_ranges() -> set[str]:
    """Recorded series that need more than an hour of history: timelines show those."""
    return {
        rule.record
        for rule in recordings()
        if asked(Pace().filled(rule.expr)).longest > HOUR or "offset" in rule.expr or "same_hour" in rule.expr
    }


def unanswered(watch: Watch) -> list[str]:
    """Selectors of rules and dashboards, and whole expressions of dashboards, that give no series."""
    late = over_long_ranges()
    single = {one for expr in (*of_rules(), *of_dashboards()) for one in selectors(expr)}
    questions = {*single, *of_dashboards()}
    young = [one for one in sorted(questions) if not any(name in one for name in late)]
    return [one for one in young if not watch.query(one)]
