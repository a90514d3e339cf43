"""When too many accounts turn bad at once, and who is held."""

from __future__ import annotations

import pytest

from mailprobe.status import Change
from mailprobe.status.flips import AT_ONCE, Flip, mass_flip
from mailprobe.verdict import Code, Status

NOW = 1_760_000_000.0
WATCHED = {"north": 10, "south": 10, "east": 1000}


def flips(carrier: str, count: int, at: float = NOW, new: Status = Status.DOWN, rechecked: bool = False) -> list[Flip]:
    old = Status.OK if new is not Status.OK else Status.DOWN
    change = Change(old, new, Code.IMAP_OUTAGE, at, at)
    return [Flip(f"{carrier}-{number}", carrier, change, rechecked) for number in range(count)]


@pytest.mark.parametrize(
    ("seen", "held"),
    [
        (flips("north", 10), 0),  # one carrier alone is what its controls are for
        (flips("north", 3) + flips("south", 3), 6),
        (flips("north", 3, NOW - AT_ONCE) + flips("south", 3), 6),
        (flips("north", 3, NOW - AT_ONCE - 1) + flips("south", 3), 0),  # not at once
        (flips("north", 3) + flips("south", 2), 0),  # too small a part of one of them
        (flips("north", 10) + flips("east", 20), 0),
        (flips("north", 10) + flips("east", 300), 310),
        (flips("north", 5) + flips("south", 5) + flips("east", 5), 10),  # the third is not hit as the others are
        (flips("a", 2) + flips("b", 2), 0),  # not many
        (flips("a", 3) + flips("b", 2), 5),
        (flips("north", 9, new=Status.OK) + flips("south", 9, new=Status.OK), 0),  # better is never held
        (flips("north", 5, rechecked=True) + flips("south", 5, rechecked=True), 0),
        (flips("north", 5, rechecked=True) + flips("south", 5), 5),  # who comes later is checked again as well
        ([], 0),
    ],
)
def test_who_is_held(seen: list[Flip], held: int) -> None:
    assert len(mass_flip(seen, WATCHED, NOW)) == held


def test_an_account_that_turns_to_and_fro_counts_once() -> None:
    assert mass_flip(flips("north", 1) * 9 + flips("south", 1) * 9, {"north": 1, "south": 1}, NOW) == frozenset()
