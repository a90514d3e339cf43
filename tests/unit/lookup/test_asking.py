"""Asked of real programs and of a real server on loopback: in time, little, and without a shell."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from mailprobe.address import parse
from mailprobe.carriers import Lookup
from mailprobe.console.door import Role, Visitor
from mailprobe.console.lookups import looked_up
from mailprobe.lookup import Answer, Unanswered, look_up
from mailprobe.lookup.answer import MOST
from mailprobe.lookup.https import url_of
from mailprobe.secret import parse_ref
from mailprobe.store import StoreError
from tests.unit.console.standing import standing
from tests.unit.given import account

TANAKA = account(address=parse("tanaka+a@mail.test"))


def program(tmp_path: Path, body: str) -> str:
    place = tmp_path / "lookup"
    place.write_text(f"#!/bin/sh\n{body}\n")
    place.chmod(place.stat().st_mode | stat.S_IEXEC)
    return str(place)


async def test_a_program_gets_the_address_as_one_word_and_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SECRET", "hush")
    says = program(tmp_path, 'env > "$2"; printf \'{"store_uid": "%s %s"}\' "$#" "$1"')
    lookup = Lookup(command=(says, "{address}", str(tmp_path / "env"), "x={local}; rm -rf"))
    assert await look_up(lookup, TANAKA) == Answer(store_uid="3 tanaka+a@mail.test")
    assert "hush" not in (tmp_path / "env").read_text()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("exit 3", Unanswered.FAILED),
        ("echo nonsense", Unanswered.NOT_UNDERSTOOD),
        ("while :; do echo 0123456789012345678901234567890123456789; done", Unanswered.TOO_BIG),
        ("sleep 60 & wait", Unanswered.TIMEOUT),
        ('{ sleep 60 & }; echo "{}"', Unanswered.TIMEOUT),  # something of it keeps the pipe open
    ],
)
async def test_what_is_no_answer_in_time(tmp_path: Path, body: str, why: Unanswered) -> None:
    began = time.monotonic()
    lookup = Lookup(command=(program(tmp_path, f"echo $$ > {tmp_path}/group\n{body}"), "{address}"), within=1.5)
    assert await look_up(lookup, TANAKA) is why
    assert time.monotonic() - began < 10.0
    group = int((tmp_path / "group").read_text())
    for _ in range(500):  # SIGKILL takes its moment
        if not living(group):
            break
        await asyncio.sleep(0.01)
    assert living(group) == []


def living(group: int) -> list[int]:
    """The processes of a group; one that has ended and that nobody has asked about yet is none any more (proc(5))."""
    found = []
    for one in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of = one.read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state != "Z":
                found.append(int(one.parent.name))
    return found


async def test_a_program_that_is_none_and_an_address_like_an_option(tmp_path: Path) -> None:
    assert await look_up(Lookup(command=("/nonexistent", "{address}")), TANAKA) is Unanswered.FAILED
    option = account(address=parse("--help@mail.test"))
    says = program(tmp_path, 'echo "{}"')
    assert await look_up(Lookup(command=(says, "{address}")), option) is Unanswered.NOT_ASKED
    assert await look_up(Lookup(command=(says, "--address={address}")), option) == Answer()


def test_an_address_stays_in_its_place_in_a_url() -> None:
    odd = account(address=parse('"a/../b?c=d&e#f g"@mail.test'))
    found = url_of("https://crm.test/m/{address}?x={local}", odd)
    assert found == "https://crm.test/m/a%2F..%2Fb%3Fc%3Dd%26e%23f%20g%40mail.test?x=a%2F..%2Fb%3Fc%3Dd%26e%23f%20g"


class Quiet(uvicorn.Server):
    def install_signal_handlers(self) -> None: ...


async def answers(request: Request) -> Response:
    match request.path_params["way"]:
        case "good":
            bearer = request.headers.get("authorization", "")
            return PlainTextResponse(f'{{"contract": "active", "store_uid": "{bearer} {request.query_params["a"]}"}}')
        case "elsewhere":
            return RedirectResponse("/good")
        case "much":
            return PlainTextResponse("x" * (MOST * 4))
        case "slow":
            await asyncio.sleep(30)
    return PlainTextResponse("no", 500)


@pytest.fixture
async def crm(tmp_path: Path) -> Any:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    config = uvicorn.Config(Starlette(routes=[Route("/{way}", answers)]), port=0, log_config=None, lifespan="off")
    config.load()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    config.ssl, server = context, Quiet(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn tells nobody
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Lookup(url=f"https://127.0.0.1:{port}/WAY?a={{address}}", ca=tmp_path / "ca.pem", within=5.0)
    server.force_exit = server.should_exit = True
    await serving


def way(lookup: Lookup, name: str, **changes: Any) -> Lookup:
    return replace(lookup, url=lookup.url.replace("WAY", name), **changes)


async def test_over_https(crm: Lookup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", "t0ken")
    found = await look_up(way(crm, "good", secret=parse_ref("env:CRM_TOKEN")), TANAKA)
    assert found == Answer(contract="active", store_uid="Bearer t0ken tanaka+a@mail.test")
    assert await look_up(way(crm, "good", secret=parse_ref("env:NO_SUCH_TOKEN")), TANAKA) is Unanswered.NO_SECRET
    assert await look_up(way(crm, "elsewhere"), TANAKA) is Unanswered.REFUSED
    assert await look_up(way(crm, "error"), TANAKA) is Unanswered.REFUSED
    assert await look_up(way(crm, "much"), TANAKA) is Unanswered.TOO_BIG
    assert await look_up(way(crm, "slow", within=0.5), TANAKA) is Unanswered.TIMEOUT
    assert await look_up(way(crm, "good", ca=None), TANAKA) is Unanswered.UNTRUSTED
    assert await look_up(Lookup(url="https://127.0.0.1:1/{address}"), TANAKA) is Unanswered.UNREACHABLE
    assert "127.0.0.1" not in repr(crm)


async def test_nobody_is_asked_before_it_is_noted(tmp_path: Path) -> None:
    lookup = Lookup(command=(program(tmp_path, f'touch {tmp_path}/asked; echo "{{}}"'), "{address}"))
    visitor = Visitor("sato", Role.OPERATOR)
    async with standing() as stand:
        assert await looked_up(stand.rooms, stand.trail, visitor, TANAKA, "tanaka", "T-1") is None
        assert stand.trail.noted == []
        carriers = stand.house.config.carriers
        stand.house.config = replace(stand.house.config, carriers={"lab": replace(carriers["lab"], lookup=lookup)})
        stand.trail.broken = True
        with pytest.raises(StoreError):
            await looked_up(stand.rooms, stand.trail, visitor, TANAKA, "tanaka", "T-1")
        assert not (tmp_path / "asked").exists()
        stand.trail.broken = False
        found = await looked_up(stand.rooms, stand.trail, visitor, TANAKA, "tanaka", "T-1")
        assert found is not None
        assert (found.account, [one.server for one in found.facts]) == (TANAKA.id, ["Lab"])
        named = replace(carriers["lab"], lookup=replace(lookup, title="Books"))
        stand.house.config = replace(stand.house.config, carriers={"lab": named})
        found = await looked_up(stand.rooms, stand.trail, visitor, TANAKA, "tanaka", "T-2")
        assert found is not None
        assert [one.server for one in found.facts] == ["Books"]
        assert stand.trail.noted == [("sato", "lookup", "tanaka", "T-1"), ("sato", "lookup", "tanaka", "T-2")]
