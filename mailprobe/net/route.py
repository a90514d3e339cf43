"""Which of our own addresses the kernel would speak from. Nothing is sent."""

from __future__ import annotations

import socket

from mailprobe.net.records import is_literal


def local_address(ip: str) -> str:
    """Our address towards `ip`, or '' if there is no route: connecting a datagram socket only asks the routing table."""
    if not is_literal(ip):
        return ""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((ip, 25))
            return str(asking.getsockname()[0])
    except OSError:
        return ""
