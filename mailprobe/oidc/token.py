"""An ID token, believed or not: signature, issuer, audience, times and nonce (OpenID Connect Core 1.0 section 3.1.3.7)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, JoseError, UnsupportedAlgorithmError

from mailprobe.oidc.claims import Claims
from mailprobe.oidc.keys import Key, key_for
from mailprobe.oidc.metadata import read_object
from mailprobe.oidc.trouble import Trouble

# Of the signer alone: neither "none", nor what both sides know, where a public key could be taken for the secret (RFC 8725 2.1).
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LEEWAY = 60  # seconds that two clocks may differ
LONGEST = 65_536  # characters
LONGEST_SUBJECT = 255  # section 2
LONGEST_HEADER = 16_384  # octets: some put a whole chain of certificates there


class Registry(jws.JWSRegistry):
    max_header_length = LONGEST_HEADER


REGISTRY = Registry(algorithms=ALGORITHMS, strict_check_header=False)  # whatever else a header says decides nothing


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say. now: Unix seconds."""

    issuer: str
    client_id: str
    nonce: str
    now: float


def proven(token: str, keys: tuple[Key, ...], expected: Expected) -> Claims | Trouble:
    """What it says, once all of it holds. Believes nothing of a token before its signature is good."""
    signed = signed_by(token, keys)
    if isinstance(signed, Trouble):
        return signed
    claims = read_object(signed)
    return Trouble.MALFORMED if claims is None else fitting(claims, expected)


def signed_by(token: str, keys: tuple[Key, ...]) -> bytes | Trouble:
    """The payload, if one of these keys signed it."""
    if len(token) > LONGEST or not token.isascii():
        return Trouble.MALFORMED
    try:
        found = jws.extract_compact(token.encode(), registry=REGISTRY)
        head: object = found.headers()
        if not isinstance(head, dict):
            return Trouble.MALFORMED
        if head.get("alg") not in ALGORITHMS:
            return Trouble.ALGORITHM
        key = key_for(keys, head.get("kid"))
        if key is None:
            return Trouble.UNKNOWN_KEY
        return found.payload if jws.validate_compact(found, key, registry=REGISTRY) else Trouble.SIGNATURE
    except UnsupportedAlgorithmError:
        return Trouble.ALGORITHM
    except BadSignatureError:
        return Trouble.SIGNATURE
    except (JoseError, UnsupportedAlgorithm, ValueError, TypeError, RecursionError):
        return Trouble.MALFORMED


def fitting(claims: Claims, expected: Expected) -> Claims | Trouble:
    registry = jwt.JWTClaimsRegistry(
        now=int(expected.now),
        leeway=LEEWAY,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate(dict(claims))
    except ExpiredTokenError:
        return Trouble.EXPIRED
    except (JoseError, ValueError, TypeError):
        return Trouble.CLAIM
    return claims if is_for_us(claims, expected) and is_subject(claims.get("sub")) else Trouble.CLAIM


def is_for_us(claims: Mapping[str, object], expected: Expected) -> bool:
    """The nonce ties it to the browser that was sent there. Where it is for several, it must name us as who it was given to."""
    nonce, given_to = claims.get("nonce"), claims.get("azp")
    if not isinstance(nonce, str) or not hmac.compare_digest(octets(nonce), octets(expected.nonce)):
        return False
    audience = claims.get("aud")
    several = isinstance(audience, list) and len(set(audience)) > 1
    return given_to == expected.client_id if several or given_to is not None else True


def is_subject(said: object) -> bool:
    return isinstance(said, str) and 0 < len(said) <= LONGEST_SUBJECT


def octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
