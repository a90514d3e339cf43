"""Spells: since when something has been so without a break, which no single reading shows. Pure.

Two rows of the table ask for one: that T alone is put off for more than a day, and that nobody's test mail arrives, twice.
A spell breaks when something else is seen, and also when nobody has seen it for so long that it may have been over in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from mailprobe.status import REMEMBERED, STALE
from mailprobe.verdict.picture import Acceptance, ControlDelivery, Delivery, History, Picture


class Spell(StrEnum):
    PUT_OFF = "put_off"  # T with 4xx, while L is accepted
    UNDELIVERED = "undelivered"  # neither T's nor L's test mail is there


PROBE = {Spell.PUT_OFF: "mx", Spell.UNDELIVERED: "canary"}


@dataclass(frozen=True, slots=True)
class Lasting:
    """One spell. since: when it was first seen so, seen_at: when last, Unix seconds."""

    kind: Spell
    since: float
    seen_at: float


UNTOLD = (Acceptance.UNASKED, Acceptance.HELD, Acceptance.UNREACHABLE, Acceptance.UNCLEAR, Acceptance.DEFERRED)
OVERDUE = (Delivery.OVERDUE, Delivery.OVERDUE_HOUR, Delivery.OVERDUE_DAY)
THERE = (Delivery.ARRIVED, Delivery.LATE, Delivery.ELSEWHERE, Delivery.JUNKED)


def spells_after(known: Iterable[Lasting], picture: Picture, interval: Callable[[str], float]) -> tuple[Lasting, ...]:
    """The spells that go on or begin with this picture. interval: seconds between two runs of a probe."""
    before = {one.kind: one for one in known}
    after = (gone_on(kind, before.get(kind), picture, interval(PROBE[kind])) for kind in Spell)
    return tuple(one for one in after if one is not None)


def gone_on(kind: Spell, before: Lasting | None, picture: Picture, interval: float) -> Lasting | None:
    so, at = SEEN[kind](picture)
    if so is None or at is None:
        return before
    if not so:
        return None
    lasts = max(STALE * interval, REMEMBERED)
    if before is None or at > before.seen_at + lasts or at < before.since:  # the last: a clock that was set back
        return Lasting(kind, at, at)
    return replace(before, seen_at=max(at, before.seen_at))


def put_off(picture: Picture) -> tuple[bool | None, float | None]:
    """Whether T is put off alone, None where that is not known; and when that was learnt."""
    known = picture.acceptance
    so = None if known.among(*UNTOLD) else known.among(Acceptance.DEFERRED_ALONE)
    return so, known.at


def undelivered(picture: Picture) -> tuple[bool | None, float | None]:
    """As `put_off`."""
    mine, live = picture.delivery, picture.control_delivery
    if mine.among(*THERE) or live.among(ControlDelivery.ARRIVED, ControlDelivery.JUNKED):
        return False, mine.at if mine.at is not None else live.at
    return (True if mine.among(*OVERDUE) and live.among(ControlDelivery.OVERDUE) else None), mine.at


SEEN: dict[Spell, Callable[[Picture], tuple[bool | None, float | None]]] = {
    Spell.PUT_OFF: put_off,
    Spell.UNDELIVERED: undelivered,
}


def history_of(spells: Iterable[Lasting], *, accepted_before: bool) -> History:
    """What a picture wants to know of the past."""
    since = {one.kind: one.since for one in spells}
    return History(accepted_before, since.get(Spell.PUT_OFF), since.get(Spell.UNDELIVERED))
