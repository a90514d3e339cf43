"""When too many accounts turn bad at once, and who is held."""

from __future__ import annotations

import pytest

from mailprobe.serve.flips import Flips
from mailprobe.status import Change
from mailprobe.status.flips import AT_ONCE, Flip
from mailprobe.verdict import Code, Status

NOW = 1_760_000_000.0
WATCHED = {"north": 10, "south": 10, "east": 1000}


def turned(carrier: str, count: int, at: float = NOW, rechecked: bool = False) -> list[Flip]:
    change = Change(Status.OK, Status.DOWN, Code.IMAP_OUTAGE, at, at)
    return [Flip(f"{carrier}-{number}", carrier, change, rechecked) for number in range(count)]


def held(seen: list[Flip], watched: dict[str, int]) -> int:
    """How many of these must wait, when all of them are known."""
    flips = Flips()
    for one in seen:
        flips.turned(one, watched, NOW)
    return len({one.account for one in seen if flips.turned(one, watched, NOW)})


@pytest.mark.parametrize(
    ("seen", "count"),
    [
        (turned("north", 10), 0),  # one carrier alone is what its controls are for
        (turned("north", 3) + turned("south", 3), 6),
        (turned("north", 3, NOW - AT_ONCE) + turned("south", 3), 6),
        (turned("north", 3, NOW - AT_ONCE - 1) + turned("south", 3), 0),  # not at once
        (turned("north", 3) + turned("south", 2), 0),  # too small a part of one of them
        (turned("north", 5) + turned("south", 5) + turned("east", 5), 10),  # the third is not hit as the others are
        (turned("a", 2) + turned("b", 2), 0),  # not many
        (turned("a", 3) + turned("b", 2), 5),
        (turned("north", 5, rechecked=True) + turned("south", 5, rechecked=True), 0),
        (turned("north", 5, rechecked=True) + turned("south", 5), 5),  # who comes later is checked again as well
        ([], 0),
    ],
)
def test_who_is_held(seen: list[Flip], count: int) -> None:
    assert held(seen, WATCHED) == count


def test_an_account_that_turns_to_and_fro_counts_once() -> None:
    assert held(turned("north", 1) * 9 + turned("south", 1) * 9, {"north": 1, "south": 1}) == 0
