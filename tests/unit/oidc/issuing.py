"""An OpenID provider without a network: it signs with keys of its own, knows its client, gives each code once, and checks PKCE.

It shares no code with `mailprobe.oidc` but the shape of a question. What a test sets makes it a bad one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from mailprobe.config import Oidc
from mailprobe.net.ask import Asked
from mailprobe.net.get import Got
from mailprobe.net.guard import Forbidden, Guard
from mailprobe.net.post import Unsent
from mailprobe.secret import Secret, SecretRef

ISSUER = "https://login.example.net/realms/mail"
CLIENT, SECRET = "mailprobe", "s3cret & +more:that/is-encoded"
ROLES = (("mail-desk", "operator"), ("mail-leads", "supervisor"), ("mail-admins", "admin"), ("mail-audit", "auditor"))
NOW = 1_800_000_000.0

Claims = dict[str, Any]


def settings(**changes: Any) -> Oidc:
    given: dict[str, Any] = {"issuer": ISSUER, "client_id": CLIENT, "roles": ROLES, "networks": ("192.0.2.0/24",)}
    given["client_secret"] = SecretRef.of_value(Secret(SECRET))
    return Oidc(**(given | changes))


@cache
def rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@cache
def ec(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


def signed(claims: Any, key: Any = None, alg: str = "RS256", **header: Any) -> str:
    """header: beside `alg` and the key's `kid`."""
    key = key or rsa("one")
    head = {"alg": alg, "typ": "JWT"} | ({"kid": key.kid} if key.kid else {}) | header
    head = {name: value for name, value in head.items() if value is not None}
    return jws.serialize_compact(head, json.dumps(claims), key, algorithms=[alg])


def signed_with(secret: bytes, claims: Claims, **header: Any) -> str:
    """HS256 by hand: no library of today signs with a public key."""
    head = part({"alg": "HS256", "kid": "one"} | header)
    said = f"{head}.{part(claims)}"
    return f"{said}.{bare(hmac.digest(secret, said.encode(), 'sha256'))}"


def unsigned(claims: Claims, alg: object = "none", **header: Any) -> str:
    return f"{part({'alg': alg, 'kid': 'one'} | header)}.{part(claims)}."


def part(said: Any) -> str:
    return bare(json.dumps(said).encode())


def bare(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def shown(key: Any) -> Any:
    return key.as_dict(private=False) if isinstance(key, RSAKey | ECKey) else key


@dataclass(slots=True)
class Grant:
    """What stands behind a code."""

    claims: Claims
    challenge: str
    redirect_uri: str


@dataclass(slots=True)
class FakeIssuer:
    """now: as everybody's clock says. alter: changes the claims before they are signed; sign: claims -> token. published: what
    the keys' address shows. answers: path -> what is said there instead. asked: every path so far, in order."""

    now: float = NOW
    published: list[Any] = field(default_factory=lambda: [rsa("one")])
    alter: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[[Claims], str] = signed
    metadata: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Claims] = field(default_factory=dict)  # access token -> what the userinfo endpoint says
    answers: dict[str, Got | Unsent | Forbidden] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)

    def authorise(self, url: str, **claims: Any) -> str:
        """Somebody signs in there; where his browser is sent back to, with its query."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
        assert url.startswith(f"{ISSUER}/auth?")
        assert (said["response_type"], said["client_id"], said["code_challenge_method"]) == ("code", CLIENT, "S256")
        assert "openid" in said["scope"].split()
        code = secrets.token_urlsafe(16)
        whole = {"sub": "248289761001", "nonce": said["nonce"]} | claims
        self.grants[code] = Grant(whole, said["code_challenge"], said["redirect_uri"])
        return f"{said['redirect_uri']}?{urlencode({'code': code, 'state': said['state'], 'session_state': 'x'})}"

    async def __call__(self, asked: Asked, guard: Guard, /) -> Got | Unsent | Forbidden:
        path = asked.url.removeprefix(ISSUER)
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        match path:
            case "/.well-known/openid-configuration":
                return self.says(self.described())
            case "/keys":
                return Got(200, self.published_keys())
            case "/token":
                return self.exchanged(asked)
            case "/userinfo":
                return self.says(self.people.get(asked.headers["authorization"].removeprefix("Bearer "), {}))
        return Got(404, b"")

    def published_keys(self) -> bytes:
        return json.dumps({"keys": [shown(key) for key in self.published]}).encode()

    def described(self) -> dict[str, Any]:
        plain = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return plain | self.metadata

    def exchanged(self, asked: Asked) -> Got:
        """RFC 6749 section 4.1.3, RFC 7636 section 4.6."""
        form = {name: values[0] for name, values in parse_qs((asked.form or b"").decode(), strict_parsing=True).items()}
        self.forms.append(form)
        if not self.knows(asked, form):
            return Got(401, b'{"error": "invalid_client"}')
        grant = self.grants.pop(form.get("code", ""), None)
        challenge = bare(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if grant is None or grant.redirect_uri != form["redirect_uri"] or grant.challenge != challenge:
            return Got(400, b'{"error": "invalid_grant"}')
        times = {"iss": ISSUER, "aud": CLIENT, "iat": int(self.now), "exp": int(self.now) + 300}
        token = self.sign(self.alter(times | grant.claims))
        return self.says({"token_type": "Bearer", "access_token": "acc3ss-" + str(grant.claims["sub"]), "id_token": token})

    def knows(self, asked: Asked, form: dict[str, str]) -> bool:
        """By header or by form, and never both (RFC 6749 section 2.3)."""
        header = asked.headers.get("authorization", "")
        by_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        pair = base64.b64decode(header.removeprefix("Basic ")).decode().split(":", 1) if header.startswith("Basic ") else []
        by_header = [unquote_plus(one) for one in pair] == [CLIENT, SECRET]
        return by_header != by_form

    def says(self, body: dict[str, Any]) -> Got:
        return Got(200, json.dumps(body).encode())
