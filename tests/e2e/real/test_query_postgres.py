"""Accounts by a query of a real PostgreSQL, started privately: read only whatever the query says."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.config import ConfigError, load
from tests.e2e.real.postoffice import free_port

pytest.importorskip("asyncpg", reason="the extra [postgres] is not installed")
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
ALL = "SELECT id, address, '1h' AS every"  # as often as the limits can serve five thousand
LAB = '[carriers.example]\nrelation = "own"\ndomains = ["mail.test"]\nlive_controls = [{ address = "live@mail.test" }]\n'
SETUP = """
CREATE TABLE people (id text, address text, team text);
INSERT INTO people SELECT 'a' || n, 'u' || n || '@mail.test', 'east' FROM generate_series(1, 5000) n;
CREATE FUNCTION meddle() RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN DELETE FROM people; RETURN 'x'; END $$;
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    if os.geteuid() != 0 or not BINARIES:
        why = "PostgreSQL is not installed, or this is not root"
        if os.environ.get("MAILPROBE_REQUIRE_SERVERS"):
            pytest.fail(f"{why}; and servers are required")
        pytest.skip(why)
    owner, number, programs = pwd.getpwnam("postgres"), free_port(), BINARIES[-1]

    def as_owner(*words: str) -> None:
        nothing = subprocess.DEVNULL
        subprocess.run(words, user=owner.pw_uid, group=owner.pw_gid, check=True, cwd="/", stdout=nothing, stderr=nothing)

    with tempfile.TemporaryDirectory(prefix="mailprobe-postgres-") as folder:
        shutil.chown(folder, owner.pw_uid, owner.pw_gid)
        as_owner(str(programs / "initdb"), "-D", folder, "-U", "mailprobe", "-A", "trust", "--no-sync")
        options = f"-p {number} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        as_owner(str(programs / "pg_ctl"), "-D", folder, "-w", "-o", options, "-l", f"{folder}/log", "start")
        try:
            psql = (str(programs / "psql"), "-h", "127.0.0.1", "-p", str(number), "-U", "mailprobe", "-d", "postgres")
            as_owner(*psql, "-c", SETUP)
            yield number
        finally:
            as_owner(str(programs / "pg_ctl"), "-D", folder, "-m", "immediate", "stop")


def loaded(folder: Path, port: int, sql: str) -> int:
    path = folder / "mailprobe.toml"
    url = f"postgresql://mailprobe@127.0.0.1:{port}/postgres"
    path.write_text(f"{LAB}[accounts_from]\nsql = '''{sql}'''\nurl = \"{url}\"\n")
    return len(load(path).accounts)


def test_thousands_of_accounts(tmp_path: Path, port: int) -> None:
    assert loaded(tmp_path, port, ALL + ', team AS "group" FROM people') == 5000


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT id, address, meddle() AS carrier FROM people", "read-only transaction"),
        ("WITH gone AS (DELETE FROM people RETURNING id, address) SELECT id, address FROM gone", "read-only transaction"),
        ("SELECT id, address FROM nobody", "does not exist"),
        ("SELECT id, address::int AS address FROM people", "invalid input syntax"),
    ],
)
def test_a_query_that_fails_changes_nothing_and_shows_no_address(tmp_path: Path, port: int, sql: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, port, sql)
    (problem,) = caught.value.problems
    assert (problem.code, said in problem.what, "@" in problem.what) == ("MP1801", True, False)
    assert loaded(tmp_path, port, ALL + " FROM people") == 5000


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, free_port(), "SELECT id, address FROM people")
    assert (caught.value.problems[0].code, caught.value.exit_code) == ("MP1806", 69)
