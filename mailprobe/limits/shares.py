"""The schedule gets half of every budget; the rest is for whoever is on the phone, and for confirmations.

A run of the schedule is given `half_of` the carrier's limits in place of the limits, and that is all: it finds gaps twice as
long and half of the places. Nothing is set apart that nobody uses: whatever the schedule leaves is there for live checks,
and what live checks take the schedule does without. A login that was cut before it was answered is no refusal: it counts against
the carrier's whole number, and the schedule may ask once more.
"""

from __future__ import annotations

import functools
from dataclasses import replace

from mailprobe.carriers import Limits, Relation

SHARE = 2  # the schedule gets one half
# Slots keep a rhythm with a small jitter, and a run asks a moment after its slot: a gap of exactly two would hold every
# second slot of the tightest legal schedule. The rate over many slots is held by the configuration's own check.
JITTER = 0.1
MOST_A_DAY = {Relation.FOREIGN: 4}  # test mails to one mailbox


@functools.lru_cache(maxsize=256)
def half_of(limits: Limits) -> Limits:
    """What the schedule may use: every gap doubled (less the jitter), half of the places and of the refused logins, but at
    least one: with a single place the doubled gap is the half."""
    wider = SHARE * (1 - JITTER)
    return replace(
        limits,
        rcpt_gap=limits.rcpt_gap * wider,
        sessions=max(1, limits.sessions // SHARE),
        session_gap=limits.session_gap * SHARE,
        canary_gap=limits.canary_gap * wider,
        dead_gap=limits.dead_gap * wider,
        refused_logins=max(1, limits.refused_logins // SHARE),
    )


def canaries_a_day(relation: Relation, *, scheduled: bool) -> int | None:
    """How many test mails a mailbox may get in 24 h; None: as many as the gap allows."""
    most = MOST_A_DAY.get(relation)
    return most // SHARE if most is not None and scheduled else most
