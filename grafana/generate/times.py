"""Durations in rules, so that one number makes days pass in seconds: what a test of the whole chain needs.

A rule's text holds durations in braces: `[{1h}]` is a range, `offset {1d}` an offset, `{15m in seconds}` a number. Values that
are true whatever the pace of a test, such as the days that a certificate has left, are written as plain numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHORTEST_RANGE = 5.0  # a rate needs a few samples, however fast the days pass
MARK = re.compile(r"(?P<range>\[)?\{(?P<duration>(?:\d+[smhd])+)(?P<number> in seconds)?\}")
OF_ALERTMANAGER = re.compile(r"(?P<key>group_wait|group_interval|repeat_interval): (?P<duration>(?:\d+[smhd])+)")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast time passes: 1 is the world's, 1/60 makes an hour a minute."""

    scale: float = 1.0

    def duration(self, text: str, at_least: float = 0.0) -> str:
        """`1h` as Prometheus reads it at this pace."""
        return text if self.scale == 1 else f"{max(round(seconds(text) * self.scale * 1000), round(at_least * 1000), 1)}ms"

    def number(self, text: str) -> str:
        """`1h` in seconds at this pace."""
        return f"{seconds(text) * self.scale:g}"

    def filled(self, text: str) -> str:
        """A rule's text with every duration in braces written out."""
        return MARK.sub(self._written, text)

    def alertmanager(self, text: str) -> str:
        """Alertmanager's configuration with its waits at this pace."""
        return OF_ALERTMANAGER.sub(lambda found: f"{found['key']}: {self.duration(found['duration'], at_least=0.5)}", text)

    def _written(self, found: re.Match[str]) -> str:
        if found["number"]:
            return (found["range"] or "") + self.number(found["duration"])
        if found["range"]:
            return "[" + self.duration(found["duration"], SHORTEST_RANGE)
        return self.duration(found["duration"])


def seconds(text: str) -> float:
    """`1h30m` in seconds."""
    return float(sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", text)))
