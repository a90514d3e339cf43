"""Who comes in, and what he may do: every route of the console names the role that it asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from fastapi import HTTPException, Request

from mailprobe.store import StoreError


class Role(StrEnum):
    """viewer: looks at pages without addresses. operator: checks mailboxes. supervisor: also releases guards, incidents, cards.
    admin: also people and tokens. auditor: reads the trail, and nothing else."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    AUDITOR = "auditor"


# What a role includes besides itself.
INCLUDES: dict[Role, frozenset[Role]] = {
    Role.VIEWER: frozenset(),
    Role.OPERATOR: frozenset({Role.VIEWER}),
    Role.SUPERVISOR: frozenset({Role.VIEWER, Role.OPERATOR}),
    Role.ADMIN: frozenset({Role.VIEWER, Role.OPERATOR, Role.SUPERVISOR}),
    Role.AUDITOR: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in. name: as it stands in the trail. visit: the number of his session; 0 for who shows a token, or
    was signed in by a proxy."""

    name: str
    role: Role
    visit: int = 0

    def has(self, role: Role) -> bool:
        return self.role is role or role in INCLUDES[self.role]


class May:
    """A dependency of a route: the visitor, if he has one of these roles. 401 for nobody, 403 for somebody else."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(self, request: Request) -> Visitor:
        visitor: Visitor | None = await visitor_of(request)
        if visitor is None:
            raise HTTPException(401)
        if not any(visitor.has(role) for role in self.roles):
            raise HTTPException(403)
        return visitor


class Anybody:
    """A dependency of a route that is open to everybody, and says so: the visitor, or None for who is not signed in."""

    async def __call__(self, request: Request) -> Visitor | None:
        return await visitor_of(request)


def may(*roles: Role) -> May:
    return May(*roles)


def signed_in() -> May:
    """Whoever is signed in."""
    return May(*Role)


def anybody() -> Anybody:
    return Anybody()


async def visitor_of(request: Request) -> Visitor | None:
    """Who shows a session, a token, or is named by a trusted proxy; as the app was told to recognise him. Raises StoreError."""
    recognise: Callable[[Request], Awaitable[Visitor | None]] = request.app.state.recognise
    request.state.visitor = None  # asked, if what follows fails: `visitor_at_fault`
    request.state.visitor = visitor = await recognise(request)
    return visitor


async def visitor_at_fault(request: Request) -> Visitor | None:
    """For an error's page: who a route has found it to be. Where the error came before any route asked (no such address,
    a body that cannot be read), it is asked here; None if that cannot be told."""
    if not hasattr(request.state, "visitor"):
        with contextlib.suppress(StoreError):  # the page tells of the error that there was
            return await visitor_of(request)
    visitor: Visitor | None = request.state.visitor
    return visitor
