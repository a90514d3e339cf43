"""`imaps://host:port` and its relatives -> Endpoint. There is no form for sending a secret in the clear."""

from __future__ import annotations

import ipaddress

from mailprobe.address import AddressError
from mailprobe.address.domain import a_label
from mailprobe.carriers import Channel, Endpoint, Origin

IMAP = {"imaps": (Channel.IMPLICIT, 993), "imap": (Channel.STARTTLS, 143)}
SUBMISSION = {"smtps": (Channel.IMPLICIT, 465), "smtp": (Channel.STARTTLS, 587)}
MX_PORT = 25


class EndpointError(Exception):
    """The text names no server; renamed to a Problem by whoever read it."""

    def __init__(self, code: str, what: str, hint: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.hint = hint


def read_imap(text: str, origin: Origin = Origin.CONFIGURED) -> Endpoint:
    """`imaps://` (RFC 8314) or `imap://`, which means STARTTLS required."""
    return read_url(text, IMAP, origin)


def read_submission(text: str, origin: Origin = Origin.CONFIGURED) -> Endpoint:
    """`smtps://` (RFC 8314) or `smtp://`, which means STARTTLS required."""
    return read_url(text, SUBMISSION, origin)


def read_mx(text: str) -> Endpoint:
    """`host` or `host:port`: a mail exchanger as written, instead of the ones in DNS."""
    return place(text, Channel.CLEAR, MX_PORT, Origin.CONFIGURED)


def read_url(text: str, schemes: dict[str, tuple[Channel, int]], origin: Origin) -> Endpoint:
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in schemes:
        forms = " or ".join(f"{name}://host:port" for name in schemes)
        raise EndpointError("MP1032", f'not a server of this kind: "{text}"', f"write {forms}")
    channel, port = schemes[scheme.lower()]
    return place(rest.removesuffix("/"), channel, port, origin)


def place(text: str, channel: Channel, default_port: int, origin: Origin) -> Endpoint:
    host, port = split_port(text, default_port)
    return Endpoint(checked_host(host), port, channel, origin)


def split_port(text: str, default_port: int) -> tuple[str, int]:
    """IPv6 needs brackets when a port follows: RFC 3986 section 3.2.2."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
    elif text.count(":") > 1:
        host, rest = text, ""
    else:
        host, colon, port = text.partition(":")
        rest = colon + port
    if not rest:
        return host, default_port
    number = rest.removeprefix(":")
    if not (rest.startswith(":") and number.isascii() and number.isdigit() and 1 <= int(number[:6]) <= 65535):
        raise EndpointError("MP1004", f'port must be 1-65535, got "{number}"', "write host:port")
    return host, int(number)


def checked_host(host: str) -> str:
    """An address in its canonical form, or a name as A-labels; what only looks like an address is refused."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    labels = host.removesuffix(".").split(".")
    if not all(labels) or len(host) > 253 or labels[-1].isdigit() or labels[-1].lower().startswith("0x"):
        raise EndpointError("MP1032", f'"{host}" is no host', "give a name or an IP address")
    try:
        return ".".join(a_label(label, 1) for label in labels)
    except AddressError as error:
        raise EndpointError("MP1032", f'"{host}" is no host: {error.what}', "give a name or an IP address") from None
