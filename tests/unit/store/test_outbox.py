"""The outbox: in order, durable, each once, and never without end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mailprobe.store import open_store
from mailprobe.store import outbox as table

NOW = 1_800_000_000.0


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    kind: str = "status_changed"
    body: str = "{}"
    at: float = NOW


async def test_what_was_put_is_told_in_order_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/m.db"
    async with open_store(url) as store:
        assert await store.outbox.put([Event("b"), Event("a")]) == 0
        assert await store.outbox.put([Event("c"), Event("a")]) == 0
    told = []
    async with open_store(url) as store:
        assert await store.outbox.count() == 3
        while (one := await store.outbox.oldest()) is not None:
            told.append(one.id)
            await store.outbox.remove(one.number)
    assert told == ["b", "a", "c"]


async def test_what_was_put_off_keeps_its_place() -> None:
    async with open_store("sqlite://") as store:
        await store.outbox.put([Event("a"), Event("b")])
        for tries in (1, 2):
            first = await store.outbox.oldest()
            assert first is not None
            await store.outbox.put_off(first.number, NOW + tries)
            again = await store.outbox.oldest()
            assert again is not None
            assert (again.id, again.tries, again.not_before) == ("a", tries, NOW + tries)


async def test_the_oldest_go_for_lack_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST", 10)
    async with open_store("sqlite://") as store:
        assert await store.outbox.put([Event(str(number)) for number in range(8)]) == 0
        assert await store.outbox.put([Event(str(number)) for number in range(8, 12)]) == 2
        assert await store.outbox.put([]) == 0
        oldest = await store.outbox.oldest()
        assert oldest is not None
        assert (oldest.id, await store.outbox.count()) == ("2", 10)
