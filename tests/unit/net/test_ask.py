"""Asked of a real server on loopback: in time, little, of the right one, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from mailprobe.net.ask import Asked, ask
from mailprobe.net.get import Got
from mailprobe.net.guard import Forbidden, Guard
from mailprobe.net.post import Unsent

PORTS = frozenset({443})


class Quiet(uvicorn.Server):
    def install_signal_handlers(self) -> None: ...


async def answers(request: Request) -> Response:
    match request.path_params["way"]:
        case "echo":
            said = f"{request.method} {request.headers['host']} {request.headers.get('authorization', '-')} "
            return PlainTextResponse(said + (await request.body()).decode())
        case "elsewhere":
            return RedirectResponse("/echo")
        case "much":
            return PlainTextResponse("x" * 1_000_000)
        case "packed":
            return PlainTextResponse("not gzip", headers={"content-encoding": "gzip"})
        case "slow":
            await asyncio.sleep(30)
    return PlainTextResponse("no", 500)


@dataclass(frozen=True)
class House:
    port: int
    ca: Path

    def asked(self, way: str, host: str = "127.0.0.1", **changes: object) -> Asked:
        given: dict[str, object] = {"ca": self.ca, "within": 5.0, "most": 1000} | changes
        return Asked(f"https://{host}:{self.port}/{way}", **given)  # type: ignore[arg-type]  # by the tests' own hand

    def guard(self, host: str = "127.0.0.1") -> Guard:
        return Guard((), {(host, self.port)}, PORTS)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    config = uvicorn.Config(Starlette(routes=[Route("/{way}", answers, methods=["GET", "POST"])]), port=0, log_config=None)
    config.lifespan = "off"
    config.load()
    config.ssl, server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), Quiet(config)
    authority.issue_cert("localhost").configure_cert(config.ssl)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn tells nobody
        await asyncio.sleep(0.01)
    with contextlib.suppress(asyncio.CancelledError):
        yield House(server.servers[0].sockets[0].getsockname()[1], tmp_path / "ca.pem")
    server.force_exit = server.should_exit = True
    await serving


async def test_a_question_and_a_form(house: House) -> None:
    name, guard = f"localhost:{house.port}", house.guard("localhost")
    assert await ask(house.asked("echo", "localhost"), guard) == Got(200, f"GET {name} - ".encode())
    form = house.asked("echo", "localhost", form=b"a=b", headers={"authorization": "Bearer x"})
    assert await ask(form, guard) == Got(200, f"POST {name} Bearer x a=b".encode())
    assert "Bearer" not in repr(form)
    assert "a=b" not in repr(form)


async def test_what_is_no_answer(house: House) -> None:
    guard = house.guard("localhost")
    assert await ask(house.asked("elsewhere", "localhost"), guard) == Got(307, b"")
    assert await ask(house.asked("much", "localhost"), guard) == Got(200, b"x" * 1001)
    assert await ask(house.asked("packed", "localhost"), guard) == Got(200, b"not gzip")
    assert await ask(house.asked("slow", "localhost", within=0.5), guard) is Unsent.TIMEOUT
    assert await ask(house.asked("echo", "localhost", ca=None), guard) is Unsent.UNTRUSTED
    assert await ask(Asked("https://localhost:1/", within=5.0), Guard((), {("localhost", 1)}, PORTS)) is Unsent.UNREACHABLE
    assert await ask(Asked("https://nothing.invalid/", within=5.0), Guard((), (), PORTS)) is Unsent.UNREACHABLE
    assert await ask(house.asked("echo", "localhost", ca=house.ca.parent / "none.pem"), guard) is Unsent.BROKE


async def test_the_certificate_is_asked_for_the_name(house: House) -> None:
    """It is localhost's: the same server under its bare address is another."""
    assert await ask(house.asked("echo"), house.guard()) is Unsent.UNTRUSTED


async def test_nobody_is_asked_where_the_guard_says_no(house: House) -> None:
    assert await ask(house.asked("echo", "localhost"), Guard((), (), PORTS)) is Forbidden.THIS_HOST
    assert await ask(house.asked("echo", "localhost"), Guard((), {("localhost", 443)}, PORTS)) is Forbidden.THIS_HOST
    assert isinstance(await ask(house.asked("echo", "localhost"), Guard(("127.0.0.0/8", "::1/128"), (), PORTS)), Got)
    assert await ask(Asked("https://93.184.215.14:8443/"), Guard((), (), PORTS)) is Forbidden.PORT


@pytest.mark.parametrize("url", ["https://", "https://[::1/", "gopher://a.test/", "https://a.test:99999/", "", "/x"])
async def test_a_url_that_is_none_raises_nothing(url: str) -> None:
    assert isinstance(await ask(Asked(url, within=5.0), Guard((), (), PORTS)), Unsent | Forbidden)
