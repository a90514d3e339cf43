"""Accounts by a query: read only, one statement, no password in sight, no customer's address in an error."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from mailprobe.config import Config, ConfigError, load, query
from mailprobe.config.query import read_query, tame
from mailprobe.config.rows import Row, RowError

LAB = '[carriers.example]\nrelation = "own"\ndomains = ["mail.test"]\n'
SELECT = "SELECT id, address, team AS 'group', every FROM people ORDER BY id"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "people.db") as database:
        database.execute("CREATE TABLE people (id, address, team, every, since REAL, picture BLOB)")
        rows = [(f"a{number}", f"u{number}@mail.test", "east", None, 1.5, b"x") for number in range(3)]
        database.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", rows)
    database.close()
    return tmp_path


def test_a_database_that_is_away_is_tried_again_and_a_wrong_query_is_not(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service manager starts nothing again that ended with 78: a host whose database comes up later would stay blind."""

    async def refused(sql: str, url: str) -> None:
        raise ConnectionRefusedError(111, "Connect call failed")

    monkeypatch.setattr(query, "from_postgres", refused)
    for sql, url, code, exit_code in (
        (SELECT, "postgresql://mailprobe@db/customers", "MP1806", 69),
        ("SELECT id, address FROM nobody", "sqlite:///people.db", "MP1801", 78),
    ):
        with pytest.raises(ConfigError) as caught:
            loaded(base, sql, url)
        assert ([one.code for one in caught.value.problems], caught.value.exit_code) == ([code], exit_code)
    with pytest.raises(ConfigError) as caught:
        loaded(base, SELECT, "postgresql://mailprobe@db/customers", more="[nonsense]\n")
    assert caught.value.exit_code == 78  # that is not better the next time


def loaded(base: Path, sql: str, url: str = "sqlite:///people.db", more: str = "") -> Config:
    path = base / "mailprobe.toml"
    path.write_text(f'{LAB}[accounts_from]\nsql = """{sql}"""\nurl = "{url}"\n{more}')
    return load(path)


def refused(base: Path, sql: str, url: str = "sqlite:///people.db") -> tuple[str, str]:
    with pytest.raises(ConfigError) as caught:
        loaded(base, sql, url)
    (problem,) = caught.value.problems
    return problem.code, f"{problem.where} {problem.what} {problem.hint}"


def test_a_query_gives_accounts(base: Path) -> None:
    config = loaded(base, SELECT, more='secret_template = "env:S_{id}"\n')
    assert [(one.id, one.address.display, one.group, str(one.secret)) for one in config.accounts] == [
        (f"a{number}", f"u{number}@mail.test", "east", f"env:S_a{number}") for number in range(3)
    ]


def test_it_is_read_inside_a_running_loop_as_well(base: Path) -> None:
    async def reload() -> Config:
        return loaded(base, SELECT)

    assert len(asyncio.run(reload()).accounts) == 3


def test_one_wrong_row_and_nothing_is_taken(base: Path) -> None:
    code, said = refused(base, "SELECT id, CASE id WHEN 'a1' THEN 'x@@y' ELSE address END AS address FROM people")
    assert (code, "accounts_from.sql row 2" in said) == ("MP1206", True)


@pytest.mark.parametrize(
    ("sql", "code", "said"),
    [
        ("SELECT id, address, since FROM people", "MP1044", 'unknown column "since"'),
        ("SELECT id, address, address FROM people", "MP1044", "twice"),
        ("SELECT id FROM people", "MP1044", "id and address are needed"),
        ("SELECT id, address FROM nobody", "MP1801", "no such table: nobody"),
        ("SELEC id", "MP1043", "not one statement"),
        ("DROP TABLE people", "MP1043", "not one statement"),
        ("SELECT 1; DROP TABLE people", "MP1043", "not one statement"),
        ("WITH x AS (SELECT 1) DELETE FROM people RETURNING id, address", "MP1801", "readonly"),
    ],
)
def test_a_query_that_cannot_be_meant(base: Path, sql: str, code: str, said: str) -> None:
    found, text = refused(base, sql)
    assert (found, said in text) == (code, True), text
    assert "mailprobe.toml:" in text
    assert len(loaded(base, SELECT).accounts) == 3  # whatever it was, the table stands


def test_a_value_that_is_no_text(base: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(base, "SELECT id, address, picture AS 'group' FROM people")
    assert {problem.code for problem in caught.value.problems} == {"MP1008"}
    assert caught.value.problems[0].hint == "cast it in the query: CAST(group AS text)"


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:hunter2@db/x", "mysql+pymysql://me:hunter2@db/x", "postgresql://me@db/x?password=hunter2", "hunter2"],
)
def test_a_password_is_never_shown(base: Path, url: str) -> None:
    code, said = refused(base, SELECT, url)
    assert (code in ("MP1013", "MP1043"), "hunter2" in said) == (True, False)


def test_the_whole_url_may_be_kept_elsewhere(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEOPLE", "sqlite:///people.db")
    assert len(loaded(base, SELECT, "env:PEOPLE").accounts) == 3
    (base / "url").write_text("sqlite:///people.db\n")
    (base / "url").chmod(0o600)
    assert len(loaded(base, SELECT, "file:url").accounts) == 3
    (base / "url").chmod(0o644)
    assert refused(base, SELECT, "file:url")[0] == "MP1012"
    monkeypatch.delenv("PEOPLE")
    assert refused(base, SELECT, "env:PEOPLE")[0] == "MP1015"
    assert refused(base, SELECT, "exec:cat url")[0] == "MP1013"


def test_a_file_that_is_not_there_is_not_made(base: Path) -> None:
    assert refused(base, SELECT, "sqlite:///absent.db")[0] == "MP1011"
    assert not (base / "absent.db").exists()


def test_a_database_that_never_answers(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailprobe.config.query.WITHIN", 0.2)
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000000) SELECT i AS id, i AS address FROM n"
    )
    with pytest.raises(RowError, match="no answer within"):
        list(read_query(endless, "sqlite:///people.db", base))


def test_a_number_is_an_id(base: Path) -> None:
    found = list(read_query("SELECT 7 AS id, address FROM people LIMIT 1", "sqlite:///people.db", base))
    assert [one.cells["id"] for one in found if isinstance(one, Row)] == ["7"]


def test_a_database_may_quote_an_address() -> None:
    assert tame('invalid input: "taro@mail.test"\nLINE 1') == 'invalid input: "***" LINE 1'
