"""When too many accounts turn bad at once."""

from __future__ import annotations

import pytest

from mailprobe.status.flips import ill_together

WATCHED = {"north": 10, "south": 10, "east": 1000}


@pytest.mark.parametrize(
    ("hit", "ill"),
    [
        ({"north": 10}, set()),  # one carrier alone is what its controls are for
        ({"north": 3, "south": 3}, {"north", "south"}),
        ({"north": 3, "south": 2}, set()),  # too small a part of one of them
        ({"north": 10, "east": 20}, set()),
        ({"north": 10, "east": 300}, {"north", "east"}),
        ({"north": 5, "south": 5, "east": 5}, {"north", "south"}),  # the third is not hit as the others are
        ({"a": 2, "b": 2}, set()),  # not many
        ({"a": 3, "b": 2}, {"a", "b"}),  # of a carrier that is missing all are hit
        ({}, set()),
    ],
)
def test_which_carriers_are_ill_together(hit: dict[str, int], ill: set[str]) -> None:
    assert ill_together(hit, WATCHED) == ill
