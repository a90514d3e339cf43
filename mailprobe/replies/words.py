"""A reply's text made ready for matching. An address may hold any word (`blocked@`, `spam@`), so addresses go first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

CAP = 4000  # characters looked at
GAP = 48  # how far `*` in a pattern reaches
_TRIES = 6  # starts tried for a pattern with `*`

_URL = re.compile(r"https?://([^\s/<>\"')\]]{1,255})[^\s<>\"')\]]{0,1000}")
_QUOTED = re.compile(r"\"[^\"@\s]{1,128}\"@[^\s<>\"'(),;:\[\]@]{1,255}")
_ADDRESS = re.compile(r"(?<![^\s<>\"'(),;:\[\]{}*])[^\s<>\"'(),;:\[\]{}*@]{1,320}@[^\s<>\"'(),;:\[\]@]{1,255}")
_NOT_WORD = re.compile(r"[^\w.@-]+|(?<=\w)[.-](?!\w)|(?<!\w)[.-]")
_IN_REPLY = re.compile(r" \(in reply to [a-z][a-z ]{2,40}\)")  # Postfix, of the command that was refused
_CODE_AGAIN = re.compile(r"(?<= )[45]\d\d-(?:[45]\.\d{1,3}\.\d{1,3} )?")
# Exim, of a recipient that it asked another server about: that server's refusal follows, or none came. Elsewhere a callout is
# about the sender.
_CALLOUT = re.compile(r"(?<!sender )callout verification failed: (?=\S)|(?<=recipient verify) callout")
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]?\d)")


# Local parts that replies use as common words: `User unknown` says the same of user@ as of anybody.
_NO_NAME = frozenset({"user", "users", "mail", "email", "mailbox", "account", "recipient", "address", "the", "no", "not", "is"})


@dataclass(frozen=True, slots=True)
class Words:
    """`line`: lower case, one line, addresses as `@`, URLs as their host; `bare`: the same, words alone.

    Both begin and end with a space, so that a pattern can ask for a whole word: ` spf `. `both` is searched by plain words;
    `keys` are its words and what stands on both sides of its spaces, to know sooner which patterns cannot be in it.
    """

    line: str
    bare: str
    both: str
    keys: frozenset[str]

    def hold(self, pattern: str) -> bool:
        """Whether a pattern occurs; `a*b` means a, then b within 48 characters."""
        if "*" not in pattern:
            return pattern in self.both
        first, *rest = pattern.split("*")
        return _in_order(self.line, first, rest)


def key_of(pattern: str) -> str:
    """What a text that holds a pattern has among its keys; '' if that cannot be told. `a*b` is known by a."""
    head = pattern.partition("*")[0]
    one = head.split()
    if len(one) == 1 and head == f" {one[0]} ":
        return one[0]
    return next((a[-2:] + b[:2] for a, b in pairwise(one) if len(a) > 1 and len(b) > 1), "")


def _keys(both: str) -> frozenset[str]:
    found = both.split()
    return frozenset(found).union(a[-2:] + b[:2] for a, b in pairwise(found))


def prepare(text: str, address: str = "") -> Words:
    """Mask and flatten a reply's text. `address`: the recipient, whose local part is masked where it stands alone."""
    flat = " ".join(text[:CAP].lower().split())
    flat = _CODE_AGAIN.sub("", f" {flat} ")
    if "callout" in flat:
        flat = _CALLOUT.sub("", flat)
    if "(in reply to" in flat:
        flat = _IN_REPLY.sub("", flat)
    if "://" in flat:
        flat = _URL.sub(r"\1", flat)
    if "@" in flat:
        flat = _ADDRESS.sub("@", _QUOTED.sub("@", flat))
    local = address.rpartition("@")[0].lower()
    if local in flat and local not in _NO_NAME and len(local) > 1:  # a pattern is made only where there is something to find
        flat = re.sub(rf"(?<![\w.+=-]){re.escape(local)}(?![\w+=-]|\.\w)", "@", flat)
    bare = f" {' '.join(_NOT_WORD.sub(' ', flat).split())} "
    both = f"{flat}\n{bare}"
    return Words(flat, bare, both, _keys(both))


def name_us(text: str, words: tuple[str, ...], domain: str) -> str:
    """The first of our own words (IP, EHLO name, sender domain) that a text quotes, or ''.

    What stands in an address of the recipient's own domain does not count: there we may be the carrier ourselves.
    """
    flat = text[:CAP].lower()
    if domain:
        flat = _ADDRESS.sub(lambda found: "@" if found[0].endswith("@" + domain.lower()) else found[0], flat)
    return next((word for word in words if word and _stands_alone(word.lower(), flat, domain.lower())), "")


def enhanced_in(text: str) -> str:
    """The first enhanced status code (RFC 3463 section 2) written in a text, or ''."""
    found = _ENHANCED.search(text[:CAP])
    return found[0] if found else ""


def _stands_alone(word: str, flat: str, domain: str) -> bool:
    if word == domain:
        return False
    return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.\w)", flat) is not None


def _in_order(line: str, first: str, rest: list[str]) -> bool:
    at = line.find(first)
    for _ in range(_TRIES):
        if at < 0:
            return False
        if _follow(line, at + len(first), rest):
            return True
        at = line.find(first, at + 1)
    return False


def _follow(line: str, at: int, rest: list[str]) -> bool:
    for part in rest:
        found = line.find(part, at, at + GAP + len(part))
        if found < 0:
            return False
        at = found + len(part)
    return True
