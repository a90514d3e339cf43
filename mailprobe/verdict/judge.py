"""A Picture -> a Verdict: the ordered rules, first match wins, the other matches become notes. Total and pure."""

from __future__ import annotations

from mailprobe.verdict import Verdict
from mailprobe.verdict.picture import Picture


def judge(picture: Picture) -> Verdict:
    """What the picture means. Every picture has a verdict; the last rule takes what nothing else explains."""
    raise NotImplementedError(picture)
