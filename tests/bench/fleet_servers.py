"""The mail servers of a made-up carrier, fast and honest: real TCP and TLS, and answers that follow from the user's number.

A process of its own, on a core of its own: `python -m tests.bench.fleet_servers CERTIFICATE IMAP MX HOST...`. Of ten accounts one
is not let in, one is unknown to the MX, and the mailbox of one is full.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import ssl
import sys
from pathlib import Path
from typing import cast

import uvloop

from mailprobe.demo.dns import NameServer

NUMBER = re.compile(rb"u(\d{6})")
NOT_LET_IN, UNKNOWN, FULL = 0, 1, 2  # the last digit of a user's number
FAILING = 0.3
ZONE = "bench.test"
CAPABILITIES = b"IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN"
OFFERED = (b"mx.bench.test", b"PIPELINING", b"SIZE 10240000", b"ENHANCEDSTATUSCODES", b"8BITMIME", b"SMTPUTF8")


def number_of(line: bytes) -> int | None:
    """The last digit of the number of the user that a line names; None for a control."""
    found = NUMBER.search(line)
    return int(found[1]) % 10 if found is not None else None


class Talking(asyncio.Protocol):
    """Lines in, answers out."""

    greeting = b""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        self.transport: asyncio.Transport | None = None
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self.greeting:
            self.transport.write(self.greeting)

    def data_received(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\r\n")
        for line in lines:
            self.heard(line)

    def heard(self, line: bytes) -> None:
        raise NotImplementedError

    def say(self, *lines: bytes) -> None:
        if self.transport is not None:
            self.transport.write(b"".join(line + b"\r\n" for line in lines))

    def hang_up(self, *lines: bytes) -> None:
        self.say(*lines)
        if self.transport is not None:
            self.transport.close()


class Imap(Talking):
    greeting = b"* OK [CAPABILITY " + CAPABILITIES + b"] ready.\r\n"

    def heard(self, line: bytes) -> None:
        tag, _, rest = line.partition(b" ")
        match rest.split(b" ")[0].upper():
            case b"LOGIN":
                self.sign_in(tag, rest)
            case b"AUTHENTICATE":
                self.sign_in(tag, base64.b64decode(rest.split(b" ")[-1]))
            case b"EXAMINE":
                state = (b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)", b"* 12 EXISTS", b"* 0 RECENT")
                uids = (b"* OK [UIDVALIDITY 1700000001] UIDs valid", b"* OK [UIDNEXT 4321] Predicted next UID")
                self.say(*state, *uids, tag + b" OK [READ-ONLY] Examine completed (0.001 + 0.000 secs).")
            case b"LOGOUT":
                self.hang_up(b"* BYE Logging out", tag + b" OK Logout completed (0.001 + 0.000 secs).")
            case _:
                self.say(tag + b" OK done")

    def sign_in(self, tag: bytes, words: bytes) -> None:
        if number_of(words) == NOT_LET_IN:
            self.say(tag + b" NO [AUTHENTICATIONFAILED] Authentication failed.")
        else:
            self.say(tag + b" OK [CAPABILITY " + CAPABILITIES + b" UIDPLUS QUOTA] Logged in")


class Smtp(Talking):
    greeting = b"220 mx.bench.test ESMTP\r\n"
    secured = False

    def heard(self, line: bytes) -> None:
        match line[:4].upper():
            case b"EHLO":
                offered = OFFERED if self.secured else (*OFFERED, b"STARTTLS")
                self.say(*(b"250-" + one for one in offered[:-1]), b"250 " + offered[-1])
            case b"STAR":
                self.say(b"220 2.0.0 Ready to start TLS")
                asyncio.get_running_loop().create_task(self.start_tls())
            case b"RCPT":
                self.say(self.answer(line))
            case b"QUIT":
                self.hang_up(b"221 2.0.0 Bye")
            case _:
                self.say(b"250 2.1.0 Ok")

    def answer(self, line: bytes) -> bytes:
        number = number_of(line)
        if number == UNKNOWN or b"nobody" in line:
            address = line.partition(b"<")[2].partition(b">")[0]
            return b"550 5.1.1 <" + address + b">: Recipient address rejected: User unknown in virtual mailbox table"
        return b"452 4.2.2 mailbox full" if number == FULL else b"250 2.1.5 Ok"

    async def start_tls(self) -> None:
        if self.transport is None:
            return
        inner = Smtp(self.context)
        inner.secured, inner.greeting = True, b""
        try:
            made = await asyncio.get_running_loop().start_tls(self.transport, inner, self.context, server_side=True)
        except (OSError, ssl.SSLError):
            return
        if made is not None:
            inner.transport = made


async def serve(certificate: Path, imap: int, mx: int, hosts: list[str]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Imap(context), hosts, imap, ssl=context, backlog=1000)
    await loop.create_server(lambda: Smtp(context), hosts, mx, backlog=1000)
    records = {f"c{number}.{ZONE}": {"A": (host,)} for number, host in enumerate(hosts)} | {
        f"probe.{ZONE}": {"A": ("127.0.0.1",)}
    }
    transport, _ = await loop.create_datagram_endpoint(lambda: NameServer((ZONE,), records), ("127.0.0.1", 0))
    print(transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    place, imap_port, mx_port, *names = sys.argv[1:]
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    uvloop.run(serve(Path(place), int(imap_port), int(mx_port), names))
