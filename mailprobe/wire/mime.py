"""A mail taken apart without recursion and in linear time: the leaves of RFC 2045 and 2046, decoded, bounded.

The standard library's parser ends in RecursionError on nested parts and needs most of a second for one hostile header;
a bounce comes from strangers. What is broken here is kept as plain text, never an error: broken bounces are normal.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

CAP = 1 << 20  # bytes read of one mail
LINES = 20_000  # and lines: every level of nesting reads them again
DEPTH = 20
PARTS = 50
HEADERS = 200
VALUE = 2000  # characters kept of one header

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,79})[ \t]*:[ \t]*(.*)", re.DOTALL)
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_KIND = re.compile(r"\s*([A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,60})")
_TAG = re.compile(r"<[/!A-Za-z][^<>@]{0,400}>")
_SEPARATOR = re.compile(rb"From [^\r\n]{1,400}(?:\r\n|\n|\r)[A-Za-z][A-Za-z0-9-]{0,79}:")
_TRIES = 100_000  # separators looked at
_ENCODED = re.compile(r"=\?([A-Za-z0-9_.:-]{1,40})(?:\*[A-Za-z-]{1,20})?\?([bBqQ])\?([^?\s]{0,400})\?=(?:\s{1,40}(?==\?))?")
# Only character sets: Python also calls slow transformations such as idna and punycode "encodings".
_CHARSETS = re.compile(
    r"(?:us-ascii|utf-?8|iso-8859-\d+|windows-125\d|iso-2022-(?:jp|kr)|shift_jis|cp932|euc-(?:jp|kr)|gb\w+|big5|koi8-[ru])"
)


# What Japanese mail calls Shift_JIS holds the characters of code page 932.
_ALIASES = {"shift_jis": "cp932", "x-sjis": "cp932", "ms932": "cp932", "windows-31j": "cp932"}
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]{2}")


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf. `kind` is lower case (`text/plain`), `text` is decoded with LF line ends; header names lower case."""

    kind: str
    headers: tuple[tuple[str, str], ...]
    text: str

    def header(self, name: str) -> str:
        """The first value of a header, or ''."""
        return next((value for key, value in self.headers if key == name), "")


def take_apart(raw: bytes) -> tuple[Part, ...]:
    """The mail's own headers (an empty text) first, then every leaf in order. message/rfc822 is a leaf."""
    lines = _lines(raw)
    found: list[Part] = []
    waiting = [(lines, 0)]
    while waiting and len(found) < PARTS:
        lines, depth = waiting.pop()
        headers, body = _split(lines)
        if not found:
            found.append(Part("", headers, ""))
        children = _children(headers, body) if depth < DEPTH else []
        if children:
            waiting.extend((child, depth + 1) for child in reversed(children))
        else:
            found.append(_leaf(headers, body))
    return tuple(found)


def mails(raw: bytes) -> Iterator[bytes]:
    """The mails of an mbox (RFC 4155), which begins with a `From ` line; anything else is one mail."""
    if not raw.lstrip(b"\r\n").startswith(b"From "):
        yield raw
        return
    start = 0
    for at in _separators(raw):
        yield raw[start:at]
        start = at
    yield raw[start:]


def _separators(raw: bytes) -> Iterator[int]:
    """Where the next mail begins: a blank line, a `From ` line, a header field. A text may have such a line too."""
    blank = next((ends for ends in (b"\r\n\r\n", b"\n\n", b"\r\r") if ends[: len(ends) // 2] in raw[:1000]), b"\n\n")
    at = 0
    for _ in range(_TRIES):
        at = raw.find(blank + b"From ", at)
        if at < 0:
            return
        at += len(blank)
        if _SEPARATOR.match(raw, at):
            yield at


def _lines(raw: bytes) -> list[str]:
    """Lines as Latin-1, so that bytes stay what they are; CR alone ends lines in some old bounces."""
    text = raw[:CAP].decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.lstrip("\n").split("\n", LINES)[:LINES]
    return lines[1:] if lines[0].startswith("From ") else lines


def _split(lines: list[str]) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Headers, unfolded (RFC 5322 section 2.2.3), and the body's lines. Without any header all is body."""
    headers: list[tuple[str, str]] = []
    at = 0
    for at, line in enumerate(lines):  # noqa: B007 - `at` is where the body starts
        if headers and line[:1] in (" ", "\t") and line.strip():
            name, value = headers[-1]
            headers[-1] = (name, (value + " " + line.strip())[:VALUE])
        elif (field := _FIELD.fullmatch(line)) and len(headers) < HEADERS:
            headers.append((field[1].lower(), field[2].strip()[:VALUE]))
        else:
            break
    else:
        at = len(lines)
    return tuple(headers), lines[at:]


def _children(headers: tuple[tuple[str, str], ...], body: list[str]) -> list[list[str]]:
    """The parts of a multipart (RFC 2046 section 5.1.1); none if it is no multipart or its boundary never appears."""
    content = _value(headers, "content-type")
    boundary = _BOUNDARY.search(content)
    if boundary is None or not content.lower().lstrip().startswith("multipart/"):
        return []
    opening = "--" + (boundary[1] or boundary[2]).rstrip()
    parts: list[list[str]] = []
    for line in body:
        bare = line.rstrip()
        if bare == opening + "--":
            break
        if bare == opening:
            parts.append([])
        elif parts:
            parts[-1].append(line)
    return parts[:PARTS]


def _leaf(headers: tuple[tuple[str, str], ...], body: list[str]) -> Part:
    kind = _KIND.match(_value(headers, "content-type"))
    name = kind[1].lower() if kind else "text/plain"
    if name.startswith("multipart/"):  # a boundary that never came: read as it stands
        name = "text/plain"
    raw = _decoded("\n".join(body).encode("latin-1", "replace"), _value(headers, "content-transfer-encoding"))
    charset = _CHARSET.search(_value(headers, "content-type"))
    text = _words(raw, charset[1].lower() if charset else "")
    return Part(name, headers, _TAG.sub(" ", text).replace("&lt;", "<").replace("&gt;", ">") if name == "text/html" else text)


def _decoded(raw: bytes, encoding: str) -> bytes:
    """RFC 2045 section 6. Broken base64 stays as it came."""
    if "base64" in encoding.lower():
        try:
            return binascii.a2b_base64(raw)
        except binascii.Error:
            return raw
    return binascii.a2b_qp(raw) if "quoted-printable" in encoding.lower() else raw


def _words(raw: bytes, charset: str) -> str:
    if b"\x1b$" in raw:  # Japanese bounces leave the charset out, or use characters beyond the declared set
        return raw.decode("iso2022_jp_2004", "replace")
    for name in (_ALIASES.get(charset, charset), "utf-8"):
        if _CHARSETS.fullmatch(name):
            try:
                return raw.decode(name)
            except (UnicodeDecodeError, LookupError):
                continue
    return _japanese(raw) or raw.decode("latin-1")


def _japanese(raw: bytes) -> str:
    """Japanese that says nothing of its charset, known by its kana; '' if it is none."""
    for name in ("euc_jp", "cp932"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        if _KANA.search(text):
            return text
    return ""


def plain_words(value: str) -> str:
    """A header's encoded words (RFC 2047) decoded, or its bare UTF-8 (RFC 6532); what is broken stays as it is."""
    if not value.isascii():
        value = _words(value.encode("latin-1", "replace"), "")
    return _ENCODED.sub(_decode_word, value) if "=?" in value else value


def _decode_word(found: re.Match[str]) -> str:
    text = found[3].encode("latin-1", "replace")
    raw = _decoded(text, "base64") if found[2] in "bB" else binascii.a2b_qp(text, header=True)
    return _words(raw, found[1].lower())


def _value(headers: tuple[tuple[str, str], ...], name: str) -> str:
    return next((value for key, value in headers if key == name), "")
