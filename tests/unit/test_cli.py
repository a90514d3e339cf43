"""Bad input on the command line: one clear line with a code, an exit code of sysexits.h, no traceback, no raw escape."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example
from hypothesis import given as for_any
from hypothesis import strategies as st

from mailprobe.cli import main
from mailprobe.config.problems import INPUT_CHARS
from mailprobe.verdict import Code

CONFIGS = Path(__file__).parents[1] / "golden" / "config"
LAB = """
[prober]
name = "probe1.example.net"
mail_from = "probe@probe.example.net"
allow_networks = ["127.0.0.0/8"]
language = "en"

[carriers.lab]
relation = "own"
domains = ["mail.test", "例え.jp", "straße.de", "p\u0430ypal.jp", "docomo.ne.jp", "ezweb.ne.jp", "au.com", "i.softbank.jp"]
mx = ["127.0.0.1:2525"]
imap = "imaps://127.0.0.1:1993"
live_controls = [{ address = "u000001@mail.test", secret = "prompt:" }]
dead_control = "nobody-7f3a@mail.test"

[[accounts]]
id = "tanaka"
address = "u000002@mail.test"
"""


@dataclass(frozen=True)
class Outcome:
    """What a run of the program left behind."""

    code: int
    out: str
    err: str

    @property
    def shown(self) -> str:
        return self.out + self.err


def run(*words: str) -> Outcome:
    """The program as the shell would start it, in this process, with no terminal anywhere."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(words)
    code = ended.value.code
    assert isinstance(code, int)
    return Outcome(code, *(one.buffer.read().decode() for one in (out, err) if one.seek(0) == 0))


@pytest.fixture(autouse=True, scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A configuration that is found without being named, and nobody at the keyboard."""
    folder = tmp_path_factory.mktemp("cli")
    path = folder / "mailprobe.toml"
    path.write_text(LAB + f'\n[store]\nurl = "sqlite:///{folder}/mailprobe.db"\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAILPROBE_CONFIG", str(path))
        patch.setattr(sys, "stdin", io.StringIO())
        yield path


def tame(text: str) -> bool:
    """Nothing in it moves a cursor, turns the direction of reading, or breaks an encoding."""
    return not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in text if char != "\n")


# the number of the row in the catalogue of bad inputs, what is typed, and how it is refused
REFUSED = (
    (1, "", "MP1201"),
    (2, "<>", "MP1202"),
    (3, "a@", "MP1204"),
    (3, "@b.jp", "MP1205"),
    (4, "a@@b.jp", "MP1206"),
    (4, "a@b@c.jp", "MP1206"),
    (5, "Name <a@b.jp>", "MP1207"),
    (6, "a@b.jp, c@d.jp", "MP1208"),
    (7, "a@b.jp (x)", "MP1209"),
    (8, " a@b.jp", "MP1210"),
    (8, "a@b.jp\n", "MP1210"),
    (9, "a\r\nRCPT TO:<v@x>@b.jp", "MP1211"),
    (9, '"a\nb"@b.jp', "MP1211"),
    (10, "a\0@b.jp", "MP1212"),
    (10, "a\t@b.jp", "MP1212"),
    (10, "a\x7f@b.jp", "MP1212"),
    (10, "a\x9b31m@b.jp", "MP1212"),
    (10, "a\x1b[31m@b.jp", "MP1212"),
    (11, "a\u202e@b.jp", "MP1213"),
    (11, "a\u200b@b.jp", "MP1213"),
    (12, "a\udc82@b.jp", "MP1214"),
    (13, "a＠b.jp", "MP1215"),
    (14, "a" * 65 + "@b.jp", "MP1216"),
    (14, "a" * 60 + "@" + ".".join(["b" * 49] * 4) + ".jp", "MP1217"),
    (15, "a@" + "b" * 64 + ".jp", "MP1218"),
    (15, "a@" + ".".join(["b" * 62] * 4) + ".jpx.jp", "MP1219"),
    (16, "a@b..jp", "MP1220"),
    (16, "a@.jp", "MP1220"),
    (18, "a@-b.jp", "MP1222"),
    (18, "a@xn--a.jp", "MP1223"),
    (19, "a@[127.0.0.1]", "MP1224"),
    (19, "a@127.1", "MP1225"),
    (19, "a@0x7f000001", "MP1225"),
    (20, "a@localhost", "MP1226"),
    (20, "a@printer.local", "MP1226"),
    (20, "a@x.invalid", "MP1226"),
    (27, '"ab@x.jp', "MP1230"),
    (28, "a%b@c.jp", "MP1231"),
    (28, "b!a@c.jp", "MP1231"),
    (28, "@r:a@b.jp", "MP1231"),
    (31, "a..b@example.jp", "MP1241"),
    (63, "nobody-i-know", "MP1105"),
    (63, "u1@elsewhere.jp", "MP1040"),
    (63, "u1@i.sofbank.jp", "MP1040"),
)


@pytest.mark.parametrize(("row", "typed", "code"), REFUSED)
def test_an_address_that_cannot_be_meant_is_refused(row: int, typed: str, code: str) -> None:
    outcome = run("check", "--", typed)
    assert (outcome.code, outcome.out) == (65, "")
    assert outcome.err.startswith(f"error[{code}]")
    assert outcome.err.count("\n") == 1
    assert tame(outcome.err)


@pytest.mark.parametrize(("row", "typed", "code"), REFUSED)
def test_the_same_as_json(row: int, typed: str, code: str) -> None:
    outcome = run("check", "--json", "--", typed)
    error = json.loads(outcome.out)["error"]
    assert sorted(error) == ["code", "hint", "what", "where"]
    assert (outcome.code, error["code"]) == (65, code)
    assert tame(outcome.out)
    assert "x" * (INPUT_CHARS + 1) not in outcome.out


# what is legal, however odd, is asked about; here it gets as far as the password that nobody is there to type
ACCEPTED = (
    (17, "a@mail.test.", "MP1221"),
    (21, "日本@例え.jp", ""),
    (22, "a@例え.jp", ""),
    (23, "a@straße.de", ""),
    (24, "a@p\u0430ypal.jp", "MP1228"),
    (25, "か\u3099@mail.test", "MP1229"),
    (26, '"a b"@mail.test', ""),
    (26, '"a\\"b"@mail.test', ""),
    (26, '""@mail.test', ""),
    (29, "a..b@docomo.ne.jp", "MP1240"),
    (30, "taro.@ezweb.ne.jp", "MP1240"),
    (30, ".x@docomo.ne.jp", "MP1240"),
    (30, "a...b@au.com", "MP1240"),
    (33, "-x@docomo.ne.jp", ""),
    (34, "A.B@Docomo.ne.jp", ""),
)


@pytest.mark.parametrize(("row", "typed", "notice"), ACCEPTED)
def test_an_odd_but_legal_address_is_taken_as_it_is(row: int, typed: str, notice: str) -> None:
    outcome = run("check", "--ask-secret", "--", typed)
    assert (outcome.code, "error[MP1103] --ask-secret" in outcome.err) == (64, True)
    assert ("note[MP12" in outcome.err) is bool(notice)
    assert notice in outcome.err


def test_an_unknown_domain_names_the_nearest() -> None:
    assert "did you mean i.softbank.jp?" in run("check", "u1@i.sofbank.jp").err


def test_an_unknown_id_names_the_nearest() -> None:
    assert "did you mean tanaka?" in run("check", "tanka").err


USAGE = (
    (("--nosuch",), "MP1100", "see mailprobe --help"),
    (("chek", "a@mail.test"), "MP1100", "did you mean check?"),
    (("check", "tanaka", "--observd", "portal_ok"), "MP1100", "did you mean --observed?"),
    (("check", "tanaka", "--\x1b[31m"), "MP1100", ""),
    (("check",), "MP1100", "ADDRESS|ID"),
    (("check",), "MP1100", "see mailprobe check --help"),
    (("accounts", "import"), "MP1100", "see mailprobe accounts import --help"),
    (("check", "tanaka", "somebody"), "MP1100", "somebody"),
    (("check", "tanaka", "--only", "xyz"), "MP1102", "known: dns, mx"),
    (("check", "tanaka", "--observed", "nonsense=1"), "MP1101", "known: "),
    (("check", "tanaka", "--observed", "portal_okay"), "MP1101", "did you mean portal_ok?"),
    (("check", "tanaka", "--observed", "portal_ok=1"), "MP1103", "say portal_ok"),
    (("check", "tanaka", "--observed", "contract"), "MP1102", "contract=active"),
    (("check", "tanaka", "--observed", "contract=maybe"), "MP1104", "active"),
    (("check", "tanaka", "--observed", "mail_password_changed_at=yesterday"), "MP1105", "2026-03-31"),
    (("check", "tanaka", "--observed", "mail_password_changed_at=2024-13-01"), "MP1105", "2026-03-31"),
    (("check", "tanaka", "--observed", "portal_ok", "--observed", "portal_closed"), "MP1106", "leave one of the two out"),
    (("check", "tanaka", "--within", "0"), "MP1100", "1"),
    (("check", "tanaka", "--within", "301"), "MP1100", "300"),
    (("check", "tanaka", "--within", "nan"), "MP1100", "300"),
    (("check", "tanaka", "--within", "soon"), "MP1100", "valid number"),
    (("check", "tanaka", "--lang", "xx"), "MP1107", "known: ja, en"),
    (("explain", "healthy", "--lang", "english"), "MP1107", "known: ja, en"),
    (("explain", "helthy"), "MP1108", "did you mean healthy?"),
    (("explain", "zzzzzz"), "MP1108", "explain all"),
    (("demo", "--lang", "de"), "MP1107", "known: ja, en"),
    (("check", "tanaka", "--ask-secret"), "MP1103", "run it in a terminal"),
    (("init",), "MP1813", "--answers FILE"),
    (("init", "--answer", "x"), "MP1100", "did you mean --answers?"),
    (("accounts", "imprt", "x"), "MP1100", "did you mean import?"),
    (("config", "check", "--onlin"), "MP1100", "did you mean --online?"),
)


@pytest.mark.parametrize(("words", "code", "said"), USAGE)
def test_a_wrong_word_is_named_with_the_nearest_right_one(words: tuple[str, ...], code: str, said: str) -> None:
    outcome = run(*words)
    assert (outcome.code, outcome.out) == (64, "")
    assert outcome.err.startswith(f"error[{code}]")
    assert said in outcome.err
    assert tame(outcome.err)


def test_every_wrong_observation_is_told_at_once() -> None:
    outcome = run("check", "tanaka", "--observed", "nonsense=1,contract,portal_ok=1")
    assert [line[:13] for line in outcome.err.splitlines()] == ["error[MP1101]", "error[MP1102]", "error[MP1103]"]


@pytest.mark.parametrize(
    "words",
    [
        ("check", "{}@b@c.jp"),
        ("check", "{}"),
        ("{}", "x"),
        ("check", "tanaka", "--only", "{}"),
        ("check", "tanaka", "--observed", "{}"),
        ("check", "tanaka", "--observed", "contract={}"),
        ("check", "tanaka", "--observed=pc_used,old_address={}"),
        ("check", "tanaka", "--within={}"),
        ("check", "tanaka", "--lang", "{}"),
        ("check", "tanaka", "--config", "{}"),
        ("check", "tanaka", "--bounce", "{}"),
        ("check", "tanaka", "{}"),
        ("check", "tanaka", "--{}"),
        ("explain", "{}"),
        ("config", "check", "{}"),
        ("init", "--answers", "{}"),
        ("accounts", "list", "--config", "{}"),
    ],
)
def test_a_long_input_is_cut(words: tuple[str, ...]) -> None:
    long = "q" * 9000
    outcome = run(*(word.format(long) for word in words), *(("--json",) if words[0] == "check" else ()))
    assert outcome.code in (64, 65, 66)
    assert outcome.err.startswith("error[MP1")
    assert "q" * (INPUT_CHARS + 1) not in outcome.shown


FILES = (
    (("check", "tanaka", "--bounce", "/nowhere/bounce.eml"), 66, "MP1104"),
    (("check", "tanaka", "--bounce", "/"), 66, "MP1104"),
    (("check", "tanaka", "--config", "/nowhere/mailprobe.toml"), 66, "MP1011"),
    (("check", "tanaka", "--config", "/"), 74, "MP1011"),
    (("config", "check", "/nowhere/mailprobe.toml"), 66, "MP1011"),
    (("config", "check", "/"), 74, "MP1011"),
    (("init", "--answers", "/nowhere/answers.toml"), 66, "MP1011"),
    (("init", "--answers", "/"), 74, "MP1011"),
    (("accounts", "list", "--config", "/nowhere/mailprobe.toml"), 66, "MP1011"),
)


@pytest.mark.parametrize(("words", "exit_code", "code"), FILES)
def test_a_file_that_cannot_be_read(words: tuple[str, ...], exit_code: int, code: str) -> None:
    outcome = run(*words)
    assert (outcome.code, outcome.err[:13]) == (exit_code, f"error[{code}]")


def test_a_fifo_is_no_configuration_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert run("config", "check", str(tmp_path / "fifo")).code == 74


def test_without_any_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAILPROBE_CONFIG")
    monkeypatch.setattr("mailprobe.check.PLACES", (tmp_path / "mailprobe.toml",))
    outcome = run("config", "check")
    assert (outcome.code, outcome.err[:13]) == (66, "error[MP1011]")
    outcome = run("check", "someone@gmail.com", "--ask-secret")
    assert outcome.code == 64
    assert "note[MP1048]" in outcome.err


def test_a_configuration_that_is_fine(surroundings: Path) -> None:
    outcome = run("config", "check", str(surroundings))
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, "ok: 1 accounts, 1 carriers")
    assert any(line.startswith("lab: 1 accounts, ") for line in outcome.out.splitlines())


@pytest.mark.parametrize("name", sorted(path.name for path in CONFIGS.glob("invalid-*.toml")))
def test_a_broken_configuration_is_refused_with_every_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONFIGS)
    expected = (CONFIGS / name).with_suffix(".expected").read_text(encoding="utf-8")
    for words in (("config", "check", name), ("check", "tanaka", "--config", name)):
        outcome = run(*words)
        assert (outcome.code, outcome.out) == (78, "")
        assert outcome.err.count("error[MP") == expected.count("error[MP") > 0
        assert tame(outcome.err)


def with_store(folder: Path, url: str) -> str:
    path = folder / "mailprobe.toml"
    path.write_text(LAB + f'\n[store]\nurl = "{url}"\n', encoding="utf-8")
    return str(path)


def test_a_store_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all " * 1000)
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("PRAGMA user_version = 999")
    newer.close()
    places = {
        f"sqlite:///{tmp_path}": (73, "MP1020"),
        f"sqlite:///{tmp_path}/none/m.db": (73, "MP1020"),
        f"sqlite:///{tmp_path}/text.db": (74, "MP1020"),
        f"sqlite:///{tmp_path}/newer.db": (78, "MP1022"),
        "sqlite:////proc/mailprobe.db": (73, "MP1020"),
    }
    for url, (exit_code, code) in places.items():
        outcome = run("check", "tanaka", "--config", with_store(tmp_path, url), "--json")
        assert (outcome.code, json.loads(outcome.out)["error"]["code"]) == (exit_code, code), url


def test_a_store_that_may_not_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")  # as for anybody but root, whom the kernel refuses nothing

    config = with_store(tmp_path, f"sqlite:///{tmp_path}/m.db")
    monkeypatch.setattr("mailprobe.store.place.os.open", refuse)
    assert run("check", "tanaka", "--config", config).code == 77


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_verdict_is_explained(language: str) -> None:
    listed = run("explain", "all", "--lang", language)
    assert (listed.code, [line.split()[0] for line in listed.out.splitlines()]) == (0, [one.value for one in Code])
    for one in Code:
        outcome = run("explain", one.value, "--lang", language)
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out.startswith(one.value)
        assert outcome.out.count("\n") > 8


def test_help_and_version() -> None:
    assert run("--version").out.startswith("mailprobe ")
    assert "check" in run("--help").out


@pytest.mark.parametrize(
    ("words", "names"),
    [((), ("check", "serve", "demo", "erase")), (("config",), ("check",)), (("users",), ("add", "sign-out"))],
)
def test_who_names_no_command_is_shown_what_there_is(words: tuple[str, ...], names: tuple[str, ...]) -> None:
    outcome = run(*words)
    assert (outcome.code, outcome.out) == (64, "")
    assert outcome.err.startswith(" ".join(("Usage: mailprobe", *words)))
    listed = [line.split()[0] for line in outcome.err.partition("Commands:")[2].splitlines() if line.strip()]
    assert set(names) <= set(listed)
    assert listed[0] != "erase"
    assert "..." not in outcome.err.partition("Commands:")[2]  # on 80 columns none is cut off


WORDS = st.text(st.characters(exclude_characters="\0"), max_size=60) | st.lists(  # no argument of a process can hold NUL
    st.sampled_from(
        [*'@."<>(),%!-=:', "mail.test", "\x1b[31m", "\x9b", "\u202e", "\udc82", "\r\n", "tanaka", "--", "日本", "[", "]"]
    ),
    max_size=10,
).map("".join)
PLACES = (
    ("check", "{}", "--ask-secret"),
    ("check", "--ask-secret", "--", "{}"),
    ("check", "{}@mail.test", "--ask-secret"),
    ("check", "tanaka", "--only", "{}", "--ask-secret"),
    ("check", "tanaka", "--observed", "{}", "--ask-secret"),
    ("check", "tanaka", "--observed=old_address={}@b.jp", "--ask-secret"),
    ("check", "tanaka", "--within", "{}", "--ask-secret"),
    ("check", "tanaka", "--lang", "{}", "--ask-secret"),
    ("check", "tanaka", "--config", "{}", "--ask-secret"),
    ("check", "tanaka", "--bounce", "{}", "--ask-secret"),
    ("check", "tanaka", "--{}", "--ask-secret"),
    ("explain", "{}"),
    ("config", "check", "{}"),
    ("config", "{}"),
    ("accounts", "import", "{}"),
    ("accounts", "{}"),
    ("status", "{}"),
    ("{}",),
)


@for_any(st.sampled_from(PLACES), WORDS, st.booleans())
@example(("{}",), "'\x1b[31m'", True)
@example(("check", "tanaka", "--observed", "{}", "--ask-secret"), "[bold]x[/]", False)
@example(("check", "tanaka", "--config", "{}", "--ask-secret"), "\udc82", True)
def test_no_argument_brings_a_traceback_or_an_escape(place: tuple[str, ...], word: str, as_json: bool) -> None:
    outcome = run(*(part.replace("{}", word) for part in place), *(("--json",) if as_json and place[0] == "check" else ()))
    assert outcome.code in (0, 3, 64, 65, 66, 74, 78)
    assert tame(outcome.shown)
    assert "Traceback" not in outcome.shown
