"""Whether the company's sign-in can be used, as `config check --online` says it."""

from __future__ import annotations

import pytest

from mailprobe.net.get import Got
from mailprobe.net.guard import Forbidden
from mailprobe.net.post import Unsent
from mailprobe.oidc.issuer import Issuer
from mailprobe.oidc.trouble import UNPROVEN, Trouble
from mailprobe.readiness import Result
from mailprobe.readiness.issuer import WORDS, issuer_finding
from mailprobe.secret import parse_ref
from tests.unit.oidc.issuing import ISSUER, NOW, FakeIssuer, settings


async def test_one_that_answers() -> None:
    fake = FakeIssuer()
    assert await Issuer(settings(), lambda: NOW, fake).trouble() is None
    assert fake.asked == ["/.well-known/openid-configuration", "/keys"]
    assert issuer_finding(ISSUER, None).result is Result.GOOD


@pytest.mark.parametrize(
    ("path", "said", "words"),
    [
        ("/.well-known/openid-configuration", Unsent.UNTRUSTED, "tls_ca"),
        ("/.well-known/openid-configuration", Got(404, b""), "to the letter"),
        ("/.well-known/openid-configuration", Got(200, b'{"issuer": "https://other.test"}'), "to the letter"),
        ("/keys", Forbidden.PRIVATE, "allow_networks"),
        ("/keys", Unsent.TIMEOUT, "firewall"),
    ],
)
async def test_one_that_does_not(path: str, said: Got | Unsent | Forbidden, words: str) -> None:
    found = issuer_finding(ISSUER, await Issuer(settings(), lambda: NOW, FakeIssuer(answers={path: said})).trouble())
    assert (found.result, found.about, words in found.repair) == (Result.BAD, ISSUER, True)


async def test_a_secret_that_cannot_be_read() -> None:
    fake = FakeIssuer()
    asked = Issuer(settings(client_secret=parse_ref("env:NO_SUCH_SECRET_HERE")), lambda: NOW, fake)
    assert await asked.trouble() is Trouble.NO_SECRET
    assert fake.asked == []


def test_every_trouble_that_shows_without_a_sign_in_has_words() -> None:
    assert set(WORDS) == set(Trouble) - UNPROVEN - {Trouble.STALE}
