"""SMTP replies: bytes in, values out (RFC 5321 section 4.2, RFC 3463, RFC 2034), and what EHLO offers. No I/O, no opinion.

The commands that we write are in `smtp_command`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailprobe.wire import TheirFault
from mailprobe.wire.text import clean

LINE_CAP = 8192  # octets; RFC 5321 section 4.5.3.1.5 allows a reply line 512, real servers send more
REPLY_CAP = 32_768  # octets of one reply
LINES_CAP = 200  # lines of one reply
TEXT_CAP = 2000  # characters of a reply's text
SHOWN_CAP = 40  # lines of one reply in a transcript

# RFC 3463 section 2; some servers write '#5.1.1' or '5.1.1:'
_ENHANCED = re.compile(r" *#?([245]\.\d{1,3}\.\d{1,3})(?::?\s+|:?$)", re.ASCII)


# A whole reply in printable ASCII, as nearly all are: read in one go. Everything else takes the way line by line.
_PLAIN = re.compile(rb"([2-5][0-9][0-9])(?:-[\x20-\x7e]*\r\n\1)*(?: [\x20-\x7e]*)?\r\n")
_PLAIN_CAP = 1000  # octets: no line of such a reply has to be cut


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. said: its lines as they came, cleaned. text: the same words in one line, without any code. enhanced:
    'x.y.z' or '', and kept even where it contradicts the code (`550 4.2.2`): which of the two lies is not for the parser
    to say."""

    code: int
    enhanced: str
    text: str
    said: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The text of each line, without code."""
        return tuple([line[4:].lstrip() for line in self.said])

    @property
    def shown(self) -> tuple[str, ...]:
        """The lines for a transcript."""
        more = len(self.said) - SHOWN_CAP
        return self.said if more <= 0 else (*self.said[:SHOWN_CAP], f"(and {more} more lines)")


class Parser:
    """`feed(bytes)`, then `next()` until it gives None. After a TheirFault the dialogue is dead and every `next` says so.

    A line that ends in a bare LF is accepted: the answer is worth more than the form.
    """

    __slots__ = ("_at", "_buffer", "_code", "_fault", "_lines", "_octets")

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0  # where the unused part of the buffer begins
        self._code = b""  # of the multi-line reply under way
        self._lines: list[str] = []
        self._octets = 0  # of the reply under way, its whole lines
        self._fault: TheirFault | None = None

    def feed(self, data: bytes) -> None:
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0

    @property
    def unread(self) -> int:
        """Octets that are here and not yet given out: before TLS starts there must be none (RFC 3207 section 4.2)."""
        return len(self._buffer) - self._at + self._octets

    @property
    def words(self) -> str:
        """What the server had said of a reply that never became whole."""
        rest = clean(self._buffer[self._at :])
        said = self._lines[:SHOWN_CAP]
        return " ".join([*said, rest] if rest else said)[:TEXT_CAP]

    def next(self) -> Reply | None:
        """The next reply, or None for "need more". Raises TheirFault."""
        if self._fault is not None:
            raise TheirFault(self._fault.why, self._fault.words)
        if self._at == len(self._buffer):
            return None
        try:
            return self._next()
        except TheirFault as fault:
            self._fault = fault
            raise

    def _next(self) -> Reply | None:
        if not self._lines and len(self._buffer) - self._at <= _PLAIN_CAP:
            plain = _PLAIN.match(self._buffer, self._at)
            if plain is not None:
                self._at = plain.end()
                return _reply(plain[1], tuple(map(str.rstrip, plain[0][:-2].decode().split("\r\n"))))
        while True:
            self._watch_first()
            end = self._buffer.find(b"\n", self._at)
            if end < 0:
                self._watch_unfinished()
                return None
            if end - self._at > LINE_CAP:
                raise self._too_long()
            line = self._buffer[self._at : end].removesuffix(b"\r")
            self._octets += end + 1 - self._at
            self._at = end + 1
            if self._add(line):
                return self._whole()

    def _add(self, line: bytes) -> bool:
        """True when this line ends its reply (RFC 5321 section 4.2.1)."""
        code, mark = line[:3], line[3:4]
        if not (len(code) == 3 and code.isdigit() and b"2" <= code < b"6" and mark in (b" ", b"-", b"")):
            raise TheirFault("garbage", clean(line))
        if self._lines and code != self._code:
            raise TheirFault("garbage", f"{self._lines[-1]} {clean(line)}")
        self._code = code
        self._lines.append(clean(line))
        if len(self._lines) > LINES_CAP or self._octets > REPLY_CAP:
            raise TheirFault("reply_too_long", " ".join(self._lines[:3])[:TEXT_CAP])
        return mark != b"-"

    def _whole(self) -> Reply:
        reply = _reply(self._code, tuple(self._lines))
        self._lines.clear()
        self._octets = 0
        return reply

    def _watch_first(self) -> None:
        """A line that begins with a control character is not even text (TLS on the wrong port): no need to wait for its end."""
        if self._at < len(self._buffer) and self._buffer[self._at] < 0x20 and self._buffer[self._at] != 0x0D:
            raise TheirFault("garbage")

    def _watch_unfinished(self) -> None:
        if len(self._buffer) - self._at > LINE_CAP:
            raise self._too_long()

    def _too_long(self) -> TheirFault:
        return TheirFault("line_too_long", clean(self._buffer[self._at : self._at + LINE_CAP]))


def _reply(code: bytes, said: tuple[str, ...]) -> Reply:
    enhanced = _ENHANCED.match(said[0], 4)
    if len(said) == 1:
        text = said[0][enhanced.end() if enhanced else 4 :].strip()
    else:
        lines = [line[4:].lstrip() for line in said]
        text = " ".join([_ENHANCED.sub("", line, count=1) for line in lines] if enhanced else lines).strip()
    text = text if len(text) <= TEXT_CAP else text[: TEXT_CAP - 1] + "…"
    return Reply(int(code), enhanced[1] if enhanced else "", text, said)


def capabilities(reply: Reply) -> tuple[str, ...]:
    """The keywords of an EHLO reply with their parameters, upper case (RFC 5321 section 4.1.1.1); its first line is none."""
    return tuple([line.upper().replace("AUTH=", "AUTH ", 1) for line in reply.lines[1:] if line])


def offers(offered: tuple[str, ...], keyword: str) -> bool:
    return any(one.partition(" ")[0] == keyword for one in offered)


def mechanisms(offered: tuple[str, ...]) -> tuple[str, ...]:
    """The SASL mechanisms of every AUTH line (RFC 4954 section 3; `AUTH=` is a form older than it)."""
    return tuple(dict.fromkeys(name for one in offered if one.startswith("AUTH ") for name in one.split()[1:]))
