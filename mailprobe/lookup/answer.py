"""The JSON of a lookup, read: every field may be missing or null, and none of another kind than it must be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST = 65_536  # octets of an answer
CONTRACTS = ("active", "closed", "suspended", "unknown")
UID = 200  # characters


class Unanswered(StrEnum):
    """Why nothing is known."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"  # its certificate
    REFUSED = "refused"  # a status other than 200
    FAILED = "failed"  # the program ended otherwise than with 0, or cannot be started
    TOO_BIG = "too_big"
    NOT_UNDERSTOOD = "not_understood"  # no JSON object, or a field of another kind
    NO_SECRET = "no_secret"  # noqa: S105  a reason, not a secret
    NOT_ASKED = "not_asked"  # the address could be taken for an option of the program


@dataclass(frozen=True, slots=True)
class Answer:
    """Measured at the carrier's own systems. Times are Unix seconds; None: it does not say."""

    contract: str | None = None
    contract_at: float | None = None
    mail_password_changed_at: float | None = None
    in_mx_map: bool | None = None
    in_imap_directory: bool | None = None
    mx_store_uid: str | None = None
    store_uid: str | None = None
    last_write: float | None = None


class Wrong(Exception):
    """A field of another kind."""


def read_answer(raw: bytes) -> Answer | Unanswered:
    """Unknown fields are let pass: the other side may know more than we ask."""
    if len(raw) > MOST:
        return Unanswered.TOO_BIG
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        return Unanswered.NOT_UNDERSTOOD
    if not isinstance(said, dict):
        return Unanswered.NOT_UNDERSTOOD
    try:
        return Answer(
            contract=contract(said.get("contract")),
            contract_at=instant(said.get("contract_at")),
            mail_password_changed_at=instant(said.get("mail_password_changed_at")),
            in_mx_map=truth(said.get("in_mx_map")),
            in_imap_directory=truth(said.get("in_imap_directory")),
            mx_store_uid=uid(said.get("mx_store_uid")),
            store_uid=uid(said.get("store_uid")),
            last_write=instant(said.get("last_write")),
        )
    except Wrong:
        return Unanswered.NOT_UNDERSTOOD


def contract(value: object) -> str | None:
    if value is None or (isinstance(value, str) and value in CONTRACTS):
        return value
    raise Wrong


def truth(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise Wrong


def instant(value: object) -> float | None:
    """RFC 3339 with its zone, or Unix seconds."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11:
        return float(value)
    if not isinstance(value, str):
        raise Wrong
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise Wrong from None
    if at.tzinfo is None:
        raise Wrong
    return at.timestamp()


def uid(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and len(value) <= UID:
        return value
    raise Wrong
