"""IMAP responses: bytes in, values out (RFC 9051 section 7, RFC 3501, RFC 5530 codes, RFC 9208 quota).

Only what a diagnosis needs becomes a value. How many messages somebody has is that person's secret: EXISTS, RECENT and
UNSEEN numbers are dropped here and exist nowhere behind this file; of other data only the name is kept, unless the command
under way asked for it (`imap_data`): then its literals are kept too, up to a cap.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache

from mailprobe.wire import TheirFault
from mailprobe.wire.imap_data import Data, Fetched, Listed, Numbers, extended_search, fetched, listed, searched
from mailprobe.wire.text import clean

LINE_CAP = 65_536  # octets of one response without its literals
LITERAL_CAP = 262_144  # octets announced by the literals of one response
KEPT_CAP = 65_536  # octets kept of the literals of one response; longer ones are passed over
UNTAGGED_CAP = 2_000  # untagged responses per command
REMEMBERED_CAP = 1_000  # octets of a line that may be remembered
NUMBER_CAP = 2**63 - 1  # RFC 9051 section 9: number64

# RFC 9051 section 9, `literal`: a server must not send the non-synchronizing form {5+}
_LITERAL = re.compile(rb"\{([0-9]{1,20})\}\Z")
_BRACES = re.compile(rb"\{[^{}\"]*\}\Z")
_ATOM = re.compile(rb"[A-Za-z0-9_.+/=:-]{1,64}\Z")
_CODE = re.compile(rb"\[([!-Z^-~]{1,64})(?: ([^\]]*))?\] ?")  # an atom of any printable ASCII but brackets and backslash
# RFC 9208 section 5: quota-root-name SP quota-list; a literal was replaced by {}
_QUOTA = re.compile(rb'(?:"(?:[^"\\]|\\.)*"|[^\s()"{}]+|\{\}) \(([^()]*)\) *\Z')
_COUNT = re.compile(rb"(\A\* |UNSEEN |MESSAGES? |RECENT )[0-9]+", re.IGNORECASE)
# what these say is somebody's mail, or the names of somebody's folders
_PRIVATE = re.compile(rb"\A\* (?:[0-9]+ +)?(FETCH|LIST|LSUB|STATUS|E?SEARCH)\b.*", re.IGNORECASE | re.DOTALL)
_ASKED_FOR = {
    Data.FETCH: re.compile(rb"\* [0-9]{1,10} FETCH ", re.IGNORECASE),
    Data.LIST: re.compile(rb"\* LIST ", re.IGNORECASE),
}
_COMPLETIONS = ("OK", "NO", "BAD")
_STATUSES = (*_COMPLETIONS, "BYE", "PREAUTH")
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


class Parser:
    """`feed(bytes)`, then `next()` until it gives None. After a TheirFault the dialogue is dead and every `next` says so.

    `expect(tag)` before a command is written: completions come in the order of the commands, anything else is garbage. `data`:
    what the command asks for.
    """

    __slots__ = (
        "_buffer",
        "_expected",
        "_fault",
        "_kept",
        "_line",
        "_literals",
        "_scanned",
        "_skip",
        "_start",
        "_taking",
        "_untagged",
    )

    def __init__(self) -> None:
        self._buffer = b""
        self._start = 0  # where the unread part of the buffer begins
        self._scanned = 0  # up to here there is no LF: each octet is searched once
        self._line = bytearray()  # the response so far, when a literal interrupted it
        self._skip = 0  # octets of a literal still to pass over
        self._literals = 0  # octets announced in this response
        self._kept: list[bytes | None] = []  # the literals of this response, if it was asked for; None: too long
        self._taking: bytearray | None = None  # of these, the one that is being read
        self._untagged = 0
        self._expected: deque[tuple[bytes, Data]] = deque()
        self._fault: TheirFault | None = None

    def expect(self, tag: str, data: Data = Data.NOTHING) -> None:
        self._expected.append((tag.encode("ascii"), data))

    def feed(self, data: bytes) -> None:
        if self._start == len(self._buffer):
            self._buffer = data
        else:
            self._buffer = self._buffer[self._start :] + data  # at most a line's beginning: literals are passed over as they come
        self._scanned -= self._start
        self._start = 0

    @property
    def unread(self) -> int:
        """Octets that are here and not yet given out: before TLS starts there must be none (RFC 9051 section 6.2.1)."""
        return len(self._line) + len(self._buffer) - self._start

    @property
    def words(self) -> str:
        """What the server had said of a response that never became whole."""
        return _words(bytes(self._line) + self._buffer[self._start :])

    def next(self) -> Response | None:
        """The next response, or None for "need more". Raises TheirFault."""
        if self._fault is not None:
            raise TheirFault(self._fault.why, self._fault.words)
        if self._scanned == len(self._buffer) and not self._skip:
            return None  # nothing came since the last look
        try:
            line = self._whole_line()
            return None if line is None else self._value(line)
        except TheirFault as fault:
            self._fault = fault
            raise

    def _whole_line(self) -> bytes | None:
        """One response without its line end, literals replaced by `{}`."""
        while not self._skip or self._skipped():
            buffer, start = self._buffer, self._start
            end = buffer.find(b"\n", self._scanned)
            if end < 0:
                self._scanned = len(buffer)
                self._watch(start, self._scanned)
                return None
            part = buffer[start:end]
            if self._line or end - start > LINE_CAP or part < b" ":
                self._watch(start, end)
            self._start = self._scanned = end + 1
            part = part.removesuffix(b"\r")
            if not (part.endswith(b"}") and self._announced(part)):
                return self._taken(part) if self._line else part
        return None

    def _skipped(self) -> bool:
        """Pass over a literal's octets, or take them; False while some are still to come."""
        here = min(self._skip, len(self._buffer) - self._start)
        if self._taking is not None:
            self._taking += self._buffer[self._start : self._start + here]
        self._start += here
        self._scanned = self._start
        self._skip -= here
        if not self._skip:
            self._keep()
        return not self._skip

    def _keep(self) -> None:
        if self._taking is not None:
            self._kept.append(bytes(self._taking))
            self._taking = None

    def _taken(self, part: bytes) -> bytes:
        whole = bytes(self._line) + part
        self._line.clear()
        self._literals = 0
        return whole

    def _announced(self, part: bytes) -> bool:
        """Does a literal follow? Refused by its announced size, before one octet of it is read."""
        if _speaks(bytes(self._line) or part):
            return False
        found = _LITERAL.search(part)
        if found is None:
            if _BRACES.search(part):
                raise TheirFault("garbage", _words(part))
            return False
        self._literals += int(found[1])
        if self._literals > LITERAL_CAP:
            raise TheirFault("literal_too_long", _words(part))
        self._skip = int(found[1])
        self._line += part[: found.start()] + b"{}"
        if self._asked_for(bytes(self._line)):
            self._take(self._skip)
        return True

    def _asked_for(self, line: bytes) -> bool:
        asked = _ASKED_FOR.get(self._expected[0][1]) if self._expected else None
        return asked is not None and asked.match(line) is not None

    def _take(self, size: int) -> None:
        """The literal that follows is wanted, if it is not too long."""
        if size > KEPT_CAP - sum(len(one) for one in self._kept if one):
            self._kept.append(None)
            return
        self._taking = bytearray()
        if not size:
            self._keep()

    def _watch(self, start: int, end: int) -> None:
        """What can be refused before its line ends: too long, or not text at all (TLS or HTTP/2 on the wrong port), for a
        response starts with a printable octet. One CR more may belong to the line's end."""
        if start == end:
            return
        if not self._line and self._buffer[start] < 0x20:
            raise TheirFault("garbage")
        size = len(self._line) + end - start
        if size > LINE_CAP and size - (self._buffer[end - 1] == 0x0D) > LINE_CAP:
            said = bytes(self._line) or self._buffer[start : start + 1024]
            raise TheirFault("line_too_long", _words(said))

    def _value(self, line: bytes) -> Response:
        if line.startswith(b"* "):
            return self._untagged_value(line)
        if line == b"+" or line.startswith(b"+ "):
            return Continuation()
        tag, _, rest = line.partition(b" ")
        word, _, said = rest.partition(b" ")
        ours = bool(self._expected) and tag == self._expected[0][0]
        name = _name(word) if ours else ""
        if name not in _COMPLETIONS:
            raise TheirFault("garbage", _words(line))
        self._expected.popleft()
        self._untagged = 0
        return _status(tag.decode("ascii"), name, said)

    def _untagged_value(self, line: bytes) -> Response:
        self._untagged += 1
        if self._untagged > UNTAGGED_CAP:
            raise TheirFault("too_much", f"more than {UNTAGGED_CAP} untagged responses to one command")
        if line.startswith(_SAID_TO_ALL) and len(line) <= REMEMBERED_CAP:
            return _remembered(line)
        name, rest = _named(line)
        if name in _STATUSES:
            return _status("*", name, rest)
        if name == "QUOTA":
            return QuotaRoot(_resources(rest, line))
        if name == "CAPABILITY":
            return Capabilities(capabilities(clean(rest, LINE_CAP)))
        literals, self._kept = self._kept, []
        return self._data(name, rest, literals) or _untagged(name)

    def _data(self, name: str, rest: bytes, literals: list[bytes | None]) -> Response | None:
        """What the command under way asked for; None: this is something else."""
        asked = self._expected[0][1] if self._expected else Data.NOTHING
        if asked is Data.FETCH and name == "FETCH":
            return fetched(rest, literals)
        if asked is Data.LIST and name == "LIST":
            return listed(rest, literals)
        if asked is Data.SEARCH and name in ("SEARCH", "ESEARCH"):
            return searched(rest) if name == "SEARCH" else extended_search(rest)
        return None


# A server says the same lines at every check: to read them anew each time was a tenth of a check's CPU. What follows a tag is
# never kept, nor any line with a count of somebody's messages in it, not even as the key of a cache.
_SAID_TO_ALL = (b"* OK [CAPABILITY ", b"* OK [PERMANENTFLAGS ", b"* OK [UIDVALIDITY ", b"* OK [UIDNEXT ", b"* BYE ")


@lru_cache(maxsize=64)
def _untagged(name: str) -> Untagged:
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


def _words(line: bytes) -> str:
    """What may be told of a broken or unfinished line: no count of theirs, nothing of their mail."""
    return clean(_COUNT.sub(rb"\1#", _PRIVATE.sub(rb"* \1", line)))


def _speaks(line: bytes) -> bool:
    """Is this a status response or a continuation? Their text is free and holds no literal (RFC 9051 section 7.1)."""
    words = line.split(b" ", 2)
    return words[0] == b"+" or (len(words) > 1 and words[1].decode("latin-1").upper() in _STATUSES)


def _status(tag: str, status: str, said: bytes) -> Status:
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
def _remembered(line: bytes) -> Status:
    return _status("*", *_named(line))


def _named(line: bytes) -> tuple[str, bytes]:
    """Name and rest of an untagged response; message data put a number first (RFC 9051 section 7.4)."""
    name, _, rest = line[2:].partition(b" ")
    if name.isdigit():
        name, _, rest = rest.partition(b" ")
    known = _name(name)
    if not known:
        raise TheirFault("garbage", _words(line))
    return known, rest


@lru_cache(maxsize=64)
def _name(word: bytes) -> str:
    """Upper case; empty for what is no name of a response."""
    return word.decode("ascii").upper() if _ATOM.match(word) else ""


def _resources(rest: bytes, line: bytes) -> tuple[Resource, ...]:
    found = _QUOTA.match(rest)
    words = found[1].split() if found else [b"?"]
    if len(words) % 3:
        raise TheirFault("garbage", _words(line))
    listed = (_resource(words[i : i + 3], line) for i in range(0, len(words), 3))
    return tuple(one for one in listed if one.name != "MESSAGE")  # RFC 9208 section 5.2: the number of messages


def _resource(words: list[bytes], line: bytes) -> Resource:
    name, used, limit = words
    if not (_ATOM.match(name) and _is_number(used) and _is_number(limit)):
        raise TheirFault("garbage", _words(line))
    return Resource(name.decode("ascii").upper(), int(used), int(limit))


def _is_number(word: bytes) -> bool:
    return word.isdigit() and len(word) <= 19 and int(word) <= NUMBER_CAP
