"""What is known of one account now. A hundred thousand of them are held in memory, so their parts are small, or shared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from mailprobe.config import Account
from mailprobe.metrics import ProbeRow, Roundtrip
from mailprobe.serve.newest import Newest
from mailprobe.status import Standing
from mailprobe.status.spells import Lasting
from mailprobe.store.hidden import Hidden
from mailprobe.store.verdicts import Said
from mailprobe.verdict import Code

NOTHING_KNOWN = Standing()


@lru_cache(maxsize=64)
def thrice(interval: float) -> float:
    """Seconds after which a run says nothing of now; one object for all accounts of an interval."""
    return 3 * interval


@dataclass(slots=True)
class Seen:
    """One account as it is known now. hide: what finds the names to be hidden, the same for all; newest: by probe, what asked
    something; probes and roundtrips: as Prometheus is told; accepted: an MX host has taken it at some time; withdrawn: what was
    said before, until it is told that it is not said any more; revised_to: what was told to be said instead."""

    account: Account
    hide: Callable[[Account], Hidden]
    standing: Standing = NOTHING_KNOWN
    newest: Newest = field(init=False)
    probes: tuple[ProbeRow, ...] = ()
    roundtrips: tuple[Roundtrip, ...] = ()
    lasting: tuple[Lasting, ...] = ()
    accepted: bool = False
    withdrawn: Said | None = None
    revised_to: Code | None = None

    def __post_init__(self) -> None:
        self.newest = Newest(self.account.id)

    @property
    def hidden(self) -> Hidden:
        """The names to be hidden in what is stored of it. Made anew each time: kept they would be a fifth of the memory."""
        return self.hide(self.account)

    def probe(self, name: str) -> ProbeRow | None:
        return next((one for one in self.probes if one.probe == name), None)

    def put(self, row: ProbeRow) -> None:
        """In the place of the one before it. A tuple: in a dict for each account the rows would take half as much again."""
        if self.probe(row.probe) is None:
            self.probes += (row,)
        else:
            self.probes = tuple(row if one.probe == row.probe else one for one in self.probes)
