"""What must not stand in the store in clear: sealed under a key that is not in it (AES-256-GCM, the key by HKDF, RFC 5869).

The keys are made from those that sign test mails: the first seals, all open, so that a change of keys forgets nothing. Without
one nothing is sealed, and what an agent typed lives in memory only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mailprobe.secret import SecretError, SecretRef

PURPOSE = b"mailprobe console calls v1"
NONCE = 12  # octets: NIST SP 800-38D section 8.2


@dataclass(frozen=True, slots=True)
class Sealer:
    """keys: 32 octets each; none: nothing can be sealed or opened. No repr shows them."""

    keys: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        return f"Sealer({len(self.keys)} keys)"

    def seal(self, clear: bytes, of: str) -> bytes:
        """b'' without a key. of: what it belongs to; it opens for nothing else."""
        if not self.keys:
            return b""
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self.keys[0]).encrypt(nonce, clear, of.encode())

    def open(self, sealed: bytes, of: str) -> bytes | None:
        """None: no key of ours opens it."""
        for key in self.keys if len(sealed) > NONCE else ():
            try:
                return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], of.encode())
            except InvalidTag:
                continue
        return None


async def sealer_of(keys: Sequence[SecretRef]) -> Sealer:
    """A key that cannot be read is left out: whoever signs test mails says so."""
    made = []
    for one in keys:
        try:
            made.append(derived((await one.read()).reveal().encode()))
        except SecretError:
            continue
    return Sealer(tuple(made))


def derived(secret: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(secret)
