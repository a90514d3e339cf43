"""The texts of one language, read once from `locale/*.toml`, and how their placeholders are filled."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from mailprobe.verdict import Code, Confidence

LANGUAGES = ("ja", "en")
PLACEHOLDER = re.compile(r"\{([A-Za-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Lines:
    """known: for the agent. say: read aloud to the customer."""

    known: str
    say: str


@dataclass(frozen=True, slots=True)
class Wording:
    """All texts of one verdict code, placeholders unfilled. title: its short name, neutral, for tables and notes."""

    title: str
    next: str
    do_not_say: tuple[str, ...]
    lines: Mapping[Confidence, Lines]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What `explain` tells of one code besides its wording. needed: what must have been seen before it is said."""

    meaning: str
    needed: tuple[str, ...]


def choose(language: str) -> str:
    """'ja_JP.UTF-8' -> 'ja'; what we have no texts for -> 'en'."""
    short = re.split(r"[-_.]", language.strip().lower())[0]
    return short if short in LANGUAGES else "en"


def wording(code: Code, language: str) -> Wording:
    return wordings(choose(language))[code]


def meaning(code: Code, language: str) -> Meaning:
    return meanings(choose(language))[code]


def phrase(key: str, language: str) -> str | None:
    """A short text by its dotted key, such as 'status.ok' or 'answer.acceptance.full'; None if there is none."""
    return phrases(choose(language)).get(key)


def fixed(key: str, language: str) -> str:
    """A short text that is known to exist."""
    return phrases(choose(language))[key]


def fill(text: str, words: Mapping[str, str]) -> str:
    """Every {name} by its word, in one pass, so that a word holding braces is never filled again; unknown names vanish."""
    return PLACEHOLDER.sub(lambda found: words.get(found[1], ""), text)


@cache
def wordings(language: str) -> Mapping[Code, Wording]:
    return {Code(code): read_wording(table) for code, table in read(language).items()}


@cache
def meanings(language: str) -> Mapping[Code, Meaning]:
    tables = read(f"{language}.explain")
    return {Code(code): Meaning(str(table["meaning"]), tuple(table["needed"])) for code, table in tables.items()}


@cache
def phrases(language: str) -> Mapping[str, str]:
    return dict(flat(read(f"{language}.labels")))


def read_wording(table: Mapping[str, Any]) -> Wording:
    lines = {sure: Lines(table[sure.value]["known"], table[sure.value]["say"]) for sure in Confidence}
    return Wording(table["title"], table["next"], tuple(table["do_not_say"]), lines)


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("mailprobe") / "locale" / f"{name}.toml").read_text(encoding="utf-8"))


def flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, str):
            yield prefix + key, value
        else:
            yield from flat(value, f"{prefix}{key}.")
