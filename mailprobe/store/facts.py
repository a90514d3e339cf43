"""Facts and lines as octets and back, exactly: JSON, each fact as its name and its values in an order that is fixed here.

The times stand beside it, packed: they differ from run to run, and the rest as a rule does not. A new field or a new
kind of fact is a new VERSION, with its shape added to SHAPES; the older shapes stay, so that older rows are still read. What a
newer program has written, or what is damaged, is `Unreadable`, and nothing breaks by it.
"""

from __future__ import annotations

import json
import struct
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from math import isfinite
from operator import attrgetter
from typing import Any

import msgspec

from mailprobe import evidence as seen
from mailprobe.evidence import Fact, Line

# 2: a transcript's lines are three columns, servers, speakers, words; they were pairs of a server and "speaker words"
# 3: what a carrier's own systems hold is a fact
VERSION = 3
SEEN = "at of server ip"
SHAPES: dict[str, tuple[type[Any], str]] = {
    "looked_up": (seen.LookedUp, "purpose rrtype outcome values resolver took"),
    "connected": (seen.Connected, "took local"),
    "not_connected": (seen.NotConnected, "why detail"),
    "secured": (seen.Secured, "version cipher profile verified not_after took"),
    "not_secured": (seen.NotSecured, "why detail"),
    "offered": (seen.Offered, "stage capabilities"),
    "replied": (seen.Replied, "stage code enhanced text took who cached_at"),
    "answered": (seen.Answered, "stage status code text took who cached_at"),
    "opened": (seen.Opened, "uidvalidity uidnext who"),
    "quota": (seen.Quota, "resource used limit"),
    "broken": (seen.Broken, "stage why words"),
    "not_asked": (seen.NotAsked, "stage why who not_before last_at last_words"),
    "canary": (seen.Canary, "canary number state sent_at found_at took age folder watched"),
    "arrived": (seen.Arrived, "canary folder took by results"),
    "cleaned_up": (seen.CleanedUp, "canary outcome detail"),
    "returned": (seen.Returned, "canary kind returned_at stage code enhanced text recipient remote"),
    "recorded": (
        seen.Recorded,
        "contract contract_at password_changed_at in_mx_map in_imap_directory mx_store_uid store_uid last_write",
    ),
}

_fast = msgspec.json.Encoder().encode
_dumps = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


class Why(Enum):
    NEWER = "written by a newer program"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Evidence that is there, and cannot be read."""

    why: Why
    version: int


class Damaged(Exception):
    """These octets are none of ours."""


@dataclass(frozen=True, slots=True)
class Octets:
    """What is kept. times: IEEE 754, eight octets each, in the order of the text."""

    text: bytes
    times: bytes


@dataclass(frozen=True, slots=True)
class Shape:
    """How one kind of fact is written: its name, a value per field, and apart from them its times."""

    name: str
    make: type[Any]
    fields: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]
    meant: tuple[Callable[[Any], Any] | None, ...]  # None: as JSON has it
    timed: tuple[str, ...]

    def fact(self, values: list[Any], times: Iterator[tuple[float]]) -> Fact:
        given = {
            name: value if meant is None or value is None else meant(value)
            for name, value, meant in zip(self.fields, values, self.meant, strict=True)
        }
        fact: Fact = self.make(**given, **{name: next(times)[0] for name in self.timed})
        return fact


def shape(name: str, make: type[Any], fields: str) -> Shape:
    names, hints = (*SEEN.split(), *fields.split()), typing.get_type_hints(make)
    timed = tuple(one for one in names if hints[one] is float)
    rest = tuple(one for one in names if one not in timed)
    return Shape(name, make, rest, attrgetter(*rest), tuple(meant(hints[one]) for one in rest), timed)


def meant(hint: Any) -> Callable[[Any], Any] | None:
    """What makes a field's value of JSON's: an enum's member, a tuple; None where nothing is to be made."""
    kinds = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return kind
        if typing.get_origin(kind) is tuple:
            return tuple
    return None


@dataclass(frozen=True, slots=True)
class Pen:
    """What writes one kind of fact. floats: None where `at` is its only time. maybe: places of values that are a time or None,
    and are written as digits."""

    name: str
    values: Callable[[Any], tuple[Any, ...]]
    floats: Callable[[Any], tuple[float, ...]] | None
    maybe: tuple[int, ...]


def pen(one: Shape) -> Pen:
    hints = typing.get_type_hints(one.make)
    maybe = tuple(place for place, name in enumerate(one.fields) if hints[name] == float | None)
    return Pen(one.name, one.values, attrgetter(*one.timed) if one.timed != ("at",) else None, maybe)


_BY_NAME = {name: shape(name, *rest) for name, rest in SHAPES.items()}
_PENS = {one.make: pen(one) for one in _BY_NAME.values()}
# Every word that stands in the octets by itself: a user who is called so is not hidden by hiding it, the row would be lost.
VOCABULARY = frozenset(
    {*SHAPES, "true", "false", "null"}
    | {str(one) for kind in vars(seen).values() if isinstance(kind, type) and issubclass(kind, StrEnum) for one in kind}
)


def written(facts: tuple[Fact, ...]) -> Octets:
    told: list[tuple[str, tuple[Any, ...]]] = []
    times: list[float] = []
    finite = True
    for fact in facts:
        pen = _PENS[type(fact)]
        values = pen.values(fact)
        told.append((pen.name, values))
        if pen.floats is None:
            times.append(fact.at)
        else:
            times += pen.floats(fact)
        for place in pen.maybe:
            finite = finite and (values[place] is None or isfinite(values[place]))
    return Octets(octets(told) if finite else slowly(told), packed(times))


def read(kept: Octets) -> tuple[Fact, ...]:
    """Raises Damaged."""
    try:
        times = struct.iter_unpack("<d", kept.times)
        facts = tuple(_BY_NAME[name].fact(values, times) for name, values in json.loads(kept.text))
        if next(times, None) is not None:
            raise Damaged("more times than facts have")
        return facts
    except (ValueError, KeyError, TypeError, StopIteration, RuntimeError, struct.error) as error:
        raise Damaged(type(error).__name__) from None


def lines_written(transcript: tuple[Line, ...]) -> Octets:
    """Most transcripts are of one server, which is named once."""
    times, servers, speakers, words = zip(*transcript, strict=True) if transcript else ((), (), (), ())
    one = servers[:1] if servers.count(servers[0] if servers else "") == len(servers) else servers
    letters = "".join(speakers)  # one letter each, as a rule
    return Octets(octets((one, letters if len(letters) == len(speakers) else speakers, words)), packed(times))


def lines_read(kept: Octets) -> tuple[Line, ...]:
    """Raises Damaged."""
    try:
        servers, *said = json.loads(kept.text)
        speakers, words = said if len(said) == 2 else apart(*said)
        servers = servers if len(servers) == len(words) else servers * len(words)
        times = [at for (at,) in struct.iter_unpack("<d", kept.times)]
        return tuple(map(Line._make, zip(times, servers, speakers, words, strict=True)))
    except (ValueError, TypeError, AttributeError, RecursionError, struct.error) as error:
        raise Damaged(type(error).__name__) from None


def apart(told: list[str]) -> tuple[list[str], list[str]]:
    """The lines of version 1."""
    pairs = [one.partition(" ") for one in told]
    return [who for who, _, _ in pairs], [text for _, _, text in pairs]


def octets(value: Any) -> bytes:
    """JSON without spaces, which is the same whoever writes it."""
    try:
        return _fast(value)
    except (UnicodeError, OverflowError):  # half a character, or a number beyond 64 bits: a server may say anything
        return slowly(value)


def slowly(value: Any) -> bytes:
    """For what the fast writer refuses, and for the infinite, of which it makes null."""
    return _dumps(value).encode("utf-8", "surrogatepass")


def packed(times: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(times)}d", *times)
