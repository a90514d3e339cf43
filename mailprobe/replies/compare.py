"""Whether the target and the dead control were answered alike, word for word, once the addresses are masked.

The sharpest fact to be had from outside: `T = D while L is accepted` means that the server knows T as little as an
address that never existed. So a difference must not be overlooked, nor one be made by a queue id or a clock.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from mailprobe.evidence import Replied

_CAP = 4000  # characters compared
_TIME = re.compile(r"\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?")
_ID = re.compile(r"(?=[\w.+/=~-]{0,15}\d|[\w.+/=~-]{16,200}\d)[\w.+/=~-]{8,400}")  # queue and session ids: long, with a digit
_BRACKETED = re.compile(r"\[[^\]\[a-z]{0,80}\]")  # numbers and IP addresses in brackets
_PLAIN = re.compile(r"[a-z0-9_]+(?:[.-][a-z0-9_]+)*")  # a local part that is quoted and encoded as itself
_KNOWN = 256  # addresses whose forms are kept: a carrier's dead control comes up in every comparison


class Likeness(StrEnum):
    """How two replies compare."""

    SAME = "same"
    DIFFERENT = "different"


def same_answer(a: Replied, a_address: str, b: Replied, b_address: str) -> Likeness:
    """Compare two replies to two recipients: codes, enhanced codes, and every word, each one's own address masked."""
    if (a.code, a.enhanced) != (b.code, b.enhanced):
        return Likeness.DIFFERENT
    one, other = _tokens(a.text), _tokens(b.text)
    if len(one) != len(other):
        return Likeness.DIFFERENT
    alike = all(x == y or _masked(x, a_address) == _masked(y, b_address) for x, y in zip(one, other, strict=True))
    return Likeness.SAME if alike else Likeness.DIFFERENT


def _tokens(text: str) -> list[str]:
    return text[:_CAP].casefold().split()


def _masked(token: str, address: str) -> str:
    """One word with the address, then clocks, bracketed numbers and ids taken out. Word by word, so that a local part
    which is itself a word of the sentence (`user`, `no`) cannot make two equal texts differ."""
    return _ID.sub("#", _BRACKETED.sub("[]", _TIME.sub("#", _without(token, address))))


def _without(token: str, address: str) -> str:
    """Nearly every server quotes an address as it is, once: there no pattern is made, which costs more than all else here."""
    plain = address.casefold()
    local = plain.rpartition("@")[0]
    if _PLAIN.fullmatch(local):  # then it is a part of each of its forms
        if local not in token:
            return token
        if plain in token and token.count(local) == 1:
            return token.replace(plain, "*")
    return _forms(address).sub("*", token)


@lru_cache(_KNOWN)
def _forms(address: str) -> re.Pattern[str]:
    """Every way servers quote an address: whole, quoted, URL-encoded, xtext (RFC 3461 section 4), VERP, local part alone."""
    local, _, domain = address.casefold().rpartition("@")
    bare = local[1:-1] if len(local) > 1 and local[0] == local[-1] == '"' else local
    quoted = f'"{bare}"'
    joined = [f"{name}{sign}{domain}" for name in (quoted, bare, _percent(bare)) for sign in ("@", "%40", "+40", "=", "%")]
    whole = "|".join(re.escape(form) for form in joined)
    alone = "|".join(re.escape(name) for name in sorted({quoted, bare, _percent(bare)}, key=len, reverse=True) if name)
    return re.compile(rf"{whole}|(?<![\w.+=%-])(?:{alone or whole})(?![\w+=%-]|\.\w)")


def _percent(local: str) -> str:
    """RFC 3986 section 2.1, lower case like the rest."""
    return "".join(
        ch if ch.isalnum() or ch in "-._~" else "".join(f"%{byte:02x}" for byte in ch.encode("utf-8", "replace")) for ch in local
    )
