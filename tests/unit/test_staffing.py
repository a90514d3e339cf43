"""What an administrator does at the host: people, tokens, the trail, a customer forgotten."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path

import pytest

from mailprobe.cli import main

LAB = """
[prober]
name = "probe1.example.net"
mail_from = "probe@probe.example.net"
allow_networks = ["127.0.0.0/8"]
[carriers.lab]
domains = ["mail.test"]
mx = ["127.0.0.1:2525"]
imap = "imaps://127.0.0.1:1993"
[[accounts]]
id = "tanaka"
address = "u000002@mail.test"
[store]
url = "sqlite:///{store}"
"""
PASSWORD = "correct-horse-7"


class Desk:
    """One configuration, and the program run over it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self.config = folder / "m.db", folder / "mailprobe.toml"
        self.config.write_text(LAB.replace("{store}", str(self.store)))
        self.capsys, self.monkeypatch = capsys, monkeypatch

    def run(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        self.monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as left:
            main([*words, "--config", str(self.config)])
        said = self.capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.store) as raw:
            return raw.execute(query).fetchall()


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, capsys, monkeypatch)


def test_people(desk: Desk) -> None:
    assert desk.run("users", "add", "Root", "--role", "admin", typed=PASSWORD + "\n")[:2] == (0, "done\n")
    assert desk.run("users", "add", "proxied", "--role", "operator", "--no-password")[0] == 0
    out = desk.run("users", "list", "--json")[1]
    assert [(row["person"], row["role"], row["password"]) for row in map(json.loads, out.splitlines())] == [
        ("proxied", "operator", False),
        ("root", "admin", True),
    ]
    assert PASSWORD.encode() not in desk.store.read_bytes()
    assert desk.run("users", "role", "proxied", "--role", "viewer")[0] == 0
    assert desk.run("users", "password", "root", typed="another-horse-8")[0] == 0
    assert desk.run("users", "remove", "proxied")[0] == 0
    noted = desk.rows("SELECT what, of FROM audit ORDER BY number")
    assert noted == [
        ("person_added", "root"),
        ("person_added", "proxied"),
        ("role_set", "proxied"),
        ("password_set", "root"),
        ("person_removed", "proxied"),
    ]


def test_whom_the_issuer_has_let_in_is_listed_and_can_be_signed_out(desk: Desk) -> None:
    desk.run("users", "add", "root", "--role", "admin", typed=PASSWORD)
    with sqlite3.connect(desk.store) as raw:
        raw.execute("INSERT INTO guests VALUES ('oidc:sato', 'operator', 'x', 1800000000.0)")
        raw.execute("INSERT INTO visits VALUES (1, 'd', 'oidc:sato', 1800000000.0, 1800000000.0, '', '')")
    listed = [json.loads(one) for one in desk.run("users", "list", "--json")[1].splitlines()]
    assert [(one["person"], one["from"]) for one in listed] == [("root", "here"), ("oidc:sato", "issuer")]
    assert listed[1] == {"person": "oidc:sato", "role": "operator", "from": "issuer", "last_sign_in": "2027-01-15T08:00:00.000Z"}
    assert "last_sign_in=2027-01-15T08:00:00.000Z" in desk.run("users", "list")[1]
    assert desk.run("users", "sign-out", "OIDC:sato")[:2] == (0, "1 session ended\n")
    assert desk.rows("SELECT * FROM visits") == []
    assert desk.run("users", "remove", "oidc:sato")[:2] == (0, "done\n")
    assert len(desk.run("users", "list", "--json")[1].splitlines()) == 1
    assert desk.run("users", "remove", "oidc:sato")[0] == 65
    noted = desk.rows("SELECT what, of FROM audit WHERE of = 'oidc:sato' ORDER BY number")
    assert noted == [("sessions_ended", "oidc:sato"), ("guest_removed", "oidc:sato"), ("guest_removed", "oidc:sato")]


@pytest.mark.parametrize(
    ("words", "typed", "expected", "code"),
    [
        (("users", "add", "sato", "--role", "king"), PASSWORD, 64, "MP2411"),
        (("users", "add", "sato", "--role", "viewer"), "short", 65, "MP2411"),
        (("users", "add", "sato", "--role", "viewer"), "sato-sato-sato", 65, "MP2411"),
        (("users", "add", "sato", "--role", "viewer"), "aaaaaaaaaaaa", 65, "MP2411"),
        (("users", "add", "佐藤 一郎", "--role", "viewer"), PASSWORD, 65, "MP2411"),
        (("users", "add", "root", "--role", "viewer"), PASSWORD, 65, "MP2412"),
        (("users", "remove", "root"), "", 65, "MP2413"),
        (("users", "role", "root", "--role", "viewer"), "", 65, "MP2413"),
        (("users", "remove", "nobody"), "", 65, "MP2405"),
        (("users", "revoke", "7"), "", 65, "MP2405"),
        (("users", "token", "crm", "--role", "admin"), "", 65, "MP2412"),
        (("users", "link"), "", 65, "MP2414"),
    ],
)
def test_what_is_refused(desk: Desk, words: tuple[str, ...], typed: str, expected: int, code: str) -> None:
    desk.run("users", "add", "root", "--role", "admin", typed=PASSWORD)
    left, out, err = desk.run(*words, typed=typed)
    assert (left, out) == (expected, "")
    assert f"error[{code}]" in err
    assert typed not in err or not typed


def test_a_token_is_printed_alone_and_once(desk: Desk) -> None:
    code, out, err = desk.run("users", "token", "crm", "--role", "operator", "--days", "30")
    token = out.strip()
    assert (code, token[:3], len(token)) == (0, "mp_", 46)
    assert token not in err
    assert token.encode() not in desk.store.read_bytes()
    listed = json.loads(desk.run("users", "list", "--json")[1])
    assert (listed["token"], listed["role"]) == ("crm", "operator")
    assert desk.run("users", "revoke", str(listed["id"]))[0] == 0
    assert desk.run("users", "list")[1] == ""


def test_the_first_link_as_long_as_there_is_nobody(desk: Desk) -> None:
    first, second = desk.run("users", "link")[1], desk.run("users", "link")[1]
    assert first.startswith("/first-admin?key=")
    assert first != second


def test_the_trail_is_whole_until_somebody_touches_it(desk: Desk) -> None:
    for number in range(4):
        desk.run("users", "add", f"person{number}", "--role", "viewer", "--no-password")
    assert desk.run("audit", "verify")[:2] == (0, "4 rows, each as it was written\n")
    with sqlite3.connect(desk.store) as raw:
        raw.execute("UPDATE audit SET who = 'somebody else' WHERE number = 3")
    assert desk.run("audit", "verify")[:2] == (1, "row 3 was changed\n")


def test_a_customer_is_forgotten_but_not_while_he_is_watched(desk: Desk) -> None:
    for target in ("tanaka", "u000002@mail.test"):
        code, _, err = desk.run("erase", target, "--why", "request 17")
        assert (code, "error[MP2419]" in err) == (78, True)
    code, out, _ = desk.run("erase", "suzuki", "u000009@mail.test", "--why", "request 17 of u000009@mail.test")
    assert (code, out) == (0, "0 rows erased\n")
    assert desk.rows("SELECT what, of, why FROM audit") == [("erase", "suzuki", "request 17 of ***")]
    assert desk.run("erase", "a", "b", "--why", "x")[0] == 64
    assert desk.run("erase", "not an@address@", "--why", "x")[0] == 65
