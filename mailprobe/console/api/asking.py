"""What every route of the API does first: in which language, and written down before anything is shown."""

from __future__ import annotations

from typing import Protocol

from fastapi import Request

from mailprobe.config import Account, Problem
from mailprobe.console.calls.looking import Desk
from mailprobe.console.door import Visitor
from mailprobe.console.problems import Refused
from mailprobe.console.rooms import Rooms
from mailprobe.store import StoreError
from mailprobe.verdict.texts import LANGUAGES


class Trail(Protocol):
    """Who looked at what, when and why. Raises StoreError, and then nothing may be shown."""

    async def note(self, visitor: Visitor, what: str, of: str, why: str) -> None: ...


def rooms_of(request: Request) -> Rooms:
    rooms: Rooms = request.app.state.rooms
    return rooms


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def note(request: Request, visitor: Visitor, what: str, account: Account, why: str = "") -> None:
    """Raises Refused (503): nothing is shown that is not written down."""
    trail: Trail = request.app.state.trail
    of = account.id if account.enrolled else rooms_of(request).house().store.strangers.subject_of(account.address.key)
    try:
        await trail.note(visitor, what, of, why)
    except StoreError as error:
        hint = "wait until the store can be written again"
        raise Refused(503, Problem("MP2401", "audit", f"who looks cannot be written down: {error.what}", hint)) from None


def language_of(request: Request, lang: str = "") -> str:
    """`?lang=`, else Accept-Language (RFC 9110 section 12.5.4), else the configuration's."""
    if lang in LANGUAGES:
        return lang
    for wanted in ranked(request.headers.get("accept-language", "")):
        if wanted[:2] in LANGUAGES:
            return wanted[:2]
    configured = rooms_of(request).house().config.prober.language
    return configured if configured in LANGUAGES else "en"


def ranked(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first."""
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        name, _, given = part.strip().partition(";")
        try:
            weight = float(given.strip().removeprefix("q=")) if given else 1.0
        except ValueError:
            weight = 0.0
        if name and weight > 0:
            found.append((-weight, place, name.lower()))
    return [name for _, _, name in sorted(found)]
