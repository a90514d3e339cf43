"""A file of an older program is taken over whole, one of a newer or another program is left alone."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Boolean

from mailprobe.evidence import Of, Stage
from mailprobe.incident import Text
from mailprobe.store import StoreError, open_store
from mailprobe.store.schema import definitions
from mailprobe.store.tables import VERSION, metadata

DUMP = Path(__file__).parents[2] / "golden" / "store" / "version-2.sql"
NOW = 1_800_000_000.0
# As version 7 made it; the other tables are made beside it.
VERSION_7 = """CREATE TABLE incidents (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, carrier VARCHAR NOT NULL, state VARCHAR NOT NULL, why VARCHAR NOT NULL,
    opened_at FLOAT NOT NULL, changed_at FLOAT NOT NULL, changed_by VARCHAR NOT NULL, seen_at FLOAT NOT NULL,
    addresses INTEGER NOT NULL, owner VARCHAR NOT NULL, text VARCHAR NOT NULL, expected_at FLOAT
)"""


def version_2(place: Path) -> Path:
    with sqlite3.connect(place) as raw:
        raw.executescript(DUMP.read_text("utf-8"))
    return place


def schema(place: Path) -> set[str]:
    """Every table and index, without regard to spacing."""
    with sqlite3.connect(place) as raw:
        return {
            re.sub(r"\s+|(?<=\() | (?=\))", "", row[0])
            for row in raw.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        }


def rows(place: Path) -> dict[str, list[object]]:
    with sqlite3.connect(place) as raw:
        names = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: raw.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}  # noqa: S608  names of ours


async def test_a_file_of_version_2_loses_nothing(tmp_path: Path) -> None:
    place = version_2(tmp_path / "m.db")
    before = rows(place)
    assert all(before[name] for name in ("sign_ins", "answers", "askings", "canaries", "returns", "inbox", "marks", "house"))
    async with open_store(f"sqlite:///{place}") as store:
        login = store.sign_ins.login("tanaka", "imap.d.test")  # under the key of that time
        words = await store.sign_ins.reserve(login, "", Stage.LOGIN, NOW, lambda past: [one.words for one in past])
        assert words == ["NO [AUTHENTICATIONFAILED]"]
        known = await store.askings.remembered(Of.TARGET, "tanaka@d.test", "mx.d.test", "here")
        assert known is not None
        assert known.text == "<tanaka@d.test> unknown"
        subject = store.canaries.subject_of("tanaka@d.test")
        assert [one.id for one in await store.canaries.open_ones(subject, NOW)] == ["c1"]
        assert [one.text for one in await store.bounces.of_mailbox(subject, 0.0, "tanaka@d.test")] == ["no <tanaka@d.test>"]
    after = rows(place)
    assert {name: after[name] for name in before} == before
    with sqlite3.connect(place) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (VERSION,)


async def test_migrated_and_new_files_are_alike(tmp_path: Path) -> None:
    """A table that is added to tables.py and not to a migration shows here."""
    old, new = version_2(tmp_path / "old.db"), tmp_path / "new.db"
    for place in (old, new):
        async with open_store(f"sqlite:///{place}"):
            pass
    assert schema(old) == schema(new)
    with sqlite3.connect(new) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [(str(VERSION),)]


async def test_what_callers_were_told_is_kept_in_the_language_that_it_was_written_in(tmp_path: Path) -> None:
    place, said = tmp_path / "m.db", ("受信が遅れています。", "It is late.", "", "ﾒﾝﾃ中")
    with sqlite3.connect(version_2(place)) as raw:
        raw.executescript(VERSION_7)
        head = ("lab", "resolved", "by_hand", NOW, NOW, "chief", NOW, 4, "SD-2")
        put = "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)"
        raw.executemany(put, [(n, *head, one) for n, one in enumerate(said, 7)])
    async with open_store(f"sqlite:///{place}") as store:
        found = await store.incidents.all()
    assert {one.number: one.text for one in found} == {
        7: Text(ja="受信が遅れています。"),
        8: Text(en="It is late."),
        9: Text(),
        10: Text(ja="ﾒﾝﾃ中"),
    }
    assert {(one.owner, one.addresses, one.expected_at) for one in found} == {("SD-2", 4, None)}


async def test_two_programs_may_take_it_over_at_once(tmp_path: Path) -> None:
    place = version_2(tmp_path / "m.db")

    async def once() -> str:
        async with open_store(f"sqlite:///{place}") as store:
            return store.sign_ins.login("tanaka", "imap.d.test")

    assert len(set(await asyncio.gather(*(once() for _ in range(3))))) == 1


async def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = version_2(tmp_path / "m.db")
    before = rows(place)
    with sqlite3.connect(place) as raw:
        raw.execute("CREATE VIEW audit AS SELECT 1")  # in the way of the last table
    with pytest.raises(StoreError) as caught:
        async with open_store(f"sqlite:///{place}"):
            pass
    assert caught.value.code == "MP1020"
    assert rows(place) == before
    with sqlite3.connect(place) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (2,)


async def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    with sqlite3.connect(place) as raw:
        raw.execute("CREATE TABLE photographs (name TEXT)")
    with pytest.raises(StoreError) as caught:
        async with open_store(f"sqlite:///{place}"):
            pass
    assert (caught.value.code, caught.value.exit_code) == ("MP1023", 78)
    assert list(rows(place)) == ["photographs"]


def test_every_table_has_a_key_and_no_type_that_only_sqlite_has() -> None:
    """PostgreSQL is to follow."""
    for table in metadata.sorted_tables:
        assert table.primary_key.columns
        assert all(len(column.key) < 63 for column in table.columns)
        assert not any(isinstance(column.type, Boolean) and column.nullable for column in table.columns)
    assert len(definitions()) == len(metadata.tables) + sum(len(table.indexes) for table in metadata.sorted_tables)
