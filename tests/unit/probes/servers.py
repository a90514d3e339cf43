"""Mail servers without sockets: each line is answered from a table, in clear or through a real TLS engine in memory."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import trustme

from mailprobe.net.connecting import Net
from mailprobe.net.stream import Stream

RESET = "!reset"
CLOSE = "!close"
HANG = "!hang"

AUTHORITY = trustme.CA()


def server_context(*names: str, authority: trustme.CA = AUTHORITY, weak: bool = False) -> ssl.SSLContext:
    """TLS for a server with these names. `weak`: static RSA only, as servers older than our default do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    kind = trustme.KeyType.RSA if weak else trustme.KeyType.ECDSA
    authority.issue_cert(*names, key_type=kind).configure_cert(context)
    if weak:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-GCM-SHA256")
    return context


@dataclass(slots=True, eq=False)
class Server:
    """What one address answers. `answers`: by the longest fitting start of the line; a list is used up one by one."""

    answers: Mapping[str, str | list[str]]
    greeting: str = "220 mx.d.test ESMTP"
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    after_starttls: str = ""  # said in clear behind the go-ahead
    got: list[str] = field(default_factory=list)
    open: int = 0
    visits: int = 0

    def answer(self, line: str) -> str:
        self.got.append(line)
        fitting = [start for start in self.answers if line.startswith(start)]
        said = self.answers[max(fitting, key=len)] if fitting else "502 5.5.1 what"
        if isinstance(said, list):
            return said.pop(0) if len(said) > 1 else said[0]
        return said

    def starts_tls(self, line: str, answer: str) -> bool:
        """Is this the go-ahead, after which the handshake follows?"""
        return line == "STARTTLS" and answer.startswith("220")


def octets(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("utf-8", "surrogateescape") + b"\r\n"


class Wire(asyncio.Transport):
    """The client's end of a connection to a `Server`."""

    _start_tls_compatible = True

    def __init__(self, stream: Stream, server: Server, ip: str, port: int) -> None:
        super().__init__({"peername": (ip, port), "sockname": ("192.0.2.200", 40000)})
        self.loop = asyncio.get_running_loop()
        self.protocol: Any = stream
        self.server = server
        self.line = b""
        self.closed = False
        self.tls: ssl.SSLObject | None = None
        self.inward, self.outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.ready = False
        server.open += 1
        server.visits += 1
        if server.implicit:
            self.start_tls()
        else:
            self.say(server.greeting)

    def start_tls(self) -> None:
        assert self.server.tls is not None
        self.tls = self.server.tls.wrap_bio(self.inward, self.outward, server_side=True)

    # what the client does

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.closed:
            return
        if self.tls is None:
            self.heard(bytes(data))
        else:
            self.inward.write(data)
            self.pump()

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return cast(asyncio.BaseProtocol, self.protocol)

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        self.lose(None)

    def _force_close(self, why: Exception | None) -> None:
        self.lose(why)  # what asyncio's TLS engine calls when a handshake fails

    def lose(self, why: Exception | None) -> None:
        if not self.closed:
            self.closed = True
            self.server.open -= 1
            self.loop.call_soon(self.protocol.connection_lost, why)

    # what the server does

    def heard(self, data: bytes) -> None:
        *lines, self.line = (self.line + data).split(b"\r\n")
        for line in lines:
            text = line.decode("utf-8", "surrogateescape")
            answer = self.server.answer(text)
            if self.server.starts_tls(text, answer):
                self.say(answer + self.server.after_starttls)
                self.start_tls()
            else:
                self.say(answer)

    def say(self, answer: str) -> None:
        if answer == RESET:
            self.loop.call_soon(self.lose, ConnectionResetError("reset by peer"))
        elif answer.endswith(CLOSE):
            self.send(answer.removesuffix(CLOSE).encode())
            self.loop.call_soon(self.lose, None)
        elif answer != HANG:
            self.send(octets(answer))

    def send(self, data: bytes) -> None:
        if self.tls is None:
            self.loop.call_soon(self.deliver, data)
        elif data:
            self.tls.write(data)
            self.flush()

    def pump(self) -> None:
        """Let the TLS engine work on what came in."""
        assert self.tls is not None
        try:
            if not self.ready:
                self.tls.do_handshake()
                self.ready = True
                if self.server.implicit:
                    self.say(self.server.greeting)
            while data := self.tls.read(65536):
                self.heard(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.flush()
            self.loop.call_soon(self.lose, None)
        self.flush()

    def flush(self) -> None:
        if self.outward.pending:
            self.loop.call_soon(self.deliver, self.outward.read())

    def deliver(self, data: bytes) -> None:
        if self.closed or not data:
            return
        if isinstance(self.protocol, asyncio.BufferedProtocol):
            while data:
                room = memoryview(self.protocol.get_buffer(len(data)))
                taken = min(len(room), len(data))
                room[:taken] = data[:taken]
                self.protocol.buffer_updated(taken)
                data = data[taken:]
        else:
            self.protocol.data_received(data)


@dataclass(frozen=True, slots=True)
class ScriptedNet(Net):
    """A network of scripted servers, by address and port. An OSError in the table is raised instead of connecting."""

    servers: Mapping[tuple[str, int], Server | OSError] = field(default_factory=dict)

    async def dial(self, stream: Stream, ip: str, port: int) -> None:
        server = self.servers.get((ip, port), ConnectionRefusedError(111, "Connection refused"))
        await asyncio.sleep(0)
        if isinstance(server, OSError):
            raise server
        stream.connection_made(Wire(stream, server, ip, port))
