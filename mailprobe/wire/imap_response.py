"""One whole IMAP response -> a value (RFC 9051 section 7, RFC 3501, RFC 5530 codes, RFC 9208 quota).

Only what a diagnosis needs becomes a value. How many messages somebody has is that person's secret: EXISTS, RECENT and
UNSEEN numbers are dropped here and exist nowhere behind this file; of other data only the name is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from mailprobe.wire import TheirFault
from mailprobe.wire.imap_data import Fetched, Listed, Numbers
from mailprobe.wire.text import clean

LINE_CAP = 65_536  # octets of one response without its literals
REMEMBERED_CAP = 1_000  # octets of a line that may be remembered
NUMBER_CAP = 2**63 - 1  # RFC 9051 section 9: number64
COMPLETIONS = ("OK", "NO", "BAD")
STATUSES = (*COMPLETIONS, "BYE", "PREAUTH")

_ATOM = re.compile(rb"[A-Za-z0-9_.+/=:-]{1,64}\Z")
_CODE = re.compile(rb"\[([!-Z^-~]{1,64})(?: ([^\]]*))?\] ?")  # an atom of any printable ASCII but brackets and backslash
# RFC 9208 section 5: quota-root-name SP quota-list; a literal was replaced by {}. Some leave the list out if nothing is limited
_QUOTA = re.compile(rb'(?:"(?:[^"\\]|\\.)*"|[^\s()"{}]+|\{\})(?: \(([^()]*)\))? *\Z')
_COUNT = re.compile(rb"(\A\* |UNSEEN |MESSAGES? |RECENT )[0-9]+", re.IGNORECASE)
# what these say is somebody's mail, or the names of somebody's folders
_PRIVATE = re.compile(rb"\A\* (?:[0-9]+ +)?(FETCH|LIST|LSUB|STATUS|E?SEARCH)\b.*", re.IGNORECASE | re.DOTALL)
_COUNT_CODES = ("UNSEEN", "EXISTS", "RECENT", "MESSAGES")  # not kept, not even as text


@dataclass(frozen=True, slots=True)
class Status:
    """One status response (RFC 9051 section 7.1). tag: '*' if untagged. code upper case or ''; args: what follows it."""

    tag: str
    status: str
    code: str = ""
    args: str = ""
    text: str = ""
    shown: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        code = f" [{self.code} {self.args}]" if self.args else f" [{self.code}]" if self.code else ""
        object.__setattr__(self, "shown", (f"{self.tag} {self.status}{code} {self.text}".rstrip(),))

    @property
    def words(self) -> str:
        """Code and text, as far as they are for a reader."""
        args = f" {self.args}" if self.args and self.code != "CAPABILITY" else ""
        return f"[{self.code}{args}] {self.text}".rstrip() if self.code else self.text


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The server's capability list, upper case."""

    names: tuple[str, ...]
    shown: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shown", (f"* CAPABILITY {' '.join(self.names)}",))


@dataclass(frozen=True, slots=True)
class Continuation:
    """A `+`: the server waits for the rest of our command. Its text may be a challenge and is not kept."""

    @property
    def shown(self) -> tuple[str, ...]:
        return ("+",)


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a quota root; used and limit in the resource's own unit (STORAGE: KiB)."""

    name: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class QuotaRoot:
    """The resources of one quota root (RFC 9208 section 4.2.1), without how many messages there are."""

    resources: tuple[Resource, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        return (f"* QUOTA ({' '.join(f'{one.name} {one.used} {one.limit}' for one in self.resources)})",)


@dataclass(frozen=True, slots=True)
class Untagged:
    """Any other untagged response: its name, upper case, and nothing of what it said."""

    name: str
    shown: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shown", (f"* {self.name}",))


Response = Status | Capabilities | Continuation | QuotaRoot | Fetched | Listed | Numbers | Untagged


# A server says the same lines at every check: to read them anew each time was a tenth of a check's CPU. What follows a tag is
# never kept, nor any line with a count of somebody's messages in it, not even as the key of a cache.
SAID_TO_ALL = (b"* OK [CAPABILITY ", b"* OK [PERMANENTFLAGS ", b"* OK [UIDVALIDITY ", b"* OK [UIDNEXT ", b"* BYE ")


@lru_cache(maxsize=64)
def untagged(name: str) -> Untagged:
    return Untagged(name)


@lru_cache(maxsize=256)  # a capability list says nothing of anybody
def _offer(listed: bytes) -> str:
    return clean(listed, LINE_CAP)


@lru_cache(maxsize=256)  # each server says the same list at every check
def capabilities(listed: str) -> tuple[str, ...]:
    """The names in a capability list or in the argument of a CAPABILITY code, upper case, each once."""
    return tuple(dict.fromkeys(listed.upper().split()))


def number(text: str) -> int | None:
    """A code's argument as nz-number (32 bits, RFC 9051 section 9), or None if it is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    return int(text) if 0 < int(text) < 2**32 else None


def words_of(line: bytes) -> str:
    """What may be told of a broken or unfinished line: no count of theirs, nothing of their mail."""
    return clean(_COUNT.sub(rb"\1#", _PRIVATE.sub(rb"* \1", line)))


def speaks(line: bytes) -> bool:
    """Is this a status response or a continuation? Their text is free and holds no literal (RFC 9051 section 7.1)."""
    words = line.split(b" ", 2)
    return words[0] == b"+" or (len(words) > 1 and words[1].decode("latin-1").upper() in STATUSES)


def status_of(tag: str, status: str, said: bytes) -> Status:
    """`said` is what follows the status. A missing text or code is forgiven: many servers leave them out."""
    found = _CODE.match(said) if said.startswith(b"[") else None
    if found is None:
        return Status(tag, status, "", "", clean(said))
    code = found[1].decode("ascii").upper()
    if code in _COUNT_CODES:
        return Status(tag, status, code)
    listed = found[2] or b""
    to_all = code == "CAPABILITY" and len(listed) <= REMEMBERED_CAP
    args = _offer(listed) if to_all else clean(listed, LINE_CAP)
    return Status(tag, status, code, args, clean(said[found.end() :]))


@lru_cache(maxsize=512)
def remembered(line: bytes) -> Status:
    return status_of("*", *named(line))


def named(line: bytes) -> tuple[str, bytes]:
    """Name and rest of an untagged response; message data put a number first (RFC 9051 section 7.4)."""
    name, _, rest = line[2:].partition(b" ")
    if name.isdigit():
        name, _, rest = rest.partition(b" ")
    known = name_of(name)
    if not known:
        raise TheirFault("garbage", words_of(line))
    return known, rest


@lru_cache(maxsize=64)
def name_of(word: bytes) -> str:
    """Upper case; empty for what is no name of a response."""
    return word.decode("ascii").upper() if _ATOM.match(word) else ""


def resources_of(rest: bytes, line: bytes) -> tuple[Resource, ...]:
    found = _QUOTA.match(rest)
    words = (found[1] or b"").split() if found else [b"?"]
    if len(words) % 3:
        raise TheirFault("garbage", words_of(line))
    listed = (_resource(words[i : i + 3], line) for i in range(0, len(words), 3))
    return tuple(one for one in listed if one.name != "MESSAGE")  # RFC 9208 section 5.2: the number of messages


def _resource(words: list[bytes], line: bytes) -> Resource:
    name, used, limit = words
    if not (_ATOM.match(name) and _is_number(used) and _is_number(limit)):
        raise TheirFault("garbage", words_of(line))
    return Resource(name.decode("ascii").upper(), int(used), int(limit))


def _is_number(word: bytes) -> bool:
    return word.isdigit() and len(word) <= 19 and int(word) <= NUMBER_CAP
