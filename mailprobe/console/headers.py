"""What every answer says to the browser, and what no browser may ask of us on another page's behalf.

Scripts and styles come from files of ours only, nothing is kept in a cache, no page stands in another's frame. A request that
changes something is refused where another site made it: the browser itself says so (Fetch Metadata, W3C), or names the site
(Origin, RFC 6454).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
CACHE = "cache-control"
STATIC = "/static/"
SAFE = frozenset({"GET", "HEAD"})  # these change nothing


def with_headers(scope: Scope, send: Send) -> Send:
    """The same, with the headers on whatever is sent. Files of ours may be kept, but are asked about each time."""
    kept = "no-cache" if str(scope["path"]).startswith(STATIC) else "no-store"

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            headers.setdefault(CACHE, kept)
        await send(message)

    return sending


def is_from_elsewhere(method: str, headers: Mapping[str, str], *, with_cookie: bool) -> bool:
    """Whether another site has made this request. Every browser of today says one of the two; what says neither is a program,
    and has no cookie of ours."""
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return with_cookie
    return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def headers_of(scope: Scope) -> Headers:
    return Headers(scope=scope)
