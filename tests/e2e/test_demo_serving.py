"""`mailprobe demo` as a newcomer runs it: one link that is signed in, calls to practise, a check to its verdict, Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mailprobe.demo.guide import CALLS

OURS = {"sec-fetch-site": "same-origin"}
WITHIN = 90.0  # seconds, on a busy machine
LINK = re.compile(r"http://127\.0\.0\.1:\d+/demo\?key=\S+")


@contextlib.asynccontextmanager
async def demo_running(language: str = "en") -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The program, and the link that it printed."""
    command = (sys.executable, "-m", "mailprobe", "demo", "--listen", "127.0.0.1:0", "--lang", language)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    try:
        yield process, await link_of(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
async def demo() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    async with demo_running() as running:
        yield running


async def link_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    said = b""
    async with asyncio.timeout(WITHIN):
        while line := await process.stdout.readline():
            said += line
            if found := LINK.search(line.decode()):
                return found[0]
    raise AssertionError(f"no link in {said!r}")


async def test_a_newcomer_takes_the_first_call(demo: tuple[asyncio.subprocess.Process, str]) -> None:
    process, link = demo
    call = CALLS[0]
    async with httpx.AsyncClient(timeout=30.0, follow_redirects=True, base_url=link.partition("/demo")[0]) as browser:
        practice = await browser.get(link, headers={"accept-language": "en"})
        assert practice.url.path == "/practice"
        assert all(one.address in practice.text and one.says("en") in practice.text for one in CALLS)
        begun = await browser.post("/api/v1/checks", json={"address": call.address, "observed": list(call.told)}, headers=OURS)
        assert begun.status_code == 201
        view = await settled(browser, begun.json()["id"])
        assert view["verdict"]["code"] == call.scenario.code.value
        assert view["verdict"]["say"]["text"] in practice.text.replace("&#39;", "'")
        history = (await browser.get(f"/accounts/{call.mailbox}", headers={"accept-language": "en"})).text
        assert "550 5.1.1" in history
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(20):
        assert await process.wait() == 0
    assert process.stderr is not None
    assert b"Traceback" not in await process.stderr.read()


async def settled(browser: httpx.AsyncClient, which: str) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN):
        while True:
            view = (await browser.get(f"/api/v1/checks/{which}", params={"lang": "en"})).json()
            if view["top"]["state"] == "settled" and view["state"] != "running":
                return dict(view)
            await asyncio.sleep(0.2)


async def test_a_wrong_key_opens_nothing(demo: tuple[asyncio.subprocess.Process, str]) -> None:
    _, link = demo
    async with httpx.AsyncClient(
        timeout=30.0,
    ) as browser:
        answer = await browser.get(f"{link[:-1]}{'A' if link[-1] != 'A' else 'B'}")
        assert answer.status_code == 404
        assert "set-cookie" not in answer.headers
