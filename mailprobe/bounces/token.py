"""The signed sender `b-<token>@bounce-domain` of a mailbox's test mails, and the signed id of each test mail.

A sender that changed with every mail would defeat greylisting, which remembers client, sender and recipient: so a mailbox
has one sender a day. What comes back without a valid token is backscatter. Pure: keys and the time are given.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

DAY = 86400
LIVES = 8  # days: queues hold a mail for five (RFC 5321 section 4.5.4.1), and a clock may be wrong
LEAST_KEY = 32  # bytes
PREFIX = "b-"
MAILBOX_BYTES, MAC_BYTES = 8, 10
_LENGTH = 1 + 2 + MAILBOX_BYTES + MAC_BYTES


class Unfit(StrEnum):
    """Why a token counts for nothing."""

    MALFORMED = "malformed"
    FORGED = "forged"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Token:
    """mailbox: eight bytes in hex; day: whole UTC days since 1970, cut to 16 bits."""

    mailbox: str
    day: int


class Signer:
    """`keys`: the first signs, all verify. ValueError for a short key, or two that share a key id."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) < LEAST_KEY for key in keys):
            raise ValueError(f"a token key needs {LEAST_KEY} bytes or more")
        self._keys = {key_id(key): key for key in keys}
        if len(self._keys) != len(keys):
            raise ValueError("two token keys have the same key id")
        self._first = key_id(keys[0])

    def sender(self, subject: str, now: float) -> str:
        """The local part for test mails to this mailbox today. subject: the store's hash of the address, in hex."""
        body = self._first + day_of(now).to_bytes(2, "big") + mailbox_of(subject)
        return PREFIX + written(body + self._mac(self._first, b"sender", body))

    def read_sender(self, local: str, now: float) -> Token | Unfit:
        """Whose mailbox a local part stands for. Case is free: some servers write it anew."""
        raw = unwritten(local[len(PREFIX) :]) if local[: len(PREFIX)].lower() == PREFIX else None
        if raw is None or len(raw) != _LENGTH:
            return Unfit.MALFORMED
        body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        if body[:1] not in self._keys or not hmac.compare_digest(mac, self._mac(body[:1], b"sender", body)):
            return Unfit.FORGED
        day = int.from_bytes(body[1:3], "big")
        age = (day_of(now) - day) % 0x10000
        if age > LIVES and age != day_of(-DAY):  # a day ahead is another clock's slack
            return Unfit.EXPIRED
        return Token(body[3 : 3 + MAILBOX_BYTES].hex(), day)

    def stamp(self, canary: str) -> str:
        """`id.mac`, for the Message-ID and the header of one test mail. canary: its id, lower-case letters and digits;
        ValueError for another, which could not be read back."""
        if not (canary.isascii() and canary.isalnum() and canary == canary.lower()):
            raise ValueError("a test mail's id is lower-case letters and digits")
        return f"{canary}.{written(self._first + self._mac(self._first, b'canary', canary.encode()))}"

    def read_stamp(self, text: str) -> str | None:
        """The id of the test mail that this stamp was made for, or None."""
        canary, _, rest = text.strip().lower().partition(".")
        raw = unwritten(rest)
        if raw is None or len(raw) != 1 + MAC_BYTES or raw[:1] not in self._keys or not canary.isalnum():
            return None
        return canary if hmac.compare_digest(raw[1:], self._mac(raw[:1], b"canary", canary.encode())) else None

    def _mac(self, kid: bytes, purpose: bytes, body: bytes) -> bytes:
        return hmac.new(self._keys[kid], purpose + b"\0" + body, hashlib.sha256).digest()[:MAC_BYTES]


def key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id\0" + key).digest()[:1]


def mailbox_of(subject: str) -> bytes:
    """ValueError for a subject that is too short: its token could not be read back."""
    if len(mailbox := bytes.fromhex(subject)[:MAILBOX_BYTES]) < MAILBOX_BYTES:
        raise ValueError(f"a subject has {MAILBOX_BYTES} bytes or more")
    return mailbox


def day_of(now: float) -> int:
    return int(now // DAY) % 0x10000


def written(raw: bytes) -> str:
    """Base32 in lower case without padding: a local part's case does not survive every server."""
    return base64.b32encode(raw).decode().rstrip("=").lower()


def unwritten(text: str) -> bytes | None:
    """The reverse, for exactly one way of writing each value; None if it is none."""
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        return None
    return raw if written(raw) == text.lower() else None
