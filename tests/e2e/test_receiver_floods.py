"""Many at the receiver's door: what they cost, and that they keep nobody out."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import time
from collections.abc import Callable

import pytest

from mailprobe.bounces.door import Bounds, Reason
from mailprobe.bounces.receiver import Receiver
from tests.e2e.receiver_client import Shelf, client, gone, greeted, house, send, signed
from tests.e2e.test_hostile import Cost, forget_most, memory, settled

MEGABYTE = 1 << 20


@pytest.mark.parametrize("leave", ["close", "abort", "half", "in_data"])
async def test_a_client_that_goes_leaves_nothing_behind(leave: str, caplog: pytest.LogCaptureFixture) -> None:
    async with house(Shelf().keep) as receiver:
        async with greeted(receiver):
            pass  # what a loop opens at its first use stays open
        await gone(receiver)
        before = Cost()
        for _ in range(20):
            async with greeted(receiver) as one:
                for line in (b"MAIL FROM:<>", b"RCPT TO:<%s>" % signed(), b"DATA") if leave == "in_data" else ():
                    await one.say(line)
                if leave in ("abort", "in_data"):
                    one.writer.transport.abort()
                elif leave == "half":
                    one.writer.write_eof()
                    await one.rest()
        await gone(receiver)
        assert await settled(before) == before
    assert "Traceback" not in caplog.text


async def test_one_address_has_ten_places() -> None:
    async with house(Shelf().keep, Bounds(quiet=0.0)) as receiver, contextlib.AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(greeted(receiver))
        async with client(receiver) as one:
            assert await one.rest() == b"421 4.7.0 Too many connections, try again later\r\n"
        async with greeted(receiver, "127.0.9.1"):
            pass
    assert receiver.rejected == {Reason.CROWD: 1}


async def endless(receiver: Receiver, seconds: float) -> None:
    """Lines without an end, in commands and in DATA, as long as they are taken."""
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(seconds), greeted(receiver) as one:
            for line in (b"MAIL FROM:<>", b"RCPT TO:<%s>" % signed(), b"DATA"):
                await one.say(line)
            while True:
                one.writer.write(b"x" * 65_536)
                await one.writer.drain()


async def test_two_hundred_endless_lines_cost_little() -> None:
    async with house(Shelf().keep) as receiver:
        before = forget_most()
        await asyncio.gather(*(endless(receiver, 5) for _ in range(200)))
        cost = memory("VmHWM") - before
        await gone(receiver)
    print(f"200 endless lines: {cost / MEGABYTE:.1f} MiB, their clients included")
    assert cost < 64 * MEGABYTE
    assert receiver.rejected.total() == 200


def descriptors(wanted: int) -> Callable[[], None] | None:
    """Raise this process's limit; None if the system does not allow it, else how to put it back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return None
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_two_thousand_idle_clients_stop_nobody() -> None:
    restore = descriptors(8192)
    assert restore is not None, "this test needs 8,192 descriptors: raise the hard limit"
    shelf, idle = Shelf(), []
    loop = asyncio.get_running_loop()
    took = []

    async def real(receiver: Receiver, n: int) -> None:
        began = time.monotonic()
        async with greeted(receiver, f"127.2.{n}.1") as one:
            assert (await send(one, b"x%d\r\n" % n, signed())).startswith(b"250 ")
        took.append(time.monotonic() - began)

    try:
        async with house(shelf.keep, Bounds()) as receiver:
            for n in range(2000):
                one = socket.socket()
                one.setblocking(False)
                one.bind((f"127.1.{n // 25}.{n % 25 + 1}", 0))
                await loop.sock_connect(one, receiver.listening[0])
                idle.append(one)
            for n in range(0, 50, 10):
                await asyncio.gather(*(real(receiver, m) for m in range(n, n + 10)))
            assert len(receiver.door) <= receiver.door.most
    finally:
        for one in idle:
            one.close()
        restore()
    slowest = max(took)
    print(f"50 real clients beside 2,000 idle: slowest {slowest * 1000:.0f} ms")
    assert len(shelf.mails) == 50
    assert slowest < 1.0
    assert receiver.rejected[Reason.CROWD] >= 1500
