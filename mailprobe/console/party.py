"""Signing in on another house's word: we are the relying party (OpenID Connect Core 1.0 section 1.2).

A browser that is sent there holds a cookie; what it must bring back, and what the ID token must say, are keyed hashes of that
cookie. So nothing is kept here for who only begins, nobody brings an answer that another browser asked for, and each is taken
once. Whoever comes in so is named "oidc:NAME": no name of a person here holds a colon, so he is never taken for one of them.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from mailprobe.config import Oidc
from mailprobe.config.oidc import BACK
from mailprobe.console.door import Role
from mailprobe.console.people import Pace
from mailprobe.console.rooms import Rooms
from mailprobe.console.visits import OIDC, is_secure, peer_of, role_among
from mailprobe.log import Event, tell
from mailprobe.oidc.claims import name_in, roles_in
from mailprobe.oidc.trouble import Trouble

if TYPE_CHECKING:
    from mailprobe.oidc.issuer import Fetch, Going, Issuer, Redeemed

SECURE_COOKIE, PLAIN_COOKIE = "__Host-mailprobe-oidc", "mailprobe-oidc"
SECURE_HINT, PLAIN_HINT = "__Secure-mailprobe-hint", "mailprobe-hint"
OUT = "/sign-out"  # the hint goes there only
LONGEST_HINT = 3800  # characters: browsers keep cookies of 4096 (RFC 6265bis section 5.6); without a hint the issuer asks him
JWT = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}")
WITHIN = 600  # seconds between going and coming back
LONGEST_NEXT = 500
MOST_TAKEN = 10_000  # answers that are remembered, each for WITHIN
TRIES = 60  # a minute from one address: a whole shift may begin at once behind it
AT_ONCE = 50
PATIENCE = 20.0  # seconds for everything that is asked of the issuer while somebody waits
TOLD_EVERY = 10.0  # seconds
HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
COOKIE = re.compile(r"[A-Za-z0-9_-]{43}\.(\d{1,12})\.([A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True)
class Way:
    """One browser on its way. next: the page that he wanted, in his browser's words."""

    going: Going
    next: str


@dataclass(frozen=True, slots=True)
class Known:
    """Who somebody is, as the issuer says. role None: none of the roles that it names is one here. hint: what his browser keeps
    for signing out there."""

    name: str
    role: Role | None
    subject: str
    hint: str = field(default="", repr=False)


@dataclass(slots=True)
class RelyingParty:
    """fetch: how the issuer is asked; None: over HTTPS."""

    rooms: Rooms
    fetch: Fetch | None = None
    pace: Pace = field(default_factory=lambda: Pace(tries=TRIES))
    under_way: int = 0
    _issuer: Issuer | None = None
    _taken: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _told: dict[Trouble, float] = field(default_factory=dict)

    def issuer(self) -> Issuer | None:
        """The one that is configured now. What was learnt of another is forgotten."""
        settings = self.rooms.house().config.console.oidc
        if settings is None:
            self._issuer = None
        elif self._issuer is None or self._issuer.settings != settings:
            from mailprobe.oidc.issuer import Issuer  # needs the extra, which who has no issuer need not have

            self._issuer = Issuer(settings, self.rooms.now, self.fetch)
        return self._issuer

    def begin(self, request: Request, settings: Oidc, next: str) -> tuple[Way, str] | None:
        """A new way, and what the browser's cookie holds for it. None: nobody can come back by the name that he calls us."""
        redirect_uri = redirect_uri_for(request, settings)
        if not redirect_uri:
            return None
        kept = next if len(next) <= LONGEST_NEXT else "/"
        cookie = ".".join((secrets.token_urlsafe(32), f"{self.rooms.now():.0f}", packed(kept)))
        return Way(self._going(cookie, redirect_uri), kept), cookie

    def take_up(self, request: Request, settings: Oidc, state: str) -> Way | None:
        """The way that this browser began, once; None for an answer that is another's, too late, or was taken before."""
        cookie, now = request.cookies.get(cookie_name(request), ""), self.rooms.now()
        found, redirect_uri = COOKIE.fullmatch(cookie), redirect_uri_for(request, settings)
        if found is None or not redirect_uri or not 0 <= now - float(found[1]) + 1 <= WITHIN:
            return None
        going = self._going(cookie, redirect_uri)
        if not hmac.compare_digest(going.state.encode(), state.encode("utf-8", "surrogatepass")) or not self._first(state, now):
            return None
        return Way(going, unpacked(found[2]))

    def wait(self, request: Request) -> float:
        """Seconds to wait before an answer is looked at, which asks the issuer; 0: now."""
        return 5.0 if self.under_way >= AT_ONCE else self.pace.wait(peer_of(request), self.rooms.now())

    async def who(self, issuer: Issuer, way: Way, code: str, iss: str | None) -> Known | Trouble:
        self.under_way += 1
        try:
            async with asyncio.timeout(PATIENCE):
                ours = await issuer.is_said_by(iss)
                if ours is not True:
                    return Trouble.OTHER_ISSUER if ours is False else ours
                found = await issuer.redeem(code, way.going)
        except TimeoutError:
            return Trouble.TIMEOUT
        finally:
            self.under_way -= 1
        return found if isinstance(found, Trouble) else known(found, issuer.settings)

    async def way_out(self, request: Request) -> str:
        """Where a browser goes that has just signed out here; '' if that is all."""
        issuer = self.issuer()
        if issuer is None:
            return ""
        home = redirect_uri_for(request, issuer.settings).removesuffix(BACK)
        return await issuer.way_out(hint_of(request), f"{home}/sign-in" if home else "")

    def write_down(self, trouble: Trouble) -> None:
        """Each kind once in a while: anybody can bring it about as often as he likes."""
        now = self.rooms.now()
        if abs(now - self._told.get(trouble, -TOLD_EVERY)) >= TOLD_EVERY:
            self._told[trouble] = now
            tell(Event.OIDC_FAILED, why=trouble.value)

    def _going(self, cookie: str, redirect_uri: str) -> Going:
        from mailprobe.oidc.issuer import Going

        state, nonce, verifier = (self._hashed(kind, cookie) for kind in ("state", "nonce", "verifier"))
        return Going(state, nonce, verifier, redirect_uri)

    def _hashed(self, kind: str, cookie: str) -> str:
        """43 characters (RFC 7636 section 4.1) under the store's key: it holds over a restart."""
        signed = self.rooms.house().store.database.signed(f"oidc {kind}\0{cookie}".encode())
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    def _first(self, state: str, now: float) -> bool:
        while self._taken and (len(self._taken) > MOST_TAKEN or next(iter(self._taken.values())) <= now - WITHIN):
            self._taken.popitem(last=False)
        if state in self._taken:
            return False
        self._taken[state] = now
        return True


def known(found: Redeemed, settings: Oidc) -> Known | Trouble:
    """CLAIM: nothing in it can be shown as a name."""
    claims = found.claims
    name = name_in(claims, settings.name_claim)
    role = role_among(roles_in(claims, settings.claim), dict(settings.roles))
    return Known(f"{OIDC}{name}", role, str(claims["sub"]), found.hint) if name else Trouble.CLAIM


def redirect_uri_for(request: Request, settings: Oidc) -> str:
    """As written, or by the name that the browser has for us: the issuer takes it only if it knows it. '' for what is no name."""
    if settings.redirect_uri:
        return settings.redirect_uri
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}{BACK}" if HOST.fullmatch(host) else ""


def cookie_name(request: Request) -> str:
    return SECURE_COOKIE if is_secure(request) else PLAIN_COOKIE


def keep(request: Request, response: Response, cookie: str) -> None:
    """Lax: it comes along when the issuer's page sends the browser back, and with nothing that another page asks for itself."""
    name = cookie_name(request)
    response.set_cookie(name, cookie, WITHIN, path="/", secure=is_secure(request), httponly=True, samesite="lax")


def drop(request: Request, response: Response) -> None:
    response.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")


def hint_name(request: Request) -> str:
    return SECURE_HINT if is_secure(request) else PLAIN_HINT


def hint_of(request: Request) -> str:
    """'' for none, and for what is no token: it becomes part of an address."""
    hint = request.cookies.get(hint_name(request), "")
    return hint if len(hint) <= LONGEST_HINT and JWT.fullmatch(hint) else ""


def keep_hint(request: Request, response: Response, hint: str) -> None:
    """In his own browser, which shows it at sign-out only: nothing of it is kept here. It says no more than who he is."""
    if hint and len(hint) <= LONGEST_HINT:
        name = hint_name(request)
        response.set_cookie(name, hint, path=OUT, secure=is_secure(request), httponly=True, samesite="strict")


def drop_hint(request: Request, response: Response) -> None:
    response.delete_cookie(hint_name(request), path=OUT, secure=is_secure(request), httponly=True, samesite="strict")


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).rstrip(b"=").decode()


def unpacked(text: str) -> str:
    """Of a cookie that was proven to be ours."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "surrogatepass")
    except (binascii.Error, ValueError):
        return "/"
