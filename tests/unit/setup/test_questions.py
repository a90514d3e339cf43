"""The same answers from a person: a wrong one is explained and asked again; in a real terminal, too."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from mailprobe.setup.answers import Answers
from mailprobe.setup.command import SAID
from mailprobe.setup.placing import set_up
from mailprobe.setup.questions import ENGLISH, JAPANESE, Interview, Language, lines_of

REPOSITORY = Path(__file__).parents[3]
LIVE = "live@mail.example.net"
STRAIGHT = [
    "probe1.example.net",
    "192.0.2.10",
    "",
    "",
    "",
    "",
    "-",
    "example",
    "",
    "mail.example.net",
    "",
    "",
    "",
    LIVE,
    "env:LIVE",
    "n",
]


def interview(
    folder: Path, said: list[str], *, typed: str = "", language: Language = "en"
) -> tuple[Answers, Interview, list[str]]:
    """What came of it, and what was told; every answer is used up."""
    lines: Iterator[str] = iter(said)
    told: list[str] = []
    asking = Interview(language, folder, lambda prompt: next(lines), lambda prompt: typed, told.append)
    answers = asking.answers()
    assert list(lines) == []
    return answers, asking, told


def test_enter_takes_what_stands_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, _, told = interview(tmp_path, STRAIGHT)
    assert (answers.mail_from, answers.bounce_domain) == ("probe@probe.example.net", "bounce.probe.example.net")
    assert (answers.receive, answers.http, answers.dkim) == ("0.0.0.0:25", "127.0.0.1:8025", "")
    (carrier,) = answers.carriers
    assert (carrier.name, carrier.relation, carrier.domains, carrier.live) == ("example", "own", ("mail.example.net",), LIVE)
    assert carrier.dead.endswith("@mail.example.net")
    assert told == [ENGLISH["welcome"]]
    monkeypatch.setenv("LIVE", "x")
    assert set_up(answers, tmp_path).config.warnings == ()


WRONG = [
    (0, "probe1", "MP1226"),
    (0, "", "MP1"),
    (1, "192.0.2.300", "MP1036"),
    (2, "<>", "MP1202"),
    (2, "probe@elsewhere.org", "MP1027"),
    (3, "probe.example.net", "MP1810"),
    (4, "25", "MP1032"),
    (5, "nonsense", "MP1"),
    (6, "a b", "MP1039"),
    (7, "a b", "MP1039"),
    (8, "mine", "MP1042"),
    (9, "no_domain", "MP1"),
    (10, "pop3://x", "MP1"),
    (12, "{name}", "MP1038"),
    (13, "live@other.net", "MP1037"),
    (13, "", "MP1"),
    (14, "hunter2", "MP1013"),
]


@pytest.mark.parametrize(("number", "wrong", "code"), WRONG)
def test_a_wrong_answer_is_explained_and_asked_again(tmp_path: Path, number: int, wrong: str, code: str) -> None:
    said = [*STRAIGHT[:number], wrong, *STRAIGHT[number:]]
    answers, _, told = interview(tmp_path, said)
    assert answers.carriers
    assert len(told) == 2
    assert (code in told[1], "hunter2" in told[1]) == (True, False)


def test_a_password_that_is_typed_goes_into_a_file_of_its_own(tmp_path: Path) -> None:
    said = [*STRAIGHT[:13], "live@mail.example.net", "", "n"]
    answers, asking, _ = interview(tmp_path, said, typed="hunter2")
    assert answers.carriers[0].live_secret == "file:live-example.secret"
    config = set_up(answers, tmp_path, asking.typed).config
    assert config.warnings == ()
    assert (tmp_path / "live-example.secret").read_text() == "hunter2\n"
    assert (tmp_path / "live-example.secret").stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in (tmp_path / "mailprobe.toml").read_text()


def test_a_carrier_that_is_known_is_asked_for_less_and_each_name_once(tmp_path: Path) -> None:
    said = [*STRAIGHT[:7], "softbank", "", "live@i.softbank.jp", "env:LIVE", "y", "softbank", "docomo", "foreign", "", "n"]
    answers, _, told = interview(tmp_path, said, language="ja")
    assert [(one.name, one.relation) for one in answers.carriers] == [("softbank", "own"), ("docomo", "foreign")]
    assert answers.language == "ja"
    assert "there is one of this name already" in told[1]


def test_both_languages_ask_the_same() -> None:
    assert ENGLISH.keys() == JAPANESE.keys()
    assert SAID["en"].keys() == SAID["ja"].keys()
    for key, words in SAID["en"].items():
        assert re.findall(r"\{\w+\}", words) == re.findall(r"\{\w+\}", SAID["ja"][key])


@pytest.mark.parametrize("columns", [40, 79])
@pytest.mark.parametrize("words", [ENGLISH, JAPANESE])
def test_no_word_of_a_question_is_cut_by_the_edge_of_the_window(words: dict[str, str], columns: int) -> None:
    for question in words.values():
        lines = lines_of(f"{question}: ", columns)
        assert max(cell_len(line) for line in lines) <= columns
        assert "".join(lines).replace(" ", "") == f"{question}:".replace(" ", "")
        whole = set(re.findall(r"[A-Za-z]+", question))
        assert {word for line in lines for word in re.findall(r"[A-Za-z]+", line)} == whole


# ---- a real terminal -------------------------------------------------------------------------------------------------


def read_until(terminal: int, wanted: str, within: float = 60.0) -> str:
    said, end = "", time.monotonic() + within
    while wanted not in said:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, said
        try:
            octets = os.read(terminal, 4096)
        except OSError:  # the other end has closed
            octets = b""
        if not octets:
            break
        said += octets.decode(errors="replace")
    return said


def test_in_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "mailprobe", "init", "--into", str(tmp_path), "--lang", "en"]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True) as started:
        os.close(theirs)
        shown = ""
        for line in [*STRAIGHT[:13], "live@mail.example.net", ""]:
            shown += read_until(ours, ": ")
            os.write(ours, f"{line}\n".encode())
        shown += read_until(ours, "for you alone): ")
        os.write(ours, b"hunter2\n")
        shown += read_until(ours, "Another carrier")
        os.write(ours, b"\n")
        shown += read_until(ours, "mailprobe serve --config")
        assert started.wait(60) == 0
    os.close(ours)
    assert "hunter2" not in shown
    assert (tmp_path / "live-example.secret").read_text() == "hunter2\n"
    assert (tmp_path / "mailprobe.toml").exists()


def test_what_cannot_be_written_is_said_before_anybody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mailprobe.toml").touch()
    for folder, code in ((tmp_path / "absent", "MP1812"), (tmp_path / "full", "MP1811")):
        ours, theirs = pty.openpty()
        words = [sys.executable, "-m", "mailprobe", "init", "--into", str(folder), "--lang", "en"]
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True) as started:
            os.close(theirs)
            shown = read_until(ours, "\n")
            assert started.wait(60) == 73
        os.close(ours)
        assert code in shown
        assert "A few questions" not in shown


def test_without_a_terminal_nobody_is_asked(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "mailprobe", "init", "--into", str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr[:13], list(tmp_path.iterdir())) == (64, "error[MP1813]", [])
