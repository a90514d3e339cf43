"""A dashboard: rows of charts, what can be chosen at its top, and where its links lead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as model

from grafana.generate.dashboards.chart import SOURCE, Chart, panel
from mailprobe.assets import CONSOLE

WIDTH = 24  # columns of Grafana's grid
TAG = "mailprobe"


@dataclass(frozen=True, slots=True)
class Choice:
    """A variable that is chosen from the values of a label."""

    name: str
    label: str
    query: str
    several: bool = True


CARRIER = Choice("carrier", "Carrier", "label_values(mailprobe_accounts, carrier)")
GROUP = Choice("group", "Group", 'label_values(mailprobe_accounts{carrier=~"$carrier"}, group)')
VANTAGE = Choice("vantage", "Vantage", "label_values(mailprobe_prober_healthy, vantage)")
ACCOUNT = Choice(
    "account", "Account", 'label_values(mailprobe_account_info{carrier=~"$carrier",group=~"$group"}, account)', several=False
)


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """`console`: what the link to the console asks for, e.g. `?account=$account`."""

    uid: str
    title: str
    description: str
    choices: tuple[Choice, ...]
    rows: tuple[Row, ...]
    console: str = ""
    since: str = "now-6h"


def built(page: Page) -> model.Dashboard:
    """The dashboard with every panel numbered and placed."""
    made = dashboard.Dashboard(page.title).uid(page.uid).description(page.description).tags([TAG])
    made.time(page.since, "now").refresh("30s").timezone("browser").tooltip(model.DashboardCursorSync.CROSSHAIR)
    made.with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    for choice in page.choices:
        made.with_variable(variable(choice))
    made.with_variable(dashboard.TextBoxVariable("console").label("Console").default_value(CONSOLE))
    others = dashboard.DashboardLink("mailprobe").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
    made.link(others.as_dropdown(False).include_vars(True).keep_time(True))
    console = dashboard.DashboardLink("Console").type(model.DashboardLinkType.LINK).url("${console}/" + page.console)
    made.link(console.target_blank(True).icon("external link").tooltip("The proof behind these figures"))
    finished = made.build()
    finished.panels = list(placed(page.rows))
    for link in finished.links or ():
        link.placement = ""  # beside the variables, where it is seen, and not in a menu
    return finished


def variable(choice: Choice) -> dashboard.QueryVariable:
    made = dashboard.QueryVariable(choice.name).label(choice.label).query(choice.query).datasource(SOURCE)
    made.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(model.VariableSort.ALPHABETICAL_ASC)
    if choice.several:
        # ".*" and not the list of all values: a series without the label belongs to all as well
        everything = model.VariableOption(selected=True, text=["All"], value=["$__all"])
        made.multi(True).include_all(True).all_value(".*").current(everything)
    return made


def placed(rows: tuple[Row, ...]) -> Iterator[model.Panel | model.RowPanel]:
    """Left to right, and a new line where a chart no longer fits."""
    number, y = 0, 0
    for row in rows:
        number += 1
        yield dashboard.Row(row.title).id(number).grid_pos(model.GridPos(h=1, w=WIDTH, x=0, y=y)).build()
        y, x, tallest = y + 1, 0, 0
        for chart in row.charts:
            if x + chart.width > WIDTH:
                x, y, tallest = 0, y + tallest, 0
            number += 1
            yield panel(chart, number, x, y).build()
            x, tallest = x + chart.width, max(tallest, chart.height)
        y += tallest
