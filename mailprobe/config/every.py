"""How often an account is looked at."""

from __future__ import annotations

from mailprobe.carriers import Limits
from mailprobe.config.shape import Account

USUAL = 900.0  # seconds between the looks at an account that names no `every`, as far as the limits allow that


def interval(account: Account, limits: Limits, probe: str = "") -> float:
    """Seconds between two runs of a probe, or ('') between two looks at an account."""
    table = dict(account.every)
    base = table.get("") or max(USUAL, 2 * limits.rcpt_gap)
    return table.get(probe, base) if probe else base
