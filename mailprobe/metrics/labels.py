"""Label values that no scrape can stumble over, whatever they hold."""

from __future__ import annotations

import re
from functools import lru_cache

# Half a surrogate pair cannot be encoded, and would take the whole scrape with it; a parser may end at a NUL.
UNFIT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def clean(value: str) -> str:
    r"""What cannot stand in a label becomes visible, as `\x07` or `\ud800`."""
    return UNFIT.sub(visible, value)


def visible(found: re.Match[str]) -> str:
    return found[0].encode("ascii", "backslashreplace").decode("ascii") if ord(found[0]) > 0x7E else f"\\x{ord(found[0]):02x}"


@lru_cache(4096)
def escaped(value: str) -> str:
    """A clean value as it stands between the quotes of the text format (and of OpenMetrics)."""
    return clean(value).translate(ESCAPES)
