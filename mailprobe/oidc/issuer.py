"""The issuer that is configured: where a browser is sent, and who comes back from there."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote_plus, urlencode, urlsplit

from mailprobe.config import Oidc
from mailprobe.net.ask import PORTS, Asked, ask
from mailprobe.net.get import Got
from mailprobe.net.guard import Forbidden, Guard
from mailprobe.net.post import Unsent
from mailprobe.oidc.claims import Claims, found_at, name_in
from mailprobe.oidc.kept import Kept
from mailprobe.oidc.keys import Key, read_keys
from mailprobe.oidc.metadata import Metadata, place_of, read_metadata, read_object
from mailprobe.oidc.token import Expected, proven
from mailprobe.oidc.trouble import Trouble
from mailprobe.secret import SecretError

WITHIN = 8.0  # seconds for each question: somebody waits
MOST = 262_144  # octets of an answer
GOOD, SERVERS_FAULT = 200, 500
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1
FORM = {"content-type": "application/x-www-form-urlencoded"}
WHY = {
    Unsent.TIMEOUT: Trouble.TIMEOUT,
    Unsent.UNREACHABLE: Trouble.UNREACHABLE,
    Unsent.BROKE: Trouble.UNREACHABLE,
    Unsent.UNTRUSTED: Trouble.UNTRUSTED,
}


class Fetch(Protocol):
    async def __call__(self, asked: Asked, guard: Guard, /) -> Got | Unsent | Forbidden: ...


@dataclass(frozen=True, slots=True)
class Going:
    """One browser on its way there and back. state and nonce: nobody else knows them; verifier: RFC 7636 section 4.1."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str

    @property
    def challenge(self) -> str:
        """RFC 7636 section 4.2, S256."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode("ascii")).digest()).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What the issuer says of whoever brought a code. hint: its own token, for signing out there;
    '' where it signs nobody out."""

    claims: Claims
    hint: str = field(repr=False)


class Issuer:
    """Asked when somebody signs in. now: Unix seconds."""

    def __init__(self, settings: Oidc, now: Callable[[], float], fetch: Fetch | None = None) -> None:
        """fetch: how it is asked; None: over HTTPS."""
        self.settings, self._now, self._fetch = settings, now, fetch or ask
        self._metadata: Kept[Metadata] = Kept(self._ask_metadata, now)
        self._keys: Kept[tuple[Key, ...]] = Kept(self._ask_keys, now)

    async def address_for(self, going: Going) -> str | Trouble:
        """Where the browser goes now (OpenID Connect Core 1.0 section 3.1.2.1)."""
        metadata = await self._metadata.get()
        if isinstance(metadata, Trouble):
            return metadata
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": going.redirect_uri,
            "scope": " ".join(self.settings.scopes),
            "state": going.state,
            "nonce": going.nonce,
            "code_challenge": going.challenge,
            "code_challenge_method": "S256",
        }
        return with_query(metadata.authorization, asked)

    async def is_said_by(self, iss: str | None) -> bool | Trouble:
        """Whether an answer that names its issuer so, or not, is of this one (RFC 9207 section 2.4)."""
        metadata = await self._metadata.get()
        if isinstance(metadata, Trouble):
            return metadata
        return iss == self.settings.issuer if iss is not None else not metadata.names_itself

    async def trouble(self) -> Trouble | None:
        """What stands in the way of signing in, as far as it shows before anybody does."""
        try:
            await self.settings.client_secret.read()
        except SecretError:
            return Trouble.NO_SECRET
        keys = await self._keys.get()
        return keys if isinstance(keys, Trouble) else None

    async def way_out(self, hint: str, back: str) -> str:
        """Where a browser goes to sign out there, too (OpenID Connect RP-Initiated Logout 1.0 section 2). '' where the issuer has
        no such place or cannot be asked. hint: as redeemed, '' if it is lost; back: where he comes back to, '' for nowhere."""
        metadata = await self._metadata.get() if self.settings.sign_out else Trouble.REFUSED
        if isinstance(metadata, Trouble) or not metadata.end_session:
            return ""
        asked = {"id_token_hint": hint, "client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return with_query(metadata.end_session, {name: value for name, value in asked.items() if value})

    async def redeem(self, code: str, going: Going) -> Redeemed | Trouble:
        """What the issuer says of whoever brought this code."""
        metadata = await self._metadata.get()
        if isinstance(metadata, Trouble):
            return metadata
        said = await self._exchanged(metadata, code, going)
        if isinstance(said, Trouble):
            return said
        token = said.get("id_token")
        claims = await self._believed(token, going) if isinstance(token, str) else Trouble.MALFORMED
        if not isinstance(claims, Trouble) and metadata.userinfo and self._lacks(claims):
            claims = await self._completed(claims, metadata.userinfo, said.get("access_token"))
        if isinstance(claims, Trouble):
            return claims
        return Redeemed(claims, str(token) if metadata.end_session and self.settings.sign_out else "")

    async def _exchanged(self, metadata: Metadata, code: str, going: Going) -> Mapping[str, object] | Trouble:
        """RFC 6749 section 4.1.3."""
        try:
            secret = (await self.settings.client_secret.read()).reveal()
        except SecretError:
            return Trouble.NO_SECRET
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": going.redirect_uri,
            "code_verifier": going.verifier,
        }
        headers = dict(FORM)
        if metadata.basic:
            headers["authorization"] = basic(self.settings.client_id, secret)
        else:
            form |= {"client_id": self.settings.client_id, "client_secret": secret}
        got = await self._asked(metadata.token, headers, urlencode(form).encode())
        return understood_token(got) if isinstance(got, Got) else got

    async def _believed(self, token: str, going: Going) -> Claims | Trouble:
        """A key that is not known may be a new one: then the keys are asked for once more, unless that was just done."""
        expected = Expected(self.settings.issuer, self.settings.client_id, going.nonce, self._now())
        keys = await self._keys.get()
        found = keys if isinstance(keys, Trouble) else proven(token, keys, expected)
        if found is not Trouble.UNKNOWN_KEY:
            return found
        keys = await self._keys.anew()
        return keys if isinstance(keys, Trouble) else proven(token, keys, expected)

    def _lacks(self, claims: Claims) -> bool:
        """Whether something that we want to know may be said elsewhere (OpenID Connect Core 1.0 section 5.4)."""
        return found_at(claims, self.settings.claim) is None or not name_in(claims, self.settings.name_claim, or_number=False)

    async def _completed(self, claims: Claims, url: str, token: object) -> Claims | Trouble:
        """With what the issuer says there of the same person (section 5.3). What the ID token says counts more; an issuer that
        does not tell us has said nothing."""
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            return claims
        got = await self._asked(url, {"authorization": f"Bearer {token}"})
        if isinstance(got, Trouble):
            return got
        if got.status >= SERVERS_FAULT:
            return Trouble.REFUSED
        said = read_object(got.body) if got.status == GOOD else None
        if said is None or said.get("sub") != claims["sub"]:
            return claims
        return {**said, **{name: value for name, value in claims.items() if value is not None}}

    async def _ask_metadata(self) -> Metadata | Trouble:
        got = await self._asked(place_of(self.settings.issuer))
        return read_metadata(body, self.settings.issuer) if isinstance(body := whole(got), bytes) else body

    async def _ask_keys(self) -> tuple[Key, ...] | Trouble:
        metadata = await self._metadata.get()
        if isinstance(metadata, Trouble):
            return metadata
        got = await self._asked(metadata.keys)
        return read_keys(body) if isinstance(body := whole(got), bytes) else body

    async def _asked(self, url: str, headers: Mapping[str, str] | None = None, form: bytes | None = None) -> Got | Trouble:
        asked = Asked(url, headers or {}, form, self.settings.ca, WITHIN, MOST)
        got = await self._fetch(asked, guard_of(self.settings, url))
        if isinstance(got, Got):
            return got if len(got.body) <= MOST else Trouble.TOO_BIG
        return Trouble.FORBIDDEN if isinstance(got, Forbidden) else WHY[got]


def with_query(url: str, asked: Mapping[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(asked)}"


def guard_of(settings: Oidc, url: str) -> Guard:
    """The issuer's own host is allowed as written; another one that it names only in public, over TLS."""
    written, named = urlsplit(settings.issuer), urlsplit(url)
    own = {(named.hostname or "", named.port or PORTS[named.scheme])} if named.hostname == written.hostname else set()
    return Guard(settings.networks, own, frozenset({PORTS["https"]}))


def whole(got: Got | Trouble) -> bytes | Trouble:
    if isinstance(got, Trouble):
        return got
    return got.body if got.status == GOOD else Trouble.REFUSED


def understood_token(got: Got) -> Mapping[str, object] | Trouble:
    """RFC 6749 section 5: a code that is worth nothing any more is nobody's fault, and is asked for again."""
    said = read_object(got.body)
    if got.status != GOOD:
        return Trouble.STALE if said is not None and said.get("error") == "invalid_grant" else Trouble.REFUSED
    return Trouble.NOT_UNDERSTOOD if said is None else said


def basic(client_id: str, secret: str) -> str:
    """RFC 6749 section 2.3.1: both are encoded as in a form before they are joined."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
