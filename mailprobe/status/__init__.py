"""Readings -> the status of one account over time, with hysteresis: ok, degraded, down or unknown. Pure.

`readings.py` makes a reading of a verdict, `step()` lets it count, `flips.py` holds back what too many accounts say at once.
What counts as what, in one place:

* bad (degraded, down) takes two bad readings, the second at least one interval (own carriers) or ten minutes (foreign ones)
  after the first, with the controls good at both and nothing better read in between. What becomes the status is what both
  support: "down" takes two readings of down.
* better again takes two readings as well, one after the other; so does another verdict with the same status.
* a reading that could not tell, or a bad one without good controls, changes nothing. Neither does silence.
* every moment counts once: what is older than, or as old as, what was read already is passed over. Nothing said is taken
  back by a late result or by one that was delivered twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from mailprobe.carriers import Relation
from mailprobe.verdict import Code, Status

FOREIGN_GAP = 600.0  # seconds between two bad readings at somebody else's carrier
STALE = 3  # intervals without anything that could tell: what is known by then is shown as unknown
REMEMBERED = 3600.0  # seconds, at least, that a first bad reading waits for its second
SKEW = 60.0  # seconds that clocks of one house may differ

RANK = {Status.UNKNOWN: 0, Status.OK: 0, Status.DEGRADED: 1, Status.DOWN: 2}


@dataclass(frozen=True, slots=True)
class Reading:
    """One new evidence judged. at: Unix seconds at which the facts that decide were seen, not when they were judged: the
    same facts judged again are the same reading. controls_good: nothing that was asked beside the account says that the
    fault is ours or another's; see `readings.controls_good`."""

    at: float
    code: Code
    status: Status
    controls_good: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account's status is, and what speaks against it so far. Times are Unix seconds.

    since: when the first of the two readings that made it was taken. read_at: of the newest reading, known_at: of the
    newest that could tell. unconfirmed: reading that waits for a second one; of several the earliest `at`, with what all
    of them support.
    """

    status: Status = Status.UNKNOWN
    since: float = 0.0
    code: Code | None = None
    read_at: float | None = None
    known_at: float | None = None
    unconfirmed: Reading | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a status. at: when it was confirmed, since: when it began, Unix seconds. revised: the status is the
    same, and the verdict behind it another."""

    old: Status
    new: Status
    code: Code
    at: float
    since: float
    old_code: Code | None = None
    revised: bool = False

    @property
    def worse(self) -> bool:
        return RANK[self.new] > RANK[self.old]


@dataclass(frozen=True, slots=True)
class Step:
    """confirm_at: Unix seconds at which a second reading would decide; None if nothing waits for one."""

    standing: Standing
    change: Change | None = None
    confirm_at: float | None = None


class Side(Enum):
    """How a reading stands to the status so far."""

    AGREES = auto()
    WORSE = auto()
    BETTER = auto()
    OTHER = auto()  # the same status by another verdict


def step(standing: Standing, reading: Reading, interval: float, relation: Relation, now: float) -> Step:
    """Let one reading count. interval: seconds between two runs of what was read."""
    standing = set_right(standing, now)
    if not is_new(standing, reading, now):
        return waits(standing, interval, relation)
    standing = replace(standing, read_at=reading.at)
    if not can_tell(reading):
        return waits(noted(standing, reading), interval, relation)
    standing = forget_old(replace(standing, known_at=reading.at), reading.at, interval)
    if standing.status is Status.UNKNOWN and reading.status is Status.OK:
        return changed(standing, reading, reading.at)  # nothing bad was ever said: nothing to be careful about
    return weigh(standing, reading, interval, relation)


def weigh(standing: Standing, reading: Reading, interval: float, relation: Relation) -> Step:
    """A reading that can tell, beside what waits for a second one."""
    side = side_of(standing, reading)
    if side is Side.AGREES:
        return Step(replace(standing, unconfirmed=None))
    first = standing.unconfirmed
    if first is None or side_of(standing, first) is not side:
        return waits(replace(standing, unconfirmed=reading), interval, relation)
    both = supported(first, reading, side)
    if both is None:
        return waits(replace(standing, unconfirmed=reading), interval, relation)
    if side is Side.WORSE and reading.at < first.at + gap(interval, relation):
        return waits(replace(standing, unconfirmed=both), interval, relation)
    done = changed(standing, both, reading.at)
    if side_of(done.standing, reading) is Side.AGREES:
        return done
    left = waits(replace(done.standing, unconfirmed=reading), interval, relation)
    return replace(left, change=done.change)


def supported(first: Reading, second: Reading, side: Side) -> Reading | None:
    """What both readings say at least, with the time of the first and the newest verdict that says just that."""
    if side is Side.OTHER:
        return replace(second, at=first.at) if first.code is second.code else None
    milder = min if side is Side.WORSE else max
    status = milder(first.status, second.status, key=RANK.__getitem__)
    return replace(second if second.status is status else first, at=first.at)


def changed(standing: Standing, reading: Reading, at: float) -> Step:
    """The standing that a confirmed reading makes."""
    revised = reading.status is standing.status
    since = standing.since if revised else reading.at
    change = Change(standing.status, reading.status, reading.code, at, since, standing.code, revised)
    return Step(replace(standing, status=reading.status, since=since, code=reading.code, unconfirmed=None), change)


def side_of(standing: Standing, reading: Reading) -> Side:
    mine, its = RANK[standing.status], RANK[reading.status]
    if its != mine:
        return Side.WORSE if its > mine else Side.BETTER
    return Side.AGREES if reading.code is standing.code else Side.OTHER


def can_tell(reading: Reading) -> bool:
    return reading.status is Status.OK or (RANK[reading.status] > 0 and reading.controls_good)


def noted(standing: Standing, reading: Reading) -> Standing:
    """Why nothing is known, as long as nothing is."""
    unknown = standing.status is Status.UNKNOWN and reading.status is Status.UNKNOWN
    return replace(standing, code=reading.code, since=standing.since or reading.at) if unknown else standing


def gap(interval: float, relation: Relation) -> float:
    """Seconds that must lie between two bad readings."""
    return interval if relation is Relation.OWN else FOREIGN_GAP


def waits(standing: Standing, interval: float, relation: Relation) -> Step:
    """The standing as it is, and when a second reading would decide about what is unconfirmed."""
    first = standing.unconfirmed
    return Step(standing, None, first.at + gap(interval, relation) if first is not None else None)


def is_new(standing: Standing, reading: Reading, now: float) -> bool:
    """Neither read before, nor late, nor of a clock that is ahead of ours."""
    return reading.at <= now + SKEW and (standing.read_at is None or reading.at > standing.read_at)


def forget_old(standing: Standing, at: float, interval: float) -> Standing:
    """A bad reading that nothing followed for so long says nothing about now."""
    first = standing.unconfirmed
    lasts = max(STALE * interval, REMEMBERED)
    return replace(standing, unconfirmed=None) if first is not None and at > first.at + lasts else standing


def set_right(standing: Standing, now: float) -> Standing:
    """After the clock was set back, times that have yet to come would make every new reading look late."""
    newest = max(standing.read_at or 0.0, standing.known_at or 0.0, standing.since)
    if newest <= now + SKEW:
        return standing
    known = standing.known_at if standing.known_at is None else min(standing.known_at, now)
    return replace(standing, since=min(standing.since, now), read_at=None, known_at=known, unconfirmed=None)


def undecided(standing: Standing) -> Standing:
    """What is unconfirmed, forgotten: after the clock was set forward, or we were suspended, the time between two readings
    is not known; and what was read before a maintenance window is not confirmed by what is read after it."""
    return replace(standing, unconfirmed=None)


def step_in_maintenance(standing: Standing, reading: Reading, now: float) -> Step:
    """While somebody works on the servers the status keeps its last value; what is read only shows that we are looking."""
    standing = undecided(set_right(standing, now))
    if not is_new(standing, reading, now):
        return Step(standing)
    known_at = reading.at if can_tell(reading) else standing.known_at
    return Step(replace(standing, read_at=reading.at, known_at=known_at))


def stale_at(standing: Standing, interval: float) -> float:
    """From when on the standing is shown as unknown, Unix seconds: three intervals after something could last be told."""
    return (standing.known_at if standing.known_at is not None else standing.since) + STALE * interval


def shown(standing: Standing, interval: float, now: float) -> Status:
    """What is shown of a standing. Silence is shown as unknown, and never as bad."""
    return standing.status if now < stale_at(standing, interval) else Status.UNKNOWN
