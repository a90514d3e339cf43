"""What Prometheus itself says of the metrics: its linter, and a real one that scrapes, discovers accounts and asks `/probe`."""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mailprobe.bounces.door import Reason
from mailprobe.console.credentials import Login, Token
from mailprobe.console.listening import listening
from mailprobe.console.metrics_app import MetricsDoor, metrics_app
from mailprobe.demo.tls import Authority
from mailprobe.evidence import Withheld
from mailprobe.metrics import Expected, Metrics, ProbeRow
from mailprobe.metrics.labels import clean
from mailprobe.replies import ReplyClass, SpeaksOf
from tests.unit.metrics.given_rows import row
from tests.unit.metrics.test_accounts import HOSTILE
from tests.unit.metrics.test_counting import busy

PROBES = ("dns", "mx", "submission", "imap", "canary")
WITHIN = 30.0
CONFIG = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s }}
scrape_configs:
  - job_name: mailprobe
    basic_auth: {{ username: prometheus, password: geheim }}
    static_configs: [{{ targets: ["{at}"] }}]
  - job_name: probe
    metrics_path: /probe
    params: {{ module: [mx] }}
    basic_auth: {{ username: prometheus, password: geheim }}
    http_sd_configs:
      - url: http://{at}/sd?module=mx
        basic_auth: {{ username: prometheus, password: geheim }}
    relabel_configs:
      - {{ source_labels: [__address__], target_label: __param_account }}
      - {{ source_labels: [__param_account], target_label: account }}
      - {{ target_label: __address__, replacement: "{at}" }}
"""


def program(name: str) -> str:
    """Where it is; left out with the reason where it is not, unless servers are required."""
    found = shutil.which(name)
    if found is None and os.environ.get("MAILPROBE_REQUIRE_SERVERS"):
        pytest.fail(f"{name} is required, and not installed")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install prometheus)")
    return found


def full() -> Metrics:
    """Everything that can be counted, and labels that try to break out."""
    of = busy()
    held, rejected = tuple(Withheld), tuple(Reason)
    replies = [(cls, speaks_of) for cls in ReplyClass for speaks_of in SpeaksOf]
    of.expect(Expected(["lab"], PROBES, ["tokyo"], replies, [(ReplyClass.UNKNOWN_USER, True)], held, rejected))
    probes = (ProbeRow("mx", "tokyo", True, time.time(), 0.125, time.time()),)
    rows = {one: row(one, carrier=one, group=one, stale_at=math.inf, probes=probes) for one in ("tanaka", *HOSTILE)}
    of.rows, of.clock = lambda: rows, time.time
    return of


def served(of: Metrics) -> Any:
    return metrics_app(MetricsDoor(of, PROBES, login=Login("prometheus", "geheim"), token=Token("t")))


async def fetched(url: str, context: ssl.SSLContext | None = None, **headers: str) -> bytes:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, headers=given)  # noqa: S310  the URL is the test's own

    def fetch() -> bytes:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310  the same
            body: bytes = answer.read()
            return body

    return await asyncio.to_thread(fetch)


async def checked(text: bytes) -> str:
    """What `promtool check metrics` has to say."""
    promtool = await asyncio.create_subprocess_exec(
        program("promtool"),
        "check",
        "metrics",
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await promtool.communicate(text)
    return f"{promtool.returncode} {said.decode()}".strip()


async def test_promtool_finds_nothing_to_say() -> None:
    async with listening(served(full()), "127.0.0.1:0") as (host, port):
        text = await fetched(f"http://{host}:{port}/metrics", authorization="Bearer t")
    assert text.count(b"\n") > 500
    assert await checked(text) == "0"
    assert (await checked(text + b"mailprobe_bad{ 1\n")).startswith("1")


async def test_over_tls_with_a_certificate_and_an_address_that_is_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path, ("127.0.0.1",))
    authority.context()
    trusting = ssl.create_default_context(cafile=authority.ca)
    async with listening(served(full()), "127.0.0.1:0", tmp_path / "good.pem") as (host, port):
        assert await fetched(f"https://{host}:{port}/healthz", trusting) == b"ok\n"
        with pytest.raises(OSError, match="in use"):
            async with listening(served(full()), f"{host}:{port}"):
                pass
    with pytest.raises(urllib.error.URLError):
        await fetched(f"https://{host}:{port}/healthz", trusting)


@asynccontextmanager
async def prometheus(at: str, home: Path) -> AsyncIterator[str]:
    """A real one, on loopback; its URL."""
    found = program("prometheus")
    config = home / "prometheus.yml"
    config.write_text(CONFIG.format(at=at))
    log = (home / "log").open("w+")
    arguments = [f"--config.file={config}", f"--storage.tsdb.path={home / 'data'}", "--web.listen-address=127.0.0.9:19090"]
    running = await asyncio.create_subprocess_exec(found, *arguments, stdout=log, stderr=log)
    try:
        yield "http://127.0.0.9:19090"
    finally:
        running.terminate()
        await running.wait()
        log.close()


async def asked(url: str, query: str) -> list[dict[str, Any]]:
    try:
        said = await fetched(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
    except OSError:
        return []  # not up yet
    found: list[dict[str, Any]] = json.loads(said)["data"]["result"]
    return found


async def until(url: str, query: str, count: int) -> list[dict[str, Any]]:
    """What a query finds, as soon as it finds so many series."""
    give_up = time.monotonic() + WITHIN
    while len(found := await asked(url, query)) != count and time.monotonic() < give_up:  # noqa: ASYNC110  another process
        await asyncio.sleep(0.2)
    assert len(found) == count, f"{query} finds {found}"
    return found


async def test_a_real_prometheus_reads_every_account_and_label(tmp_path: Path) -> None:
    async with listening(served(full()), "127.0.0.1:0") as (host, port), prometheus(f"{host}:{port}", tmp_path) as url:
        accounts = {clean(one) for one in ("tanaka", *HOSTILE)}
        found = await until(url, "mailprobe_account_info", len(accounts))
        assert {one["metric"].get("account", "") for one in found} == accounts
        assert all(one["metric"].get("group", "") == one["metric"].get("account", "") for one in found)
        assert len(await until(url, 'mailprobe_account_status{status="down"} == 1', len(accounts))) == len(accounts)
        assert (await until(url, 'up{job="mailprobe"}', 1))[0]["value"][1] == "1"
        assert await asked(url, "mailprobe_up") == []
        probed = await until(url, 'probe_success{job="probe",account="tanaka"}', 1)
        assert (probed[0]["value"][1], probed[0]["metric"]["instance"]) == ("1", f"{host}:{port}")


async def test_who_hangs_up_in_the_middle_of_a_scrape_leaves_nothing_behind() -> None:
    rows = {one: row(one) for one in map(str, range(3000))}
    of = Metrics(lambda: rows)
    async with listening(metrics_app(MetricsDoor(of, PROBES)), "127.0.0.1:0") as (host, port):
        before = len(asyncio.all_tasks())
        for _ in range(20):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await reader.read(1000)
            writer.transport.abort()
        assert await fetched(f"http://{host}:{port}/healthz") == b"ok\n"
        give_up = time.monotonic() + WITHIN
        while len(asyncio.all_tasks()) > before and time.monotonic() < give_up:  # noqa: ASYNC110  the server's own tasks
            await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) <= before
