"""The parameters of MAIL and RCPT by which a sender says what he wants to be told of his mail (RFC 3461). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailprobe.demo.notices import NEVER, ON_FAILURE, Wish

LONGEST_ENVELOPE, LONGEST_ORIGINAL = 100, 500  # characters (RFC 3461 sections 4.4 and 4.2)
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[2-7][0-9A-F]|[^\x00-\x7f])*\Z")  # beyond ASCII: unitext (RFC 6533 section 3)
_PATH = re.compile(r"""\s*\w+:\s*(?:<(?:"(?:[^"\\]|\\.)*"|[^">])*>|[^\s<>]+)""")
_WORDS = frozenset({"SUCCESS", "FAILURE", "DELAY"})


class BadWish(Exception):
    """Not what RFC 3461 has for it; the text is for the client."""


@dataclass(frozen=True, slots=True)
class Sender:
    """What came with MAIL, for all recipients."""

    envelope: str = ""
    whole: bool = False


def of_sender(arg: str) -> tuple[str, Sender]:
    """The argument of MAIL without RET and ENVID, and these. Raises BadWish."""
    rest, told = without(arg, ("RET", "ENVID"))
    ret = told.get("RET", "HDRS").upper()
    if ret not in ("FULL", "HDRS"):
        raise BadWish("RET is FULL or HDRS")
    return rest, Sender(plain(told.get("ENVID", ""), LONGEST_ENVELOPE), ret == "FULL")


def of_recipient(arg: str, sender: Sender) -> tuple[str, Wish]:
    """The argument of RCPT without NOTIFY and ORCPT, and all that is wished. Raises BadWish."""
    rest, told = without(arg, ("NOTIFY", "ORCPT"))
    kind, semicolon, address = told.get("ORCPT", "").partition(";")
    if told.get("ORCPT") is not None and not (kind and semicolon and address):
        raise BadWish("ORCPT is a type, a semicolon and an address")
    original = f"{kind};{plain(address, LONGEST_ORIGINAL)}" if kind else ""
    return rest, Wish(notify_of(told.get("NOTIFY")), original, sender.envelope, sender.whole)


def notify_of(written: str | None) -> frozenset[str]:
    if written is None:
        return ON_FAILURE
    words = frozenset(written.upper().split(","))
    if words == {"NEVER"}:
        return NEVER
    if not words <= _WORDS:
        raise BadWish("NOTIFY is NEVER, or any of SUCCESS, FAILURE and DELAY")
    return words


def without(arg: str, names: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Parameters begin behind the path, which may hold spaces and `>` in quotes."""
    path = _PATH.match(arg)
    if path is None:
        return arg, {}
    told: dict[str, str] = {}
    kept: list[str] = []
    for word in arg[path.end() :].split():
        name, _, value = word.partition("=")
        if name.upper() not in names:
            kept.append(word)
        elif name.upper() in told:
            raise BadWish(f"{name.upper()} came twice")
        else:
            told[name.upper()] = value
    return " ".join((path[0], *kept)), told


def plain(xtext: str, longest: int) -> str:
    """RFC 3461 section 4: `+` and two hexadecimal digits stand for one character, none of which breaks a line."""
    if len(xtext) > longest or not _XTEXT.match(xtext):
        raise BadWish("A parameter is not xtext")
    return re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), xtext)
