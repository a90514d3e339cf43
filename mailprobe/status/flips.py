"""Many accounts of several carriers that turn bad at once: more likely that is us. Held, and checked again first.

Independent carriers rarely fail in the same five minutes; our network, resolver, clock or blocked address looks just like it.
So who shows changes does this with each that makes an account worse:

1. `ill_together` is given how many of each carrier did so in the last five minutes, published or not. A change at a carrier
   that it names is not published: the account keeps the standing that it had before the step.
2. The prober checks itself at once, and each held account is asked once more (`confirm_at` of the step before has passed:
   now). If the prober is ill, nothing counts any more and nothing is published.
3. If not, that reading brings the same change again. It is given with `rechecked` set, and what was rechecked passes.

One carrier alone that fails as a whole is never held: that is what its controls are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailprobe.status import Change

AT_ONCE = 300.0  # seconds
SHARE = 0.3  # of a carrier's watched accounts
CARRIERS = 2
MANY = 5  # accounts of these carriers together


@dataclass(frozen=True, slots=True)
class Flip:
    """A change of one account. rechecked: it was held before, and this one rests on a reading taken since."""

    account: str
    carrier: str
    change: Change
    rechecked: bool = False


def ill_together(hit: Mapping[str, int], watched: Mapping[str, int]) -> frozenset[str]:
    """The carriers whose accounts turned bad together; none if it is too few of either. hit: accounts per carrier."""
    ill = {carrier: count for carrier, count in hit.items() if count >= SHARE * watched.get(carrier, 0)}
    return frozenset(ill) if len(ill) >= CARRIERS and sum(ill.values()) >= MANY else frozenset()
