"""What only the daemon needs of a configuration: announced work, and whom to tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailprobe.config import Config, ConfigError, Console, Notify, Told, load
from mailprobe.maintenance import Window

CARRIER = '[prober]\nname = "probe.example.net"\nmail_from = "p@example.net"\n[carriers.softbank]\n'
ACCOUNT = '[[accounts]]\nid = "tanaka"\naddress = "t@i.softbank.jp"\ngroup = "shard-3"\n'


def loaded(folder: Path, text: str) -> Config:
    path = folder / "mailprobe.toml"
    path.write_text(CARRIER + text, encoding="utf-8")
    return load(path)


def test_windows(tmp_path: Path) -> None:
    text = """
[[maintenance]]
carrier = "softbank"
from = 2026-12-01T02:00:00+09:00
until = "2026-12-01T05:00:00+09:00"
note = "設備の更新 CHG-17"
[[maintenance]]
group = "shard-3"
from = 2026-11-30T17:00:00Z
until = 2026-12-30T17:00:00Z
"""
    begins = 1_796_058_000.0
    config = loaded(tmp_path, ACCOUNT + text)
    assert config.maintenance == (
        Window("softbank", "", begins, begins + 3 * 3600.0, "設備の更新 CHG-17"),
        Window("", "shard-3", begins, begins + 30 * 86400.0),
    )
    assert "MP2001" not in {warning.code for warning in config.warnings}


def test_a_group_that_nobody_is_in_is_told(tmp_path: Path) -> None:
    text = '[[maintenance]]\ngroup = "shard3"\nfrom = 2026-12-01T02:00:00Z\nuntil = 2026-12-01T05:00:00Z\n'
    warning = next(one for one in loaded(tmp_path, ACCOUNT + text).warnings if one.code == "MP2001")
    assert warning.hint == 'nearest "shard-3"'
    assert warning.where.endswith("mailprobe.toml:10:1")


def test_a_webhook(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    text = '[notify]\nurl = "https://h.test:8443/a?b"\nsecret = "prompt:"\nevents = ["prober_trouble"]\ntls_ca = "ca.pem"\n'
    made = loaded(tmp_path, text).notify
    assert isinstance(made, Notify)
    assert (made.url, made.events, made.ca) == ("https://h.test:8443/a?b", (Told.PROBER_TROUBLE,), tmp_path / "ca.pem")
    assert "h.test" not in repr(made)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://127.0.0.1:9/x", False),
        ("http://[::1]:9/x", False),
        ("http://localhost/x", False),
        ("http://192.0.2.1/x", True),
        ("http://hooks.test/x", True),
        ("https://hooks.test/x", False),
    ],
)
def test_a_webhook_that_others_can_read_is_told(tmp_path: Path, url: str, warned: bool) -> None:
    config = loaded(tmp_path, f'[notify]\nurl = "{url}"\nsecret = "prompt:"\n')
    assert config.notify is not None
    assert config.notify.events == tuple(Told)
    assert ("MP2012" in {warning.code for warning in config.warnings}) is warned


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.test",
        "https://",
        "https://h:0/",
        "https://h:99999/",
        "https://h/#a",
        "https://[::1/",
        "https://h/a b",
        "file:///x",
    ],
)
def test_what_is_no_url_is_refused_without_being_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f'[notify]\nurl = "{url}"\nsecret = "prompt:"\n')
    problem = caught.value.problems[0]
    assert problem.code == "MP2011"
    assert not url or url not in problem.what


def test_who_may_come_in(tmp_path: Path) -> None:
    text = """
[console]
session_idle = "5m"
session_most = "12h"
trusted_proxies = ["192.0.2.7/32", "2001:db8::/64"]
user_header = "X-Forwarded-User"
role_header = "X-Groups"
roles = { "mail-desk" = "operator" }
"""
    assert loaded(tmp_path, text).console == Console(
        session_idle=300.0,
        session_most=43_200.0,
        trusted_proxies=("192.0.2.7/32", "2001:db8::/64"),
        user_header="x-forwarded-user",
        role_header="x-groups",
        roles=(("mail-desk", "operator"),),
    )
    assert loaded(tmp_path, "").console == Console(900.0, 28_800.0)


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ('session_idle = "30s"', "MP2416", ":6:1"),
        ('session_idle = "9h"', "MP2416", ":6:1"),
        ('user_header = "X-User"', "MP2415", ":6:1"),
        ('trusted_proxies = ["192.0.2.7/32"]\nrole_header = "X-Role"', "MP2415", ":7:1"),
        ('trusted_proxies = ["192.0.2.7/32"]\nuser_header = "U"\nroles = { a = "viewer" }', "MP2415", ":8:1"),
        ('trusted_proxies = ["0.0.0.0/0"]', "MP1030", ":6:"),
        ('trusted_proxies = ["192.0.2.7/24"]', "MP1036", ":6:"),
        ('user_header = "X User"', "MP1039", ":6:1"),
        ('trusted_proxies = ["192.0.2.7/32"]\nuser_header = "U"\nrole_header = "R"\nroles = { a = "king" }', "MP1042", ":9:"),
        ('sesion_idle = "5m"', "MP1001", ":6:1"),
    ],
)
def test_what_nobody_may_come_in_by(tmp_path: Path, text: str, code: str, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "[console]\n" + text)
    problem = caught.value.problems[0]
    assert problem.code == code
    assert where in problem.where
