"""Scripts and styles: small, kept for ever under their digest, and nothing else is to be had that way."""

from __future__ import annotations

import gzip

import httpx
import pytest
from starlette.applications import Starlette

from mailprobe.console.statics import FOR_EVER, static_routes, static_url, statics, takes_gzip


def browser() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=list(static_routes()))), base_url="http://here.test")


async def test_a_file_under_its_digest_is_kept_and_under_an_old_one_asked_for_again() -> None:
    async with browser() as one:
        new = await one.get(f"{static_url()}/check.js")
        old = await one.get("/static/0000000000/check.js")
    assert (new.status_code, new.headers["cache-control"]) == (200, FOR_EVER)
    assert old.headers["cache-control"] == "no-cache"
    assert new.headers["content-type"].startswith("text/javascript")
    assert new.headers["content-encoding"] == "gzip"
    assert new.content == old.content == statics()["check.js"].plain


async def test_plain_for_who_takes_no_gzip() -> None:
    async with browser() as one:
        answer = await one.get(f"{static_url()}/console.css", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.content == statics()["console.css"].plain


@pytest.mark.parametrize("name", ["nothing.js", "..%2fapp.py", "%2e%2e/app.py", "check.js%00", ""])
async def test_nothing_else_is_to_be_had(name: str) -> None:
    async with browser() as one:
        assert (await one.get(f"{static_url()}/{name}")).status_code == 404


@pytest.mark.parametrize(
    ("header", "takes"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0", False), ("identity", False), ("", False)],
)
def test_who_takes_gzip(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


def test_all_of_it_is_well_below_100_kb_over_the_wire() -> None:
    assert sum(len(one.packed) for one in statics().values()) < 60_000
    assert all(gzip.decompress(one.packed) == one.plain for one in statics().values())
