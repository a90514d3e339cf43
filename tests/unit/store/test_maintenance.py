"""Windows that were set while the daemon ran outlive it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mailprobe.maintenance import Window, under_way
from mailprobe.store import open_store

NOW = 1_800_000_000.0
WORK = Window("lab", "shard-3", NOW, NOW + 3600.0, "CHG-17")


async def test_a_window_outlives_the_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/m.db"
    async with open_store(url) as store:
        kept = await store.maintenance.add(WORK, "suzuki", NOW)
    assert kept == dataclasses.replace(WORK, number=1)
    async with open_store(url) as store:
        assert await store.maintenance.all(NOW) == (kept,)
        assert await store.maintenance.all(NOW + 3600.0) == ()
        assert under_way(await store.maintenance.all(NOW), "lab", "shard-3", NOW + 60.0) == kept


async def test_one_that_is_ended_is_not_under_way_any_more() -> None:
    async with open_store("sqlite://") as store:
        kept = await store.maintenance.add(WORK, "suzuki", NOW)
        early = await store.maintenance.add(dataclasses.replace(WORK, begins=NOW + 600.0), "suzuki", NOW)
        for one in (kept, early):
            ended = await store.maintenance.end(one.number, NOW + 60.0)
            assert ended is not None
            assert ended.ends == NOW + 60.0
            assert await store.maintenance.end(one.number, NOW + 61.0) is None
        for later in (60.0, 700.0):
            assert under_way(await store.maintenance.all(NOW), "lab", "shard-3", NOW + later) is None
        assert await store.maintenance.end(99, NOW) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"carrier": "", "group": ""}, "neither"),
        ({"ends": NOW}, "must end"),
        ({"ends": NOW + 32 * 86400.0}, "31 days"),
        ({"note": "ask a@b.test"}, "address"),
    ],
)
async def test_what_is_no_window_is_refused(change: dict[str, str | float], words: str) -> None:
    async with open_store("sqlite://") as store:
        with pytest.raises(ValueError, match=words):
            await store.maintenance.add(dataclasses.replace(WORK, **change), "suzuki", NOW)  # type: ignore[arg-type]  # of table rows
        assert await store.maintenance.all(0.0) == ()
