"""`mailprobe bounce FILE...`: what came back, in plain words: whose side it is, what to tell the customer, what to do.

Needs no configuration. One bad file is told and does not stop the others.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mailprobe.config import Problem, format_problem
from mailprobe.config.problems import visible
from mailprobe.replies import ReplyClass
from mailprobe.terminal import console, language_or_default
from mailprobe.understood import Understood, understand
from mailprobe.wire import mime
from mailprobe.wire.dsn import Failure
from mailprobe.wire.returned import Kind, Mail, read_returned

MOST = 64 << 20  # bytes read of one file
STDIN = "-"
NO_MAIL, NO_INPUT = 65, 66  # sysexits.h
WORDS = 600  # characters of a server's own words that are shown
SIGN = {"recipient": "✗", "us": "→", "server": "✗", "message": "→", "ambiguous": "?", "none": "?"}
MARK = {"delivered": ("✓", "green"), "delayed": ("…", "yellow")}
COLOUR = {"recipient": "red", "us": "cyan", "server": "magenta", "message": "cyan", "ambiguous": "yellow", "none": "yellow"}


@dataclass(frozen=True, slots=True)
class Explained:
    """One file: what sort of mail it holds, and what is said of each recipient."""

    file: str
    kind: Kind
    found: tuple[Understood, ...]

    @property
    def is_bounce(self) -> bool:
        """Whether a mail did not arrive, or not yet. A notice that all went well is none."""
        return any(one.meaning.cls not in (ReplyClass.DELIVERED, ReplyClass.ACCEPTED) for one in self.found)


def explain(paths: Sequence[Path], *, as_json: bool, language: str) -> int:
    """Every file in turn; the exit code is 0, or that of the first file that could not be read. Raises ConfigError for a
    language that there is not."""
    language = language_or_default(language)
    code = 0
    for path in paths:
        found = explained(path)
        if isinstance(found, Refused):
            code = code or found.exit_code
            print(format_problem(found.problem), file=sys.stderr)
            if as_json:
                print(json.dumps({"error": error_json(found.problem)}))
        elif as_json:
            print(json.dumps(bounce_json(found), ensure_ascii=False))
        else:
            show(found, language)
    return code


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is of no use, and the exit code for it."""

    problem: Problem
    exit_code: int


def explained(path: Path) -> Explained | Refused:
    """One file, read and understood. An mbox may hold many mails: all that they say counts."""
    raw = content(path)
    if isinstance(raw, Refused):
        return raw
    mails = [read_returned(one) for one in mime.mails(raw)]
    found = tuple(one for mail in mails for one in understand(mail.failures))
    if not found and not looks_like_mail(raw):
        return refused(
            "MP1116", path, "is no mail", "save the returned mail as a file (.eml), or paste its text with the answer in it"
        )
    return Explained(str(path), kind_of(mails), found)


def kind_of(mails: Sequence[Mail]) -> Kind:
    kinds = [mail.kind for mail in mails]
    return Kind.BOUNCE if Kind.BOUNCE in kinds else next((kind for kind in kinds if kind is not Kind.OTHER), Kind.OTHER)


def looks_like_mail(raw: bytes) -> bool:
    return len(mime.take_apart(raw[: mime.CAP])[0].headers) >= 2


def content(path: Path) -> bytes | Refused:
    try:
        raw = sys.stdin.buffer.read(MOST) if str(path) == STDIN else read_file(path)
    except OSError as error:
        return refused(
            "MP1114",
            path,
            f"cannot be read: {error.strerror}",
            "name a file with the returned mail, or - for standard input",
            NO_INPUT,
        )
    if not raw.strip():
        return refused("MP1115", path, "is empty", "save the returned mail as a file (.eml)")
    return raw


def read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST)


def refused(code: str, path: Path, what: str, hint: str, exit_code: int = NO_MAIL) -> Refused:
    return Refused(Problem(code, str(path), what, hint), exit_code)


def error_json(problem: Problem) -> dict[str, str]:
    return {"code": problem.code, "where": problem.where, "what": problem.what, "hint": problem.hint}


def bounce_json(one: Explained) -> dict[str, Any]:
    return {"file": one.file, "is_bounce": one.is_bounce, "failures": [failure_json(each) for each in one.found]}


def failure_json(one: Understood) -> dict[str, Any]:
    """recipient and phase are null where the bounce does not tell; status is the best enhanced code known, or null."""
    failure, meaning = one.failure, one.meaning
    return {
        "recipient": failure.recipient or None,
        "class": meaning.cls.value,
        "speaks_of": meaning.speaks_of.value,
        "status": failure.enhanced or failure.status or None,
        "reply": failure.text or None,
        "phase": failure.stage,
        "hard": meaning.hard,
    }


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words for one failure. say: read aloud to the customer; the rest is for the agent."""

    title: str
    say: str
    next: str


def spoken(one: Understood, language: str) -> Spoken:
    table = texts(language)
    words = table["delayed"] if state_of(one) == "delayed" else table["class"][one.meaning.cls.value]
    if words is table["class"]["domain_not_found"] and one.failure.stage == "rcpt":
        words = table["not_found_there"]  # a server of that domain was found, and says so itself
    to = visible(one.failure.recipient) or table["fill"]["to"]
    return Spoken(words["title"], words["say"].replace("{to}", to), words["next"])


@cache
def texts(language: str) -> Mapping[str, Any]:
    return tomllib.loads((files("mailprobe") / "locale" / f"{language}.bounce.toml").read_text("utf-8"))


def show(one: Explained, language: str) -> None:
    """What an agent reads: per recipient whose side it is, the sentence to say, what to do, and the proof."""
    out = console()
    table = texts(language)
    out.print(Text(visible(one.file), style="bold"))
    if not one.found:
        out.print(Padding(Text(table["sort"][one.kind.value]), (0, 0, 1, 1)))
    for each in one.found:
        out.print(Padding(headline(each, language), (0, 0, 0, 1)))
        out.print(Padding(rows_of(each, language), (0, 0, 1, 3)))


def headline(one: Understood, language: str) -> Text:
    table = texts(language)
    state = state_of(one)
    side = one.meaning.speaks_of.value
    sign, colour = MARK.get(state) or (SIGN[side], COLOUR[side])
    to = visible(one.failure.recipient) or table["fill"]["to"]
    return Text.assemble(
        (sign, f"bold {colour}"),
        "  ",
        (to, "bold"),
        f"  {table['state'][state]}: ",
        (spoken(one, language).title, f"bold {colour}"),
    )


def state_of(one: Understood) -> str:
    """failed, delayed or delivered."""
    if one.meaning.cls in (ReplyClass.DELIVERED, ReplyClass.ACCEPTED):
        return "delivered"
    return "delayed" if one.failure.action == "delayed" else "failed"


def rows_of(one: Understood, language: str) -> Table:
    table = texts(language)
    said = spoken(one, language)
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row(table["heading"]["say"], Text(said.say, style="bold"))
    handed = state_of(one) == "delivered"
    if not handed:
        rows.add_row(table["heading"]["side"], table["side"][one.meaning.speaks_of.value])
    rows.add_row(table["heading"]["next"], said.next)
    if not handed:
        rows.add_row(table["heading"]["step"], table["step"].get(one.failure.stage, one.failure.stage))
    if one.failure.text:
        rows.add_row(table["heading"]["proof"], Text(proof(one.failure)))
    return rows


def proof(failure: Failure) -> str:
    """The server's words as they came, what could harm a terminal escaped."""
    words = visible(failure.text[:WORDS]) + ("…" if len(failure.text) > WORDS else "")
    return f"{words}  [{visible(failure.remote_mta)}]" if failure.remote_mta else words
