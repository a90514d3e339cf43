"""Incidents and what callers met outlive the process, and a mailbox that is erased is not among them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mailprobe.incident import WITHIN, Call, Incident, State, Text, Why
from mailprobe.store import open_store
from mailprobe.store.erasing import Whose
from mailprobe.verdict import Code, Status

NOW = 1_800_000_000.0
NEW = Incident(
    "lab",
    State.SUSPECTED,
    Why.CALLS_AND_CONTROL,
    NOW,
    NOW,
    seen_at=NOW,
    addresses=3,
    text=Text("調査中です。", "We look into it."),
)


def opening(standing: Incident | None, closed_at: float, met: Sequence[Call]) -> Incident | None:
    return NEW if standing is None else None


async def test_one_outlives_the_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/m.db"
    async with open_store(url) as store:
        assert await store.incidents.change("lab", NOW, opening) == (None, replace(NEW, number=1))
    async with open_store(url) as store:
        assert await store.incidents.open_ones() == (replace(NEW, number=1),)
        assert await store.incidents.one(1) == replace(NEW, number=1)
        assert await store.incidents.one(2) is None


async def test_two_that_see_the_same_open_one_only() -> None:
    async with open_store("sqlite://") as store:
        await asyncio.gather(*(store.incidents.change("lab", NOW, opening) for _ in range(5)))
        assert len(await store.incidents.all()) == 1


async def test_an_ended_one_is_told_as_the_last(tmp_path: Path) -> None:
    asked: list[tuple[Incident | None, float]] = []

    def decide(standing: Incident | None, closed_at: float, met: Sequence[Call]) -> Incident | None:
        asked.append((standing, closed_at))
        return None

    async with open_store("sqlite://") as store:
        await store.incidents.change("lab", NOW, decide)
        await store.incidents.change("lab", NOW, opening)
        said = Text(en="It is over.")
        await store.incidents.step(1, lambda one: replace(one, state=State.RESOLVED, changed_at=NOW + 60, text=said), NOW + 60)
        assert [one.text for one in await store.incidents.all()] == [said]
        await store.incidents.change("lab", NOW + 90, decide)
        assert asked == [(None, 0.0), (None, NOW + 60)]
        assert await store.incidents.open_ones() == ()
        assert [one.state for one in await store.incidents.all("lab")] == [State.RESOLVED]
        assert await store.incidents.all("other") == ()


async def test_of_one_address_the_newest_call_counts_and_old_ones_go() -> None:
    met: list[Sequence[Call]] = []

    def decide(standing: Incident | None, closed_at: float, calls: Sequence[Call]) -> Incident | None:
        met.append(calls)
        return None

    first = Call("lab", "a", True, Code.IMAP_OUTAGE, Status.DOWN, NOW)
    async with open_store("sqlite://") as store:
        for one in (first, replace(first, subject="b"), replace(first, code=Code.HEALTHY, status=Status.OK, at=NOW + 9)):
            await store.incidents.learn(one)
        await store.incidents.change("lab", NOW + 10, decide)
        await store.incidents.change("other", NOW + 10, decide)
        await store.incidents.learn(replace(first, subject="c", at=NOW + WITHIN + 5))
        await store.incidents.change("lab", NOW + WITHIN + 6, decide)
    assert {(one.subject, one.code) for one in met[0]} == {("a", Code.HEALTHY), ("b", Code.IMAP_OUTAGE)}
    assert met[1] == ()
    assert {one.subject for one in met[2]} == {"a", "c"}


async def test_who_is_erased_is_not_among_the_callers() -> None:
    async with open_store("sqlite://") as store:
        subject = store.strangers.subject_of("tanaka@mail.test")
        await store.incidents.learn(Call("lab", subject, True, Code.IMAP_OUTAGE, Status.DOWN, NOW))
        assert (await store.erase(Whose("tanaka", ("tanaka@mail.test",)))).rows == 1
