"""Where an issuer is asked, as it says itself (OpenID Connect Discovery 1.0 section 3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from mailprobe.oidc.trouble import Trouble

WELL_KNOWN = "/.well-known/openid-configuration"
LONGEST = 2000  # characters of a URL


@dataclass(frozen=True, slots=True)
class Metadata:
    """URLs. basic: a client shows its secret in a header, not in the form. names_itself: every answer says whose it is.
    end_session: where a browser signs out, '' if nowhere (RP-Initiated Logout 1.0 section 2.1)."""

    authorization: str
    token: str
    keys: str
    userinfo: str = ""
    basic: bool = True
    names_itself: bool = False
    end_session: str = ""


def place_of(issuer: str) -> str:
    """Section 4: a slash at the end is not doubled."""
    return issuer.rstrip("/") + WELL_KNOWN


def read_object(raw: bytes) -> Mapping[str, object] | None:
    """A JSON object; None for anything else."""
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def read_metadata(raw: bytes, issuer: str) -> Metadata | Trouble:
    """Section 4.3: they are of this issuer to the letter, or they are somebody else's."""
    said = read_object(raw)
    if said is None:
        return Trouble.NOT_UNDERSTOOD
    if said.get("issuer") != issuer:
        return Trouble.OTHER_ISSUER
    plain = issuer.startswith("http:")
    found = {key: url_in(said, key, plain=plain) for key in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    if not all(found.values()):
        return Trouble.NOT_UNDERSTOOD
    return Metadata(
        authorization=found["authorization_endpoint"],
        token=found["token_endpoint"],
        keys=found["jwks_uri"],
        userinfo=url_in(said, "userinfo_endpoint", plain=plain),
        basic=takes_basic(said.get("token_endpoint_auth_methods_supported")),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,  # RFC 9207 section 3
        end_session=url_in(said, "end_session_endpoint", plain=plain),
    )


def url_in(said: Mapping[str, object], key: str, *, plain: bool) -> str:
    """'' for what is none. plain: http will do, since the issuer itself is on this host without TLS."""
    text = said.get(key)
    if not isinstance(text, str) or len(text) > LONGEST or not text.isascii() or not text.isprintable() or " " in text:
        return ""
    try:
        url = urlsplit(text)
        sound = bool(url.hostname) and url.port != 0 and "@" not in url.netloc and not url.fragment
    except ValueError:
        return ""
    return text if sound and url.scheme in (("https", "http") if plain else ("https",)) else ""


def takes_basic(methods: object) -> bool:
    """Discovery section 3: basic is what is meant where nothing is said."""
    return "client_secret_basic" in methods or "client_secret_post" not in methods if isinstance(methods, list) else True
