"""What a server can do wrong, as a list of actions, and the one place where the demo's servers listen.

A script is played byte by byte, whatever the protocol: `serve(script(...))` is a whole server that does nothing else, and the
demo's IMAP server plays one at any step of an otherwise healthy session.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

LINE_CAP = 65_536  # octets of one line that a client may send
FOREVER = 64 << 20  # octets after which even an endless flood ends


@dataclass(frozen=True, slots=True)
class Send:
    data: bytes


@dataclass(frozen=True, slots=True)
class Hear:
    """Wait for `lines` lines of the client's."""

    lines: int = 1


@dataclass(frozen=True, slots=True)
class Flood:
    """The same chunk again and again, until the client leaves or `most` octets are written."""

    chunk: bytes
    most: int = FOREVER


@dataclass(frozen=True, slots=True)
class Drip:
    """One octet every `every` seconds."""

    data: bytes
    every: float = 1.0


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing more, and keep the connection until the client leaves."""


@dataclass(frozen=True, slots=True)
class Close:
    """An orderly end (FIN)."""


@dataclass(frozen=True, slots=True)
class Reset:
    """A hard end (RST)."""


@dataclass(frozen=True, slots=True)
class StartTls:
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Something happens elsewhere, at just this moment: a user deletes a mail, a directory comes back."""

    happens: Callable[[], object]


Action = Meanwhile | Send | Hear | Flood | Drip | Wait | Hang | Close | Reset | StartTls
Script = tuple[Action, ...]


class Gone(Exception):
    """The conversation is over, by either side."""


@dataclass(slots=True, eq=False)
class Client:
    """The client, seen from the server. `reset_after`: octets that it gets before the connection is reset; `pace`: seconds
    between two octets; `heard`: everything it said, TLS taken off."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    reset_after: int | None = None
    pace: float = 0.0
    heard: bytearray = field(default_factory=bytearray)

    @property
    def ip(self) -> str:
        return str(self.writer.get_extra_info("peername")[0])

    async def line(self) -> bytes:
        """The next line without its end. Raises Gone."""
        try:
            data = await self.reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise Gone from None
        self.heard += data
        return data.rstrip(b"\r\n")

    async def octets(self, count: int) -> bytes:
        try:
            data = await self.reader.readexactly(count)
        except asyncio.IncompleteReadError:
            raise Gone from None
        self.heard += data
        return data

    async def say(self, *lines: str) -> None:
        """Whole lines, one write."""
        await self.send("".join(f"{line}\r\n" for line in lines).encode())

    async def send(self, data: bytes) -> None:
        """Raises Gone when the client has left, or when `reset_after` octets are through."""
        if self.pace:
            await self._drip(data, self.pace)
        else:
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        if self.reset_after is not None and len(data) >= self.reset_after:
            self.writer.write(data[: self.reset_after])
            self.reset()
            raise Gone
        if self.reset_after is not None:
            self.reset_after -= len(data)
        self.writer.write(data)
        await self.writer.drain()

    async def _drip(self, data: bytes, every: float) -> None:
        for octet in data:
            await self._write(bytes([octet]))
            await asyncio.sleep(every)

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """What the client said too early must not count after TLS (RFC 3207 section 4.2)."""
        self.reader._buffer.clear()  # type: ignore[attr-defined]  # asyncio has no public way to forget what was read
        await self.writer.start_tls(context)

    def reset(self) -> None:
        """Linger for zero seconds: the kernel sends RST instead of FIN."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.writer.get_extra_info("socket").fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def play(self, script: Script) -> None:
        """Raises Gone when the script ends the conversation."""
        for action in script:
            await self.act(action)

    async def act(self, action: Action) -> None:
        match action:
            case Send(data):
                await self.send(data)
            case Hear(lines):
                for _ in range(lines):
                    await self.line()
            case Flood(chunk, most):
                for _ in range(most // len(chunk) + 1):
                    await self._write(chunk)
                    await asyncio.sleep(0)  # so that the loop can tell that the client has left
            case Drip(data, every):
                await self._drip(data, every)
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Meanwhile(happens):
                happens()
            case StartTls(context):
                await self.start_tls(context)
            case Hang():
                await self.hang()
            case Close():
                raise Gone
            case Reset():
                self.reset()
                raise Gone

    async def hang(self) -> None:
        while data := await self.reader.read(LINE_CAP):
            self.heard += data
        raise Gone


Serve = Callable[[Client], Awaitable[None]]


@dataclass(slots=True)
class Place:
    """Where a server listens, and whom it has met, if it shall remember them."""

    host: str
    port: int
    clients: list[Client] = field(default_factory=list)

    @property
    def heard(self) -> bytes:
        """Everything that clients have said so far."""
        return b"".join(bytes(client.heard) for client in self.clients)


@contextlib.asynccontextmanager
async def listening(
    serve: Serve, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None, remember: bool = False
) -> AsyncIterator[Place]:
    """A server that lives as long as the block; `tls` from the first octet on. Port 0: any free one. `remember`: for tests."""
    place = Place(host, port)
    tasks: set[asyncio.Task[None]] = set()

    def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(reader, writer)
        if remember:
            place.clients.append(client)
        task = asyncio.get_running_loop().create_task(attend(serve, client))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(meet, host, port, ssl=tls, limit=LINE_CAP)
    place.port = server.sockets[0].getsockname()[1]
    try:
        yield place
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def attend(serve: Serve, client: Client) -> None:
    """One conversation to its end, however it ends."""
    try:
        await serve(client)
    except (Gone, OSError):
        pass  # a client may leave at any octet; ssl.SSLError is an OSError
    finally:
        client.writer.close()


def scripted(script: Script, *, reset_after: int | None = None) -> Serve:
    """A server that plays `script` to everybody."""

    async def serve(client: Client) -> None:
        client.reset_after = reset_after
        await client.play(script)

    return serve


def relay(host: str, port: int, *, reset_after: int) -> Serve:
    """A way to another server that breaks (RST) after so many octets from it: also in the middle of its TLS handshake."""

    async def serve(client: Client) -> None:
        client.reset_after = reset_after
        reader, writer = await asyncio.open_connection(host, port)

        async def forward() -> None:
            while data := await client.reader.read(LINE_CAP):
                writer.write(data)

        upward = asyncio.get_running_loop().create_task(forward())
        try:
            while data := await reader.read(LINE_CAP):
                await client.send(data)
        finally:
            upward.cancel()
            writer.close()

    return serve
