"""Why nobody is signed in."""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """The value is what the log says."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"  # its certificate
    FORBIDDEN = "forbidden"  # it names a host that we may not connect to
    REFUSED = "refused"  # a status other than 200
    TOO_BIG = "too_big"
    NOT_UNDERSTOOD = "not_understood"
    OTHER_ISSUER = "other_issuer"  # the metadata are somebody else's
    NO_SECRET = "no_secret"  # noqa: S105  a reason, not a secret
    STALE = "stale"  # the code was used already, or came too late
    # what is wrong with the ID token
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    CLAIM = "claim"  # one that must be there is not, or says something else
    EXPIRED = "expired"


# What does not prove anything, although somebody answered: it is not taken for a house that is down.
UNPROVEN = frozenset(
    {Trouble.MALFORMED, Trouble.ALGORITHM, Trouble.UNKNOWN_KEY, Trouble.SIGNATURE, Trouble.CLAIM, Trouble.EXPIRED}
)
