"""Protocols without I/O: bytes in, values out. One file per protocol; nothing here knows a socket or a clock.

Two errors say who is to blame: `TheirFault` (the server broke the protocol) and `OurFault` (we asked for something
that must never be written).
"""

from __future__ import annotations


class WireError(Exception):
    """A dialogue cannot go on."""


class TheirFault(WireError):
    """The server broke the protocol. `why` is a `Breakage` value in words; `words` is what it had said."""

    def __init__(self, why: str, words: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.words = words


class OurFault(WireError):
    """We were about to write something that is not one command, or not the bytes that were meant."""
