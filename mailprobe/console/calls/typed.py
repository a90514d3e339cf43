"""An address as it was typed or pasted -> the one that was probably meant. A proposal: nothing is corrected silently. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

NAMED = re.compile(r"<([^<>]*)>\s*$")
MAILTO = re.compile(r"^mailto:", re.IGNORECASE)
BEFORE, AFTER = "\"'([{<「『（【〈《“‘ \t\r\n", "\"'.,;:!?)]}>」』）】〉》”’。、，． \t\r\n"
DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−﹣－ー", "-"))
INVISIBLE = ("Cf", "Cc")


@dataclass(frozen=True, slots=True)
class Proposal:
    """text: what was probably meant. changes: keys of the texts, each once, in the order in which they were made."""

    text: str
    changes: tuple[str, ...]


def propose(typed: str) -> Proposal:
    """`Tanaka <ｔａｎａｋａ＠example.jp>。` -> tanaka@example.jp, and what was changed to get there."""
    said = typed
    changes: list[str] = []
    for key, step in STEPS:
        after = step(said)
        if after != said:
            changes.append(key)
        said = after
    return Proposal(said, tuple(changes))


def without_invisible(text: str) -> str:
    return "".join(char for char in text if char.isspace() or unicodedata.category(char) not in INVISIBLE)


def out_of_brackets(text: str) -> str:
    found = NAMED.search(text.rstrip(AFTER.replace(">", "")))
    return found[1] if found else text


def narrow(text: str) -> str:
    """Full-width letters, digits and signs as an input method makes them; `ー` counts as a hyphen among Latin letters."""
    wide = "".join(unicodedata.normalize("NFKC", char) if is_wide(char) else char for char in text)
    wide = wide.replace("。", ".").replace("｡", ".")
    return wide.translate(DASHES) if wide.translate(DASHES).isascii() else wide


def is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "F" or char == "\u3000"


def without_scheme(text: str) -> str:
    """RFC 6068: the address ends where the header fields begin."""
    return MAILTO.sub("", text).partition("?")[0] if MAILTO.match(text) else text


def without_ends(text: str) -> str:
    """Quotes, brackets and stops around it. A quoted local part keeps its quotes."""
    if re.match(r'^\s*"[^"]*"@', text):
        return text.strip().rstrip(AFTER.replace('"', ""))
    return text.lstrip(BEFORE).rstrip(AFTER)


def without_blanks(text: str) -> str:
    return text if '"' in text else "".join(text.split())


STEPS = (
    ("invisible", without_invisible),
    ("brackets", out_of_brackets),
    ("wide", narrow),
    ("ends", without_ends),
    ("brackets", out_of_brackets),
    ("mailto", without_scheme),
    ("blanks", without_blanks),
)
