"""Words that must not be found again, and every form that anything on the way may have given them."""

from __future__ import annotations

import base64
import urllib.parse


def forms(secret: str) -> set[bytes]:
    """As it is, and as anything on the way might have written it."""
    raw = secret.encode()
    plain = {raw, raw[::-1], raw.hex().encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be")}
    quoted = {
        urllib.parse.quote(secret, safe="").encode(),
        secret.replace("-", "=2D").encode(),
        secret.replace("-", "\\u002d").encode(),
    }
    return plain | quoted | {within_base64(raw, before) for before in range(3)}


def within_base64(raw: bytes, before: int) -> bytes:
    """The letters of base64 for `raw` wherever it stands, e.g. behind SASL PLAIN's names: those that no neighbour alters."""
    encoded = base64.b64encode(b"\0" * before + raw + b"\0" * (-(before + len(raw)) % 3))
    return encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]


def leaks(where: dict[str, bytes], *secrets: str) -> list[str]:
    needles = {form for secret in secrets for form in forms(secret)}
    return [f"{name}: {needle!r}" for name, content in where.items() for needle in needles if needle in content]
