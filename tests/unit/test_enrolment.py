"""`mailprobe accounts import` and `list`: a file is taken whole or not at all, and addresses are shown only on demand."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from mailprobe.config import ConfigError, load
from mailprobe.enrolment import import_accounts
from tests.unit.test_cli import run

CONFIG = """
[carriers.example]
relation = "own"
domains = ["mail.test"]
live_controls = [{ address = "live@mail.test" }]

[[accounts]]
id = "written"
address = "written@mail.test"

[accounts_from]
csv = "accounts.csv"
"""
HEAD = "id,address,group,every,probes\n"
OLD = HEAD + "a,a@mail.test,east,,\nb,b@mail.test,east,,\n"
NEW = HEAD + "a,a@mail.test,west,,\nc,c@mail.test,west,mx=5m imap=10m,mx imap\n"
BAD = HEAD + "a,a@mail.test,west,,\nc,c@@mail.test,west,,\na,d@mail.test,,,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mailprobe.toml").write_text(CONFIG)
    (tmp_path / "accounts.csv").write_text(OLD)
    (tmp_path / "accounts.csv").chmod(0o640)
    (tmp_path / "new.csv").write_text(NEW)
    (tmp_path / "bad.csv").write_text(BAD)
    return tmp_path


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_taken_and_what_changes_is_told(folder: Path) -> None:
    outcome = run("accounts", "import", str(folder / "new.csv"), "--config", str(folder / "mailprobe.toml"))
    assert (outcome.code, outcome.out) == (0, "3 accounts: 1 new, 1 gone, 1 changed\n")
    assert (folder / "accounts.csv").read_text() == NEW
    assert stat.S_IMODE((folder / "accounts.csv").stat().st_mode) == 0o640
    assert {one.id for one in load(folder / "mailprobe.toml").accounts} == {"written", "a", "c"}
    assert files(folder) == {"mailprobe.toml", "accounts.csv", "new.csv", "bad.csv"}


def test_a_dry_run_writes_nothing(folder: Path) -> None:
    outcome = run("accounts", "import", str(folder / "new.csv"), "--config", str(folder / "mailprobe.toml"), "--dry-run")
    assert (outcome.code, outcome.out) == (0, "would be 3 accounts: 1 new, 1 gone, 1 changed\n")
    assert (folder / "accounts.csv").read_text() == OLD


def test_one_wrong_row_and_nothing_is_imported(folder: Path) -> None:
    outcome = run("accounts", "import", str(folder / "bad.csv"), "--config", str(folder / "mailprobe.toml"))
    assert (outcome.code, outcome.out) == (78, "")
    where = [line.split("] ")[1].split(": ")[0] for line in outcome.err.splitlines()]
    assert where == [f"{folder}/bad.csv:3:3", f"{folder}/bad.csv:4:1"]
    assert f"also at {folder}/bad.csv:2:1" in outcome.err
    assert (folder / "accounts.csv").read_text() == OLD


def test_the_first_file_is_ours_alone_to_read(folder: Path) -> None:
    (folder / "accounts.csv").unlink()
    change, _ = import_accounts(folder / "mailprobe.toml", str(folder / "new.csv"), dry_run=False)
    assert str(change) == "3 accounts: 3 new, 0 gone, 0 changed"
    assert stat.S_IMODE((folder / "accounts.csv").stat().st_mode) == 0o600


def test_a_link_stays_one(folder: Path) -> None:
    (folder / "accounts.csv").rename(folder / "real.csv")
    (folder / "accounts.csv").symlink_to("real.csv")
    import_accounts(folder / "mailprobe.toml", str(folder / "new.csv"), dry_run=False)
    assert ((folder / "accounts.csv").is_symlink(), (folder / "real.csv").read_text()) == (True, NEW)


def test_a_broken_file_is_mended_by_a_good_one(folder: Path) -> None:
    (folder / "accounts.csv").write_text(BAD)
    change, _ = import_accounts(folder / "mailprobe.toml", str(folder / "new.csv"), dry_run=False)
    assert (change.accounts, (folder / "accounts.csv").read_text()) == (3, NEW)


def test_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = folder / "mailprobe.toml"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NEW.encode())))
    assert import_accounts(config, "-", dry_run=False)[0].accounts == 3
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    with pytest.raises(ConfigError) as caught:
        import_accounts(config, "-", dry_run=False)
    assert caught.value.problems[0].where == "standard input:3:3"


def test_a_full_disk_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError) as caught:
        import_accounts(folder / "mailprobe.toml", str(folder / "new.csv"), dry_run=False)
    assert (caught.value.problems[0].code, caught.value.exit_code) == ("MP1805", 73)
    assert (folder / "accounts.csv").read_text() == OLD
    assert files(folder) == {"mailprobe.toml", "accounts.csv", "new.csv", "bad.csv"}


@pytest.mark.parametrize("many", ["", '[accounts_from]\nsql = "select id, address from t"\nurl = "sqlite:///a.db"\n'])
def test_a_configuration_without_a_csv_file(folder: Path, many: str) -> None:
    (folder / "mailprobe.toml").write_text(CONFIG.replace('[accounts_from]\ncsv = "accounts.csv"\n', many))
    outcome = run("accounts", "import", str(folder / "new.csv"), "--config", str(folder / "mailprobe.toml"))
    assert (outcome.code, outcome.err[:13]) == (78, "error[MP1804]")


def test_a_file_that_is_not_there(folder: Path) -> None:
    outcome = run("accounts", "import", str(folder / "absent.csv"), "--config", str(folder / "mailprobe.toml"))
    assert (outcome.code, outcome.err[:13]) == (66, "error[MP1011]")


def test_what_the_limits_cannot_serve_is_not_imported(folder: Path) -> None:
    (folder / "new.csv").write_text(HEAD + "a,a@mail.test,,1m,mx\n")
    outcome = run("accounts", "import", str(folder / "new.csv"), "--config", str(folder / "mailprobe.toml"))
    assert (outcome.code, outcome.err.startswith(f"error[MP1041] {folder}/new.csv:2:16")) == (78, True)
    assert (folder / "accounts.csv").read_text() == OLD


def test_the_list_shows_no_address_unless_asked(folder: Path) -> None:
    import_accounts(folder / "mailprobe.toml", str(folder / "new.csv"), dry_run=False)
    plain = run("accounts", "list", "--config", str(folder / "mailprobe.toml"))
    assert (plain.code, "@" in plain.out) == (0, False)
    rows = [line.split() for line in plain.out.splitlines()]
    assert rows[0] == ["id", "carrier", "group", "probes", "every"]
    assert rows[-1] == ["c", "example", "west", "mx", "imap", "mx=5m", "imap=10m"]
    assert "c@mail.test" in run("accounts", "list", "--addresses", "--config", str(folder / "mailprobe.toml")).out
    lines = run("accounts", "list", "--json", "--config", str(folder / "mailprobe.toml")).out.splitlines()
    assert json.loads(lines[1]) == {
        "id": "a",
        "carrier": "example",
        "group": "west",
        "probes": "dns mx submission imap",
        "every": "5m",
    }


def test_columns_stand_below_each_other_whatever_is_in_them(folder: Path) -> None:
    wide = HEAD + "a,a@mail.test,東京第一,5m,mx\nbbbb,b@mail.test,x,10m,mx\n"
    (folder / "accounts.csv").write_text(wide)
    lines = run("accounts", "list", "--config", str(folder / "mailprobe.toml")).out.splitlines()
    at = [sum(2 if ord(char) > 0x2E80 else 1 for char in line[: line.rindex("  ") + 2]) for line in lines]
    assert len(lines) == 4  # the head, the one of the configuration, and these
    assert set(at) == {at[0]}


def test_what_may_be_lived_with_is_told_of_the_file_that_was_named(folder: Path) -> None:
    rows = "".join(f"n{number},n{number}@mail.test,env:NOWHERE_{number}\n" for number in range(200))
    (folder / "new.csv").write_text("id,address,secret\n" + rows)
    outcome = run("accounts", "import", "--dry-run", str(folder / "new.csv"), "--config", str(folder / "mailprobe.toml"))
    notes = outcome.err.splitlines()
    assert outcome.code == 0
    assert f"note[MP1015] {folder}/new.csv:2:17: secret: environment variable NOWHERE_0 is not set" in outcome.err
    assert [line for line in notes if "/mailprobe-" in line] == []  # no file of our own
    assert len(notes) < 60
    told = sum("NOWHERE_" in line for line in notes)
    assert f"note[MP1044] {folder}/new.csv: {200 - told} more notes on this file" in notes[-1]


def test_ten_thousand_accounts(folder: Path) -> None:
    rows = "".join(f"a{number},u{number}@mail.test,shard-{number % 7},1h,dns mx\n" for number in range(10_000))
    (folder / "new.csv").write_text(HEAD + rows)
    assert import_accounts(folder / "mailprobe.toml", str(folder / "new.csv"), dry_run=False)[0].accounts == 10_001


def test_the_status_of_an_account_never_makes_a_store(folder: Path) -> None:
    config = folder / "mailprobe.toml"
    config.write_text(f'{CONFIG}\n[store]\nurl = "sqlite:///{folder}/m.db"\n')
    outcome = run("status", "a", "--plugin", "--config", str(config))
    assert (outcome.code, outcome.err) == (3, "")
    assert outcome.out.startswith("MAILPROBE UNKNOWN - a: no result is stored yet")
    assert not (folder / "m.db").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody",), 'no account "nobody"'),
        (("a", "--config", "/nowhere/mailprobe.toml"), "[MP1011]"),
    ],
)
def test_whatever_is_wrong_is_one_line_and_unknown(folder: Path, words: tuple[str, ...], said: str) -> None:
    more = () if "--config" in words else ("--config", str(folder / "mailprobe.toml"))
    outcome = run("status", *words, "--plugin", *more)
    assert (outcome.code, outcome.err, outcome.out.count("\n")) == (3, "", 1)
    assert (outcome.out.startswith("MAILPROBE UNKNOWN - "), said in outcome.out) == (True, True)
