"""Accounts that turn bad together: held, while we check ourselves, and shown once each was asked again and said the same.

`status/flips.py` says which are to be held; here is what was held, and when each is to be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mailprobe.evidence import End, Evidence
from mailprobe.status import REMEMBERED
from mailprobe.status.flips import AT_ONCE, Flip, ill_together
from mailprobe.verdict.picture import Picture

AGAIN = 60.0  # seconds after which a held account is asked once more: a limit may have kept it from being asked
UNPROVEN = 60.0  # ... although nobody could check ourselves in that time


@dataclass(frozen=True, slots=True)
class Held:
    """An account whose change waits. since: Unix seconds; probes: what is asked again; asked: when that was begun last."""

    account: str
    since: float
    probes: tuple[str, ...]
    asked: float | None = None


@dataclass(slots=True)
class Flips:
    """recent: by carrier and account the newest change for the worse of the last five minutes, shown or not; the oldest first."""

    recent: dict[str, dict[str, Flip]] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)

    def turned(self, flip: Flip, watched: Mapping[str, int], now: float) -> bool:
        """Take one account's change for the worse in; whether it must wait."""
        mine = self.recent.setdefault(flip.carrier, {})
        mine.pop(flip.account, None)
        mine[flip.account] = flip
        for flips in self.recent.values():
            while flips and now - (first := next(iter(flips.values()))).change.at > AT_ONCE:
                del flips[first.account]
        hit = {carrier: len(flips) for carrier, flips in self.recent.items() if flips}
        return not flip.rechecked and flip.carrier in ill_together(hit, watched)

    def hold(self, account: str, probes: tuple[str, ...], now: float) -> None:
        """From now on, if it is not held already."""
        self.held.setdefault(account, Held(account, now, probes))

    def let_go(self, account: str) -> None:
        self.held.pop(account, None)

    def is_rechecked(self, account: str, seen_at: float | None, evidence: Iterable[Evidence]) -> bool:
        """Whether a held account was asked since, and what decides was seen since. seen_at: Unix seconds; None: just now."""
        held = self.held.get(account)
        if held is None or (seen_at is not None and seen_at <= held.since):
            return False
        return any(one.started > held.since and one.ending.kind not in (End.HELD, End.OUR_FAULT) for one in evidence)

    def due(self, now: float, checked_at: float) -> tuple[Held, ...]:
        """Whom to ask again now. checked_at: when we last checked ourselves. What waits for too long is forgotten, as its first
        reading is."""
        self.held = {name: one for name, one in self.held.items() if now - one.since < REMEMBERED}
        proven = (one for one in self.held.values() if checked_at >= one.since or now - one.since > UNPROVEN)
        return tuple(one for one in proven if one.asked is None or now - one.asked >= AGAIN)

    def forget(self) -> None:
        """After a jump of the clock: nobody knows what was at once."""
        self.recent.clear()
        self.held.clear()

    def asked(self, one: Held, now: float) -> None:
        self.held[one.account] = replace(one, asked=now)


def asked_again(probes: Iterable[str], picture: Picture, spared: Iterable[object]) -> tuple[str, ...]:
    """What a second reading asks: never a login that was refused. spared: the answers to a sign-in that say so."""
    refused = picture.sign_in.value in spared
    return tuple(one for one in ("mx", "imap", "submission") if one in probes and (one == "mx" or not refused))
