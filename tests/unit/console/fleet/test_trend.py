"""A carrier's day, counted back from now."""

from __future__ import annotations

from mailprobe.console.fleet.drawing import trend_line, trips
from mailprobe.console.fleet.trend import SPAN, STEPS, Trend, trends
from mailprobe.metrics import AccountRow
from mailprobe.store.changes import Turn
from mailprobe.verdict import Status

NOW = 1_800_000_000.0
STEP = SPAN / STEPS
ROWS = {
    name: AccountRow(name, carrier, "", status, NOW + 60, known_at=NOW)
    for name, carrier, status in (
        ("a", "lab", Status.DOWN),
        ("b", "lab", Status.OK),
        ("c", "lab", Status.DEGRADED),
        ("d", "other", Status.OK),
    )
}


def turn(account: str, steps_ago: float, old: Status, new: Status) -> Turn:
    return Turn(account, NOW - steps_ago * STEP, old.value, new.value)


def test_it_goes_back_through_the_changes() -> None:
    turns = (
        turn("a", 0.5, Status.OK, Status.DOWN),
        turn("b", 2.5, Status.DOWN, Status.OK),
        turn("c", 2.6, Status.DEGRADED, Status.DOWN),
        turn("b", 4.5, Status.OK, Status.DOWN),
        turn("gone", 1.0, Status.OK, Status.DOWN),
    )
    found = trends(ROWS, turns, NOW)
    assert found["lab"].accounts == 3
    assert found["lab"].ill[-6:] == (1, 2, 2, 1, 1, 2)
    assert set(found["lab"].ill[:-5]) == {1}
    assert found["other"].ill == (0,) * STEPS


def test_what_the_changes_do_not_reach_is_not_told() -> None:
    found = trends(ROWS, (turn("a", 3.5, Status.OK, Status.DOWN),), NOW, complete=False)
    assert found["lab"].ill[-4:] == (None, 2, 2, 2)
    assert found["lab"].known == (2, 2, 2)


def test_drawings_of_nothing_and_of_much() -> None:
    assert "polyline" not in trend_line(Trend((None,) * STEPS, 3), "nothing known")
    assert 'class="trend even"' in trend_line(Trend((0,) * STEPS, 3), "even")
    assert "nan" not in trips((0.0, -1.0, 3.0, 1e9), "four")
    assert trips((1.0, 2.0), "two").count("<rect") == 2
