"""A check that is held is a value: why, what was answered the last time and when, and when it may be asked again."""

from __future__ import annotations

from dataclasses import dataclass

from mailprobe.evidence import HELD_BACK, Evidence, NotAsked, Of, Stage, Withheld


@dataclass(frozen=True, slots=True)
class Held:
    """One question that was held back. not_before, last_at: Unix seconds; last_words: what was answered then, or what became
    of the last visit. Both are empty where nothing is known of an earlier time."""

    probe: str
    of: Of
    server: str
    stage: Stage
    why: Withheld
    not_before: float | None = None
    last_at: float | None = None
    last_words: str = ""

    def age(self, now: float) -> float | None:
        """Seconds since the last answer."""
        return max(0.0, now - self.last_at) if self.last_at is not None else None

    def wait(self, now: float) -> float | None:
        """Seconds until it may be asked again; 0: now."""
        return max(0.0, self.not_before - now) if self.not_before is not None else None


def held_in(evidence: Evidence) -> tuple[Held, ...]:
    """What one run did not ask for the sake of limits, in order."""
    return tuple(
        Held(evidence.probe, one.of, one.server, one.stage, one.why, one.not_before, one.last_at, one.last_words)
        for one in evidence.facts
        if isinstance(one, NotAsked) and one.why in HELD_BACK
    )
