"""What an issuer signs with: public keys only (RFC 7517). One that we cannot read spoils none of the others."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from mailprobe.oidc.metadata import read_object
from mailprobe.oidc.trouble import Trouble

Key = RSAKey | ECKey | OKPKey
KINDS: Mapping[object, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
MOST = 100
SHORTEST_RSA = 2048  # bits (RFC 7518 section 3.3)


def read_keys(raw: bytes) -> tuple[Key, ...] | Trouble:
    """NOT_UNDERSTOOD if no key can be used."""
    said = read_object(raw)
    listed = said.get("keys") if said is not None else None
    found = tuple(key for one in listed[:MOST] if (key := read_key(one)) is not None) if isinstance(listed, list) else ()
    return found or Trouble.NOT_UNDERSTOOD


def read_key(said: object) -> Key | None:
    """None for a key that signs nothing, or that anybody could sign with: a shared one, or one that is too short."""
    if not isinstance(said, dict) or said.get("use", "sig") != "sig":
        return None
    kind = KINDS.get(said.get("kty")) if isinstance(said.get("kty"), str) else None
    if kind is None or (kind is RSAKey and len(str(said.get("n", ""))) * 6 < SHORTEST_RSA):  # six bits a character
        return None
    try:
        key = kind.import_key(said)
        return None if isinstance(key, RSAKey) and key.public_key.key_size < SHORTEST_RSA else key
    except (JoseError, UnsupportedAlgorithm, ValueError, TypeError, KeyError, OverflowError):
        return None


def key_for(keys: tuple[Key, ...], kid: object) -> Key | None:
    """The one that is named. Without a name there may be one only (OpenID Connect Core 1.0 section 10.1)."""
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((one for one in keys if one.kid == kid), None)
