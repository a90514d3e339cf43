"""[notify] -> where events are told. The URL may hold a token of its own: it is never repeated."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from mailprobe.config.meaning import authority, check_secret, is_inside
from mailprobe.config.reading import NotifySection, Sheet, read_section
from mailprobe.config.shape import Notify, Told


def make_notify(sheet: Sheet, raw: object, networks: Iterable[str]) -> Notify | None:
    """None without a [notify], or after its problems were written to the sheet."""
    if raw is None:
        return None
    section = read_section(sheet, NotifySection, raw, ("notify",))
    if section is None:
        return None
    check_secret(sheet, section.secret, ("notify", "secret"))
    url = urlsplit(section.url)
    if url.scheme == "http" and not is_near(url.hostname or "", networks):
        hint = "use https, or name its network in prober.allow_networks"
        sheet.warn("MP2012", ("notify", "url"), "events are signed, but anybody on the way can read them", hint)
    ca = authority(sheet, section.tls_ca, ("notify", "tls_ca"))
    return Notify(section.url, section.secret, tuple(Told(one) for one in section.events or Told), ca)


def is_near(host: str, networks: Iterable[str]) -> bool:
    """On this machine or in an inner network, as far as the name itself tells."""
    inner = [*networks, "127.0.0.0/8", "::1/128"]
    return host == "localhost" or any(is_inside(host, ipaddress.ip_network(network)) for network in inner)
