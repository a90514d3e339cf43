"""Who may ask: one user with a password (RFC 7617), or whoever shows a token (RFC 6750). Compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

from starlette.requests import Request

from mailprobe.config import Http

CHALLENGE = {"WWW-Authenticate": 'Basic realm="mailprobe", charset="UTF-8"'}

TOKEN_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="mailprobe"'}


@dataclass(frozen=True, slots=True)
class Login:
    """Secrets, so that `repr` must not show them: hence no dataclass repr."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Login(***)"

    def fits(self, request: Request) -> bool:
        said = shown(request, "basic")
        try:
            told = base64.b64decode(said, validate=True)
        except (binascii.Error, ValueError):
            return False
        return same(told, f"{self.username}:{self.password}".encode())


@dataclass(frozen=True, slots=True)
class Token:
    """One token that opens one door."""

    value: str

    def __repr__(self) -> str:
        return "Token(***)"

    def fits(self, request: Request) -> bool:
        said = shown(request, "bearer").encode("utf-8", "surrogateescape")
        return bool(self.value) and same(said, self.value.encode())


async def credentials_of(http: Http) -> tuple[Login | None, Token | None]:
    """Who may read the metrics, and what opens a live probe, as configured. Raises SecretError for a secret not to be had."""
    login = None
    if http.metrics_secret is not None:
        login = Login(http.metrics_username, (await http.metrics_secret.read()).reveal())
    token = None if http.live_token is None else Token((await http.live_token.read()).reveal())
    return login, token


def shown(request: Request, scheme: str) -> str:
    """What the Authorization header says in this scheme; '' without one."""
    kind, _, said = request.headers.get("authorization", "").partition(" ")
    return said.strip() if kind.lower() == scheme else ""


def same(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)
