"""The console as it is served: a real server on loopback, with and without TLS, beside the metrics."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import trustme

from mailprobe.config import Config, ConfigError, Console, load
from mailprobe.console.visits import PLAIN_COOKIE, SECURE_COOKIE
from mailprobe.daemon import open_house
from mailprobe.serve import on_shift
from mailprobe.serve.duty import on_duty
from tests.e2e.test_webhook import closed_port

PASSWORD = "correct-horse-7"
TEXT = """
[prober]
name = "probe.example.net"
mail_from = "p@example.net"
[carriers.softbank]
[store]
url = "sqlite:///{folder}/m.db"
[http]
"""
FORM = {"name": "root", "password": PASSWORD, "again": PASSWORD}
SAME = {"sec-fetch-site": "same-origin"}


def written(folder: Path, http: str, more: str = "") -> Config:
    """FREE stands for a port of its own each time."""
    while "FREE" in http:
        http = http.replace("FREE", str(closed_port()), 1)
    path = folder / "mailprobe.toml"
    path.write_text(TEXT.format(folder=folder) + http + "\n" + more)
    return load(path)


@contextlib.asynccontextmanager
async def served(config: Config) -> AsyncIterator[int]:
    """The daemon on duty; the port where its console is."""
    async with open_house(config) as house, on_shift(house, None) as shift, on_duty(shift) as duty:
        assert duty.console is not None
        yield duty.console[1]


async def test_first_start_to_sign_out_on_loopback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with served(written(tmp_path, 'listen = "127.0.0.1:FREE"')) as port:
        said = capsys.readouterr().err
        (link,) = re.findall(r"http://127\.0\.0\.1:\d+/first-admin\?key=[\w-]{43}", said)
        async with httpx.AsyncClient(timeout=30.0, base_url=f"http://127.0.0.1:{port}", headers=SAME) as browser:
            assert (await browser.get(link)).status_code == 200
            made = await browser.post("/first-admin", data=FORM | {"key": link[-43:]})
            assert (made.status_code, list(made.cookies)) == (303, [PLAIN_COOKIE])
            assert (await browser.get("/api/v1/me")).json() == {"name": "root", "role": "admin"}
            for path in ("/metrics", "/healthz", "/readyz", "/sd"):
                assert (await browser.get(path)).status_code == 200
            copied = dict(browser.cookies)
            await browser.post("/sign-out")
            async with httpx.AsyncClient(timeout=30.0, base_url=str(browser.base_url), cookies=copied) as thief:
                assert (await thief.get("/api/v1/me")).status_code == 401
            foreign = await browser.get("/sign-in", headers={"host": "rebound.evil.test"})
            assert (foreign.status_code, foreign.json()["code"]) == (403, "MP2420")


async def test_a_second_start_has_no_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = written(tmp_path, 'listen = "127.0.0.1:FREE"')
    async with open_house(config) as house:
        await house.store.people.add("root", "admin", "", time.time())
    async with served(config):
        assert "first-admin" not in capsys.readouterr().err


async def test_over_tls_the_cookie_is_for_this_host_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ca = trustme.CA()
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "pair.pem")
    (tmp_path / "pair.pem").chmod(0o600)
    trust = ssl.create_default_context()
    ca.configure_trust(trust)
    async with served(written(tmp_path, 'listen = "0.0.0.0:FREE"\ncertificate = "pair.pem"')) as port:
        key = capsys.readouterr().err.partition("key=")[2][:43]
        async with httpx.AsyncClient(timeout=30.0, base_url=f"https://127.0.0.1:{port}", headers=SAME, verify=trust) as browser:
            made = await browser.post("/first-admin", data=FORM | {"key": key})
            assert re.search(rf"{SECURE_COOKIE}=[^;]+; HttpOnly; Path=/; SameSite=lax; Secure$", made.headers["set-cookie"])
            assert (await browser.get("/api/v1/me")).status_code == 200


async def test_metrics_at_an_address_of_their_own(tmp_path: Path) -> None:
    config = written(tmp_path, 'listen = "127.0.0.1:FREE"\nmetrics_listen = "127.0.0.1:FREE"')
    async with (
        served(config) as port,
        httpx.AsyncClient(
            timeout=30.0,
        ) as program,
    ):
        for place, expected in ((port, [404, 404, 200]), (config.http.metrics_listen.rpartition(":")[2], [200, 200, 200])):
            paths = ("/metrics", "/sd", "/healthz")
            assert [(await program.get(f"http://127.0.0.1:{place}{one}")).status_code for one in paths] == expected


async def test_nobodys_word_counts_before_the_server_but_the_proxys(tmp_path: Path) -> None:
    """uvicorn by itself believes whatever comes from 127.0.0.1."""
    config = written(tmp_path, 'listen = "127.0.0.1:FREE"')
    named = {"x-forwarded-user": "sato", "x-role": "operator", "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1"}
    async with (
        served(config) as port,
        httpx.AsyncClient(timeout=30.0, base_url=f"http://127.0.0.1:{port}", headers=named) as client,
    ):
        assert (await client.get("/api/v1/me")).status_code == 401
    console = Console(trusted_proxies=("127.0.0.1/32",), user_header="x-forwarded-user", role_header="x-role")
    proxied = dataclasses.replace(config, console=console)
    async with (
        served(proxied) as port,
        httpx.AsyncClient(timeout=30.0, base_url=f"http://127.0.0.1:{port}", headers=named) as client,
    ):
        assert (await client.get("/api/v1/me")).json() == {"name": "sato", "role": "operator"}


def test_no_console_without_tls_beyond_this_host(tmp_path: Path) -> None:
    for listen in ("0.0.0.0:8025", "[::]:8025", "192.0.2.1:8025"):
        with pytest.raises(ConfigError) as caught:
            written(tmp_path, f'listen = "{listen}"')
        (problem,) = caught.value.problems
        assert problem.code == "MP2402"
        assert "certificate" in problem.hint
    for listen in ("127.0.0.1:8025", "[::1]:8025", "127.8.8.8:8025"):
        assert written(tmp_path, f'listen = "{listen}"').http_listen == listen
    assert written(tmp_path, 'metrics_listen = "0.0.0.0:9925"').http.metrics_listen == "0.0.0.0:9925"
    behind = '[console]\ntrusted_proxies = ["192.0.2.7/32"]\n'
    assert written(tmp_path, 'listen = "0.0.0.0:8025"', behind).console.trusted_proxies == ("192.0.2.7/32",)
