"""Facts -> Picture. The only place that matches every kind of fact to the end."""

from __future__ import annotations

from collections.abc import Sequence

from mailprobe.carriers import Carrier
from mailprobe.config import Account
from mailprobe.evidence import Evidence
from mailprobe.replies import Us
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import Bounced, History, Picture


def take_picture(
    evidence: Sequence[Evidence],
    *,
    account: Account,
    carrier: Carrier,
    told: Observations,
    bounces: Sequence[Bounced],
    history: History,
    now: float,
    us: Us = Us(),  # noqa: B008 - frozen and empty
    network: str = "",
) -> Picture:
    """now: Unix seconds. network: 'inside', 'outside' or '' (config.Engine.network). us: the words that mean ourselves."""
    raise NotImplementedError
