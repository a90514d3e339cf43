"""What is shown of one account, as frozen rows: made once when something changes, read at every scrape.

The parts of each line that do not change from scrape to scrape are written when the row is made, so that a scrape of very many
accounts is little more than joining them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from mailprobe.metrics.labels import escaped
from mailprobe.status import Standing, stale_at
from mailprobe.verdict import Actor, Code, Status
from mailprobe.verdict.rules import RULES

ACTORS = {rule.code: rule.actor for rule in RULES}


def shown(value: float | None, *labels: tuple[str, str]) -> str:
    """The end of a sample's line, from the labels after `account` on; '' for what has no value, and then there is no line."""
    if value is None or not math.isfinite(value):
        return ""
    words = ",".join(f'{name}="{escaped(word)}"' for name, word in labels)
    return f"{words}}} {int(value) if value == int(value) else value!r}\n"


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """The newest judged run of one probe from one vantage. Times are Unix seconds, took is seconds.

    success: good or bad; None: it never could tell, and then there is no series. at: when that run ended, None if there
    was none. stale_at: from then on it says nothing of now, and its series goes.
    """

    probe: str
    vantage: str
    success: bool | None
    at: float | None = None
    took: float | None = None
    last_success: float | None = None
    stale_at: float = math.inf
    success_text: str = field(init=False, repr=False, compare=False)
    last_success_text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        labels = (("probe", self.probe), ("vantage", self.vantage))
        object.__setattr__(self, "success_text", shown(self.success, *labels))
        object.__setattr__(self, "last_success_text", shown(self.last_success, *labels))


@dataclass(frozen=True, slots=True)
class Roundtrip:
    """How long the newest test mail that arrived was under way, seconds."""

    vantage: str
    took: float
    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", shown(self.took, ("vantage", self.vantage)))


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account. stale_at: from when on its status is unknown, Unix seconds (`status.stale_at`). code and actor: of the
    verdict behind the status; None where there is none. since: when the status began; known_at: when something could last be
    told of it, None if nothing ever could."""

    account: str
    carrier: str
    group: str
    status: Status
    stale_at: float
    code: Code | None = None
    actor: Actor | None = None
    probes: tuple[ProbeRow, ...] = ()
    roundtrips: tuple[Roundtrip, ...] = ()
    since: float = 0.0
    known_at: float | None = None
    name_text: str = field(init=False, repr=False, compare=False)
    labels_text: str = field(init=False, repr=False, compare=False)
    info_text: str = field(init=False, repr=False, compare=False)
    verdict_text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        carrier = ("carrier", self.carrier)
        name = f'account="{escaped(self.account)}",'
        object.__setattr__(self, "name_text", name)
        object.__setattr__(self, "labels_text", f'{name}carrier="{escaped(self.carrier)}",status="')
        object.__setattr__(self, "info_text", name + shown(1, carrier, ("group", self.group)))
        told = shown(1, carrier, ("code", self.code), ("actor", self.actor)) if self.code and self.actor else ""
        object.__setattr__(self, "verdict_text", name + told if told else "")

    def status_at(self, now: float) -> Status:
        """Silence is shown as unknown."""
        return self.status if now < self.stale_at else Status.UNKNOWN


def row_of(
    place: tuple[str, str, str],
    standing: Standing,
    interval: float,
    probes: tuple[ProbeRow, ...] = (),
    roundtrips: tuple[Roundtrip, ...] = (),
) -> AccountRow:
    """The row of an account as it stands. place: its id, carrier and group; interval: seconds between its readings."""
    actor = ACTORS[standing.code] if standing.code is not None else None
    lasts = stale_at(standing, interval)
    times = (standing.since, standing.known_at)
    return AccountRow(*place, standing.status, lasts, standing.code, actor, probes, roundtrips, *times)
