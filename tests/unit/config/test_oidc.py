"""[console.oidc]: whose word counts, and what nobody could come in by."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailprobe.config import Config, ConfigError, Oidc, load
from mailprobe.secret import parse_ref

BEFORE = """[prober]
name = "p.example.net"
mail_from = "p@example.net"
allow_networks = ["10.1.0.0/16"]
[carriers.softbank]
[console.oidc]
"""
NEEDED = {
    "issuer": 'issuer = "https://login.example.net/realms/mail"',
    "client_id": 'client_id = "mailprobe"',
    "client_secret": 'client_secret = "env:OIDC_SECRET"',
    "roles": 'roles = { "mail-desk" = "operator" }',
}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_SECRET", "s3cret")


def loaded(folder: Path, *more: str, **instead: str) -> Config:
    """more: further lines; instead: a line for one of the needed ones, '' for none."""
    path = folder / "mailprobe.toml"
    path.write_text(BEFORE + "\n".join([*(NEEDED | instead).values(), *more]), encoding="utf-8")
    return load(path)


def test_the_least(tmp_path: Path) -> None:
    assert loaded(tmp_path).console.oidc == Oidc(
        issuer="https://login.example.net/realms/mail",
        client_id="mailprobe",
        client_secret=parse_ref("env:OIDC_SECRET"),
        scopes=("openid", "profile"),
        claim="roles",
        roles=(("mail-desk", "operator"),),
        networks=("10.1.0.0/16",),
    )


def test_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    more = [
        'scopes = ["openid", "groups"]',
        'claim = "realm_access.roles"',
        'name_claim = "upn"',
        'label = "社員アカウントでサインイン"',
        'redirect_uri = "https://console.example.net/oidc/back"',
        'tls_ca = "ca.pem"',
        "sign_out = false",
        "[console.oidc.roles]",
        '"mail desk" = "viewer"',
        '"監査" = "auditor"',
    ]
    made = loaded(tmp_path, *more, roles="").console.oidc
    assert made is not None
    assert (made.scopes, made.claim, made.name_claim) == (("openid", "groups"), "realm_access.roles", "upn")
    assert (made.label, made.redirect_uri) == ("社員アカウントでサインイン", "https://console.example.net/oidc/back")
    assert not made.sign_out
    assert (made.roles, made.ca) == ((("mail desk", "viewer"), ("監査", "auditor")), tmp_path / "ca.pem")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9400", "http://[::1]:9400", "http://localhost:9400/x", "https://10.0.0.1"])
def test_without_tls_on_this_host_alone(tmp_path: Path, url: str) -> None:
    assert loaded(tmp_path, issuer=f'issuer = "{url}"').console.oidc is not None


@pytest.mark.parametrize(
    ("instead", "code", "where", "about"),
    [
        ({"issuer": 'issuer = "http://login.example.net"'}, "MP2422", ":7:1", "console.oidc.issuer"),
        ({"issuer": 'issuer = "http://127.0.0.1.example.net"'}, "MP2422", ":7:1", "console.oidc.issuer"),
        ({"issuer": 'issuer = "login.example.net"'}, "MP2422", ":7:1", "console.oidc.issuer"),
        ({"issuer": 'issuer = "https://a.test/?x=1"'}, "MP2422", ":7:1", "console.oidc.issuer"),
        ({"issuer": 'issuer = "https://a.test/#x"'}, "MP2422", ":7:1", "console.oidc.issuer"),
        ({"issuer": 'issuer = "https://u:p@a.test/"'}, "MP2422", ":7:1", "console.oidc.issuer"),
        ({"issuer": 'issuer = "https://a.test:0"'}, "MP2422", ":7:1", "console.oidc.issuer"),
        ({"issuer": 'issuer = "https://a .test"'}, "MP2422", ":7:1", "console.oidc.issuer"),
        ({"issuer": "issuer = 5"}, "MP1008", ":7:1", "console.oidc.issuer"),
        ({"issuer": ""}, "MP1033", ":6:1", "console.oidc.issuer"),
        ({"client_id": 'client_id = ""'}, "MP1042", ":8:1", "console.oidc.client_id"),
        ({"client_secret": 'client_secret = "hunter2hunter2"'}, "MP1013", ":9:1", "console.oidc.client_secret"),
        ({"client_secret": 'password = "hunter2hunter2"'}, "MP1033", ":6:1", "console.oidc.client_secret"),
        ({"roles": ""}, "MP2423", ":6:1", "console.oidc.roles"),
        ({"roles": 'roles = { "x" = "king" }'}, "MP1042", ":10:", "console.oidc.roles.x"),
        ({"scopes": 'scopes = ["profile"]'}, "MP2423", ":11:1", "console.oidc.scopes"),
        ({"scopes": 'scopes = ["openid profile"]'}, "MP1039", ":11:1", "console.oidc.scopes[0]"),
        ({"back": 'redirect_uri = "https://console.example.net/"'}, "MP2423", ":11:1", "console.oidc.redirect_uri"),
        ({"ca": 'tls_ca = "none.pem"'}, "MP1011", ":11:1", "console.oidc.tls_ca"),
        ({"claim": 'clame = "roles"'}, "MP1001", ":11:1", "console.oidc.clame"),
    ],
)
def test_what_would_let_nobody_in(tmp_path: Path, instead: dict[str, str], code: str, where: str, about: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, **instead)
    problem = caught.value.problems[0]
    assert (problem.code, where in problem.where, problem.what.partition(":")[0]) == (code, True, about)
    assert "hunter2" not in str([(one.what, one.hint) for one in caught.value.problems])


def test_a_secret_that_is_not_there_yet_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OIDC_SECRET")
    warning = next(one for one in loaded(tmp_path).warnings if one.code == "MP1015")
    assert warning.what.startswith("console.oidc.client_secret:")


def test_without_the_extra_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path)
    assert [(one.code, one.hint) for one in caught.value.problems] == [("MP1049", 'install "mailprobe[oidc]"')]
