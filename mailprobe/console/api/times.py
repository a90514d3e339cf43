"""Times as the API says them: RFC 3339, UTC, milliseconds."""

from __future__ import annotations

import datetime


def rfc3339(at: float) -> str:
    """Unix seconds -> '2026-11-27T04:20:00.123Z'."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
