"""An address as it was typed or pasted -> the one that was probably meant. A proposal: nothing is corrected silently. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

NAMED = re.compile(r"<([^<>]*)>\s*$")
MAILTO = re.compile(r"^mailto:", re.IGNORECASE)
BEFORE, AFTER = "\"'([{<「『（【〈《“‘ \t\r\n", "\"'.,;:!?)]}>」』）】〉》”’。、，． \t\r\n"
DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−﹣－ー", "-"))
INVISIBLE = ("Cf", "Cc")
LOCAL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
ADDRESS = re.compile(rf"{LOCAL}@{LABEL}(?:\.{LABEL})+")
GOES_ON = re.compile(r"\s*[.．。]\s*\w{2,10}\s*")  # a blank before the last part of the domain
ONE_WORD = re.compile(rf"\s*{LOCAL}\s+")  # a blank in the local part
SAID_AT = re.compile(r"\s*[(\[{]\s*at\s*[)\]}]\s*|\s+at\s+|\s*(?:アットマーク|アット|あっとまーく|あっと)\s*", re.IGNORECASE)


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


def out_of_words(text: str) -> str:
    """The one address in a sentence, behind a label, or before a title: `メール：tanaka@example.jp（田中）`. What may be the rest
    of the address itself stays: a blank that slipped in, or letters of another script."""
    found = list(ADDRESS.finditer(text))
    if '"' in text or ADDRESS.fullmatch(without_ends(text)) or len({one[0].casefold() for one in found}) != 1:
        return text
    before, after = text[: found[0].start()], text[found[-1].end() :]
    joined = not after.strip() and before != "" and (before[-1].isalnum() or ONE_WORD.fullmatch(before) is not None)
    return text if joined or GOES_ON.fullmatch(after) else found[0][0]


def at_for_its_name(text: str) -> str:
    """`tanaka (at) example.jp`, or as it was dictated."""
    return text if "@" in text or len(SAID_AT.findall(text)) != 1 else SAID_AT.sub("@", text)


def narrow(text: str) -> str:
    """Full-width letters, digits and signs as an input method makes them; `ー` counts as a hyphen among Latin letters."""
    wide = "".join(unicodedata.normalize("NFKC", char) if is_wide(char) else char for char in text)
    wide = wide.replace("。", ".").replace("｡", ".")
    return wide.translate(DASHES) if wide.translate(DASHES).isascii() else wide


def is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "F" or char == "\u3000"


def without_scheme(text: str) -> str:
    """RFC 6068: the address ends where the header fields begin."""
    return unquote(MAILTO.sub("", text).partition("?")[0]) if MAILTO.match(text) else text


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
    ("brackets", out_of_brackets),
    ("mailto", without_scheme),
    ("at", at_for_its_name),
    ("brackets", out_of_words),
    ("ends", without_ends),
    ("brackets", out_of_brackets),
    ("mailto", without_scheme),
    ("blanks", without_blanks),
)
