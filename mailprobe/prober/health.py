"""What is known of ourselves over time: one trouble is one alert, however often it is seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mailprobe.prober import Check, Finding, Remark, State

Key = tuple[Check, str]

# Each of these may be why nobody answers us. To be doubted, disliked or listed is not: such a prober is answered, and refused.
DEAFENING = frozenset({Check.RESOLVER, Check.CLOCK, Check.PORT_25, Check.CONTROL, Check.MASS})


@dataclass(frozen=True, slots=True)
class Changed:
    """A check of ourselves has turned bad, or is good again: the one thing to tell. since: Unix seconds."""

    check: Check
    healthy: bool
    what: Remark
    since: float


@dataclass(frozen=True, slots=True)
class Health:
    """The newest finding of each check and subject. `update` gives the next one."""

    findings: Mapping[Key, Finding] = field(default_factory=dict)

    @property
    def bad(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings.values() if one.is_bad)

    @property
    def hears(self) -> bool:
        """Whether nothing that is known of ourselves explains why a server would not answer."""
        return not any(one.check in DEAFENING for one in self.bad)

    def healthy(self) -> dict[Check, bool]:
        """For `mailprobe_prober_healthy`: of every check that has ever been made, whether nothing speaks against us."""
        checks = dict.fromkeys(check for check, _ in self.findings)
        return {check: not any(one.check is check for one in self.bad) for check in checks}

    def update(self, findings: Iterable[Finding]) -> tuple[Health, tuple[Changed, ...]]:
        """What is known now, and what has changed; the same object where nothing has."""
        newer: dict[Key, Finding] = {}
        for one in findings:
            key = (one.check, one.subject)
            newer[key] = successor(newer.get(key) or self.findings.get(key), one)
        if all(self.findings.get(key) == one for key, one in newer.items()):
            return self, ()
        after = Health({**self.findings, **newer})
        return after, changes(self, after)


def successor(before: Finding | None, now: Finding) -> Finding:
    """The same state goes on since when it began. A check that could not be made does not mend what was bad."""
    if before is None:
        return now
    if before.is_bad and now.state is State.COULD_NOT_TELL:
        return before
    return replace(now, since=before.since) if before.state is now.state else now


def changes(before: Health, after: Health) -> tuple[Changed, ...]:
    """A check counts as bad as soon as one of its subjects is, and as good again when none is any more."""
    was, found = before.healthy(), []
    for check, healthy in after.healthy().items():
        if was.get(check, True) is healthy:
            continue
        mine = [one for one in after.findings.values() if one.check is check and one.is_bad is not healthy]
        last = max(mine, key=lambda one: one.since)
        found.append(Changed(check, healthy, last.what, last.since))
    return tuple(found)
