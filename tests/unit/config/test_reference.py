"""The page that lists every key says what the program reads."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

from mailprobe.config import reading
from mailprobe.config.reference import SECTIONS, keys, reference
from tests.unit.test_cli import run

ROOT = Path(__file__).parents[3]
MEANINGS = tomllib.loads((files("mailprobe") / "config" / "reference.toml").read_text("utf-8"))


def test_the_page_is_what_the_program_says() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text("utf-8") == reference()
    assert run("config", "keys").out == reference()
    assert "(docs/configuration.md)" in (ROOT / "README.md").read_text("utf-8")


def test_every_section_that_can_be_read_is_on_it() -> None:
    written = {one for one in vars(reading).values() if isinstance(one, type) and issubclass(one, reading.Section)}
    assert {one for one in SECTIONS.values() if one} == written - {reading.Section}
    assert {name.split(".")[0] for name in SECTIONS} == set(reading.SECTIONS)


def test_every_key_has_a_meaning_and_no_meaning_is_left_over() -> None:
    assert set(MEANINGS) == set(SECTIONS)
    for name, model in SECTIONS.items():
        said = {key for key in MEANINGS[name] if key}
        assert said == ({key for key, _, _ in keys(model)} if model else set()), name
        assert all(MEANINGS[name].values())


def test_what_is_shown_of_a_key_is_its_kind_and_its_default() -> None:
    assert "| `keep_results` | time | `90d` |" in reference()
    assert "| `metrics_accounts` | number | `10000` |" in reference()
    assert "| `form` | `authzid`, `separator` | `authzid` |" in reference()
    assert "| `from` | date and time | **needed** |" in reference()
    assert "| `allow_networks` | list: network |  |" in reference()
