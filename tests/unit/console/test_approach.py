"""Who is at the other end, behind how many proxies; and which language he reads."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from mailprobe.config import Console
from mailprobe.console.approach import REFUSED, VOUCHED, approached
from mailprobe.console.language import preferred

TRUSTED = Console(trusted_proxies=("10.0.0.0/8", "2001:db8:ffff::/64"))


def came(peer: str, *, scheme: str = "http", host: str = "console.test", **headers: str) -> dict[str, object]:
    raw = Headers({"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}).raw
    scope = {"type": "http", "scheme": scheme, "client": (peer, 4000), "headers": raw, "path": "/"}
    return dict(approached(scope, TRUSTED))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "203.0.113.1", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.1", "203.0.113.1"),
        ("10.0.0.1", "203.0.113.1, 10.0.0.2", "203.0.113.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("2001:db8:ffff::7", "2001:db8::1", "2001:db8::1"),
        ("nowhere", "203.0.113.1", ""),
    ],
)
def test_the_address_that_counts(peer: str, forwarded: str, client: str) -> None:
    assert came(peer, x_forwarded_for=forwarded)["client"] == (client, 0)


@pytest.mark.parametrize(
    ("peer", "said", "scheme", "vouched", "refused"),
    [
        ("10.0.0.1", "https", "https", True, ""),
        ("10.0.0.1", "http", "http", True, "MP2402"),
        ("10.0.0.1", "", "http", True, "MP2402"),
        ("10.0.0.1", "gopher", "http", True, "MP2402"),
        ("192.0.2.1", "https", "http", False, "MP2402"),
    ],
)
def test_the_line_that_a_proxy_tells_of(peer: str, said: str, scheme: str, vouched: bool, refused: str) -> None:
    scope = came(peer, x_forwarded_proto=said)
    assert (scope["scheme"], scope[VOUCHED], scope[REFUSED]) == (scheme, vouched, refused)


def test_what_a_client_puts_into_the_scope_by_a_header_is_nothing() -> None:
    scope = came("192.0.2.1", scheme="https", mailprobe_vouched="1")
    assert scope[VOUCHED] is False


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en-US;q=0.8", "ja"),
        ("en;q=0.3, ja;q=0.2", "en"),
        ("de, fr", ""),
        ("ja;q=0", ""),
        ("ja;q=x, en;q=0.1", "en"),
        ("", ""),
        (";;,,;q=1", ""),
    ],
)
def test_the_language_that_is_liked_best(said: str, language: str) -> None:
    assert preferred(said) == language
