"""Is this mail our test mail? From a few header fields of it, and nothing else.

A bounce or an automatic answer may carry our stamp as well: it shows that something came back, not that the test mail arrived.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from mailprobe.wire import mime
from mailprobe.wire.text import clean

STAMP_FIELD = "X-Mailprobe-Token"
# all that is ever asked of a mail that came after the noted UIDNEXT
FIELDS = (STAMP_FIELD, "Message-ID", "From", "Return-Path", "Auto-Submitted", "Content-Type", "Authentication-Results")
OCTETS = 16_384  # of these fields of one mail
RESULTS = 8  # Authentication-Results kept: every host on the way may add one

_ADDRESS = re.compile(r"[^\s<>\"(),:;@]+@([A-Za-z0-9.-]{1,253})")
_ID = re.compile(r"<?([^<>@\s]{1,200})@")

ReadStamp = Callable[[str], str | None]


class Kind(StrEnum):
    """What a mail that carries our stamp is."""

    ARRIVAL = "arrival"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"


@dataclass(frozen=True, slots=True)
class OwnMail:
    """stamp: as it stood in the mail, verified. results: the values of Authentication-Results (RFC 8601), top first."""

    stamp: str
    kind: Kind
    results: tuple[str, ...] = ()


def recognise(octets: bytes, canary: str, read_stamp: ReadStamp, sender_domains: Collection[str]) -> OwnMail | None:
    """The mail behind these header fields, if it carries the stamp of this test mail. sender_domains: lower case."""
    headers = mime.take_apart(octets)[0].headers
    stamp = next((one for one in _stamps(headers) if read_stamp(one) == canary), None)
    if stamp is None:
        return None
    results = tuple(clean(value) for value in _values(headers, "authentication-results"))[:RESULTS]
    return OwnMail(stamp, _kind(headers, sender_domains), results)


def carries(octets: bytes, canary: str, read_stamp: ReadStamp) -> bool:
    """The same question, of the stamp alone."""
    return any(read_stamp(one) == canary for one in _stamps(mime.take_apart(octets)[0].headers))


def domains_of(*addresses: str) -> frozenset[str]:
    """The domains of addresses, or domains alone; empty ones are left out."""
    return frozenset(one.rpartition("@")[2].lower().rstrip(".") for one in addresses if one)


def _stamps(headers: Iterable[tuple[str, str]]) -> Iterable[str]:
    for name, value in headers:
        if name == STAMP_FIELD.lower():
            yield value
        elif name == "message-id" and (found := _ID.match(value)):
            yield found[1]


def _kind(headers: tuple[tuple[str, str], ...], sender_domains: Collection[str]) -> Kind:
    """RFC 3834 section 2 and RFC 5321 section 4.5.5: what is sent by itself in answer to a mail says so, or has a null sender."""
    report = "".join(_values(headers, "content-type")).lower()
    if report.startswith("multipart/report"):
        return Kind.AUTO_REPLY if "disposition-notification" in report else Kind.BOUNCE  # RFC 8098: somebody's receipt
    if any(value.replace(" ", "") == "<>" for value in _values(headers, "return-path")):
        return Kind.BOUNCE
    submitted = "".join(_values(headers, "auto-submitted")).partition(";")[0].strip().lower()
    written_by = [found.lower().rstrip(".") for value in _values(headers, "from") for found in _ADDRESS.findall(value)[-1:]]
    ours = submitted in ("", "auto-generated") and written_by and all(domain in sender_domains for domain in written_by)
    return Kind.ARRIVAL if ours else Kind.AUTO_REPLY


def _values(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in headers if key == name]
