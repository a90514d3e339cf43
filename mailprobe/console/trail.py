"""The trail: who looked at which mailbox, when, why, and what was done. It is written before anything is shown.

Where it cannot be written nothing may be shown: `Unnoted` ends the request with 503.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mailprobe.console.door import Visitor
from mailprobe.store import Store, StoreError

MOST_WHY = 500  # characters
MOST_OF = 100
ADDRESS = re.compile(r"\S*[@\uff20]\S*")  # the trail is kept when a customer is erased: none may stand in a reason
HIDDEN = "***"


class Unnoted(StoreError):
    """The trail could not be written."""


class Trail:
    """Over the store's audit, whose rows are only ever added."""

    def __init__(self, store: Callable[[], Store], now: Callable[[], float]) -> None:
        self._store, self._now = store, now

    async def note(self, visitor: Visitor, what: str, of: str, why: str) -> None:
        """what: a short tag such as "check"; of: an account's id, or the hash of an address; why: as given. Durable when this
        returns. Raises Unnoted."""
        of, why = without_address(of, MOST_OF), without_address(why, MOST_WHY)
        try:
            await self._store().audit.append(visitor.name, what, of, why, self._now())
        except StoreError as error:
            words = "what was asked for cannot be noted, so it is not shown"
            raise Unnoted("MP2401", "trail", words, error.hint, trouble=error.trouble) from None


def without_address(text: str, most: int) -> str:
    shown = "".join(char if char.isprintable() else " " for char in text[: 2 * most])
    return ADDRESS.sub(HIDDEN, shown)[:most]
