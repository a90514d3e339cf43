"""Where labelled bounces are, if they are at hand: a folder with labels.jsonl and mail/*.eml. They are no part of the project."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]


def folder() -> Path | None:
    """$MAILPROBE_BOUNCES, or bounces/ in a folder beside the repository."""
    named = os.environ.get("MAILPROBE_BOUNCES")
    found = [Path(named)] if named else [one.parent for one in sorted(ROOT.parent.glob("*/bounces/labels.jsonl"))]
    return found[0] if found else None
