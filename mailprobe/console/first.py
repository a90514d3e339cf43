"""The link that makes the first administrator: there is no password that everybody knows."""

from __future__ import annotations

import secrets

from mailprobe.store import Store
from mailprobe.store.people import Change

OPEN_FOR = 86_400.0  # seconds


async def new_first_link(store: Store, now: float) -> str:
    """Its path and key; the links of before open nothing any more. '' if there is somebody already. StoreError."""
    key = secrets.token_urlsafe(32)
    done = await store.people.offer_link(key, now + OPEN_FOR)
    return f"/first-admin?key={key}" if done is Change.DONE else ""
