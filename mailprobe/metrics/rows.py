"""What is shown of one account, as frozen rows: made once when something changes, read at every scrape.

The parts of each line that do not change from scrape to scrape are written at the first one, so that a scrape of very many
accounts is little more than joining them; a row that is never scraped, beyond `metrics_accounts`, has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

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
    was none. lasts: so many seconds after it the run says nothing of now any more, and its series goes.
    """

    probe: str
    vantage: str
    success: bool | None
    at: float | None = None
    took: float | None = None
    last_success: float | None = None
    lasts: float = math.inf
    _texts: tuple[str, str] | None = field(init=False, repr=False, compare=False, default=None)

    @property
    def stale_at(self) -> float:
        return self.at + self.lasts if self.at is not None else math.inf

    @property
    def texts(self) -> tuple[str, str]:
        """The ends of its lines: of its success, and of its last success."""
        if self._texts is None:
            labels = (("probe", self.probe), ("vantage", self.vantage))
            object.__setattr__(self, "_texts", (shown(self.success, *labels), shown(self.last_success, *labels)))
        assert self._texts is not None  # noqa: S101  just written
        return self._texts


@dataclass(frozen=True, slots=True)
class Roundtrip:
    """How long the newest test mail that arrived was under way, seconds."""

    vantage: str
    took: float
    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", shown(self.took, ("vantage", self.vantage)))


class RowTexts(NamedTuple):
    """The beginnings of an account's lines. verdict: '' where there is no line."""

    name: str
    labels: str
    info: str
    verdict: str


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
    _texts: RowTexts | None = field(init=False, repr=False, compare=False, default=None)

    @property
    def texts(self) -> RowTexts:
        if self._texts is None:
            object.__setattr__(self, "_texts", texts_of(self))
        assert self._texts is not None  # noqa: S101  just written
        return self._texts

    def status_at(self, now: float) -> Status:
        """Silence is shown as unknown."""
        return self.status if now < self.stale_at else Status.UNKNOWN


def texts_of(row: AccountRow) -> RowTexts:
    carrier = ("carrier", row.carrier)
    name = f'account="{escaped(row.account)}",'
    labels = f'{name}carrier="{escaped(row.carrier)}",status="'
    told = shown(1, carrier, ("code", row.code), ("actor", row.actor)) if row.code and row.actor else ""
    return RowTexts(name, labels, name + shown(1, carrier, ("group", row.group)), name + told if told else "")


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
