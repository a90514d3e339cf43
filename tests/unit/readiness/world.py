"""A DNS of a few records, and evidence of a few facts, for what looks at ourselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailprobe.evidence import End, Ending, Evidence, Fact, Lookup
from mailprobe.net.resolver import Answer


@dataclass
class Names:
    """`records`: (name, type) -> values, or the outcome of the question. What is not there does not exist."""

    records: dict[tuple[str, str], tuple[str, ...] | Lookup]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, name: str, rrtype: str) -> Answer:
        self.asked.append((name, rrtype))
        found = self.records.get((name, rrtype))
        if isinstance(found, Lookup):
            return Answer(found, name=name, rrtype=rrtype)
        if found is not None:
            return Answer(Lookup.FOUND, found, name=name, rrtype=rrtype)
        exists = any(known == name for known, _ in self.records)
        return Answer(Lookup.NODATA if exists else Lookup.NXDOMAIN, name=name, rrtype=rrtype)

    async def txt(self, name: str) -> Answer:
        return self.answer(name, "TXT")

    async def mx(self, domain: str) -> Answer:
        return self.answer(domain, "MX")

    async def ptr(self, ip: str) -> Answer:
        return self.answer(ip, "PTR")

    async def addresses(self, host: str) -> tuple[Answer, ...]:
        return (self.answer(host, "A"), self.answer(host, "AAAA"))


def evidence(*facts: Fact, probe: str = "mx", started: float = 1_700_000_000.0) -> Evidence:
    return Evidence("a", probe, "here", None, started, 0.0, 1.0, facts, (), Ending(End.FINISHED))
