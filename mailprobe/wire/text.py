"""A stranger's words, made safe to keep: the one place where their bytes become text of ours.

What is replaced could hurt a terminal, a log, a metrics page or a database: C0, C1, DEL, NUL, surrogates, bidirectional
and invisible controls, line and paragraph separators.
"""

from __future__ import annotations

import re

CAP = 1000  # characters; longer texts end in an ellipsis

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]+")


def clean(said: bytes | bytearray | str, cap: int = CAP) -> str:
    """UTF-8, what is not becomes U+FFFD; a run of harmful characters becomes one space; at most `cap` characters."""
    text = said if isinstance(said, str) else said[: 4 * cap + 4].decode("utf-8", "replace")
    if not (text.isascii() and text.isprintable()):
        text = _UNFIT.sub(" ", text)
    text = text.strip()
    return text if len(text) <= cap else text[: cap - 1] + "…"
