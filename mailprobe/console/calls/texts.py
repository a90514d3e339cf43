"""The words of a call, by their keys, in one language: `locale/*.calls.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mailprobe.verdict.texts import choose, fill, flat, read


@cache
def words(language: str) -> Mapping[str, str]:
    return dict(flat(read(f"{language}.calls")))


def text(key: str, language: str, **given: str) -> str:
    """One text that is known to exist, with its places filled."""
    return fill(words(choose(language))[key], given)


def has_text(key: str, language: str) -> bool:
    return key in words(choose(language))
