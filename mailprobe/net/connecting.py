"""The way to a mail server: the only place that opens client sockets, and beside stream.py the only one that sees an OSError."""

from __future__ import annotations

import asyncio
import errno
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, cast

from mailprobe.evidence import Unreachable
from mailprobe.net.stream import Clock, Stream, Tap
from mailprobe.wire.text import clean

_UNREACHABLE = {
    errno.ECONNREFUSED: Unreachable.REFUSED,
    errno.ETIMEDOUT: Unreachable.TIMEOUT,
    errno.ECONNRESET: Unreachable.RESET,
    errno.EAFNOSUPPORT: Unreachable.NO_FAMILY,
    errno.EADDRNOTAVAIL: Unreachable.OUR_LIMIT,
    errno.EMFILE: Unreachable.OUR_LIMIT,
    errno.ENFILE: Unreachable.OUR_LIMIT,
    errno.ENOBUFS: Unreachable.OUR_LIMIT,
    errno.ENOMEM: Unreachable.OUR_LIMIT,
}


class MayConnect(Protocol):
    """Our own guard: None if this may be connected to, else why not. `mailprobe.net.guard.Guard` is one."""

    def check(self, ip: str, port: int, host: str = "") -> StrEnum | None: ...


class CannotConnect(Exception):
    """No connection came to be."""

    def __init__(self, why: Unreachable, detail: str = "") -> None:
        super().__init__(why.value)
        self.why = why
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Net:
    """How this run may reach the network. `tap` gets every line of the masked transcript; `clock` is monotonic seconds."""

    guard: MayConnect
    tap: Tap
    clock: Clock = time.monotonic

    async def connect(self, host: str, ip: str, port: int, *, within: float = 8.0) -> Stream:
        """A TCP connection to `ip`; `host` is for the label only. Raises CannotConnect."""
        label = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        stream = self.stream(label, ip)
        self._check(stream, ip, port, host)
        try:
            await self._dialled(stream, ip, port, within)
        except OSError as error:
            raise self._unreachable(stream, *_cause(error, ip)) from None
        except BaseException:
            stream.close()
            raise
        self._check_peer(stream, host, ip, port)
        stream.tell("*", f"connected to {ip} port {port}")
        return stream

    async def _dialled(self, stream: Stream, ip: str, port: int, within: float) -> None:
        """As asyncio.timeout does it, at a third of its price. Raises TimeoutError."""
        task = cast("asyncio.Task[None]", asyncio.current_task(stream.loop))
        cancelled, timer = task.cancelling(), stream.loop.call_later(within, stream.give_up, task)
        try:
            await self.dial(stream, ip, port)
        except asyncio.CancelledError:
            if stream.late and task.uncancel() <= cancelled:  # nobody but us
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()

    def stream(self, label: str, ip: str) -> Stream:
        """The connection to be; a test may have its own kind, to write down or to replay what is said."""
        return Stream(label, ip, self.tap, self.clock)

    async def dial(self, stream: Stream, ip: str, port: int) -> None:
        """Open the socket. The one step that a test without sockets replaces."""
        await stream.loop.create_connection(lambda: stream, ip, port)

    def _check_peer(self, stream: Stream, host: str, ip: str, port: int) -> None:
        """The address is asked of the kernel once more: what counts is where we are, not where we meant to go."""
        peer, own = stream.ends()
        if not peer:
            raise self._unreachable(stream, Unreachable.RESET, "")
        if peer != ip:
            self._check(stream, peer, port, host)
        stream.local = own

    def _check(self, stream: Stream, ip: str, port: int, host: str) -> None:
        forbidden = self.guard.check(ip, port, host)
        if forbidden is not None:
            raise self._unreachable(stream, Unreachable.FORBIDDEN, forbidden.value)

    def _unreachable(self, stream: Stream, why: Unreachable, detail: str) -> CannotConnect:
        stream.tell("*", f"not connected: {why.value} {detail}".rstrip())
        stream.close()
        return CannotConnect(why, detail)


def _cause(error: OSError, ip: str) -> tuple[Unreachable, str]:
    if isinstance(error, TimeoutError):  # ours, or the kernel's ETIMEDOUT
        return Unreachable.TIMEOUT, ""
    code = error.errno or 0
    if code == errno.EADDRNOTAVAIL and ":" in ip:
        return Unreachable.NO_FAMILY, clean((error.strerror or "").encode())  # no IPv6 address to speak from
    return _UNREACHABLE.get(code, Unreachable.NO_ROUTE), clean((error.strerror or str(error)).encode())
