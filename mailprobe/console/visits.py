"""Who asks: the holder of a session's cookie, of a token, or whom a trusted proxy names.

A session begins at sign-in under a new name that nobody knew before, and ends at sign-out, when it was idle, after a working
day, or when somebody ends it; what the cookie holds is then worth nothing.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from mailprobe.config import Console
from mailprobe.console.approach import VOUCHED
from mailprobe.console.credentials import shown
from mailprobe.console.door import INCLUDES, Role, Visitor, visitor_of
from mailprobe.console.rooms import Rooms, rooms_of
from mailprobe.store.visits import Lasts, Visit

SECURE_COOKIE = (
    "__Host-mailprobe"  # the browser takes it over TLS only, for this host only, from this host only (RFC 6265bis 4.1.3)
)
PLAIN_COOKIE = "mailprobe"  # on loopback without TLS
OCTETS = 32
MOST_PROGRAM = 200
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
OIDC = "oidc:"  # before the name of whom another house has signed in: no name here holds a colon
MARK = "mp_"  # every token begins so, so that a token that was pasted somewhere is found there


@dataclass(frozen=True, slots=True)
class Recognition:
    """Called with a request: who it is, None for nobody. Raises StoreError."""

    rooms: Rooms

    async def __call__(self, request: Request) -> Visitor | None:
        """Whoever shows a token is asked for no cookie, and whom the proxy names is he."""
        if "authorization" in request.headers:
            return await self.by_token(shown(request, "bearer"))
        console = self.rooms.house().config.console
        if console.user_header and request.scope.get(VOUCHED):
            return await self.by_proxy(request, console)
        return await self.by_cookie(request)

    async def by_cookie(self, request: Request) -> Visitor | None:
        value = held(request)
        if not value:
            return None
        house = self.rooms.house()
        found = await house.store.visits.find(value, lasts(house.config.console), self.rooms.now())
        return visitor_in(found, house.config.console)

    async def by_token(self, value: str) -> Visitor | None:
        if not value.startswith(MARK):
            return None
        found = await self.rooms.house().store.tokens.find(value, self.rooms.now())
        return Visitor(f"token:{found.name}", Role(found.role)) if found is not None else None

    async def by_proxy(self, request: Request, console: Console) -> Visitor | None:
        """Without a header for roles, the role that he has here. A header that came twice is nobody's word."""
        names = request.headers.getlist(console.user_header)
        if len(names) != 1 or not NAME.fullmatch(names[0]):
            return None
        name = names[0].lower()
        if not console.role_header:
            person = await self.rooms.house().store.people.of(name)
            return Visitor(name, Role(person.role)) if person is not None else None
        said = request.headers.getlist(console.role_header)
        role = role_among(said[0].split(","), dict(console.roles)) if len(said) == 1 else None
        return Visitor(name, role) if role is not None else None


async def still_in(request: Request, visitor: Visitor) -> bool:
    """For an answer that goes on and on: whether he may still read it. That keeps no session from being idle. StoreError."""
    rooms = rooms_of(request)
    if not visitor.visit:
        return await visitor_of(request) == visitor
    house = rooms.house()
    found = await house.store.visits.find(held(request), lasts(house.config.console), rooms.now(), seen=False)
    return visitor_in(found, house.config.console) == visitor


def visitor_in(found: tuple[Visit, str] | None, console: Console) -> Visitor | None:
    """A guest is one only as long as the house that he comes from is asked at all."""
    if found is None or (is_guest(found[0].name) and console.oidc is None):
        return None
    return Visitor(found[0].name, Role(found[1]), found[0].number)


def is_guest(name: str) -> bool:
    """Whether another house has signed him in: he has no password here."""
    return name.startswith(OIDC)


def role_among(said: list[str], roles: dict[str, str]) -> Role | None:
    """The one that includes most; what is no role of ours does not count."""
    names = [one.strip() for one in said]
    found = [Role(name) for name in (roles.get(one, "") if roles else one for one in names) if name in list(Role)]
    return max(found, key=lambda one: len(INCLUDES[one]), default=None)


def lasts(console: Console) -> Lasts:
    return Lasts(console.session_idle, console.session_most)


def is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def cookie_name(request: Request) -> str:
    """Only this one is read: nobody gets a session in by the name that needs no TLS."""
    return SECURE_COOKIE if is_secure(request) else PLAIN_COOKIE


def held(request: Request) -> str:
    """What the visitor's cookie holds; '' without one."""
    return request.cookies.get(cookie_name(request), "")


def new_value() -> str:
    return secrets.token_urlsafe(OCTETS)


async def begin(request: Request, response: Response, rooms: Rooms, name: str) -> None:
    """A session for him, under a name of its own; the one that his browser showed ends. StoreError."""
    house, value = rooms.house(), new_value()
    program = printable(request.headers.get("user-agent", ""))[:MOST_PROGRAM]
    peer = peer_of(request)
    await house.store.visits.begin(value, name, peer, program, lasts(house.config.console), rooms.now(), held(request))
    response.set_cookie(cookie_name(request), value, path="/", secure=is_secure(request), httponly=True, samesite="lax")


async def end(request: Request, rooms: Rooms) -> None:
    """The session ends here, not only in his browser. StoreError."""
    if value := held(request):
        await rooms.house().store.visits.end(value)


def drop(request: Request, response: Response) -> None:
    response.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")


def peer_of(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())
