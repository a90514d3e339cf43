"""The records of test mails: durable, by compare-and-set, without an address; and the second program on the same file."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from mailprobe.canary import OPEN, STEPS, Record
from mailprobe.carriers import FOREIGN_LIMITS, Relation
from mailprobe.evidence import CanaryState, Folder, Of, Withheld
from mailprobe.limits import Logbook
from mailprobe.probes import Denied
from mailprobe.store import open_store
from mailprobe.store.canaries import DAY, KEPT, LINGERS, MOST_REPLY, Canaries

NOW = 1_800_000_000.0
RECORD = Record(
    id="0123456789abcdef",
    subject="s" * 32,
    of=Of.TARGET,
    account="tanaka",
    vantage="here",
    sender="b-x@bounce.test",
    number="4821",
    consent="enrolled",
    planned_at=NOW,
    changed_at=NOW,
)
FULL = replace(
    RECORD,
    watched=True,
    uidvalidity=7,
    uidnext=12,
    sent_at=NOW + 1,
    server="mx:25",
    ip="192.0.2.1",
    reply="250 ok",
    folder=Folder.JUNK,
    mailbox="Junk",
    uid=12,
    found_at=NOW + 2,
    took=0.5,
)


def granted(past: tuple[Record, ...]) -> None:
    return None


async def planned(canaries: Canaries, **changes: Any) -> Record:
    made = await canaries.plan(replace(RECORD, **changes), granted)
    assert isinstance(made, Record)
    return made


@pytest.mark.parametrize("before", CanaryState)
@pytest.mark.parametrize("after", CanaryState)
async def test_only_the_legal_steps(before: CanaryState, after: CanaryState) -> None:
    async with open_store("sqlite://") as store:
        record = await planned(store.canaries, state=before)
        step = replace(record, state=after, changed_at=NOW + 1)
        legal = after in STEPS[before] or after is before
        assert await store.canaries.step(record, step) is legal
        assert await store.canaries.last(record.subject) == (step if legal else record)


async def test_each_step_is_taken_once() -> None:
    async with open_store("sqlite://") as store:
        record = await planned(store.canaries)
        sending = [replace(record, state=CanaryState.SENDING, server=str(n)) for n in range(8)]
        taken = await asyncio.gather(*(store.canaries.step(record, one) for one in sending))
        assert taken.count(True) == 1
        found = await store.canaries.last(record.subject)
        assert found == sending[taken.index(True)]


async def test_putting_off_is_no_step_and_is_taken_once_as_well() -> None:
    async with open_store("sqlite://") as store:
        record = await planned(store.canaries)
        assert await store.canaries.step(record, replace(record, changed_at=NOW + 5, reply="450"))
        assert not await store.canaries.step(record, replace(record, changed_at=NOW + 6))


async def test_a_record_that_is_not_there_takes_no_step() -> None:
    async with open_store("sqlite://") as store:
        assert not await store.canaries.step(RECORD, replace(RECORD, state=CanaryState.SENDING))


async def test_every_field_comes_back() -> None:
    assert {field.name for field in fields(Record)} == {field.name for field in fields(FULL)}
    async with open_store("sqlite://") as store:
        assert await store.canaries.plan(FULL, granted) == FULL
        assert await store.canaries.last(FULL.subject) == FULL
        assert await store.canaries.last("other") is None


async def test_a_denied_plan_writes_nothing_and_shows_the_past() -> None:
    async with open_store("sqlite://") as store:
        first = await planned(store.canaries)
        seen: list[tuple[Record, ...]] = []

        def no(past: tuple[Record, ...]) -> str:
            seen.append(past)
            return "no"

        assert await store.canaries.plan(replace(RECORD, id="b", planned_at=NOW + 9), no) == "no"
        assert seen == [(first,)]
        assert await store.canaries.last(RECORD.subject) == first


async def test_a_plan_is_shown_what_was_planned_since() -> None:
    async with open_store("sqlite://") as store:
        for number in range(4):
            await planned(store.canaries, id=f"{number}", planned_at=NOW + number, state=CanaryState.REMOVED)
        seen: list[tuple[Record, ...]] = []
        await store.canaries.plan(replace(RECORD, id="b", planned_at=NOW + 9), seen.append, since=NOW + 2)
        assert [one.id for one in seen[0]] == ["2", "3"]


async def test_the_past_that_a_long_gap_asks_for_is_read() -> None:
    """The gap of a carrier may be longer than the day that a mail is alive."""
    gap = 3 * DAY
    limits, now = replace(FOREIGN_LIMITS, canary_gap=gap), NOW + gap - 1
    async with open_store("sqlite://") as store:
        await planned(store.canaries, state=CanaryState.REMOVED)
        logbook = Logbook(store, limits, Relation.FOREIGN, lambda: now)
        denied = await logbook.plan(replace(RECORD, id="b", planned_at=now))
        assert isinstance(denied, Denied)
        assert (denied.why, denied.not_before) == (Withheld.NOT_POLITE_YET, NOW + gap)
        now += 2
        assert isinstance(await logbook.plan(replace(RECORD, id="b", planned_at=now)), Record)


async def test_what_ended_long_ago_goes_with_the_next_plan() -> None:
    async with open_store("sqlite://") as store:
        for state in CanaryState:
            await planned(store.canaries, id=state.value, subject=state.value, state=state)
        await planned(store.canaries, id="new", subject="new", planned_at=NOW + KEPT)
        assert await store.canaries.by_id("removed") is not None
        await planned(store.canaries, id="newer", subject="new", planned_at=NOW + KEPT + 1)
        kept = {state for state in CanaryState if await store.canaries.by_id(state.value) is not None}
        assert kept == OPEN


async def test_open_ones_and_those_that_may_still_come() -> None:
    async with open_store("sqlite://") as store:
        for number, state in enumerate(CanaryState):
            await planned(store.canaries, id=state.value, state=state, planned_at=NOW + number)
        found = {one.state for one in await store.canaries.open_ones(RECORD.subject, NOW)}
        ended = {CanaryState.REFUSED, CanaryState.REMOVED, CanaryState.LEFT}
        assert found == set(CanaryState) - ended
        later = {one.state for one in await store.canaries.open_ones(RECORD.subject, NOW + LINGERS + 99)}
        assert later == found - {CanaryState.LOST, CanaryState.BOUNCED}
        assert await store.canaries.open_ones("other", NOW) == ()


async def test_a_flood_of_words_is_cut() -> None:
    async with open_store("sqlite://") as store:
        record = await planned(store.canaries)
        await store.canaries.step(record, replace(record, state=CanaryState.SENDING, reply="x" * 9000))
        found = await store.canaries.last(record.subject)
        assert found is not None
        assert len(found.reply) == MOST_REPLY


async def test_two_programs_on_one_file_plan_one_mail(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/m.db"

    def first_only(past: tuple[Record, ...]) -> str | None:
        return "one alive" if past else None

    async with open_store(url) as one, open_store(url) as other:
        subject = one.canaries.subject_of("t@mail.test")
        assert subject == other.canaries.subject_of("t@mail.test")
        plans = [
            store.canaries.plan(replace(RECORD, id=f"{n}{store is one}", subject=subject), first_only)
            for n in range(10)
            for store in (one, other)
        ]
        made = await asyncio.gather(*plans)
        assert sum(isinstance(record, Record) for record in made) == 1
    assert b"t@mail.test" not in contents(tmp_path)


def contents(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.iterdir())


async def test_a_store_of_the_first_version_gets_the_table(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    async with open_store(f"sqlite:///{place}"):
        pass
    with sqlite3.connect(place) as raw:
        raw.execute("DROP TABLE canaries")
        raw.execute("PRAGMA user_version = 1")
    async with open_store(f"sqlite:///{place}") as store:
        assert await planned(store.canaries) == RECORD
