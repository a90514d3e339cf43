"""Names that are never written down: in their place stands a mark, from which only who knows the name makes it again.

A mark is a keyed hash of the name between two control characters, which JSON never holds, with the letters whose case was
another; so what is read with the same names given is what was written, to the octet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

from mailprobe.store.facts import VOCABULARY

SOMEBODY = b"[address]"
SHORT_NUMBER = 6  # digits: shorter ones are reply codes and ports, and nobody's name
_MARK = re.compile(rb"\x01([0-9a-f]{12})([0-9a-f]*)\x02")
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


Entry = tuple[bytes, bytes, bytes, bool]  # a name as it is written, in lower case, its mark, and whether it must be a word


class Hidden:
    """The names to be hidden in what is seen of one account: addresses in every spelling, and user names. A name without
    `@` is hidden where it stands as a word, and not if it is a word of ours, like `imap`."""

    __slots__ = ("_names",)

    def __init__(self, names: Iterable[str], entry: Callable[[str], Entry]) -> None:
        wanted = {one for name in names for one in (name, name.rpartition("@")[0]) if one and not is_common(one)}
        self._names = tuple(
            map(entry, sorted(wanted, key=lambda one: (-len(one), one)))
        )  # the whole address before its local part

    def masked(self, raw: bytes) -> bytes:
        low = raw.lower()  # ASCII letters only, so that every octet keeps its place
        for name, lower, mark, as_word in self._names:
            if lower in low:
                raw = replaced(raw, low, name, lower, mark, as_word)
                low = raw.lower()
        return raw

    def unmasked(self, raw: bytes) -> bytes:
        """A name that is not known here becomes `[address]`."""
        if b"\x01" not in raw:
            return raw
        by_mark = {mark: name for name, _, mark, _ in self._names}

        def named(found: re.Match[bytes]) -> bytes:
            name = by_mark.get(found[1])
            return with_case(name, int(found[2] or b"0", 16)) if name is not None else SOMEBODY

        return _MARK.sub(named, raw)


def entry_of(name: str, hashed: Callable[[str], str]) -> Entry:
    """Worth keeping for a name that many accounts share, as that of a control."""
    written = escaped(name)
    lower = written.lower()
    return written, written if lower == written else lower, hashed(name)[:12].encode(), "@" not in name


def replaced(raw: bytes, low: bytes, name: bytes, lower: bytes, mark: bytes, as_word: bool) -> bytes:
    parts: list[bytes] = []
    done, at, size = 0, low.find(lower), len(lower)
    while at >= 0:
        end = at + size
        if as_word and not is_word(raw, at, end):
            at = low.find(lower, at + 1)
            continue
        parts += [raw[done:at], b"\x01", mark, case_of(name, raw[at:end]), b"\x02"]
        done, at = end, low.find(lower, end)
    parts.append(raw[done:])
    return b"".join(parts)


def is_word(raw: bytes, start: int, end: int) -> bool:
    """Whether it stands alone; the letter of an escape such as \\n before it belongs to the escape."""
    after = raw[end] not in _WORD if end < len(raw) else True
    before = raw[start - 1] not in _WORD if start else True
    return after and (before or raw[start - 2 : start - 1] == b"\\")


def case_of(name: bytes, found: bytes) -> bytes:
    """The letters of another case, as bits in hexadecimal; '' for none."""
    if name == found:
        return b""
    return b"%x" % sum(1 << place for place, pair in enumerate(zip(name, found, strict=True)) if pair[0] != pair[1])


def with_case(name: bytes, bits: int) -> bytes:
    if not bits:
        return name
    return bytes(one ^ 0x20 if bits >> place & 1 else one for place, one in enumerate(name))


def escaped(name: str) -> bytes:
    """As it stands within JSON's quotes."""
    return json.dumps(name, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")


def is_common(name: str) -> bool:
    return name.lower() in VOCABULARY or (name.isdigit() and len(name) < SHORT_NUMBER) or len(name) < 2
