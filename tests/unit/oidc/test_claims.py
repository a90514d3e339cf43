"""What a token says, found by a path of keys; and where its issuer is asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailprobe.oidc.claims import LONGEST_NAME, MOST_ROLES, found_at, name_in, roles_in
from mailprobe.oidc.issuer import basic, guard_of
from mailprobe.oidc.metadata import Metadata, place_of, read_metadata
from mailprobe.oidc.trouble import Trouble
from tests.unit.oidc.issuing import ISSUER, FakeIssuer, settings


@pytest.mark.parametrize(
    ("claims", "path", "found"),
    [
        ({"roles": ["a"]}, "roles", ["a"]),
        ({"realm_access": {"roles": ["a"]}}, "realm_access.roles", ["a"]),
        ({"https://example.net/roles": ["a"]}, "https://example.net/roles", ["a"]),
        ({"resource_access": {"mail.probe": {"roles": ["a"]}}}, "resource_access.mail.probe.roles", ["a"]),
        ({"a": {"b": 1}, "a.b": 2}, "a.b", 2),
        ({"a": {"b": {}}, "a.b": {"c": 1}}, "a.b.c", 1),
        ({"a": {"b": None}}, "a.b", None),
        ({"a": ["b"]}, "a.b", None),
        ({"a": "b"}, "a.b", None),
        ({}, "a", None),
        ({"": 1}, "..", None),
    ],
)
def test_a_path(claims: dict[str, Any], path: str, found: object) -> None:
    assert found_at(claims, path) == found


def test_roles_are_texts_and_not_endless() -> None:
    assert roles_in({"r": ["a", 7, None, ["b"], {"c": 1}, "d"]}, "r") == ["a", "d"]
    assert roles_in({"r": "a b"}, "r") == ["a b"]
    assert roles_in({"r": {"a": True}}, "r") == []
    assert len(roles_in({"r": ["x"] * (MOST_ROLES + 5)}, "r")) == MOST_ROLES


@pytest.mark.parametrize(
    ("claims", "path", "name"),
    [
        ({"preferred_username": "Sato", "sub": "7"}, "", "sato"),
        ({"preferred_username": "ＳＡＴＯ　Hanako ", "sub": "7"}, "", "sato hanako"),
        ({"preferred_username": "佐藤", "sub": "7"}, "", "佐藤"),
        ({"preferred_username": "", "sub": "7"}, "", "7"),
        ({"preferred_username": "x" * (LONGEST_NAME + 1), "sub": "7"}, "", "7"),
        ({"preferred_username": "a\u202eb", "sub": "7"}, "", "7"),
        ({"preferred_username": "a\ud800b", "sub": "7"}, "", "7"),
        ({"preferred_username": ["a"], "sub": "7"}, "", "7"),
        ({"upn": "SATO@EXAMPLE.NET", "sub": "7"}, "upn", "sato@example.net"),
        ({"preferred_username": "sato", "sub": "7"}, "upn", ""),
    ],
)
def test_a_name(claims: dict[str, Any], path: str, name: str) -> None:
    assert name_in(claims, path) == name


def described(**changes: Any) -> bytes:
    return json.dumps({name: one for name, one in (FakeIssuer().described() | changes).items() if one is not None}).encode()


def test_where_an_issuer_is_asked() -> None:
    assert place_of("https://a.test/") == place_of("https://a.test") == "https://a.test/.well-known/openid-configuration"
    assert read_metadata(described(), ISSUER) == Metadata(f"{ISSUER}/auth", f"{ISSUER}/token", f"{ISSUER}/keys")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"issuer": ISSUER + "/"}, Trouble.OTHER_ISSUER),
        ({"issuer": None}, Trouble.OTHER_ISSUER),
        ({"issuer": [ISSUER]}, Trouble.OTHER_ISSUER),
        ({"token_endpoint": None}, Trouble.NOT_UNDERSTOOD),
        ({"token_endpoint": "http://login.example.net/token"}, Trouble.NOT_UNDERSTOOD),
        ({"authorization_endpoint": "javascript:alert(1)"}, Trouble.NOT_UNDERSTOOD),
        ({"authorization_endpoint": "https://a.test/x\r\nset-cookie: a"}, Trouble.NOT_UNDERSTOOD),
        ({"authorization_endpoint": "https://user@a.test/"}, Trouble.NOT_UNDERSTOOD),
        ({"jwks_uri": "file:///etc/passwd"}, Trouble.NOT_UNDERSTOOD),
        ({"jwks_uri": "https://[::1/"}, Trouble.NOT_UNDERSTOOD),
        ({"jwks_uri": "https://a.test:99999/"}, Trouble.NOT_UNDERSTOOD),
        ({"jwks_uri": 5}, Trouble.NOT_UNDERSTOOD),
    ],
)
def test_metadata_that_lead_elsewhere(changes: dict[str, Any], why: Trouble) -> None:
    assert read_metadata(described(**changes), ISSUER) is why


@pytest.mark.parametrize(
    ("methods", "is_basic"),
    [
        (None, True),
        (["client_secret_basic", "client_secret_post"], True),
        (["client_secret_post"], False),
        (["private_key_jwt"], True),
        ("client_secret_post", True),
    ],
)
def test_how_a_client_shows_its_secret(methods: object, is_basic: bool) -> None:
    found = read_metadata(described(token_endpoint_auth_methods_supported=methods), ISSUER)
    assert isinstance(found, Metadata)
    assert found.basic is is_basic


def test_a_secret_with_a_colon_stays_one() -> None:
    assert basic("a:b", "c d%") == "Basic YSUzQWI6YytkJTI1"  # RFC 6749 section 2.3.1: a%3Ab:c+d%25


@pytest.mark.parametrize(
    ("url", "ip", "allowed"),
    [
        ("https://login.example.net/token", "10.0.0.5", True),  # the issuer's own host, as written
        ("https://login.example.net:8443/token", "10.0.0.5", True),
        ("https://tokens.example.org/token", "93.184.215.14", True),
        ("https://tokens.example.org:8443/token", "93.184.215.14", False),
        ("https://tokens.example.org/token", "10.0.0.5", False),
        ("https://tokens.example.org/token", "169.254.169.254", False),
        ("https://tokens.example.org/token", "127.0.0.1", False),
        ("https://tokens.example.org/token", "192.0.2.9", True),  # in allow_networks
    ],
)
def test_where_an_issuer_may_send_us(url: str, ip: str, allowed: bool) -> None:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    assert (guard_of(settings(), url).check(ip, parts.port or 443, parts.hostname or "") is None) is allowed
