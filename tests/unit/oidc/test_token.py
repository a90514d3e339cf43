"""An ID token is believed only if all of it holds; what is wrong is told apart."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from mailprobe.oidc.keys import read_keys
from mailprobe.oidc.metadata import read_metadata
from mailprobe.oidc.token import LEEWAY, Expected, proven
from mailprobe.oidc.trouble import Trouble
from tests.unit.oidc.issuing import CLIENT, ISSUER, NOW, SECRET, Claims, FakeIssuer, ec, part, rsa, signed, signed_with, unsigned

NONCE = "n0nce"
WHOLE: Claims = {"iss": ISSUER, "aud": CLIENT, "sub": "7", "nonce": NONCE, "iat": int(NOW), "exp": int(NOW) + 300}


def judged(token: str, *published: Any, now: float = NOW) -> object:
    """By a house that publishes these keys."""
    keys = read_keys(FakeIssuer(published=list(published) or [rsa("one")]).published_keys())
    return keys if isinstance(keys, Trouble) else proven(token, keys, Expected(ISSUER, CLIENT, NONCE, now))


def but(**changes: Any) -> Claims:
    return {name: value for name, value in (WHOLE | changes).items() if value is not None}


@pytest.mark.parametrize(
    "claims",
    [
        but(),
        but(aud=[CLIENT]),
        but(aud=[CLIENT], azp=CLIENT),
        but(aud=["another-client", CLIENT], azp=CLIENT),
        but(exp=int(NOW) - LEEWAY + 1, iat=int(NOW) + LEEWAY),
        but(exp=NOW + 0.5, nbf=int(NOW)),
    ],
)
def test_what_holds(claims: Claims) -> None:
    assert judged(signed(claims)) == claims


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"nonce": "another"}, Trouble.CLAIM),
        ({"nonce": None}, Trouble.CLAIM),
        ({"nonce": [NONCE]}, Trouble.CLAIM),
        ({"nonce": "\ud800"}, Trouble.CLAIM),
        ({"aud": "another-client"}, Trouble.CLAIM),
        ({"aud": None}, Trouble.CLAIM),
        ({"aud": []}, Trouble.CLAIM),
        ({"aud": {CLIENT: 1}}, Trouble.CLAIM),
        ({"aud": [CLIENT, "another-client"]}, Trouble.CLAIM),
        ({"aud": [CLIENT, "another-client"], "azp": "another-client"}, Trouble.CLAIM),
        ({"azp": "another-client"}, Trouble.CLAIM),
        ({"azp": ""}, Trouble.CLAIM),
        ({"iss": "https://login.example.net/realms/other"}, Trouble.CLAIM),
        ({"iss": ISSUER + "/"}, Trouble.CLAIM),
        ({"iss": [ISSUER]}, Trouble.CLAIM),
        ({"iss": None}, Trouble.CLAIM),
        ({"exp": int(NOW) - LEEWAY}, Trouble.EXPIRED),
        ({"exp": -1}, Trouble.EXPIRED),
        ({"exp": None}, Trouble.CLAIM),
        ({"exp": "tomorrow"}, Trouble.CLAIM),
        ({"exp": True}, Trouble.CLAIM),
        ({"exp": math.nan}, Trouble.CLAIM),
        ({"exp": math.inf}, Trouble.CLAIM),
        ({"iat": int(NOW) + LEEWAY + 1}, Trouble.CLAIM),
        ({"iat": None}, Trouble.CLAIM),
        ({"nbf": int(NOW) + LEEWAY + 1}, Trouble.CLAIM),
        ({"sub": None}, Trouble.CLAIM),
        ({"sub": ""}, Trouble.CLAIM),
        ({"sub": 7}, Trouble.CLAIM),
        ({"sub": "x" * 256}, Trouble.CLAIM),
    ],
)
def test_what_says_something_else(changes: Claims, why: Trouble) -> None:
    assert judged(signed(but(**changes))) is why


def with_another_payload() -> str:
    head, _, signature = signed(WHOLE).split(".")
    return f"{head}.{part(WHOLE | {'roles': ['mail-admins']})}.{signature}"


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (lambda: unsigned(WHOLE), Trouble.ALGORITHM),
        (lambda: unsigned(WHOLE, "NONE"), Trouble.ALGORITHM),
        (lambda: unsigned(WHOLE, "RS256"), Trouble.SIGNATURE),
        # RFC 8725 section 2.1: what everybody knows, taken for the secret
        (lambda: signed_with(rsa("one").as_pem(private=False), WHOLE), Trouble.ALGORITHM),
        (lambda: signed_with(SECRET.encode(), WHOLE), Trouble.ALGORITHM),
        (lambda: signed_with(b"x", WHOLE, alg="RS256"), Trouble.SIGNATURE),
        (with_another_payload, Trouble.SIGNATURE),
        (lambda: signed(WHOLE, rsa("two"), kid="one"), Trouble.SIGNATURE),
        (lambda: signed(WHOLE, rsa("two")), Trouble.UNKNOWN_KEY),
        (lambda: signed(WHOLE, ec("mine"), "ES256", jwk=ec("mine").as_dict(private=False)), Trouble.UNKNOWN_KEY),
        (lambda: signed(WHOLE, rsa("two"), jku="https://evil.test/keys"), Trouble.UNKNOWN_KEY),
        (lambda: signed(WHOLE, kid=""), Trouble.UNKNOWN_KEY),
        (lambda: unsigned(WHOLE, "RS256", kid=5), Trouble.UNKNOWN_KEY),
        (lambda: unsigned(WHOLE, "ES256"), Trouble.MALFORMED),  # the named key is of another kind
        (lambda: unsigned(WHOLE, "RS256", crit=["x"], x=1), Trouble.MALFORMED),
        (lambda: unsigned(WHOLE, ["RS256"]), Trouble.ALGORITHM),
        (lambda: "", Trouble.MALFORMED),
        (lambda: "a.b", Trouble.MALFORMED),
        (lambda: "a.b.c", Trouble.MALFORMED),
        (lambda: "a.b.c.d.e", Trouble.MALFORMED),
        (lambda: "ä.ö.ü", Trouble.MALFORMED),
        (lambda: f"{part([1])}.{part(WHOLE)}.", Trouble.MALFORMED),
        (lambda: f"{part('alg')}.{part(WHOLE)}.", Trouble.MALFORMED),
        (lambda: signed(WHOLE) + "x" * 100_000, Trouble.MALFORMED),
        (lambda: signed([1]), Trouble.MALFORMED),
        (lambda: signed("text"), Trouble.MALFORMED),
    ],
)
def test_what_the_issuer_has_not_signed(token: Any, why: Trouble) -> None:
    assert judged(token()) is why


def test_a_key_without_a_name_is_known_where_it_is_the_only_one() -> None:
    nameless = rsa("one").as_dict(private=False)
    del nameless["kid"]
    token = signed(WHOLE, kid=None)
    assert judged(token, nameless) == WHOLE
    assert judged(token, nameless, ec("mine")) is Trouble.UNKNOWN_KEY
    assert judged(signed(WHOLE), nameless) is Trouble.UNKNOWN_KEY


def test_a_key_is_used_for_what_it_is_for() -> None:
    public = rsa("one").as_dict(private=False)
    assert judged(signed(WHOLE), public | {"use": "enc"}) is Trouble.NOT_UNDERSTOOD
    assert judged(signed(WHOLE), public | {"use": "enc"}, ec("mine")) is Trouble.UNKNOWN_KEY
    assert judged(signed(WHOLE), public | {"alg": "RS512"}) is Trouble.MALFORMED
    assert judged(signed(WHOLE), public | {"key_ops": ["encrypt"]}) is Trouble.NOT_UNDERSTOOD
    assert judged(signed(WHOLE), public | {"use": "sig", "alg": "RS256"}) == WHOLE


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_a_key_that_is_too_short_counts_for_nothing() -> None:
    from joserfc.jwk import RSAKey

    short = RSAKey.generate_key(1024, {"kid": "one"})
    assert judged(signed(WHOLE, short), short) is Trouble.NOT_UNDERSTOOD


@pytest.mark.parametrize("alg", ["RS256", "PS256", "RS512"])
def test_other_algorithms_of_the_same_key(alg: str) -> None:
    assert judged(signed(WHOLE, alg=alg)) == WHOLE


def test_a_curve() -> None:
    assert judged(signed(WHOLE, ec("mine"), "ES256"), rsa("one"), ec("mine")) == WHOLE


NAMES = some.sampled_from(["alg", "kid", "crit", "b64", "x", "iss", "aud", "exp", "sub"]) | some.text(max_size=5)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
HEAD = some.fixed_dictionaries(
    {"alg": some.sampled_from(["RS256", "ES256", "none"]) | JSON, "kid": some.just("one") | JSON}, optional={"crit": JSON}
)
KEY = some.fixed_dictionaries(
    {"kty": some.sampled_from(["RSA", "EC", "OKP"])},
    optional={
        "kid": some.just("one") | JSON,
        "crv": some.sampled_from(["P-256", "Ed25519"]) | JSON,
        "n": some.text("AQ_-=", min_size=340, max_size=400) | JSON,
        "e": some.just("AQAB") | JSON,
        **{name: some.text("AQ_-", max_size=50) | JSON for name in ("x", "y", "d", "use", "key_ops", "alg")},
    },
)
PARTS = some.builds(part, HEAD | JSON), some.builds(part, JSON), some.text("AQ_-", max_size=400)


@settings(max_examples=300, deadline=None)
@given(some.text() | some.tuples(*PARTS).map(".".join))
def test_no_token_is_a_crash(token: str) -> None:
    assert isinstance(judged(token), Trouble)


@settings(max_examples=300, deadline=None)
@given(some.lists(KEY | JSON, max_size=3) | JSON, some.dictionaries(NAMES, JSON, max_size=5))
def test_no_key_and_no_claim_is_a_crash(keys: object, claims: Claims) -> None:
    found = read_keys(json.dumps({"keys": keys}).encode())
    if not isinstance(found, Trouble):
        assert isinstance(proven(signed(WHOLE), found, Expected(ISSUER, CLIENT, NONCE, NOW)), Trouble)
    assert isinstance(judged(signed(WHOLE | claims)), dict | Trouble)


@settings(max_examples=300, deadline=None)
@given(some.binary() | JSON.map(json.dumps).map(str.encode))
def test_no_octets_are_a_crash(raw: bytes) -> None:
    assert isinstance(read_keys(raw), Trouble)
    assert isinstance(read_metadata(raw, ISSUER), Trouble)
