"""The console's scripts and styles. They are part of the program and hold nothing of anybody, so no role is asked for.

Their address holds a digest of them all: a browser may keep them for ever, and gets the new ones with a new version.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
GZIP = re.compile(r"gzip(?:\s*;\s*q=(?!0(?:\.0*)?$)[\d.]+)?", re.I)
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Static:
    """One file. packed: the same, gzipped (RFC 1952)."""

    kind: str
    plain: bytes
    packed: bytes


@cache
def statics() -> dict[str, Static]:
    """Every file by its name, read and packed once."""
    found = {}
    for one in sorted((files("mailprobe") / "console" / "static").iterdir(), key=lambda one: one.name):
        suffix = "." + one.name.rpartition(".")[2]
        if suffix in KINDS:
            body = one.read_bytes()
            found[one.name] = Static(KINDS[suffix], body, gzip.compress(body, 9, mtime=0))
    return found


@cache
def static_url() -> str:
    """What stands before every file's name: '/static/1a2b3c4d5e'."""
    digest = hashlib.sha256()
    for name, one in statics().items():
        digest.update(name.encode() + b"\0" + one.plain)
    return f"/static/{digest.hexdigest()[:10]}"


async def give(request: Request) -> Response:
    one = statics().get(request.path_params["name"])
    if one is None:
        return Response(status_code=404)
    current = request.url.path.startswith(static_url() + "/")
    headers = {
        "cache-control": FOR_EVER if current else "no-cache",
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    if takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(one.packed, media_type=one.kind, headers=headers | {"content-encoding": "gzip"})
    return Response(one.plain, media_type=one.kind, headers=headers)


def takes_gzip(header: str) -> bool:
    """RFC 9110 section 12.5.3; a weight of 0 refuses."""
    return any(GZIP.fullmatch(one.strip()) for one in header.split(","))


def static_routes() -> list[Route]:
    return [Route("/static/{digest}/{name}", give, methods=["GET"])]
