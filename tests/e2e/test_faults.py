"""Each fault mode does what it says, seen by a client that knows nothing of mail."""

import asyncio
import contextlib
import ssl
import time
from pathlib import Path

import pytest

from mailprobe.demo import hostile
from mailprobe.demo.carrier import CarrierState, Mailbox
from mailprobe.demo.faults import (
    Action,
    Close,
    Drip,
    Flood,
    Hang,
    Hear,
    Reset,
    Script,
    Send,
    StartTls,
    Wait,
    listening,
    relay,
    scripted,
)
from mailprobe.demo.imap import ImapServer, Plan, Step
from mailprobe.demo.tls import Authority

SOON = 0.1  # seconds in which loopback has said what it is going to say, where nothing more is expected
PATIENCE = 20.0  # seconds for what is expected, on a busy machine
SCRIPTS = {f"imap {name}": one for name, one in hostile.IMAP.items()} | {
    f"smtp {name}": one for name, one in hostile.SMTP.items()
}


async def dialogue(port: int, says: bytes = b"", most: int = 1 << 16, silent: bytes | None = None) -> tuple[bytes, str]:
    """All that a server says until it ends, and how it ended: closed, reset, silent (or too much). silent: what it says before it
    is to fall silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(says)
    heard = bytearray()
    try:
        while len(heard) < most:
            async with asyncio.timeout(SOON if silent is not None and silent in heard else PATIENCE):
                data = await reader.read(4096)
            if not data:
                return bytes(heard), "closed"
            heard += data
    except ConnectionResetError:
        return bytes(heard), "reset"
    except TimeoutError:
        return bytes(heard), "silent"
    finally:
        writer.close()
    return bytes(heard), "too much"


ENDS: dict[type[Action], str] = {Close: "closed", Reset: "reset", Hang: "silent", Flood: "too much", Drip: "silent"}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
async def test_the_catalogue_ends_as_it_says(script: Script) -> None:
    lines = sum(action.lines for action in script if isinstance(action, Hear))
    said = b"".join(action.data for action in script if isinstance(action, Send))
    async with listening(scripted(script), remember=True) as place:
        ends = ENDS[type(script[-1])]
        heard, end = await dialogue(place.port, b"A1 x\r\n" * lines, silent=said if ends == "silent" else None)
        assert end == ends
        assert heard.startswith(said) or end == "reset"  # RST may overtake what was said before it
        assert place.heard.count(b"\r\n") == lines


async def test_a_drip_comes_octet_by_octet() -> None:
    async with listening(scripted((Drip(b"* OK ready\r\n", every=0.01), Close()))) as place:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        assert await reader.read(100) == b"*"
        assert await reader.read() == b" OK ready\r\n"
        assert time.monotonic() - began >= 0.1
        writer.close()


async def test_a_delay_is_a_delay() -> None:
    async with listening(scripted((Wait(0.05), Send(b"late\r\n"), Close()))) as place:
        began = time.monotonic()
        assert await dialogue(place.port) == (b"late\r\n", "closed")
        assert time.monotonic() - began >= 0.05


async def test_a_flood_ends_with_its_client() -> None:
    async with listening(scripted((Flood(b"x" * 4096),)), remember=True) as place:
        _, end = await dialogue(place.port, most=1 << 20)
        assert end == "too much"
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(place.clients[0].writer.wait_closed(), 2)


@pytest.mark.parametrize("count", [1, 7, 30])
async def test_reset_at_octet_n(count: int) -> None:
    script = (Send(b"* OK " + b"x" * 20), Send(b"y" * 40), Hang())
    async with listening(scripted(script, reset_after=count)) as place:
        heard, end = await dialogue(place.port)
        assert end == "reset"
        assert len(heard) <= count


async def test_the_relay_breaks_a_handshake_in_the_middle(tmp_path: Path) -> None:
    authority = Authority(tmp_path, ("localhost",))
    trust = ssl.create_default_context(cafile=str(authority.ca))
    async with (
        listening(ImapServer(CarrierState("demo.example"), "imap").serve, tls=authority.context()) as behind,
        listening(relay(behind.host, behind.port, reset_after=200)) as cut,
        listening(relay(behind.host, behind.port, reset_after=1 << 20)) as whole,
    ):
        with pytest.raises(OSError, match=r"reset|EOF"):
            await asyncio.open_connection("localhost", cut.port, ssl=trust)
        reader, writer = await asyncio.open_connection("localhost", whole.port, ssl=trust)
        assert (await reader.readline()).startswith(b"* OK")
        writer.close()


async def test_starttls_with_words_injected_in_clear(tmp_path: Path) -> None:
    authority = Authority(tmp_path, ("localhost",))
    for modes, hello in (
        (hostile.imap_starttls(authority.context()), b"A1 STARTTLS\r\n"),
        (hostile.smtp_starttls(authority.context()), b"EHLO x\r\nSTARTTLS\r\n"),
    ):
        async with listening(scripted(modes["injected"])) as place:
            heard, _ = await dialogue(place.port, hello, silent=b"said in clear")
            assert b"said in clear" in heard


async def test_tls_starts_where_the_script_starts_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path, ("localhost",))
    trust = ssl.create_default_context(cafile=str(authority.ca))
    script = (Hear(), Send(b"go\r\n"), StartTls(authority.context()), Send(b"secret\r\n"), Hang())
    async with listening(scripted(script), remember=True) as place:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(b"please\r\n")
        assert await reader.readline() == b"go\r\n"
        await writer.start_tls(trust, server_hostname="localhost")
        assert await reader.readline() == b"secret\r\n"
        writer.close()
        assert place.heard == b"please\r\n"


PLANS = {
    "refused": (
        Plan({Step.LOGIN: (Send(b"a NO [ALERT] Not today\r\n"),)}, frozenset({Step.LOGIN})),
        b"a NO [ALERT] Not today\r\n",
    ),
    "slow": (Plan({Step.LOGIN: (Wait(0.01),)}), b"a OK"),
    "closed": (Plan({Step.LOGIN: (Close(),)}), b""),
    "flooded, then served": (Plan({Step.LOGIN: (Flood(b"* OK wait\r\n", most=100),)}), b"* OK wait\r\n"),
}


@pytest.mark.parametrize(("plan", "answer"), PLANS.values(), ids=PLANS.keys())
async def test_a_plan_steps_into_a_healthy_session(plan: Plan, answer: bytes) -> None:
    state = CarrierState("demo.example")
    state.put(Mailbox("taro", "right-one"))
    async with listening(ImapServer(state, "imap", plan=plan).serve) as place:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        assert (await reader.readline()).startswith(b"* OK [CAPABILITY")
        writer.write(b"a LOGIN taro right-one\r\n")
        assert (await reader.readline()).startswith(answer)
        writer.close()


async def test_a_plan_can_slow_or_cut_the_whole_session() -> None:
    state = CarrierState("demo.example")
    async with (
        listening(ImapServer(state, "imap", plan=Plan(pace=0.001)).serve) as slow,
        listening(ImapServer(state, "imap", plan=Plan(reset_after=10)).serve) as cut,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", slow.port)
        assert len(await reader.read(1000)) < 10
        writer.close()
        assert (await dialogue(cut.port))[1] == "reset"
