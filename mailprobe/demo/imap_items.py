"""What FETCH and SEARCH ask for, read and answered: pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from mailprobe.demo.mailstore import DELETED, SEEN, Mail


class Unreadable(Exception):
    """Not what RFC 9051 section 9 has for it; the text says where."""


def numbers(written: str, top: int) -> Callable[[int], bool]:
    """A set like `2,4:7,9:*` as a test. `*` is the highest number in use, so that `9:*` holds it even where it is smaller."""
    if not re.fullmatch(r"(?:\d+|\*)(?::(?:\d+|\*))?(?:,(?:\d+|\*)(?::(?:\d+|\*))?)*", written):
        raise Unreadable("Invalid set of numbers")
    ranges = [[top if end == "*" else int(end) for end in part.split(":")] for part in written.split(",")]
    return lambda number: any(min(ends) <= number <= max(ends) for ends in ranges)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to fetch. `section`: of a BODY[...]; `part`: first octet and most octets; `marks`: it makes the mail seen."""

    name: str
    section: str = ""
    part: tuple[int, int] | None = None
    marks: bool = False


PLAIN_ITEMS = frozenset({"UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE"})
OLD_NAMES = {"RFC822": "BODY[]", "RFC822.HEADER": "BODY.PEEK[HEADER]", "RFC822.TEXT": "BODY[TEXT]"}
_ITEM = re.compile(r" *(?:BODY(\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?|([A-Z0-9.]+))(?= |\Z)", re.IGNORECASE)
_FIELDS = re.compile(r"HEADER\.FIELDS(\.NOT)? *\( *([^()]+?) *\)\Z", re.IGNORECASE)


def items(written: str, *, with_uid: bool) -> tuple[Item, ...]:
    """RFC 9051 section 6.4.5; UID FETCH always gives the UID."""
    bare = written.strip()
    bare = bare[1:-1].strip() if bare.startswith("(") and bare.endswith(")") else bare
    found: list[Item] = [Item("UID")] if with_uid else []
    while bare:
        match = _ITEM.match(bare)
        if match is None:
            raise Unreadable("Invalid item to fetch")
        found.append(item_of(match))
        bare = bare[match.end() :].strip()
    if len(found) == with_uid:
        raise Unreadable("Nothing to fetch")
    return tuple(dict.fromkeys(found))


def item_of(match: re.Match[str]) -> Item:
    peek, section, first, most, plain = match.groups()
    if plain is None:
        return Item("BODY", " ".join(section.upper().split()), (int(first), int(most)) if first else None, marks=not peek)
    if plain.upper() in OLD_NAMES:
        old = OLD_NAMES[plain.upper()]
        return Item(plain.upper(), old[old.index("[") + 1 : -1], marks="PEEK" not in old)
    if plain.upper() not in PLAIN_ITEMS:
        raise Unreadable(f"Invalid item to fetch: {plain.upper()}")
    return Item(plain.upper())


def rendered(number: int, mail: Mail, wanted: tuple[Item, ...]) -> bytes:
    """One whole FETCH response. Raises Unreadable for a section that it does not know."""
    return b"* %d FETCH (%s)\r\n" % (number, b" ".join(value_of(mail, item) for item in wanted))


def value_of(mail: Mail, item: Item) -> bytes:
    match item.name:
        case "UID":
            return b"UID %d" % mail.uid
        case "FLAGS":
            return f"FLAGS ({' '.join(sorted(mail.flags))})".encode()
        case "RFC822.SIZE":
            return b"RFC822.SIZE %d" % len(mail.data)
        case "INTERNALDATE":
            return datetime.fromtimestamp(mail.at, UTC).strftime('INTERNALDATE "%d-%b-%Y %H:%M:%S +0000"').encode()
    name = f"BODY[{item.section}]" if item.name == "BODY" else item.name
    data = section_of(mail.data, item.section)
    if item.part is not None:
        first, most = item.part
        name, data = f"{name}<{first}>", data[first : first + most]
    return b"%s {%d}\r\n%s" % (name.encode(), len(data), data)


def section_of(data: bytes, section: str) -> bytes:
    head, gap, body = data.partition(b"\r\n\r\n")
    match section:
        case "":
            return data
        case "HEADER":
            return head + gap
        case "TEXT":
            return body
    fields = _FIELDS.match(section)
    if fields is None:
        raise Unreadable(f"Invalid section: {section}")
    names = {name.lower().encode() for name in fields[2].split()}
    kept = [text for name, text in fields_of(head) if (name in names) != bool(fields[1])]
    return b"".join(kept) + b"\r\n"


_FIELD = re.compile(rb"([^\s:]+)[ \t]*:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*(?:\r\n|\Z)")


def fields_of(head: bytes) -> list[tuple[bytes, bytes]]:
    """Each field's name in lower case, and the whole of it with its folded lines (RFC 5322 section 2.2)."""
    return [(found[1].lower(), found[0].removesuffix(b"\r\n") + b"\r\n") for found in _FIELD.finditer(head)]


Test = Callable[[int, Mail], bool]
FLAG_KEYS: dict[str, Test] = {
    "ALL": lambda _, mail: True,
    "DELETED": lambda _, mail: DELETED in mail.flags,
    "UNDELETED": lambda _, mail: DELETED not in mail.flags,
    "SEEN": lambda _, mail: SEEN in mail.flags,
    "UNSEEN": lambda _, mail: SEEN not in mail.flags,
}


def criteria(words: list[str], top: int, top_uid: int, *, blind: bool) -> Test:
    """The keys of one SEARCH, all of which must hold. `blind`: what stands in a header is never found."""
    if words[:1] and words[0].upper() == "CHARSET":
        del words[:2]
    if words and words[0].startswith("(") and words[-1].endswith(")"):
        words[0], words[-1] = words[0][1:], words[-1][:-1] if len(words) > 1 else words[0][1:-1]
    if not words:
        raise Unreadable("Nothing to search for")
    tests: list[Test] = []
    while words:
        tests.append(criterion(words, top, top_uid, blind))
    return lambda number, mail: all(test(number, mail) for test in tests)


def criterion(words: list[str], top: int, top_uid: int, blind: bool) -> Test:
    """One key with its arguments, taken from the front of `words` (RFC 9051 section 6.4.4)."""
    key = taken(words).upper()
    if key in FLAG_KEYS:
        return FLAG_KEYS[key]
    if key == "NOT":
        test = criterion(words, top, top_uid, blind)
        return lambda number, mail: not test(number, mail)
    if key == "UID":
        wanted = numbers(taken(words), top_uid)
        return lambda _, mail: wanted(mail.uid)
    if key in ("HEADER", "SUBJECT", "FROM", "TO"):
        return in_field(taken(words) if key == "HEADER" else key, taken(words), blind)
    if key in ("TEXT", "BODY"):
        text = taken(words).lower().encode()
        return lambda _, mail: text in section_of(mail.data, "TEXT" if key == "BODY" else "").lower()
    wanted = numbers(key, top)
    return lambda number, _: wanted(number)


def taken(words: list[str]) -> str:
    if not words:
        raise Unreadable("A word is missing")
    return words.pop(0)


def in_field(name: str, value: str, blind: bool) -> Test:
    field, text = name.lower().encode(), value.lower().encode()

    def test(_: int, mail: Mail) -> bool:
        head = mail.data.partition(b"\r\n\r\n")[0]
        return not blind and any(found == field and text in whole.partition(b":")[2].lower() for found, whole in fields_of(head))

    return test
