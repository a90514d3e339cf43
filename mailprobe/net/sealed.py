"""TLS without I/O: what came over the wire goes in, the server's words come out, and the same the other way.

Our own, because the loop's `start_tls` reads the whole certificate into a dict at every handshake, asks OpenSSL once more after
every record only to be told that there is nothing, and keeps large buffers: a tenth of a check's CPU.
"""

from __future__ import annotations

import ssl

MOST = 32_768  # octets of one read: two records (RFC 8446 section 5.1)


class Sealed:
    """One TLS session of a client, over memory. After an ssl.SSLError it is dead; `leaving` may still hold an alert. over: the
    server has ended it, and nothing more will come."""

    __slots__ = ("_arrived", "leaving", "over", "session")

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        self._arrived = ssl.MemoryBIO()
        self.leaving = ssl.MemoryBIO()  # what we have to say, and the session of its own: an alert, an answer to a key update
        self.over = False
        self.session = context.wrap_bio(self._arrived, self.leaving, server_hostname=server_name)

    def shake(self, wire: bytes) -> bool:
        """Go on with the handshake; False: the server has to say more. Raises ssl.SSLError."""
        self._arrived.write(wire)
        try:
            self.session.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def opened(self, wire: bytes) -> bytes:
        """What the server said; b'' where a record is not whole yet, or it said no more. Raises ssl.SSLError."""
        self._arrived.write(wire)
        said: list[bytes] = []
        while self._arrived.pending and not self.over:  # a read takes a whole record: OpenSSL keeps nothing back
            try:
                said.append(self.session.read(MOST))
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:  # close_notify, RFC 8446 section 6.1
                self.over = True
            else:
                self.over = not said[-1]
        return said[0] if len(said) == 1 else b"".join(said)

    def seal(self, words: bytes) -> bytes:
        """Our words, ready for the wire. Raises ssl.SSLError."""
        self.session.write(words)
        return self.leaving.read()
