"""An address made fit for the eye and the ear: what is easily mistaken is marked, and a line to read back."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from mailprobe.console.calls.texts import has_text, text
from mailprobe.console.calls.view import Marked


def marked(address: str, language: str) -> tuple[Marked, ...]:
    """Every character; `say` where an eye or an ear may mistake it."""
    return tuple(Marked(char, kind_of(char), said(char, language)) for char in address)


def kind_of(char: str) -> str:
    if char.isdecimal():
        return "digit"
    return "letter" if char.isalpha() else "sign"


def said(char: str, language: str) -> str:
    key = f"char.u{ord(char):04x}"
    if has_text(key, language):
        return text(key, language)
    if char.isupper():
        return text("char.capital", language, char=char.lower())
    if char.isascii() and char.isalnum():
        return ""
    return unicodedata.name(char, "?").lower()


def read_back(address: str, language: str) -> str:
    """The local part letter by letter, the domain in its words."""
    local, _, domain = address.rpartition("@")
    letters = [said(char, language) or char for char in local]
    words = [*letters, said("@", language), *domain_words(domain, language)]
    return text("char.joiner", language).join(words)


def domain_words(domain: str, language: str) -> Iterator[str]:
    """`i.softbank.jp`: plain words as they are; what holds a digit or a sign letter by letter."""
    for place, label in enumerate(domain.split(".")):
        if place:
            yield said(".", language)
        if label.isalpha() and label.islower():
            yield label
        else:
            yield from (said(char, language) or char for char in label)
