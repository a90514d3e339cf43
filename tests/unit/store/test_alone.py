"""One daemon at a time on a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailprobe.store.alone import alone
from mailprobe.store.place import MEMORY, StoreError


def test_the_second_is_told_who_was_first_and_may_come_afterwards(tmp_path: Path) -> None:
    place = str(tmp_path / "m.db")
    with alone(place):
        with pytest.raises(StoreError, match="another mailprobe serve is running with this store") as caught, alone(place):
            pass
        assert (caught.value.code, caught.value.exit_code) == ("MP1021", 75)
        with alone(str(tmp_path / "other.db")):
            pass
    with alone(place):
        pass


def test_where_no_file_can_be_had_nobody_is_kept_out(tmp_path: Path) -> None:
    for place in (MEMORY, str(tmp_path / "nowhere" / "m.db")):
        with alone(place), alone(place):
            pass
