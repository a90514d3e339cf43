"""The console's texts in one language, read once from `locale/LANGUAGE.FILE.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mailprobe.verdict.texts import choose, fill, flat, read

FILES = ("door", "console", "fleet")


class Words:
    """The texts of one language, for a template: `t("page.check")`, `t["page.check"]`."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **words: str) -> str:
        return text(key, self.language, **words)

    def __getitem__(self, key: str) -> str:
        return texts(choose(self.language))[key]


def text(key: str, language: str, **words: str) -> str:
    """By its dotted key; the key itself where there is none, so that a page shows what is missing."""
    return fill(texts(choose(language)).get(key, key), words)


@cache
def texts(language: str) -> Mapping[str, str]:
    return {key: one for file in FILES for key, one in flat(read(f"{language}.{file}"))}
