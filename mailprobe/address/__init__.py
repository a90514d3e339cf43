"""One mailbox address: parse, exact wire bytes, display.

What was meant goes on the wire, or it is refused with a reason: nothing is trimmed, unquoted or corrected silently,
because a verdict about the wrong customer is worse than none. Syntax: RFC 5321 section 4.1.2, RFC 6531 section 3.3 for
non-ASCII local parts, RFC 5890 to 5893 (IDNA2008) for domains, and the dotted local parts that Japanese carriers once gave out.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from mailprobe.address.characters import AddressError, Notice, refuse_characters
from mailprobe.address.domain import parse_domain, shown_label
from mailprobe.address.spelling import is_mixed, near

__all__ = ["LEGACY_DOT_DOMAINS", "Address", "AddressError", "Notice", "is_legacy_dot_domain", "near", "parse"]

LEGACY_DOT_DOMAINS = frozenset({"docomo.ne.jp", "ezweb.ne.jp", "au.com"})
LOCAL_OCTETS = 64  # RFC 5321 section 4.5.3.1.1
ADDRESS_OCTETS = 254  # a path is 256 octets with its angle brackets: RFC 5321 section 4.5.3.1.3

ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+")
SPECIALS = frozenset('@<>()[],;:、 "')


@dataclass(frozen=True, slots=True)
class Address:
    """`local` as it goes on the wire (quoted where it must be), `domain` as A-labels in lower case.

    `legacy_dots`: the domain's carrier gave out local parts like `a..b` and compares local parts without case.
    """

    local: str
    domain: str
    legacy_dots: bool = field(default=False, compare=False)
    notices: tuple[Notice, ...] = field(default=(), compare=False, repr=False)

    @property
    def wire(self) -> bytes:
        """The bytes between `<` and `>` of MAIL and RCPT."""
        return f"{self.local}@{self.domain}".encode()

    @property
    def raw_wire(self) -> bytes | None:
        """The unquoted form of a legacy carrier address, to be tried once where the quoted form is a syntax error there."""
        content = self.content
        if not self.legacy_dots or not is_dotted(content) or "!" in content or "%" in content:
            return None
        return f"{content}@{self.domain}".encode()

    @property
    def content(self) -> str:
        """The local part without its quoting: what the mailbox is called."""
        return re.sub(r"\\(.)", r"\1", self.local[1:-1]) if self.local.startswith('"') else self.local

    @property
    def needs_smtputf8(self) -> bool:
        """RFC 6531: only servers that offer SMTPUTF8 can take it."""
        return not self.local.isascii()

    @property
    def display(self) -> str:
        """For people: U-labels, and the legacy form as the customer writes it. `parse` reads it back to the same bytes."""
        raw = self.raw_wire
        local = self.local if raw is None else self.content
        return f"{local}@{'.'.join(shown_label(label) for label in self.domain.split('.'))}"

    @property
    def key(self) -> str:
        """Equal for two spellings of one mailbox: `"ab"` is `ab` (RFC 5321 section 4.1.2), case folded where the carrier does."""
        content = self.content
        return f"{content.lower() if self.legacy_dots else content}@{self.domain}"

    @property
    def looks(self) -> str:
        """Equal for addresses that look equal to a reader, though they may be different mailboxes."""
        return unicodedata.normalize("NFC", f"{self.content}@{self.domain}").casefold()

    def __str__(self) -> str:
        return self.display


def is_legacy_dot_domain(domain: str) -> bool:
    """Whether the carrier of this domain (A-labels) is known to have given out `a..b@` and `a.@`."""
    return domain in LEGACY_DOT_DOMAINS


def parse(text: str, *, legacy_dots: Callable[[str], bool] = is_legacy_dot_domain) -> Address:
    """Read one bare address; raises AddressError. `legacy_dots` says of a domain whether dotted local parts exist there."""
    refuse_characters(text)
    marks = unquoted_marks(text)
    at = only_at(text, marks)
    domain, domain_notices = parse_domain(text[at + 1 :], at + 2)
    legacy = legacy_dots(domain)
    local, local_notices = parse_local(text[:at], legacy)
    address = Address(local, sys.intern(domain), legacy, (*domain_notices, *local_notices))
    octets = len(address.wire)
    if octets > ADDRESS_OCTETS:
        raise AddressError("MP1217", f"address {octets} > {ADDRESS_OCTETS} octets (RFC 5321 4.5.3.1.3)")
    return address


def unquoted_marks(text: str) -> list[tuple[int, str]]:
    """(index, character) of every special outside quotes; raises MP1230 where a quote stays open."""
    marks: list[tuple[int, str]] = []
    opened, escaped = -1, False
    for index, char in enumerate(text):
        if opened >= 0:
            if char == '"' and not escaped:
                opened = -1
            escaped = char == "\\" and not escaped
        elif char == '"':
            opened = index
        elif char in SPECIALS:
            marks.append((index, char))
    if opened >= 0:
        raise AddressError("MP1230", f"unterminated quote at col {opened + 1}", "close it, or leave it out", opened + 1)
    return marks


def only_at(text: str, marks: list[tuple[int, str]]) -> int:
    """The index of the one `@`. Says what else the text is: a name with an address, a list, a route, a comment."""
    refuse_wrappings(text, marks)
    ats = [index for index, char in marks if char == "@"]
    refuse_routes(text, ats)
    refuse_lists(marks, ats)
    if not ats:
        raise AddressError("MP1203", 'no "@"', "give local@domain")
    if len(ats) > 1:
        raise AddressError("MP1206", 'more than one unquoted "@"', "quote the local part", ats[1] + 1)
    at = ats[0]
    if at == len(text) - 1:
        raise AddressError("MP1204", "no domain", "", at + 1)
    if at == 0:
        raise AddressError("MP1205", "no local part")
    return at


def refuse_wrappings(text: str, marks: list[tuple[int, str]]) -> None:
    if text == "<>":
        raise AddressError("MP1202", "null sender is not a mailbox")
    for index, char in marks:
        if char in "<>":
            inner = text[index + 1 :].partition(">")[0] if char == "<" else text[:index]
            raise AddressError("MP1207", "not a bare address", f"give the bare address: {inner[:80]}", index + 1)
        if char in "()":
            raise AddressError("MP1209", "comments not allowed", "", index + 1)
    if text[:7].lower() == "mailto:":
        raise AddressError("MP1207", "not a bare address", f"give the bare address: {text[7:87]}")


def refuse_routes(text: str, ats: list[int]) -> None:
    """RFC 5321 appendix C and the percent hack: asking one server to pass mail on to another."""
    explicit = bool(ats) and ats[0] == 0 and len(ats) > 1 and ":" in text
    bang = next((n for n, char in enumerate(text[: ats[-1]]) if char in "%!"), -1) if ats and text[0] != '"' else -1
    if explicit or bang >= 0:
        raise AddressError("MP1231", "source route refused", "give the final address", max(bang, 0) + 1)


def refuse_lists(marks: list[tuple[int, str]], ats: list[int]) -> None:
    for index, char in marks:
        if ats and index > ats[0] and (char in ",;、" or (char == " " and len(ats) > 1)):
            raise AddressError("MP1208", "one address per entry", "give each address on its own", index + 1)


def parse_local(text: str, legacy: bool) -> tuple[str, tuple[Notice, ...]]:
    """RFC 5321 section 4.1.2 Local-part, to its exact wire form."""
    notices = list(look_notices(text))
    local = text
    if text.startswith('"'):
        check_quoted(text)
    else:
        check_atoms(text)
        if is_dotted(text):
            if not legacy:
                raise AddressError(
                    "MP1241", "dots at an end or side by side", "quote it, or set legacy_dots = true for its carrier"
                )
            local = f'"{text}"'
    if legacy and is_dotted(local.strip('"')):
        notices.append(Notice("MP1240", "legacy carrier form, sent quoted"))
    octets = len(local.encode())
    if octets > LOCAL_OCTETS:
        raise AddressError("MP1216", f"local part {octets} > {LOCAL_OCTETS} octets (RFC 5321 4.5.3.1.1)")
    return local, tuple(notices)


def check_quoted(text: str) -> None:
    """Quoted-string: the closing quote is the last character; a backslash quotes printable ASCII only."""
    index = 1
    while index < len(text) and text[index] != '"':
        if text[index] == "\\":
            index += 1
            if not text[index].isascii():
                refuse_local_character(text, index)
        index += 1
    if index != len(text) - 1:
        refuse_local_character(text, index + 1)


def check_atoms(text: str) -> None:
    for index, char in enumerate(text):
        if char != "." and not ATOM.fullmatch(char):
            refuse_local_character(text, index)


def refuse_local_character(text: str, index: int) -> NoReturn:
    hint = "remove the space" if text[index] == " " else "quote the local part"
    raise AddressError("MP1232", f'"{text[index]}" not allowed in the local part at col {index + 1}', hint, index + 1)


def is_dotted(content: str) -> bool:
    """A run of atoms and dots that is no Dot-string: `a..b`, `a.`, `.a`."""
    return all(not atom or ATOM.fullmatch(atom) for atom in content.split(".")) and (
        content.startswith(".") or content.endswith(".") or ".." in content
    )


def look_notices(text: str) -> Iterator[Notice]:
    if any(is_mixed(atom) for atom in text.split(".")):
        yield Notice("MP1228", "mixed script in the local part")
    if text != unicodedata.normalize("NFC", text):
        yield Notice("MP1229", "local part is not in normal form C: it may look equal to another account")
