"""What a token says, found by a path of keys. Everything in it is of the issuer's making."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

Claims = Mapping[str, object]

LONGEST_NAME = 64
MOST_ROLES = 1000


def found_at(claims: object, path: str) -> object:
    """`realm_access.roles` -> what is there; None for nothing. A key may hold dots itself, as names of a house's own claims do
    (RFC 7519 section 4.2): the longest that is there counts."""
    if not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    ends = [place for place, char in enumerate(path) if char == "."]
    inner = (found_at(claims.get(path[:end]), path[end + 1 :]) for end in reversed(ends))
    return next((one for one in inner if one is not None), None)


def roles_in(claims: Claims, path: str) -> list[str]:
    """One text, or a list of them. What is none does not count."""
    said = found_at(claims, path)
    values = said if isinstance(said, list) else [said]
    return [one for one in values[:MOST_ROLES] if isinstance(one, str)]


def name_in(claims: Claims, path: str, *, or_number: bool = True) -> str:
    """As he is called here: in one form, and short. Without `path` the name that he has there, else his number (OpenID Connect
    Core 1.0 section 5.1). '' if there is none that can be shown."""
    usual = ["preferred_username", "sub"] if or_number else ["preferred_username"]
    said = (found_at(claims, one) for one in ([path] if path else usual))
    return next((name for one in said if isinstance(one, str) and (name := shown(one))), "")


def shown(text: str) -> str:
    name = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    return name if name.isprintable() and len(name) <= LONGEST_NAME else ""
