"""What a command asked for among the untagged data: message parts, folders, UIDs (RFC 9051 sections 7.3 to 7.5).

Mail belongs to its owner. A value is made only of what was asked for; its content is in no `repr` and in no transcript, and
everything else that a response says is dropped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mailprobe.wire import TheirFault

UID_CAP = 2**32 - 1  # RFC 9051 section 9: nz-number
NUMBERS_CAP = 20_000  # UIDs of one search

_TEXT = rb'"(?:[^"\\]|\\.)*"'
_NAME = re.compile(rb" *([A-Za-z0-9.]{1,40})")
_SECTION = re.compile(rb"\[(?:" + _TEXT + rb'|[^\]"])*\](?:<[0-9]{1,19}>)?')
_VALUE = re.compile(rb" *(?:(" + _TEXT + rb')|(\{\})|([^\s()"{}]+))', re.DOTALL)
_NESTED = re.compile(_TEXT + rb"|[()]|[^\"()]+", re.DOTALL)
# mailbox-list: attributes, hierarchy delimiter, name; what an extended LIST adds after the name is not needed
_LIST = re.compile(
    rb" *\(([^()\"{}]*)\) +(?:" + _TEXT + rb"|NIL) +(?:(" + _TEXT + rb')|(\{\})|([^\s"{}]+))', re.IGNORECASE | re.DOTALL
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_RANGE = re.compile(rb"([0-9]{1,10})(?::([0-9]{1,10}))?\Z")


class Data(StrEnum):
    """The untagged data that a command asks for; of all other data only the name is kept."""

    NOTHING = ""
    FETCH = "FETCH"
    LIST = "LIST"
    SEARCH = "SEARCH"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The part of one message that was asked for. octets: b'' where there is none, None where it was longer than is kept."""

    uid: int
    octets: bytes | None = field(repr=False)

    @property
    def shown(self) -> tuple[str, ...]:
        return ("* FETCH",)


@dataclass(frozen=True, slots=True)
class Listed:
    """One folder. name: as the server writes it, one character per octet; attributes: lower case, with the backslash."""

    name: str = field(repr=False)
    attributes: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        return ("* LIST",)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The UIDs that a search found, in the server's order."""

    uids: tuple[int, ...] = field(repr=False)

    @property
    def shown(self) -> tuple[str, ...]:
        return ("* SEARCH",)


def fetched(rest: bytes, literals: Sequence[bytes | None]) -> Fetched | None:
    """`rest`: what follows FETCH, its literals replaced by `{}`. None: not an answer to a FETCH by UID (RFC 9051 section 7.5.2
    lets a server tell of flags at any time). Raises TheirFault."""
    if not (rest.startswith(b"(") and rest.endswith(b")")):
        raise TheirFault("garbage", "* FETCH")
    uid: int | None = None
    octets: list[bytes | None] = []
    for name, value in _attributes(rest[1:-1], iter(literals)):
        if name == b"UID":
            uid = uid_of(value)
        elif name == b"BODY[":
            octets.append(value)
    return Fetched(uid, octets[0]) if uid is not None and octets else None


def _attributes(text: bytes, literals: Iterator[bytes | None]) -> Iterator[tuple[bytes, bytes | None]]:
    """Names in upper case, `BODY[` for a body section; values as octets, b'' for NIL and for what stands in parentheses."""
    at, end = 0, len(text.rstrip(b" "))
    while at < end:
        found = _NAME.match(text, at)
        if found is None:
            raise TheirFault("garbage", "* FETCH")
        name, at = found[1].upper(), found.end()
        section = _SECTION.match(text, at)
        if section is not None:
            name, at = name + b"[", section.end()
            for _ in range(section[0].count(b"{}")):  # RFC 9051 section 9: a field's name may come as a literal
                next(literals, None)
        value, at = _value(text, at, literals)
        yield name, value


def _value(text: bytes, at: int, literals: Iterator[bytes | None]) -> tuple[bytes | None, int]:
    found = _VALUE.match(text, at)
    if found is None:
        return b"", _after_list(text, at, literals)
    quoted, literal, atom = found.groups()
    if literal is not None:
        return _literal(literals), found.end()
    if quoted is not None:
        return _ESCAPED.sub(rb"\1", quoted[1:-1]), found.end()
    return (b"" if atom.upper() == b"NIL" else atom), found.end()


def _literal(literals: Iterator[bytes | None]) -> bytes | None:
    try:
        return next(literals)
    except StopIteration:
        raise TheirFault("garbage", "* FETCH") from None  # braces that announced nothing


def _after_list(text: bytes, at: int, literals: Iterator[bytes | None]) -> int:
    """Past a list in parentheses, however deep."""
    while text[at : at + 1] == b" ":
        at += 1
    depth = 0
    for found in _NESTED.finditer(text, at):
        if found.start() != at:
            break
        part, at = found[0], found.end()
        depth += (part == b"(") - (part == b")")
        for _ in range(0 if part.startswith(b'"') else part.count(b"{}")):
            next(literals, None)
        if depth <= 0:
            if part != b")":
                break
            return at
    raise TheirFault("garbage", "* FETCH")


def listed(rest: bytes, literals: Sequence[bytes | None]) -> Listed | None:
    """`rest`: what follows LIST. None: a name that is longer than is kept. Raises TheirFault."""
    found = _LIST.match(rest)
    if found is None:
        raise TheirFault("garbage", "* LIST")
    attributes, quoted, literal, atom = found.groups()
    name = atom if quoted is None else _ESCAPED.sub(rb"\1", quoted[1:-1])
    if literal is not None:
        name = literals[0] if literals else None
    if name is None:
        return None
    marks = tuple(mark.decode("latin-1").lower() for mark in attributes.split())
    return Listed("INBOX" if name.upper() == b"INBOX" else name.decode("latin-1"), marks)


def searched(rest: bytes) -> Numbers:
    """`* SEARCH 2 4 (MODSEQ 9)` (RFC 3501 section 7.2.5, RFC 7162). Raises TheirFault."""
    return Numbers(tuple(_expanded(rest.partition(b"(")[0].split())))


def extended_search(rest: bytes) -> Numbers:
    """`* ESEARCH (TAG "A1") UID ALL 2,4:6`, all that a server of RFC 9051 alone says (section 7.3.4). Raises TheirFault."""
    words = rest.partition(b")")[2].split()
    places = [at for at, word in enumerate(words) if word.upper() == b"ALL"]
    return Numbers(tuple(_expanded(words[places[0] + 1].split(b",")))) if places and len(words) > places[0] + 1 else Numbers(())


def _expanded(words: Sequence[bytes]) -> list[int]:
    """Single UIDs and ranges; a range counts as far as the cap."""
    uids: list[int] = []
    for word in words:
        found = _RANGE.match(word)
        if found is None:
            raise TheirFault("garbage", "* SEARCH")
        first, last = sorted((int(found[1]), int(found[2] or found[1])))
        uids += range(max(1, first), min(last, UID_CAP, first + NUMBERS_CAP - len(uids) - 1) + 1)
    return uids


def uid_of(word: bytes | None) -> int | None:
    """A UID, or None if it is none: nothing is done with such a message."""
    if word is None or not word.isdigit() or len(word) > 10:
        return None
    return int(word) if 0 < int(word) <= UID_CAP else None
