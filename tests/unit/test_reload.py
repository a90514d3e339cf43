"""A new configuration without a restart: what is different, what counts at once, and a bad one keeps the old one."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path

import pytest

from mailprobe.config import Config, load
from mailprobe.log import lines
from mailprobe.reload import NEEDS_RESTART, Difference, Part, Reloader, changed, in_force

GOLDEN = Path(__file__).parents[1] / "golden" / "config"
BROKEN = sorted(GOLDEN.glob("invalid-*.toml"))

PLAIN = """
[prober]
name = "probe.example.net"
mail_from = "p@example.net"
[carriers.softbank]
[[accounts]]
id = "tanaka"
address = "t@i.softbank.jp"
[[accounts]]
id = "suzuki"
address = "s@i.softbank.jp"
"""
TANAKA = '[[accounts]]\nid = "tanaka"\naddress = "t@i.softbank.jp"\n'
WORK = '[[maintenance]]\ncarrier = "softbank"\nfrom = 2026-12-01T02:00:00Z\nuntil = 2026-12-01T05:00:00Z\n'


def written(folder: Path, text: str) -> Config:
    path = folder / "mailprobe.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PLAIN, Difference()),
        ("# said otherwise\n" + PLAIN, Difference()),
        (PLAIN.replace(TANAKA, "") + TANAKA, Difference()),
        (PLAIN.replace(TANAKA, ""), Difference(frozenset({Part.ACCOUNTS}), removed=frozenset({"tanaka"}))),
        (
            PLAIN.replace("tanaka", "sato"),
            Difference(frozenset({Part.ACCOUNTS}), added=frozenset({"sato"}), removed=frozenset({"tanaka"})),
        ),
        (PLAIN.replace("s@i", "u@i"), Difference(frozenset({Part.ACCOUNTS}), altered=frozenset({"suzuki"}))),
        (
            PLAIN.replace("[carriers.softbank]", '[carriers.softbank]\ntitle = "S"'),
            Difference(frozenset({Part.CARRIERS}), carriers=frozenset({"softbank"})),
        ),
        (PLAIN + "[carriers.au]\n", Difference(frozenset({Part.CARRIERS}), carriers=frozenset({"au"}))),
        (PLAIN + WORK, Difference(frozenset({Part.MAINTENANCE}))),
        (PLAIN + '[notify]\nurl = "https://h.test/"\nsecret = "prompt:"\n', Difference(frozenset({Part.NOTIFY}))),
        (PLAIN + '[console]\nsession_idle = "5m"\n', Difference(frozenset({Part.CONSOLE}))),
        (PLAIN + '[actors]\nidentity = "desk"\n', Difference(frozenset({Part.ACTORS}))),
        (PLAIN.replace("[prober]", '[prober]\nlanguage = "ja"'), Difference(frozenset({Part.LANGUAGE}))),
        (PLAIN.replace("[prober]", '[prober]\nresolvers = ["192.0.2.1"]'), Difference(frozenset({Part.NETWORK}))),
        (PLAIN.replace("probe.example.net", "mx.example.net"), Difference(waiting=frozenset({Part.IDENTITY}))),
        (PLAIN + '[http]\nlisten = "127.0.0.1:80"\n', Difference(waiting=frozenset({Part.HTTP}))),
        (PLAIN + '[bounces]\nlisten = "127.0.0.1:25"\n', Difference(waiting=frozenset({Part.BOUNCES}))),
        (PLAIN + '[store]\nurl = "sqlite:///other.db"\n', Difference(waiting=frozenset({Part.STORE}))),
        (PLAIN + '[store]\nkeep_results = "30d"\n', Difference(frozenset({Part.KEEP}))),
        (PLAIN + '[engine]\nvantage = "tokyo"\n', Difference(waiting=frozenset({Part.ENGINE}))),
    ],
)
def test_what_is_different(tmp_path: Path, text: str, expected: Difference) -> None:
    old = written(tmp_path, PLAIN)
    found = changed(old, written(tmp_path, text))
    assert found == expected
    assert bool(found) is (expected != Difference())


def test_no_field_of_a_configuration_is_forgotten(tmp_path: Path) -> None:
    """What nobody compares would change unseen."""
    compared = {"prober", "carriers", "accounts", "store_url", "keep", "engine", "actors", "http", "console", "maintenance"}
    compared |= {"notify", "cards", "bounces_listen", "bounces_imap", "bounces_certificate", "bounces_key"}
    assert {one.name for one in dataclasses.fields(Config)} == compared | {"source", "warnings"}
    split = {
        "name",
        "mail_from",
        "bounce_domain",
        "token_keys",
        "allow_networks",
        "resolvers",
        "relay",
        "language",
        "dkim",
        "block_lists",
    }
    assert {one.name for one in dataclasses.fields(written(tmp_path, PLAIN).prober)} == split


def test_what_needs_a_restart_stays_as_it_was(tmp_path: Path) -> None:
    old = written(tmp_path, PLAIN)
    other = PLAIN.replace("probe.example.net", "mx.example.net").replace("[prober]", '[prober]\nlanguage = "ja"')
    more = '[http]\nlisten = "127.0.0.1:80"\n[bounces]\nlisten = "127.0.0.1:25"\n'
    more += '[store]\nurl = "sqlite:///o.db"\n[engine]\nvantage = "x"\n'
    new = written(tmp_path, other + WORK + more)
    assert changed(old, new).waiting == NEEDS_RESTART
    assert changed(old, in_force(old, new)) == Difference(frozenset({Part.LANGUAGE, Part.MAINTENANCE}))


def never(old: Config, new: Config) -> None:
    raise AssertionError("told of a configuration that is none")


async def test_a_reload_tells_everybody(tmp_path: Path) -> None:
    reloader, heard = Reloader(written(tmp_path, PLAIN)), []
    reloader.subscribe(lambda old, new: heard.append((len(old.accounts), len(new.accounts))))
    written(tmp_path, PLAIN.replace(TANAKA, ""))
    done = await reloader.reload()
    assert done.problems == ()
    assert (done.difference.removed, heard) == (frozenset({"tanaka"}), [(2, 1)])
    assert [account.id for account in reloader.config.accounts] == ["suzuki"]
    assert reloader.successful


async def test_sixty_bad_files_keep_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(GOLDEN)
    old = dataclasses.replace(written(tmp_path, PLAIN), source=Path("mailprobe.toml"))
    assert len(BROKEN) >= 60
    for path in BROKEN:
        bad = Reloader(dataclasses.replace(old, source=Path(path.name)))
        bad.subscribe(never)
        caplog.clear()
        done = await bad.reload()
        assert done.problems, path.name
        assert "MP2021" not in [problem.code for problem in done.problems], path.name
        assert (bad.successful, bad.config.accounts) == (False, old.accounts), path.name
        said = [json.loads(lines().format(record)) for record in caplog.records]
        assert [one["event"] for one in said] == ["config_problem"] * len(done.problems) + ["reload_failed"]
        assert [one["code"] for one in said[:-1]] == [problem.code for problem in done.problems]
        assert "hunter2" not in caplog.text
        assert "@" not in caplog.text
        assert "***" not in caplog.text, path.name


async def test_a_mended_file_counts_again(tmp_path: Path) -> None:
    reloader = Reloader(written(tmp_path, PLAIN))
    (tmp_path / "mailprobe.toml").write_text("[prober")
    assert [one.code for one in (await reloader.reload()).problems] == ["MP1003"]
    (tmp_path / "mailprobe.toml").unlink()
    assert [one.code for one in (await reloader.reload()).problems] == ["MP1011"]
    assert not reloader.successful
    written(tmp_path, PLAIN + WORK)
    assert (await reloader.reload()).problems == ()
    assert (reloader.successful, len(reloader.config.maintenance)) == (True, 1)


async def test_a_subscriber_that_refuses_brings_the_old_one_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reloader, heard = Reloader(written(tmp_path, PLAIN)), []

    def refuses(old: Config, new: Config) -> None:
        if len(new.accounts) == 1:
            raise RuntimeError("hunter2")

    reloader.subscribe(lambda old, new: heard.append(len(new.accounts)))
    reloader.subscribe(refuses)
    written(tmp_path, PLAIN.replace(TANAKA, ""))
    done = await reloader.reload()
    assert [one.code for one in done.problems] == ["MP2021"]
    assert (heard, len(reloader.config.accounts), reloader.successful) == ([1, 2], 2, False)
    assert "hunter2" not in caplog.text


async def test_without_a_file_there_is_nothing_to_reload(tmp_path: Path) -> None:
    reloader = Reloader(dataclasses.replace(written(tmp_path, PLAIN), source=None))
    assert [one.code for one in (await reloader.reload()).problems] == ["MP2022"]


async def test_reloads_come_one_after_another(tmp_path: Path) -> None:
    first, under_way = written(tmp_path, PLAIN), list[bool]()

    def read(path: Path) -> Config:
        under_way.append(len(under_way) == 0 or under_way[-1] is False)
        made = load(path)
        under_way.append(False)
        return made

    reloader = Reloader(first, read)
    done = await asyncio.gather(*(reloader.reload() for _ in range(4)))
    assert under_way == [True, False] * 4
    assert all(one.problems == () for one in done)
