"""Where somebody comes from: his address, the line, and the name that he calls us by, before anything else is asked.

A trusted proxy tells for whom it speaks (X-Forwarded-For, X-Forwarded-Proto); from anybody else these headers are words. The
console answers over TLS, on loopback, or through such a proxy; metrics keep their own rule.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mailprobe.config import Console

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
VOUCHED = "mailprobe.vouched"  # in the scope: a trusted proxy handed this request over
REFUSED = "mailprobe.refused"  # in the scope: why the console does not answer; its code


@dataclass(frozen=True, slots=True)
class Approach:
    """Around an app. console: as it is configured now."""

    app: ASGIApp
    console: Callable[[], Console]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(approached(scope, self.console()) if scope["type"] == "http" else scope, receive, send)


def approached(scope: Scope, console: Console) -> Scope:
    """The scope as it is after the proxies: client and scheme are the visitor's own."""
    headers, client = Headers(scope=scope), address_of((scope.get("client") or ("",))[0])
    vouched = client is not None and is_among(client, console.trusted_proxies)
    scheme = str(scope["scheme"])
    if vouched:
        client = visitor_behind(headers, console.trusted_proxies) or client
        scheme = headers.get("x-forwarded-proto", scheme).strip().lower()
        scheme = scheme if scheme in ("http", "https") else "http"
    after = {**scope, "scheme": scheme, "client": (str(client or ""), 0), VOUCHED: vouched}
    refused = "" if scheme == "https" else refused_plain(client, headers.get("host", ""))
    return after | {REFUSED: refused}


def refused_plain(client: IP | None, host: str) -> str:
    """Without TLS only from this host to this host. Another name for it is another site's, that DNS has sent here."""
    if client is None or not client.is_loopback:
        return "MP2402"
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    named = address_of(name.strip("[]"))
    return "" if name.lower() == "localhost" or (named is not None and named.is_loopback) else "MP2420"


def visitor_behind(headers: Headers, networks: Sequence[str]) -> IP | None:
    """The last in X-Forwarded-For that is no proxy of ours: what stands before it may be anybody's invention."""
    said = [one.strip() for line in headers.getlist("x-forwarded-for") for one in line.split(",")]
    for text in reversed(said):
        found = address_of(text.strip("[]"))
        if found is None or not is_among(found, networks):
            return found
    return None


def address_of(text: str) -> IP | None:
    """An IPv4 address in IPv6 clothes is the IPv4 address."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_among(address: IP, networks: Sequence[str]) -> bool:
    return any(address in ipaddress.ip_network(one) for one in networks)
