"""One account's thirty days: which status it had when, from the changes that are kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailprobe.metrics import AccountRow
from mailprobe.store.changes import Changed
from mailprobe.verdict import Code, Status

DAYS = 30
SPAN = DAYS * 86_400.0
BAD = (Status.DEGRADED, Status.DOWN)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in one status. Unix seconds."""

    status: Status
    begins: float
    ends: float
    code: Code | None = None

    @property
    def lasts(self) -> float:
        return self.ends - self.begins


@dataclass(frozen=True, slots=True)
class Sum:
    """shares: of the whole span, per status. times: how often it was bad; longest: seconds of the longest such time."""

    shares: tuple[tuple[Status, float], ...]
    times: int
    longest: float


def stretches(changes: Iterable[Changed], row: AccountRow, now: float, span: float = SPAN) -> tuple[Stretch, ...]:
    """Oldest first, without gaps. changes: those of the span, in any order. What was before the first one is what that one
    changed; where there is none, the status as it stands, since it began."""
    known = [one.change for one in sorted(changes, key=lambda one: one.at) if one.change is not None and not one.change.revised]
    begins = now - span
    if not known:
        return joined(((begins, Status.UNKNOWN, None), (max(begins, row.since), row.status, row.code)), row, now)
    first = known[0]
    marks = [(begins, first.old, first.old_code)]
    for one in known:  # what turned bad did so when it was first seen, but not before what was known until then
        marks.append((min(max(one.since if one.worse else one.at, marks[-1][0]), now), one.new, one.code))
    return joined(marks, row, now)


def joined(marks: Sequence[tuple[float, Status, Code | None]], row: AccountRow, now: float) -> tuple[Stretch, ...]:
    """Marks as stretches; since it fell silent nothing is known of it."""
    silent = min(now, max(row.stale_at, marks[-1][0])) if row.status is not Status.UNKNOWN else now
    ends = [*(at for at, _, _ in marks[1:]), silent]
    found = [Stretch(status, at, max(at, end), code) for (at, status, code), end in zip(marks, ends, strict=True)]
    found += [Stretch(Status.UNKNOWN, silent, now)] if silent < now else []
    return tuple(one for one in found if one.lasts > 0)


def summed(found: Sequence[Stretch]) -> Sum:
    whole = sum(one.lasts for one in found) or 1.0
    shares = tuple((status, sum(one.lasts for one in found if one.status is status) / whole) for status in Status)
    bad, before = [0.0], Status.OK
    for one in found:
        if one.status in BAD:
            bad = [*bad[:-1], bad[-1] + one.lasts] if before in BAD else [*bad, one.lasts]
        before = one.status
    return Sum(shares, len([one for one in bad if one]), max(bad))
