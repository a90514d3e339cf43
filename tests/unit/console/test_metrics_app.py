"""What is answered, to whom, and that a long answer lets others have their turn."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from starlette.applications import Starlette

from mailprobe.console.credentials import Login, Token
from mailprobe.console.metrics_app import MetricsDoor, metrics_app
from mailprobe.metrics import ProbeRow
from mailprobe.metrics.accounts import SLICE
from tests.unit.console.asgi import get
from tests.unit.metrics.given_rows import NOW, OPENMETRICS, metrics, row, samples_in

PROBES = ("dns", "mx", "submission", "imap", "canary")
LOGIN = Login("prometheus", "geheim-ß")
TOKEN = Token("live-7f3a")


def app(*accounts: str, **changes: Any) -> Starlette:
    return metrics_app(MetricsDoor(metrics([row(one) for one in accounts or ("tanaka",)]), PROBES, **changes))


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


async def test_metrics_in_the_format_that_was_asked_for() -> None:
    plain, openmetrics = await get(app(), "/metrics"), await get(app(), "/metrics", accept=OPENMETRICS)
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert samples_in(plain.text)
    assert samples_in(openmetrics.text)


async def test_a_scrape_comes_in_pieces_and_others_have_their_turn_in_between() -> None:
    served = app(*(f"a{number}" for number in range(4 * SLICE)))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    busy = asyncio.create_task(others())
    answer = await get(served, "/metrics")
    busy.cancel()
    assert len(answer.pieces) > 20
    assert turns >= len(answer.pieces)
    assert max(piece.count(b"\n") for piece in answer.pieces) <= 4 * SLICE


async def test_the_stored_result_of_one_probe() -> None:
    answer = await get(app(), "/probe?account=tanaka&module=mx")
    found = {name: value for (name, _), value in samples_in(answer.text).items()}
    assert found == {"probe_success": 1, "probe_duration_seconds": 0.125, "mailprobe_probe_age_seconds": 10}
    failed = await get(app(), "/probe?account=tanaka&module=imap", accept=OPENMETRICS)
    assert samples_in(failed.text)[("probe_success", frozenset())] == 0


async def test_what_was_not_judged_or_is_out_of_date_has_no_success() -> None:
    assert (await get(app(), "/probe?account=tanaka&module=dns")).text == ""
    assert (await get(app(), "/probe?account=tanaka&module=canary")).text == ""
    old = ProbeRow("mx", "tokyo", True, NOW - 5000, 0.1, NOW - 5000, lasts=4999)
    served = metrics_app(MetricsDoor(metrics([row(probes=(old,))]), PROBES))
    names = {name for name, _ in samples_in((await get(served, "/probe?account=tanaka&module=mx")).text)}
    assert names == {"probe_duration_seconds", "mailprobe_probe_age_seconds"}


async def test_the_newest_of_several_vantages_unless_one_is_named() -> None:
    probes = (ProbeRow("mx", "osaka", False, NOW - 5, 0.1), ProbeRow("mx", "tokyo", True, NOW - 50, 0.2))
    served = metrics_app(MetricsDoor(metrics([row(probes=probes)]), PROBES))
    assert "probe_success 0.0" in (await get(served, "/probe?account=tanaka&module=mx")).text
    assert "probe_success 1.0" in (await get(served, "/probe?account=tanaka&module=mx&vantage=tokyo")).text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("account=tanaka", 400),
        ("account=tanaka&module=icmp", 400),
        ("account=nobody&module=mx", 404),
        ("module=mx", 404),
        ("account=tanaka%40mail.test&module=mx", 404),
    ],
)
async def test_a_question_that_cannot_be_answered(query: str, status: int) -> None:
    answer = await get(app(), f"/probe?{query}")
    assert answer.status == status
    assert "mail.test" not in answer.text


async def test_a_live_probe_needs_the_token_and_nothing_else() -> None:
    asked = []

    async def live(account: str, probe: str) -> ProbeRow:
        asked.append((account, probe))
        return ProbeRow(probe, "tokyo", False, NOW, 0.75)

    served = app(live=live, token=TOKEN, login=LOGIN)
    path = "/probe?account=tanaka&module=mx&live=1"
    for said in ("", basic("prometheus", "geheim-ß"), "Bearer wrong", "Bearer ", "Bearer live-7f3a0", "bearer"):
        assert (await get(served, path, authorization=said)).status == 401
    assert not asked
    answer = await get(served, path, authorization="Bearer live-7f3a")
    assert samples_in(answer.text)[("probe_success", frozenset())] == 0
    assert asked == [("tanaka", "mx")]
    assert (await get(served, "/probe?account=tanaka&module=mx&live=0", authorization="Bearer live-7f3a")).status == 200
    assert len(asked) == 1


async def test_without_a_token_nobody_can_ask_live() -> None:
    async def live(account: str, probe: str) -> ProbeRow:
        raise AssertionError

    path = "/probe?account=tanaka&module=mx&live=1"
    refused = await get(app(live=live, login=LOGIN), path, authorization=basic("prometheus", "geheim-ß"))
    assert (refused.status, "http.live_token is not set" in refused.text) == (401, True)
    shut = await get(app(live=live, token=TOKEN), path)
    assert ("Authorization: Bearer" in shut.text, shut.headers["www-authenticate"][:7]) == (True, "Bearer ")
    assert (await get(app(live=live, token=Token("")), path, authorization="Bearer ")).status == 401
    assert (await get(app(token=TOKEN), path, authorization="Bearer live-7f3a")).status == 501


async def test_a_live_probe_ends_before_the_scraper_gives_up() -> None:
    ended = []

    async def live(account: str, probe: str) -> ProbeRow | None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(account)
        return None

    served = app(live=live, token=TOKEN)
    path = "/probe?account=tanaka&module=mx&live=1"
    answer = await get(served, path, authorization="Bearer live-7f3a", x_prometheus_scrape_timeout_seconds="0.51")
    assert answer.status == 504
    assert ended == ["tanaka"]


async def test_who_may_read() -> None:
    served = app(login=LOGIN, token=TOKEN)
    for path in ("/metrics", "/probe?account=tanaka&module=mx", "/sd"):
        assert (await get(served, path)).status == 401
        assert (await get(served, path)).headers["www-authenticate"].startswith("Basic ")
        for wrong in ("Basic", "Basic !!!", basic("prometheus", "x"), basic("x", "geheim-ß"), "Basic \xff", "Digest abc"):
            assert (await get(served, path, authorization=wrong)).status == 401
        assert (await get(served, path, authorization=basic("prometheus", "geheim-ß"))).status == 200
        assert (await get(served, path, authorization="Bearer live-7f3a")).status == 200
    assert (await get(served, "/healthz")).status == 200
    assert (await get(served, "/readyz")).status == 200
    assert "geheim" not in repr(LOGIN)
    assert "7f3a" not in repr(TOKEN)


async def test_the_accounts_for_discovery() -> None:
    listed = json.loads((await get(app("tanaka", "suzuki"), "/sd")).text)
    assert listed == [{"targets": ["tanaka", "suzuki"], "labels": {"carrier": "lab", "group": "shard-3"}}]
    one = json.loads((await get(app(), "/sd?module=imap")).text)
    assert one == [{"targets": ["tanaka"], "labels": {"carrier": "lab", "group": "shard-3", "__param_module": "imap"}}]
    assert json.loads((await get(app(), "/sd?module=canary")).text) == []
    assert (await get(app(), "/sd?module=icmp")).status == 400
    assert (await get(app(), "/sd")).headers["content-type"] == "application/json"
    many = [row(f"a{number}", group=f"g{number % 3}") for number in range(2 * SLICE + 1)]
    listed = json.loads((await get(metrics_app(MetricsDoor(metrics(many), PROBES)), "/sd")).text)
    assert sorted(target for group in listed for target in group["targets"]) == sorted(one.account for one in many)


async def test_readiness_says_what_is_missing() -> None:
    answer = await get(app(ready=lambda: ("the store cannot be written",)), "/readyz")
    assert (answer.status, answer.text) == (503, "not ready: the store cannot be written\n")
    assert (await get(app(), "/readyz")).status == 200
    assert (await get(app(), "/nothing")).status == 404
