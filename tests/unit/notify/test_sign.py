"""Signatures of events, beside the example that Standard Webhooks' own libraries are tested with."""

from __future__ import annotations

import pytest

from mailprobe.notify.sign import SIGNATURE, TIMESTAMP, Trust, headers, key_of, signature, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = 1614265330
BODY = '{"test": 2432232314}'


def test_the_published_example() -> None:
    assert signature(SECRET, KEY, str(AT), BODY) == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", [SECRET, "any other text", "秘密"])
def test_what_was_signed_is_genuine(secret: str) -> None:
    given = headers(secret, KEY, BODY, AT + 0.9)
    assert given[TIMESTAMP] == str(AT)
    assert verify(secret, given, BODY, AT + 60.0) is Trust.GENUINE


@pytest.mark.parametrize(
    ("change", "body", "later", "trust"),
    [
        ({}, BODY + " ", 0, Trust.FORGED),
        ({"webhook-id": "msg_other"}, BODY, 0, Trust.FORGED),
        ({TIMESTAMP: str(AT + 301)}, BODY, 301, Trust.FORGED),
        ({SIGNATURE: "v1,AAAA"}, BODY, 0, Trust.FORGED),
        ({}, BODY, 301, Trust.STALE),
        ({}, BODY, -301, Trust.STALE),
        ({TIMESTAMP: "now"}, BODY, 0, Trust.INCOMPLETE),
        ({TIMESTAMP: "٣"}, BODY, 0, Trust.INCOMPLETE),
        ({SIGNATURE: ""}, BODY, 0, Trust.INCOMPLETE),
    ],
)
def test_what_was_changed_or_is_played_again_is_not(change: dict[str, str], body: str, later: int, trust: Trust) -> None:
    assert verify(SECRET, headers(SECRET, KEY, BODY, AT) | change, body, AT + later) is trust


def test_while_a_secret_is_changed_either_counts() -> None:
    both = headers("old", KEY, BODY, AT)[SIGNATURE] + " " + headers("new", KEY, BODY, AT)[SIGNATURE]
    given = headers("old", KEY, BODY, AT) | {SIGNATURE: both}
    assert verify("new", given, BODY, AT) is Trust.GENUINE


def test_a_key_that_is_none() -> None:
    with pytest.raises(ValueError, match="base64"):
        key_of("whsec_not base64!")
