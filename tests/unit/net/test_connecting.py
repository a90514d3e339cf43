"""The way to a server, over scripted ones: why there is no connection, our own time for it, and the guard before and after."""

import asyncio
import errno

import pytest

from mailprobe.evidence import Line, Unreachable
from mailprobe.net.connecting import CannotConnect
from mailprobe.net.guard import Guard
from mailprobe.net.stream import Stream
from tests.unit.probes.servers import ScriptedNet, Server
from tests.unit.probes.world import Anywhere

HOST, IP, PORT = "mx.mail.test", "192.0.2.1", 25


@pytest.fixture
def lines() -> list[Line]:
    return []


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Unreachable.REFUSED),
        (TimeoutError(errno.ETIMEDOUT, "x"), Unreachable.TIMEOUT),
        (OSError(errno.ENETUNREACH, "x"), Unreachable.NO_ROUTE),
        (OSError(errno.EHOSTUNREACH, "x"), Unreachable.NO_ROUTE),
        (ConnectionResetError(errno.ECONNRESET, "x"), Unreachable.RESET),
        (OSError(errno.EAFNOSUPPORT, "x"), Unreachable.NO_FAMILY),
        (OSError(errno.EMFILE, "x"), Unreachable.OUR_LIMIT),
    ],
)
async def test_why_there_is_no_connection(error: OSError, why: Unreachable, lines: list[Line]) -> None:
    net = ScriptedNet(Anywhere(), lines.append, servers={(IP, PORT): error})
    with pytest.raises(CannotConnect) as cannot:
        await net.connect(HOST, IP, PORT)
    assert cannot.value.why is why
    assert lines[0].text.startswith(f"not connected: {why.value}")


class Silent(ScriptedNet):
    """Nothing answers to the first packet."""

    async def dial(self, stream: Stream, ip: str, port: int) -> None:
        await asyncio.Event().wait()


async def test_a_connection_that_is_never_answered_is_given_up_in_its_own_time(lines: list[Line]) -> None:
    with pytest.raises(CannotConnect) as cannot:
        await Silent(Anywhere(), lines.append).connect(HOST, IP, PORT, within=0)
    assert cannot.value.why is Unreachable.TIMEOUT
    me = asyncio.current_task()
    assert me is not None
    assert not me.cancelling()  # what we called off ourselves is settled


async def test_who_calls_a_connection_off_is_obeyed_even_where_it_is_too_late_as_well(lines: list[Line]) -> None:
    class Both(Silent):
        async def dial(self, stream: Stream, ip: str, port: int) -> None:
            stream.give_up(asyncio.current_task())
            connecting.cancel()
            await Silent.dial(self, stream, ip, port)

    connecting = asyncio.create_task(Both(Anywhere(), lines.append).connect(HOST, IP, PORT))
    with pytest.raises(asyncio.CancelledError):
        await connecting


async def test_the_callers_deadline_is_no_fault_of_the_server(lines: list[Line]) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await Silent(Anywhere(), lines.append).connect(HOST, IP, PORT)
    assert not any("not connected" in line.text for line in lines)


async def test_the_guard_is_asked_before_and_after(lines: list[Line]) -> None:
    server = Server({})
    net = ScriptedNet(Guard(), lines.append, servers={("127.0.0.1", 25): server})
    with pytest.raises(CannotConnect) as cannot:
        await net.connect("rebound.example", "127.0.0.1", 25)
    assert cannot.value.why is Unreachable.FORBIDDEN
    assert server.visits == 0

    class Moved(ScriptedNet):
        async def dial(self, stream: Stream, ip: str, port: int) -> None:
            await ScriptedNet.dial(self, stream, "127.0.0.1", port)

    moved = Moved(Guard(), lines.append, servers={("127.0.0.1", 25): server})
    with pytest.raises(CannotConnect) as cannot:
        await moved.connect("rebound.example", "93.184.216.34", 25)
    assert cannot.value.why is Unreachable.FORBIDDEN
    assert (server.visits, server.open) == (1, 0)
