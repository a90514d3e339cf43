"""Who lifts the guard on addresses that are not enrolled, for whom, and that it is written down."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from mailprobe.check import whoever_asks
from mailprobe.cli import main
from mailprobe.limits import StrangerGuard
from mailprobe.store import open_store

CONFIG = """
[prober]
name = "probe1.example.net"
mail_from = "probe@probe.example.net"
allow_networks = ["127.0.0.0/8"]
[store]
url = "sqlite:///{folder}/m.db"
[carriers.lab]
relation = "own"
domains = ["mail.test"]
mx = ["127.0.0.1:2525"]
live_controls = [{{ address = "u1@mail.test" }}]
dead_control = "nobody-7f3a@mail.test"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "mailprobe.toml"
    path.write_text(CONFIG.format(folder=tmp_path))
    return path


def run(config: Path, *words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["release", *words, "--config", str(config)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


async def denied(config: Path, operator: str, address: str) -> bool:
    """Whether a second stranger is one too many."""
    async with open_store(f"sqlite:///{config.parent}/m.db") as store:
        guard = StrangerGuard(store, lambda: time.time() + 1.0, free=1)
        await guard.may_ask("lab", operator, "first@mail.test")
        return await guard.may_ask("lab", operator, address) is not None


async def acts(config: Path) -> list[tuple[str, str, str]]:
    async with open_store(f"sqlite:///{config.parent}/m.db") as store:
        assert await store.audit.verify() is None
        return [(one.who, one.what, one.why) for one in await store.audit.of("lab")]


def test_one_operator_is_released_and_nobody_else(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "lab", "--operator", "hanako", "--for", "2h", "--why", "INC-7") == 0
    assert capsys.readouterr().out == "lab: the guard is lifted for hanako, for 2h\n"
    assert asyncio.run(denied(config, "hanako", "a@mail.test")) is False
    assert asyncio.run(denied(config, "taro", "a@mail.test")) is True
    assert asyncio.run(acts(config)) == [(whoever_asks(), "guard_released", "INC-7")]


def test_an_incident_is_opened_for_everybody_and_ended(config: Path) -> None:
    assert run(config, "lab", "--incident") == 0
    assert asyncio.run(denied(config, "taro", "a@mail.test")) is False
    assert run(config, "lab", "--end") == 0
    assert asyncio.run(denied(config, "taro", "b@mail.test")) is True
    assert [what for _, what, _ in asyncio.run(acts(config))] == ["incident_closed", "incident_opened"]


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("lob", "--incident"), 64, 'error[MP2203] CARRIER: no carrier "lob" (did you mean lab?)'),
        (("lab",), 64, "error[MP2204] release: say for whom, one of three ways"),
        (("lab", "--incident", "--end"), 64, "error[MP2204]"),
        (("lab", "--operator", whoever_asks()), 77, "error[MP2205] --operator: nobody releases himself"),
        (("lab", "--incident", "--for", "8d"), 64, 'error[MP2206] --for: cannot be "8d"'),
        (("lab", "--incident", "--for", "soon"), 64, 'error[MP2206] --for: cannot be "soon"'),
    ],
)
def test_what_cannot_be(
    config: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, problem: str
) -> None:
    assert run(config, *words) == code
    assert capsys.readouterr().err.startswith(problem)
