"""How an event is signed: HMAC-SHA256 over its id, the time of this try and the body, as Standard Webhooks 1.0 lays down.

Whoever receives it recomputes the signature, refuses a time that is more than five minutes off, and remembers the ids it has
taken: then nobody can play an old event to it again. There are libraries for that in most languages; `verify` shows it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"  # then base64 of the key
TOLERANCE = 300  # seconds


class Trust(StrEnum):
    """What a receiver makes of a request."""

    GENUINE = "genuine"
    FORGED = "forged"
    STALE = "stale"
    INCOMPLETE = "incomplete"


def headers(secret: str, key: str, body: str, now: float) -> dict[str, str]:
    """What goes with one try. now: Unix seconds."""
    at = str(int(now))
    return {ID: key, TIMESTAMP: at, SIGNATURE: f"v1,{signature(secret, key, at, body)}"}


def signature(secret: str, key: str, at: str, body: str) -> str:
    signed = hmac.new(key_of(secret), f"{key}.{at}.{body}".encode(), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


def key_of(secret: str) -> bytes:
    """`whsec_` and base64, or any other text as it is. ValueError for base64 that is none."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("not base64 after whsec_") from None


def verify(secret: str, given: Mapping[str, str], body: str, now: float) -> Trust:
    """What the other side does. Header names in lower case; several signatures may stand there while a secret is changed."""
    key, at, said = (given.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (key and at.isascii() and at.isdigit() and said):
        return Trust.INCOMPLETE
    own = f"v1,{signature(secret, key, at, body)}".encode()
    if not any(hmac.compare_digest(own, one.encode()) for one in said.split()):
        return Trust.FORGED
    return Trust.GENUINE if abs(now - int(at)) <= TOLERANCE else Trust.STALE
