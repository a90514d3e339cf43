"""Inline SVG, made here: nothing is fetched, nothing runs. Height says what colour says, and beside each stands a text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from mailprobe.console.fleet.history import Stretch
from mailprobe.console.fleet.trend import Trend
from mailprobe.verdict import Status

WIDE, HIGH = 720, 36
# The worse, the higher: who sees no colour sees this.
HEIGHTS = {Status.OK: 12, Status.DEGRADED: 24, Status.DOWN: 36, Status.UNKNOWN: 5}
SMALL_WIDE, SMALL_HIGH = 168, 36
TRIPS_HIGH = 60


def status_bar(stretches: Sequence[Stretch], said: str) -> Markup:
    """Thirty days from left to right. said: the same in words."""
    begins, span = stretches[0].begins, stretches[-1].ends - stretches[0].begins
    parts = []
    for one in stretches:
        left = (one.begins - begins) / span * WIDE
        wide = max(1.5, one.lasts / span * WIDE)  # a short time must still be seen
        high = HEIGHTS[one.status]
        parts.append(f'<rect class="s-{one.status}" x="{left:.1f}" y="{HIGH - high}" width="{wide:.1f}" height="{high}"/>')
    parts += [f'<path class="tick" d="M{day * WIDE / 30:.0f} {HIGH}v4"/>' for day in range(0, 31, 5)]
    return svg(WIDE, HIGH + 4, said, "".join(parts), "days")


def trend_line(trend: Trend, said: str) -> Markup:
    """How many were ill over a day: an area, from the first step that is known."""
    most = max(max(trend.known, default=0), math.ceil(trend.accounts / 10), 1)
    steps = len(trend.ill)
    points = [(step, count) for step, count in enumerate(trend.ill) if count is not None]
    if not points:
        return svg(SMALL_WIDE, SMALL_HIGH, said, "", "trend")
    wide, base = SMALL_WIDE / steps, SMALL_HIGH - 2
    line = " ".join(level(step * wide, wide, base - count / most * (base - 2)) for step, count in points)
    first = points[0][0] * wide
    area = f'<polygon class="area" points="{first:.1f},{base} {line} {SMALL_WIDE},{base}"/>'
    return svg(
        SMALL_WIDE,
        SMALL_HIGH,
        said,
        f'{area}<polyline class="line" points="{line}"/>',
        "trend" if any(trend.known) else "trend even",
    )


def level(left: float, wide: float, height: float) -> str:
    """One step of a line."""
    return f"{left:.1f},{height:.1f} {left + wide:.1f},{height:.1f}"


def trips(took: Sequence[float], said: str) -> Markup:
    """The round trips of test mails, the newest on the right; seconds, on a scale on which ten times as long is one step."""
    wide = WIDE / max(len(took), 30)
    bars = []
    for place, seconds in enumerate(took):
        high = max(2.0, min(1.0, math.log10(1 + max(0.0, seconds)) / 3.6) * TRIPS_HIGH)  # 3.6: an hour
        left = place * wide
        bars.append(f'<rect x="{left:.1f}" y="{TRIPS_HIGH - high:.1f}" width="{max(1.0, wide - 2):.1f}" height="{high:.1f}"/>')
    lines = [f'<path class="tick" d="M0 {TRIPS_HIGH - math.log10(1 + s) / 3.6 * TRIPS_HIGH:.1f}H{WIDE}"/>' for s in (10, 60, 600)]
    return svg(WIDE, TRIPS_HIGH, said, "".join((*lines, *bars)), "trips")


def svg(wide: int, high: int, said: str, inside: str, kind: str) -> Markup:
    head = f'<svg class="{kind}" role="img" viewBox="0 0 {wide} {high}" preserveAspectRatio="none" aria-label="{escape(said)}">'
    return Markup(f"{head}<title>{escape(said)}</title>{inside}</svg>")  # noqa: S704  numbers of ours, words escaped
