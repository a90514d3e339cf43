"""DNS record data in presentation form: sorted, bounded, safe to show. No I/O."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable

import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.TXT
import dns.rdtypes.IN.SRV
from dns.rdata import Rdata

from mailprobe.evidence import Lookup

MOST_USED = 20  # records of one answer; a domain may publish a thousand
MOST_TEXT = 2048  # characters of one TXT record
NULL_MX = "0 ."  # RFC 7505 section 3


def presented(rrtype: str, records: Iterable[Rdata]) -> tuple[Lookup, tuple[str, ...]]:
    """FOUND and the values in order of preference, or NULL_MX."""
    values = tuple(text(record) for record in sorted(records, key=preference))
    if rrtype == "MX":
        if values == (NULL_MX,):
            return Lookup.NULL_MX, values
        # RFC 7505 section 3: a null MX beside others is no null MX, and the root is no mail host
        values = tuple(value for value in values if host_of(value))
    return (Lookup.FOUND if values else Lookup.NODATA), values[:MOST_USED]


def preference(record: Rdata) -> tuple[int, int, str]:
    """RFC 5321 section 5.1 and RFC 2782: lowest first, of equals the heaviest, then by name so that runs compare."""
    if isinstance(record, dns.rdtypes.ANY.MX.MX):
        return record.preference, 0, record.exchange.to_text().lower()
    if isinstance(record, dns.rdtypes.IN.SRV.SRV):
        return record.priority, -record.weight, record.target.to_text().lower()
    return 0, 0, record.to_text()


def text(record: Rdata) -> str:
    """One record's data; hosts in lower case, texts without control characters."""
    if isinstance(record, dns.rdtypes.ANY.TXT.TXT):
        joined = b"".join(record.strings)[:MOST_TEXT].decode("utf-8", "replace")
        return "".join(letter if letter.isprintable() else "?" for letter in joined)
    return record.to_text().lower()


def host_of(value: str) -> str:
    """The host at the end of an MX or SRV value, without the final dot; '' for the root."""
    return value.rpartition(" ")[2].rstrip(".")


@functools.lru_cache(maxsize=1024)
def is_literal(host: str) -> bool:
    """Whether this is an IP address in full textual form."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
