"""What so many runs came to. Tallies of several processes add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """said: verdicts by code; false: names of runs in which "down" was said and not true; of_down: by truth and by what was said
    of it, where "down" was true."""

    runs: int = 0
    said: Counter[str] = field(default_factory=Counter)
    false: list[str] = field(default_factory=list)
    of_down: Counter[tuple[str, str]] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.runs += other.runs
        self.said += other.said
        self.false += other.false
        self.of_down += other.of_down
        self.others += other.others

    def report(self, what: str) -> list[str]:
        downs = sum(self.of_down.values())
        seen = sum(count for (_, said), count in self.of_down.items() if said == "down")
        lines = [f"{what}: {self.runs:,} runs, {len(self.false)} false down"]
        if downs:
            lines.append(f"  down was true in {downs:,}, and said in {seen:,} ({seen / downs:.1%})")
        for truth in sorted({truth for truth, _ in self.of_down}):
            mine = {said: count for (name, said), count in self.of_down.items() if name == truth}
            words = ", ".join(f"{said} {count / sum(mine.values()):.0%}" for said, count in sorted(mine.items()))
            lines.append(f"    {truth.lower()}: {words}")
        lines.append("  " + ", ".join(f"{code} {count:,}" for code, count in self.said.most_common()))
        lines += [f"  {name}: {count:,}" for name, count in sorted(self.others.items())]
        return lines + [f"  FALSE DOWN {name}" for name in self.false[:20]]
