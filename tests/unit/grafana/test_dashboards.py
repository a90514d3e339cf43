"""The dashboards: equal to what the code generates, and fit to be looked at."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import pytest

from grafana.generate import HERE
from grafana.generate.dashboards import PAGES, dashboard_files
from grafana.generate.names import OURS, families
from tests.unit.grafana.promql import faults, known, with_variables

FILES = dashboard_files()
PANELS = [(name, panel) for name, text in FILES.items() for panel in json.loads(text)["panels"] if panel["type"] != "row"]
EXPRESSIONS = [
    (f"{name}: {panel['title']}", target["expr"], panel["targets"]) for name, panel in PANELS for target in panel["targets"]
]


@pytest.mark.parametrize("name", FILES)
def test_committed_is_what_the_code_writes(name: str) -> None:
    assert (HERE / name).read_text() == FILES[name], "run `python -m grafana.generate`"


def test_no_dashboard_that_no_code_writes() -> None:
    assert {f"dashboards/{path.name}" for path in (HERE / "dashboards").iterdir()} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_panels_do_not_overlap_and_have_ids_of_their_own(name: str) -> None:
    panels = json.loads(FILES[name])["panels"]
    ids = [panel["id"] for panel in panels]
    assert len(ids) == len(set(ids))
    assert all(number > 0 for number in ids)
    for one, other in combinations(panels, 2):
        assert not overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


def overlap(a: dict[str, int], b: dict[str, int]) -> bool:
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def test_the_dashboards_themselves_differ() -> None:
    assert len({page.uid for page in PAGES}) == len({page.title for page in PAGES}) == 4


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=lambda one: one if isinstance(one, str) else one["title"])
def test_a_panel_tells_what_it_shows(name: str, panel: dict[str, Any]) -> None:
    assert len(panel["description"]) > 10
    assert panel["fieldConfig"]["defaults"]["unit"] in {"short", "percentunit", "s", "bytes", "cps"}
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] is None
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert panel["targets"]
    references = [target["refId"] for target in panel["targets"]]
    assert len(references) == len(set(references))


@pytest.mark.parametrize(("where", "expr", "targets"), EXPRESSIONS, ids=lambda one: one if isinstance(one, str) else "")
def test_every_name_and_label_exists(where: str, expr: str, targets: object) -> None:
    assert faults(with_variables(expr)) == [], where


@pytest.mark.parametrize("name", FILES)
def test_variables_that_are_used_exist_and_ask_for_what_exists(name: str) -> None:
    board = json.loads(FILES[name])
    variables = {one["name"]: one for one in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?(carrier|group|vantage|account|datasource|console)\b", json.dumps(board["panels"])))
    assert used - {"__data"} <= set(variables)
    assert {"datasource", "console"} <= set(variables)
    for one in variables.values():
        if one["type"] == "query":
            metric, matchers, label = re.fullmatch(r"label_values\((\w+)(\{.*\})?, (\w+)\)", one["query"]).groups()  # type: ignore[union-attr]  # none: the test fails
            assert label in known()[metric]
            assert faults(with_variables(metric + (matchers or ""))) == []


@pytest.mark.parametrize("name", FILES)
def test_a_way_leads_to_the_console_and_to_the_other_dashboards(name: str) -> None:
    links = json.loads(FILES[name])["links"]
    assert any(link.get("url", "").startswith("${console}/") for link in links)
    assert any(link["type"] == "dashboards" and link["tags"] == ["mailprobe"] for link in links)


def test_the_variables_that_were_asked_for() -> None:
    every = {choice.name for page in PAGES for choice in page.choices}
    assert every == {"carrier", "group", "vantage", "account"}


def test_no_metric_is_left_unseen() -> None:
    """What is not on any dashboard and in no rule need not be collected."""
    rules = (HERE / "rules" / "recording.yml").read_text() + (HERE / "rules" / "alerts.yml").read_text()
    everything = rules + "".join(FILES.values())
    unseen = [family.name for family in families(OURS) if family.name not in everything]
    assert unseen == []


def test_no_expression_hides_an_absence() -> None:
    """`or vector(0)` makes a missing metric look like a good one."""
    assert not any("vector(0)" in expr for _, expr, _ in EXPRESSIONS)
