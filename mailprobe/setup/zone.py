"""The DNS records that make us trustworthy, as a snippet for a zone file. Names are absolute, so it fits into any zone."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from mailprobe.setup.answers import Answers

MOST_STRING = 255  # octets of one character-string (RFC 1035 section 3.3)
UNKNOWN_IP = "the address that we go out from"


def zone_of(answers: Answers, dkim_key: str = "") -> str:
    """dkim_key: the public key in base64, of the selector that the answers name."""
    return "\n".join([*host_lines(answers), *mail_lines(answers), *dkim_lines(answers, dkim_key), ""])


def record(name: str, kind: str, data: str) -> str:
    return f"{name + '.':<44} 3600 IN {kind:<5} {data}"


def host_lines(answers: Answers) -> Iterator[str]:
    """Forward and reverse must agree, and be the EHLO name: what RFC 8601 section 2.7.3 calls iprev."""
    yield f"; mailprobe at {answers.name}: its address, and the way back from the address to the name"
    for ip in answers.addresses:
        yield record(answers.name, "A" if ipaddress.ip_address(ip).version == 4 else "AAAA", ip)
    if not answers.addresses:
        yield f"; {record(answers.name, 'A', f'<{UNKNOWN_IP}>')}"
    yield ";"
    yield "; the reverse records belong to whoever gave us the address, usually the network provider; ask there for:"
    for ip in answers.addresses:
        yield f"; {record(ipaddress.ip_address(ip).reverse_pointer, 'PTR', f'{answers.name}.')}"
    if not answers.addresses:
        yield f"; <{UNKNOWN_IP}, reversed>.in-addr.arpa. PTR {answers.name}."
    yield ";"


def mail_lines(answers: Answers) -> Iterator[str]:
    """RFC 7208 for every name that we send as: EHLO, acceptance checks, test mails. Bounces come back to the last one."""
    sender = answers.mail_from.rpartition("@")[2]
    yield "; whom we send as, from these addresses and no others (SPF), and where answers and bounces go (MX)"
    for name in dict.fromkeys((answers.name, sender, answers.bounce_domain)):
        yield record(name, "TXT", f'"{spf_of(answers)}"')
    for name in dict.fromkeys((sender, answers.bounce_domain)):
        yield record(name, "MX", f"10 {answers.name}.")
    yield record(f"_dmarc.{sender}", "TXT", '"v=DMARC1; p=none"')


def spf_of(answers: Answers) -> str:
    """Without known addresses: those of the host, whatever they are."""
    kinds = {ip: "ip4" if ipaddress.ip_address(ip).version == 4 else "ip6" for ip in answers.addresses}
    terms = [f"{kind}:{ip}" for ip, kind in kinds.items()] or [f"a:{answers.name}"]
    return " ".join(("v=spf1", *terms, "-all"))


def dkim_lines(answers: Answers, key: str) -> Iterator[str]:
    """RFC 6376 section 3.6.1. A key is longer than one string may be: the strings are joined by the reader."""
    if not key:
        return
    text = f"v=DKIM1; k=rsa; p={key}"
    parts = [text[start : start + MOST_STRING] for start in range(0, len(text), MOST_STRING)]
    name = f"{answers.dkim}._domainkey.{answers.mail_from.rpartition('@')[2]}"
    yield "; the key that test mails are signed with (DKIM)"
    yield record(name, "TXT", "( " + " ".join(f'"{part}"' for part in parts) + " )")
