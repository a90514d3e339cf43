"""IMAP responses: bytes in, values out (RFC 9051 section 7). Octets become lines here, within what one server may send, and
lines become values in `imap_response`.

Of other people's data only what the command under way asked for is kept (`imap_data`): then its literals are kept too, up to
a cap.
"""

from __future__ import annotations

import re
from collections import deque

from mailprobe.wire import TheirFault
from mailprobe.wire.imap_data import Data, extended_search, fetched, listed, searched
from mailprobe.wire.imap_response import (
    COMPLETIONS,
    LINE_CAP,
    REMEMBERED_CAP,
    SAID_TO_ALL,
    STATUSES,
    Capabilities,
    Continuation,
    QuotaRoot,
    Response,
    capabilities,
    name_of,
    named,
    remembered,
    resources_of,
    speaks,
    status_of,
    untagged,
    words_of,
)
from mailprobe.wire.text import clean

LITERAL_CAP = 262_144  # octets announced by the literals of one response
KEPT_CAP = 65_536  # octets kept of the literals of one response; longer ones are passed over
UNTAGGED_CAP = 2_000  # untagged responses per command

# RFC 9051 section 9, `literal`: a server must not send the non-synchronizing form {5+}
_LITERAL = re.compile(rb"\{([0-9]{1,20})\}\Z")
_BRACES = re.compile(rb"\{[^{}\"]*\}\Z")
_ASKED_FOR = {
    Data.FETCH: re.compile(rb"\* [0-9]{1,10} FETCH ", re.IGNORECASE),
    Data.LIST: re.compile(rb"\* LIST ", re.IGNORECASE),
}


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
        return words_of(bytes(self._line) + self._buffer[self._start :])

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
        if speaks(bytes(self._line) or part):
            return False
        found = _LITERAL.search(part)
        if found is None:
            if _BRACES.search(part):
                raise TheirFault("garbage", words_of(part))
            return False
        self._literals += int(found[1])
        if self._literals > LITERAL_CAP:
            raise TheirFault("literal_too_long", words_of(part))
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
            raise TheirFault("line_too_long", words_of(said))

    def _value(self, line: bytes) -> Response:
        if line.startswith(b"* "):
            return self._untagged_value(line)
        if line == b"+" or line.startswith(b"+ "):
            return Continuation()
        tag, _, rest = line.partition(b" ")
        word, _, said = rest.partition(b" ")
        ours = bool(self._expected) and tag == self._expected[0][0]
        name = name_of(word) if ours else ""
        if name not in COMPLETIONS:
            raise TheirFault("garbage", words_of(line))
        self._expected.popleft()
        self._untagged = 0
        return status_of(tag.decode("ascii"), name, said)

    def _untagged_value(self, line: bytes) -> Response:
        self._untagged += 1
        if self._untagged > UNTAGGED_CAP:
            raise TheirFault("too_much", f"more than {UNTAGGED_CAP} untagged responses to one command")
        if line.startswith(SAID_TO_ALL) and len(line) <= REMEMBERED_CAP:
            return remembered(line)
        name, rest = named(line)
        if name in STATUSES:
            return status_of("*", name, rest)
        if name == "QUOTA":
            return QuotaRoot(resources_of(rest, line))
        if name == "CAPABILITY":
            return Capabilities(capabilities(clean(rest, LINE_CAP)))
        literals, self._kept = self._kept, []
        return self._data(name, rest, literals) or untagged(name)

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
