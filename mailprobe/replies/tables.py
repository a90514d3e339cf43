"""The loader of the tables beside this file. A table that names an unknown class or phase fails here, at import."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.resources import files
from typing import Any

from mailprobe.carriers import ReplyRule
from mailprobe.evidence import Stage
from mailprobe.replies.grammar import Grammar
from mailprobe.replies.lexicon import EAST, Lexicon, Needs, Role, Sense, State, Weight, Word, eastern, plain
from mailprobe.replies.meaning import ReplyClass, SignInClass
from mailprobe.replies.words import Words, key_of


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one source, in order. A provider is known by MX host suffix, recipient domain or words in its texts."""

    name: str
    rules: tuple[ReplyRule, ...]
    hosts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()


Row = tuple[int, str, str, ReplyRule]  # its place in order, what its text must hold at least, its group's name, the rule


@dataclass(frozen=True, slots=True)
class Shelf:
    """Groups that are asked one after the other. A thousand rules are asked of every reply, so most are found by a key of
    their text (words.key_of); `always` are those that have none."""

    groups: tuple[Group, ...]
    always: tuple[Row, ...] = field(init=False, repr=False, compare=False)
    keyed: Mapping[str, tuple[Row, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        keyed: dict[str, list[Row]] = {"": []}
        rules = ((group.name, rule) for group in self.groups for rule in group.rules)
        for place, (name, rule) in enumerate(rules):
            keyed.setdefault(key_of(rule.contains), []).append((place, rule.contains.partition("*")[0], name, rule))
        object.__setattr__(self, "always", tuple(keyed.pop("")))
        object.__setattr__(self, "keyed", {key: tuple(rows) for key, rows in keyed.items()})

    def rows(self, said: Words) -> list[Row]:
        """The rules that a text may fit, in order."""
        both, keyed = said.both, self.keyed
        found = [row for row in self.always if row[1] in both]
        found += [row for key in said.keys & keyed.keys() for row in keyed[key] if row[1] in both]
        return sorted(found, key=_place)


def _place(row: Row) -> int:
    return row[0]


@dataclass(frozen=True, slots=True)
class SmtpTables:
    """In the order they are asked. `strong` codes decide before the recipient's words, `vague` ones after every word; `basic`
    when nothing told more."""

    providers: tuple[Group, ...]
    sharp: Shelf
    us: Shelf
    strong: Shelf
    recipient: Shelf
    weak: Shelf
    vague: Shelf
    basic: Shelf


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
        sharp=Shelf(_groups(texts["sharp"])),
        us=Shelf(_groups(texts["us"])),
        strong=Shelf(_groups(codes["strong"])),
        recipient=Shelf(_groups(texts["recipient"])),
        weak=Shelf(_groups(texts["weak"])),
        vague=Shelf(_groups(codes["weak"])),
        basic=Shelf(_groups(codes["basic"])),
    )


def _sign_in() -> SignInTables:
    table = _toml("sign_in.toml")
    return SignInTables(*(_groups(_listed(table[name], table["both"]), SignInClass) for name in ("imap", "auth")))


def _listed(tables: Iterable[Mapping[str, Any]], lists: Mapping[str, list[str]]) -> Iterable[Mapping[str, Any]]:
    """With the words of each list where a row only names it."""
    for table in tables:
        rows = ({**row, "any": lists[row["any"]]} if isinstance(row.get("any"), str) else row for row in table["rows"])
        yield {**table, "rows": tuple(rows)}


def _grammar() -> Grammar:
    table, said = _toml("nouns.toml"), _toml("grammar.toml")["states"] | _toml("faults.toml")["states"]
    words: dict[str, Word] = {}
    for noun, listed in table["nouns"].items():
        for word in listed.split():
            words[word] = Word(noun=noun)
    states = {name: _state(name, row) for name, row in said.items()}
    for name, row in said.items():
        for word in row["words"].split():
            known = words.get(word, Word())
            words[word] = replace(known, states=(*known.states, states[name]))
    for name, listed in table["roles"].items():
        for word in listed.split():
            known = words.get(word, Word())
            words[word] = replace(known, roles=known.roles | {Role(name)})
    inside = {word: words[word] for word in table["inside"]["words"].split()}
    return Grammar(_lexicon(words, inside, states["none"]))


def _state(name: str, row: Mapping[str, Any]) -> State:
    near = row.get("near", "phrase")
    return State(
        name,
        _senses(row["means"]),
        by=_senses(row.get("by", {})),
        soon=ReplyClass(row["soon"]) if "soon" in row else None,
        needs=Needs(row.get("needs", "")),
        wide=near == "sentence",
        reach=near == "object",
        ahead=near == "ahead",
        weight=Weight(row.get("weight", "plain")),
    )


def _senses(row: Mapping[str, str]) -> tuple[Sense, ...]:
    """In order; several nouns in one key: all of them. What is said of a message is said of an e-mail too, and the like."""
    wider = ((one, cls) for nouns, cls in row.items() for one in _wider(nouns))
    return tuple(Sense(frozenset(nouns.split()), ReplyClass(cls) if cls else None) for nouns, cls in wider)


def _wider(nouns: str) -> Iterable[str]:
    return dict.fromkeys((nouns, nouns.replace("message", "email"), nouns.replace("server", "service")))


def _lexicon(words: Mapping[str, Word], inside: Mapping[str, Word], none: State) -> Lexicon:
    stems = {word[:-1]: kind for word, kind in words.items() if word.endswith("*")}
    words = {word: _with_stems(word, kind, stems) for word, kind in words.items()}
    return Lexicon(
        words={plain(word): kind for word, kind in words.items() if not word.endswith("*") and not eastern(word)}
        | {word: kind for word, kind in words.items() if eastern(word)},
        stems={plain(word[:-1]): kind for word, kind in words.items() if word.endswith("*")},
        inside=inside,
        none=none,
        east=_east(words),
    )


def _east(words: Iterable[str]) -> re.Pattern[str]:
    """The longest of them first; and Latin words, which no space parts from them either: `您的ip被拒绝`."""
    known = sorted((word for word in words if eastern(word)), key=len, reverse=True)
    return re.compile("|".join((*known, f"(?<={EAST})[a-z]+", f"[a-z][a-z-]*(?={EAST})")))


def _with_stems(word: str, kind: Word, stems: Mapping[str, Word]) -> Word:
    """A word is what its beginning is too: `verified` and `verif*`."""
    for stem, more in stems.items():
        if word.startswith(stem) and not word.endswith("*"):
            kind = Word(kind.noun or more.noun, (*kind.states, *more.states), kind.roles | more.roles)
    return kind


SMTP = _smtp()
SIGN_IN = _sign_in()
GRAMMAR = _grammar()
