"""Evidence comes back exactly, without the names that must not be kept; and what cannot be read breaks nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import typing
from dataclasses import fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.evidence import Broken, End, Ending, Evidence, Fact, Line, NotAsked, Of, Replied, Stage, Withheld
from mailprobe.store import facts as writing
from mailprobe.store import open_store
from mailprobe.store.facts import SHAPES, Damaged, Octets, Unreadable, Why
from mailprobe.store.hidden import Hidden, entry_of
from mailprobe.store.results import Kept, Outcome
from tests.unit.store.seen import IMAP, MX

NAMES = ("u000002@mail.test", "live@mail.test")
TEXT = st.text(max_size=30)  # lone surrogates as well
FLOATS = st.floats(allow_nan=False)
COUNTS = st.integers(-(2**63), 2**63 - 1)


def value(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    plain = {str: TEXT, float: FLOATS, int: COUNTS, bool: st.booleans(), type(None): st.none()}
    if hint in plain:
        return plain[hint]
    if typing.get_origin(hint) is tuple:
        return st.lists(TEXT, max_size=4).map(tuple)
    return st.one_of([value(one) for one in typing.get_args(hint)])


def any_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: value(hint) for name, hint in typing.get_type_hints(kind).items()})


KINDS: tuple[type[Any], ...] = typing.get_args(Fact)
FACTS = st.lists(st.one_of([any_of(kind) for kind in KINDS]), max_size=6).map(tuple)
LINES = st.lists(st.builds(Line, at=FLOATS, server=TEXT, who=st.sampled_from("SC*"), text=TEXT), max_size=6).map(tuple)


def hidden(*names: str) -> Hidden:
    return Hidden(names, lambda name: entry_of(name, lambda one: f"{sum(one.encode('utf-8', 'surrogatepass')):064x}"[::-1]))


def test_every_kind_of_fact_and_every_field_has_its_place() -> None:
    """Whoever adds one has to say how it is written, or it would be lost."""
    assert {make for make, _ in SHAPES.values()} == set(KINDS)
    for make, names in SHAPES.values():
        assert {field.name for field in fields(make)} == {*writing.SEEN.split(), *names.split()}


@given(FACTS)
def test_facts_come_back_exactly(facts: tuple[Fact, ...]) -> None:
    found = writing.read(writing.written(facts))
    assert found == facts
    assert repr(found) == repr(facts)  # 0 is not 0.0, 'x' no member of an enum


@pytest.mark.parametrize("at", [float("inf"), float("-inf"), 0.0, None])
def test_a_time_without_end_comes_back(at: float | None) -> None:
    fact = NotAsked(at=0.0, stage=Stage.LOGIN, why=Withheld.BUDGET_SPENT, not_before=at)
    assert writing.read(writing.written((fact,))) == (fact,)


def test_lines_of_the_first_version_are_read() -> None:
    kept = Octets(b'[["mx.mail.test:25"],["S 220 ready","C EHLO here"]]', writing.packed([1.0, 2.0]))
    known = ("mx.mail.test:25",)
    assert writing.lines_read(kept) == (Line(1.0, *known, "S", "220 ready"), Line(2.0, *known, "C", "EHLO here"))


@given(LINES)
def test_lines_come_back_exactly(lines: tuple[Line, ...]) -> None:
    assert writing.lines_read(writing.lines_written(lines)) == lines


ALIKE = st.text(alphabet='aAbBéÉß@.-1"\\\n', max_size=12)


@given(st.lists(ALIKE, max_size=8), st.lists(ALIKE, max_size=4))
def test_what_is_hidden_comes_back_exactly_whatever_the_names(texts: list[str], names: list[str]) -> None:
    """Names of which one is part of another, in letters of another case, and of the text's own marks."""
    marks = {name: f"{number:012x}" for number, name in enumerate({one for name in names for one in parts(name)})}
    mask, raw = Hidden(names, lambda name: entry_of(name, marks.__getitem__)), writing.octets(texts)
    assert mask.unmasked(mask.masked(raw)) == raw


def parts(name: str) -> tuple[str, str]:
    return name, name.rpartition("@")[0]


@given(st.binary(max_size=60), st.binary(max_size=30))
def test_any_octets_are_facts_or_damaged(text: bytes, times: bytes) -> None:
    for read in (writing.read, writing.lines_read):
        with contextlib.suppress(Damaged):
            read(Octets(text, times))


@pytest.mark.parametrize("spelling", ["u000002@mail.test", "U000002@Mail.TEST"])
@pytest.mark.parametrize("frame", ["<{}>: unknown", "{}", "「{}」は存在しません", "a\n{} b"])
def test_an_address_is_not_written_in_any_spelling(spelling: str, frame: str) -> None:
    mask, raw = hidden(*NAMES), writing.octets([frame.format(spelling), frame.format(spelling.partition("@")[0])])
    assert b"u000002" not in mask.masked(raw).lower()
    assert mask.unmasked(mask.masked(raw)) == raw


@pytest.mark.parametrize("local", ["imap", "550", "target", "a"])
def test_a_user_who_is_called_like_a_word_of_ours_does_not_spoil_the_row(local: str) -> None:
    raw = writing.written(MX.facts).text
    stranger = hidden("somebody@else.test")
    assert writing.read(Octets(stranger.unmasked(hidden(f"{local}@mail.test").masked(raw)), writing.written(MX.facts).times))


async def kept(evidence: Evidence, names: tuple[str, ...] = NAMES) -> Kept:
    async with open_store("sqlite://") as store:
        mask = store.results.hide(names)
        number = await store.results.keep(evidence, Outcome.BAD, mask, "mailbox_full")
        found = await store.results.one(number, mask)
        assert found is not None
        assert await store.results.of_account(evidence.account, mask) == (found,)
        return found


@pytest.mark.parametrize(
    "evidence",
    [
        MX,
        IMAP,
        replace(MX, slot=None, facts=(), transcript=()),
        replace(MX, ending=Ending(End.HELD, "budget", 1_800_000_100.0)),
        replace(MX, facts=(Broken(at=1, stage=MX.facts[3].stage, why="reset", words="\ud800\x00"),)),  # type: ignore[union-attr,arg-type]  # bad on purpose
    ],
)
async def test_a_result_comes_back_whole(evidence: Evidence) -> None:
    found = await kept(evidence)
    assert found.evidence == evidence
    assert (found.outcome, found.code, found.started) == (Outcome.BAD, "mailbox_full", evidence.started)


def contents(directory: Path) -> bytes:
    return b"".join(file.read_bytes() for file in directory.iterdir())


async def test_no_name_is_in_the_file_and_a_stranger_reads_none(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path}/m.db") as store:
        mask = store.results.hide(NAMES)
        for evidence in (MX, IMAP):
            await store.results.keep(evidence, Outcome.BAD, mask)
        found = await store.results.of_account("tanaka", store.results.hide(()))
        held = contents(tmp_path)
    assert b"mx1.mail.test" in held
    assert not any(word in held for word in (b"u000002", b"live@"))
    assert len(found) == 2
    assert "u000002" not in repr(found)
    assert "<[address]>: Recipient address rejected" in repr(found)


async def test_what_a_newer_program_wrote_and_what_is_damaged_cannot_be_read_and_breaks_nothing(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    async with open_store(f"sqlite:///{place}") as store:
        mask = store.results.hide(NAMES)
        for _ in range(4):
            await store.results.keep(MX, Outcome.GOOD, mask)
    with sqlite3.connect(place) as raw:
        raw.execute("UPDATE results SET version = 99 WHERE id = 1")
        raw.execute("UPDATE results SET facts = x'00' WHERE id = 2")
        raw.execute("UPDATE results SET ending = 'astonished' WHERE id = 3")
    async with open_store(f"sqlite:///{place}") as store:
        found = {one.id: one.evidence for one in await store.results.of_account("tanaka", store.results.hide(NAMES))}
    damaged = Unreadable(Why.DAMAGED, writing.VERSION)
    assert found == {1: Unreadable(Why.NEWER, 99), 2: damaged, 3: damaged, 4: MX}


async def test_many_at_once_are_one_transaction_and_each_has_its_number() -> None:
    sizes: list[int] = []
    async with open_store("sqlite://", lambda committed: sizes.append(committed.works)) as store:
        before, mask = len(sizes), store.results.hide(NAMES)
        seen = [replace(MX, account=f"a{number}", started=float(number)) for number in range(150)]
        numbers = await asyncio.gather(*(store.results.keep(one, Outcome.GOOD, mask) for one in seen))
        assert len(sizes) == before + 1
        for one, number in zip(seen, numbers, strict=True):
            found = await store.results.one(number, mask)
            assert found is not None
            assert found.evidence == one


async def test_results_of_one_turn_lie_by_account_and_everybody_hears_his_own_number() -> None:
    async with open_store("sqlite://") as store:
        runs = [replace(MX, account=f"a{number * 7 % 20:02d}", took=float(number)) for number in range(40)]
        numbers = await asyncio.gather(*(store.results.keep(one, Outcome.GOOD, hidden(*NAMES)) for one in runs))
        kept = [await store.results.one(number, hidden(*NAMES)) for number in numbers]
        assert [one.evidence for one in kept if one is not None] == runs
        by_number = [one.account for _, one in sorted(zip(numbers, runs, strict=True), key=lambda pair: pair[0])]
        assert by_number == sorted(one.account for one in runs)


async def test_what_each_probe_said_last_whatever_the_order_in_which_it_comes() -> None:
    async with open_store("sqlite://") as store:
        mask = store.results.hide(NAMES)
        order = ((10.0, Outcome.GOOD), (30.0, Outcome.BAD), (20.0, Outcome.GOOD), (25.0, Outcome.HELD))
        for started, outcome in order:
            await store.results.keep(replace(MX, started=started), outcome, mask)
        await store.results.keep(replace(IMAP, account="other", started=5.0), Outcome.BAD, mask)
        mx, imap = sorted(await store.results.last(), key=lambda one: -one.at)
        assert (mx.account, mx.at, mx.outcome, mx.good_at) == ("tanaka", 30.0, Outcome.BAD, 20.0)
        assert (imap.account, imap.probe, imap.good_at) == ("other", "imap", None)
        assert await store.results.last("other") == (imap,)


async def test_one_who_goes_away_takes_nobody_with_him() -> None:
    async with open_store("sqlite://") as store:
        mask = store.results.hide(NAMES)
        tasks = [asyncio.create_task(store.results.keep(MX, Outcome.GOOD, mask)) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in done] == [int, asyncio.CancelledError, int]
        assert len(await store.results.of_account("tanaka", mask)) == 3


def test_the_tests_own_evidence_is_of_a_target_that_is_refused() -> None:
    assert any(isinstance(one, Replied) and one.code == 550 and one.of is Of.TARGET for one in MX.facts)
