"""The composition root: what a house has without a key, and who is told of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailprobe.config import Config, ConfigError, from_nothing, read_address
from mailprobe.daemon import open_house
from mailprobe.secret import parse_ref
from mailprobe.serve import serve


def config(key: Path) -> Config:
    made = from_nothing(read_address("a@i.softbank.jp"))
    prober = replace(made.prober, bounce_domain="bounce.probe.test", token_keys=(parse_ref(f"file:{key}"),))
    return replace(made, prober=prober, store_url="sqlite://")


def written(folder: Path, text: str) -> Path:
    key = folder / "token.key"
    key.write_text(text)
    key.chmod(0o600)
    return key


async def test_a_good_key_signs(tmp_path: Path) -> None:
    async with open_house(config(written(tmp_path, "0123456789abcdef" * 4))) as house:
        assert house.signs is not None


@pytest.mark.parametrize(("text", "code"), [("short", "MP1016"), (None, "MP1011")])
async def test_a_bad_key_stops_the_daemon_and_no_check(tmp_path: Path, text: str | None, code: str) -> None:
    key = written(tmp_path, text) if text is not None else tmp_path / "none.key"
    async with open_house(config(key)) as house:
        assert house.signs is None
    with pytest.raises(ConfigError) as raised:
        await serve(config(key))
    assert raised.value.problems[0].where == "prober.token_keys"
    assert raised.value.problems[0].code == code
