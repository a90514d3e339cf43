"""The loader of the tables beside this file. A table that names an unknown class or phase fails here, at import."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from typing import Any

from mailprobe.carriers import ReplyRule
from mailprobe.evidence import Stage
from mailprobe.replies.meaning import ReplyClass, SignInClass


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one source, in order. A provider is known by MX host suffix, recipient domain or words in its texts."""

    name: str
    rules: tuple[ReplyRule, ...]
    hosts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    heads: tuple[tuple[str, ReplyRule], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Each rule behind the words that its text must hold at least: a thousand rules are asked of every reply."""
        object.__setattr__(self, "heads", tuple((rule.contains.partition("*")[0], rule) for rule in self.rules))


@dataclass(frozen=True, slots=True)
class SmtpTables:
    """In the order they are asked. `strong` codes decide before the recipient's words, `weak` ones after; `basic` and
    `by_stage` when nothing told more."""

    providers: tuple[Group, ...]
    sharp: tuple[Group, ...]
    us: tuple[Group, ...]
    strong: tuple[Group, ...]
    recipient: tuple[Group, ...]
    weak: tuple[Group, ...]
    basic: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class SignInTables:
    """Rows in order. Codes are response codes (RFC 5530); for `auth`, prefixes of SMTP codes (RFC 4954)."""

    imap: tuple[Group, ...]
    auth: tuple[Group, ...]


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))


def _rules(rows: Iterable[Mapping[str, Any]], grade: str, classes: type[StrEnum]) -> tuple[ReplyRule, ...]:
    return tuple(
        ReplyRule(
            contains=contains,
            means=classes(row["means"]).value,
            phases=tuple(Stage(phase).value for phase in row.get("phases", ())),
            codes=tuple(row.get("codes", ())),
            grade=row.get("grade", grade),
        )
        for row in rows
        for contains in _texts(row)
    )


def _texts(row: Mapping[str, Any]) -> tuple[str, ...]:
    """`any` as it stands; `of` with `are`: every pair of them, a noun with a state soon after it."""
    pairs = (f"{noun}*{state}" for noun in row.get("of", ()) for state in row.get("are", ()))
    return (*row.get("any", ()), *pairs) or ("",)


def _groups(tables: Iterable[Mapping[str, Any]], classes: type[StrEnum] = ReplyClass) -> tuple[Group, ...]:
    return tuple(
        Group(
            name=table["name"],
            rules=_rules(table["rows"], table["grade"], classes),
            hosts=tuple(table.get("hosts", ())),
            domains=tuple(table.get("domains", ())),
            signs=tuple(table.get("signs", ())),
        )
        for table in tables
    )


def _smtp() -> SmtpTables:
    texts, codes = _toml("smtp.toml"), _toml("codes.toml")
    return SmtpTables(
        providers=_groups(texts["provider"]),
        sharp=_groups(texts["sharp"]),
        us=_groups(texts["us"]),
        strong=_groups(codes["strong"]),
        recipient=_groups(texts["recipient"]),
        weak=_groups([*texts["weak"], *codes["weak"]]),
        basic=_groups(codes["basic"]),
    )


def _sign_in() -> SignInTables:
    table = _toml("sign_in.toml")
    return SignInTables(imap=_groups(table["imap"], SignInClass), auth=_groups(table["auth"], SignInClass))


SMTP = _smtp()
SIGN_IN = _sign_in()
