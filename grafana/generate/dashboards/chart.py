"""One panel: what it asks, and how it is shown. A chart is data; `panel` makes Grafana's own object of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = shapes.DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, YELLOW, ORANGE, RED, GREY, BLUE = "green", "yellow", "orange", "red", "#8e8e8e", "blue"
STATUS_COLOURS = {"ok": GREEN, "degraded": ORANGE, "down": RED, "unknown": GREY}
Builder = bargauge.Panel | stat.Panel | statetimeline.Panel | table.Panel | timeseries.Panel


class Look(Enum):
    NUMBER = stat.Panel
    BARS = bargauge.Panel
    STATES = statetimeline.Panel
    TABLE = table.Panel
    LINES = timeseries.Panel
    AREAS = (timeseries.Panel, "stacked")


@dataclass(frozen=True, slots=True)
class Ask:
    """One expression, and the name of its series from their labels."""

    expr: str
    legend: str = "__auto"


@dataclass(frozen=True, slots=True)
class Chart:
    """`thresholds`: the colour from a value on; the first holds from the bottom. `states`: value -> text and colour."""

    title: str
    description: str
    unit: str
    look: Look
    asks: tuple[Ask, ...]
    width: int = 12
    height: int = 8
    thresholds: tuple[tuple[float, str], ...] = ()
    base: str = GREEN
    states: tuple[tuple[str, str, str], ...] = ()
    colours: tuple[tuple[str, str], ...] = ()  # of series by name
    top: float | None = None
    bottom: float | None = 0
    decimals: int | None = None
    links: tuple[tuple[str, str], ...] = ()  # title and address, for a value that is clicked


def panel(chart: Chart, number: int, x: int, y: int) -> Builder:
    """Grafana's panel at a place of the grid."""
    made = with_look(chart)
    made.id(number).title(chart.title).description(chart.description).datasource(SOURCE).unit(chart.unit)
    made.grid_pos(model.GridPos(h=chart.height, w=chart.width, x=x, y=y))
    instant = chart.look in (Look.NUMBER, Look.BARS, Look.TABLE)
    for at, one in enumerate(chart.asks):
        made.with_target(query(one, chr(ord("A") + at), instant=instant, as_table=chart.look is Look.TABLE))
    steps = [
        model.Threshold(value=None, color=chart.base),
        *(model.Threshold(value, colour) for value, colour in chart.thresholds),
    ]
    made.thresholds(dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps))
    if chart.states:
        texts = {value: model.ValueMappingResult(text=text, color=colour) for value, text, colour in chart.states}
        made.mappings([model.ValueMap(options=texts)])
    for name, colour in chart.colours:
        fixed = {"mode": "fixed", "fixedColor": colour}
        made.override_by_name(name, [model.DynamicConfigValue(id_val="color", value=fixed)])
    return limits(made, chart)


def limits(made: Builder, chart: Chart) -> Builder:
    if chart.links:
        made.data_links([dashboard.DashboardLink(title).url(url).target_blank(True) for title, url in chart.links])
    if chart.top is not None:
        made.max(chart.top)
    if chart.bottom is not None:
        made.min(chart.bottom)
    if chart.decimals is not None:
        made.decimals(chart.decimals)
    return made


def with_look(chart: Chart) -> Builder:
    """The panel of the kind that was asked for, with what only that kind has."""
    match chart.look:
        case Look.NUMBER:
            colour = shapes.BigValueColorMode.BACKGROUND if chart.thresholds or chart.states else shapes.BigValueColorMode.VALUE
            return stat.Panel().color_mode(colour).graph_mode(shapes.BigValueGraphMode.NONE)
        case Look.BARS:
            return bargauge.Panel().orientation(shapes.VizOrientation.HORIZONTAL)
        case Look.STATES:
            return statetimeline.Panel().merge_values(True).show_value(shapes.VisibilityMode.AUTO).row_height(0.8)
        case Look.TABLE:
            hidden = model.DataTransformerConfig(
                id_val="organize", options={"excludeByName": {"Time": True}, "renameByName": {"Value": chart.title}}
            )
            return table.Panel().with_transformation(hidden).filterable(True)
        case Look.LINES | Look.AREAS:
            return lines(stacked=chart.look is Look.AREAS, marked=bool(chart.thresholds))


def lines(*, stacked: bool, marked: bool) -> timeseries.Panel:
    legend = (
        common.VizLegendOptions().show_legend(True).display_mode(shapes.LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"])
    )
    made = timeseries.Panel().legend(legend.placement(shapes.LegendPlacement.BOTTOM))
    made.tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.DESCENDING))
    if stacked:
        made.fill_opacity(60).line_width(0).stacking(common.StackingConfig().mode(shapes.StackingMode.NORMAL).group("A"))
    if marked:
        made.thresholds_style(common.GraphThresholdsStyleConfig().mode(shapes.GraphThresholdsStyleMode.DASHED))
    return made


def query(one: Ask, ref: str, *, instant: bool, as_table: bool) -> prometheus.Dataquery:
    made = prometheus.Dataquery().expr(one.expr).legend_format(one.legend).ref_id(ref).datasource(SOURCE)
    made = made.instant() if instant else made.range()
    return made.format(PromQueryFormat.TABLE) if as_table else made
