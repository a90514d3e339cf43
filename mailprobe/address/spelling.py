"""Words that look like other words: a misspelt name, a label of scripts that nobody writes together."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

# Scripts that are written together: UTS 39 section 5.1, the Highly Restrictive profile.
TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)


def is_mixed(label: str) -> bool:
    """Letters of scripts that nobody writes in one word, as in a look-alike of a well known domain."""
    if label.isascii():
        return False
    scripts = {unicodedata.name(char, "?").split()[0] for char in label if char.isalpha()}
    return len(scripts) > 1 and not any(scripts <= allowed for allowed in TOGETHER)


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None: `i.sofbank.jp` -> `i.softbank.jp`."""
    limit = max(1, min(3, len(word) // 5))
    found = [(distance(word, one), one) for one in known if abs(len(one) - len(word)) <= limit]
    best = min(found, default=(limit + 1, ""))
    return best[1] if best[0] <= limit else None


def distance(left: str, right: str) -> int:
    """Damerau-Levenshtein (optimal string alignment): insert, delete, replace, swap two neighbours."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if older and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
