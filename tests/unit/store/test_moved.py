"""The store's file is removed, moved or replaced while it is in use: SQLite in WAL mode would go on writing into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mailprobe.store import StoreError, Trouble
from mailprobe.store.database import open_database
from tests.unit.store.test_database import add, names


def take_away(place: Path, aside: Path) -> None:
    place.rename(aside)


def take_away_the_folder(place: Path, aside: Path) -> None:
    place.parent.rename(aside)


def put_another(place: Path, aside: Path) -> None:
    """As from a backup."""
    aside.write_bytes(place.read_bytes())
    aside.replace(place)


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("happens", [take_away, take_away_the_folder, put_another])
async def test_nothing_is_durable_in_a_file_that_nobody_will_find(
    tmp_path: Path, happens: Callable[[Path, Path], None], reads: bool
) -> None:
    (tmp_path / "store").mkdir()
    place, aside = tmp_path / "store" / "m.db", tmp_path / "aside"
    database = await open_database(str(place))
    await database.transact(add("before"))
    if reads:
        await database.read(names)
    happens(place, aside)
    for _ in range(2):  # also when it looks again
        with pytest.raises(StoreError, match="removed, moved or replaced") as caught:
            await database.transact(add("lost"))
        assert (caught.value.trouble, database.trouble) == (Trouble.BROKEN, Trouble.BROKEN)
    if reads:
        assert await database.read(names) == ["before"]
    else:
        with pytest.raises(StoreError, match="removed, moved or replaced"):
            await database.read(names)
    await database.close()
    assert empty_ones(tmp_path) == []  # in its place


def empty_ones(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("m.db") if one.stat().st_size == 0]


async def test_a_file_that_was_put_back_is_well_again(tmp_path: Path) -> None:
    place, aside = tmp_path / "m.db", tmp_path / "aside"
    database = await open_database(str(place))
    place.rename(aside)
    with pytest.raises(StoreError):
        await database.transact(add("lost"))
    aside.rename(place)
    await database.transact(add("kept"))
    assert (database.trouble, await database.read(names)) == (None, ["kept"])
    await database.close()
