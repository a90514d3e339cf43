"""The time that a schedule lives by."""

from __future__ import annotations

from collections.abc import Mapping

DAY = 86_400.0


def ahead_of(ended: Mapping[str, float], wall: float) -> float:
    """By how many seconds the last rows are ahead of the clock: it was put back since. Nothing believable is ahead by a day."""
    return max((at - wall for at in ended.values() if wall < at <= wall + DAY), default=0.0)


class Timeline:
    """Unix seconds that never go back. Where the clock is put back, the schedule goes on as if it had not been, so nobody waits
    for an hour and no slot is numbered twice; put forward again, it first makes up for that. A clock put forward is a sleep."""

    def __init__(self, wall: float, steady: float, ahead: float = 0.0) -> None:
        """ahead: by how much the last rows of the store are ahead of the clock: it was put back while nobody looked."""
        self._wall, self._steady, self._ahead = wall, steady, ahead
        self._now = wall + ahead

    def now(self, wall: float, steady: float) -> float:
        stepped = (wall - self._wall) - (steady - self._steady)
        if wall < self._wall:
            self._ahead -= stepped
        elif self._ahead > 0 and stepped > 0:
            self._ahead = max(0.0, self._ahead - stepped)
        self._wall, self._steady = wall, steady
        self._now = max(self._now, wall + self._ahead)
        return self._now
