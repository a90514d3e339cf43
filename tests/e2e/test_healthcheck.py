"""The image's healthcheck: the daemon's health over TLS and without it, and that nobody is there."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mailprobe.console.listening import listening
from tests.e2e.test_webhook import closed_port

CHECK = Path(__file__).parents[2] / "docker" / "healthcheck.py"


async def checked(place: str) -> int:
    process = await asyncio.create_subprocess_exec(sys.executable, str(CHECK), place)
    return await process.wait()


def app(status: int) -> Starlette:
    def health(request: Request) -> Response:
        return PlainTextResponse("ok\n", status)

    return Starlette(routes=[Route("/healthz", health)])


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
async def test_what_it_says(tmp_path: Path, tls: bool, status: int, code: int) -> None:
    pair = tmp_path / "pair.pem"
    trustme.CA().issue_cert("mailprobe.example.net").private_key_and_cert_chain_pem.write_to_path(pair)
    async with listening(app(status), "127.0.0.1:0", pair if tls else None) as (host, port):
        assert await checked(f"{host}:{port}") == code


async def test_nobody_there_is_ill() -> None:
    assert await checked(f"127.0.0.1:{closed_port()}") == 1
