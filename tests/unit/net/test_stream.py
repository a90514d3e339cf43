"""The one network seam, over scripted servers: bounds, exact lines, masks, and every error renamed."""

import asyncio
from pathlib import Path

import pytest
import trustme

from mailprobe.evidence import Breakage, Line, TlsFault
from mailprobe.net import tls
from mailprobe.net.stream import BUDGET, Broke, CannotSecure, Stream
from mailprobe.wire import OurFault
from mailprobe.wire.smtp import Parser
from tests.unit.probes.servers import AUTHORITY, CLOSE, RESET, ScriptedNet, Server, server_context
from tests.unit.probes.world import Anywhere

HOST, IP, PORT = "mx.mail.test", "192.0.2.1", 25


@pytest.fixture
def lines() -> list[Line]:
    return []


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    AUTHORITY.cert_pem.write_to_path(tmp_path / "roots.pem")
    return tmp_path / "roots.pem"


async def opened(server: Server, lines: list[Line], host: str = HOST) -> Stream:
    net = ScriptedNet(Anywhere(), lines.append, servers={(IP, PORT): server})
    return await net.connect(host, IP, PORT)


def said(lines: list[Line]) -> list[str]:
    return [f"{line.who} {line.text}" for line in lines]


async def test_lines_go_out_exactly_and_replies_come_back(lines: list[Line]) -> None:
    server = Server({"NOOP": "250 Ok"})
    stream = await opened(server, lines)
    parser = Parser()
    assert (await stream.next(parser)).code == 220
    stream.send_all([(b"NOOP 1", ""), (b"NOOP 2", "hidden")])
    assert [(await stream.next(parser)).text for _ in range(2)] == ["Ok", "Ok"]
    assert server.got == ["NOOP 1", "NOOP 2"]
    assert stream.heard_at >= stream.sent_at > 0
    stream.close()
    assert server.open == 0
    assert said(lines) == ["* connected to 192.0.2.1 port 25", "C NOOP 1", "C hidden"]
    assert {line.server for line in lines} == {f"{HOST}:25 {IP}"}


@pytest.mark.parametrize("bad", [b"NOOP\r\nDATA", b"NOOP\n", b"\r", b"NO\0OP"])
async def test_more_than_one_line_is_never_written(bad: bytes, lines: list[Line]) -> None:
    server = Server({})
    stream = await opened(server, lines)
    with pytest.raises(OurFault):
        stream.send_all([(b"NOOP", ""), (bad, "")])
    assert server.got == []


@pytest.mark.parametrize("bad", [b"x\r\n", b"x\r\n.\r\ny\r\n.\r\n", b"x\0\r\n.\r\n"])
async def test_a_message_ends_with_the_one_lone_dot(bad: bytes, lines: list[Line]) -> None:
    server = Server({"": "250 Ok"})
    stream = await opened(server, lines)
    with pytest.raises(OurFault):
        stream.send_message(bad, "(message)")
    stream.send_message(b"a\r\n..b\r\n.\r\n", "(message)")
    assert server.got == ["a", "..b", "."]


async def test_the_kinds_of_breakage(lines: list[Line]) -> None:
    for answer, why in ((RESET, Breakage.RESET), (CLOSE, Breakage.CLOSED), ("oops", Breakage.GARBAGE)):
        server = Server({"NOOP": answer})
        stream = await opened(server, lines)
        parser = Parser()
        await stream.next(parser)
        stream.send(b"NOOP")
        with pytest.raises(Broke) as broke:
            await stream.next(parser)
        assert broke.value.why is why
        assert server.open == 0
        with pytest.raises(Broke):
            await stream.next(Parser())


async def test_what_was_said_before_the_end_is_still_read(lines: list[Line]) -> None:
    server = Server({"NOOP": f"421 4.3.2 closing\r\n{CLOSE}"})
    stream = await opened(server, lines)
    parser = Parser()
    await stream.next(parser)
    stream.send(b"NOOP")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    stream.send(b"NOOP")
    assert (await stream.next(parser)).code == 421
    with pytest.raises(Broke):
        await stream.next(parser)


async def forever(stream: Stream, parser: Parser) -> None:
    while True:
        await stream.next(parser)


async def test_a_flood_ends_at_the_budget(lines: list[Line]) -> None:
    server = Server({"NOOP": "\n".join(["250 Ok"] * (BUDGET // 8 + 10))})
    stream = await opened(server, lines)
    parser = Parser()
    await stream.next(parser)
    stream.send(b"NOOP")
    with pytest.raises(Broke) as broke:
        await forever(stream, parser)
    assert broke.value.why is Breakage.TOO_MUCH
    assert server.open == 0


async def test_cancelled_while_waiting_leaves_nothing(lines: list[Line]) -> None:
    server = Server({"NOOP": "!hang"})
    stream = await opened(server, lines)
    parser = Parser()
    await stream.next(parser)
    stream.send(b"NOOP")
    before = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await stream.next(parser)
    stream.close()
    assert server.open == 0
    assert asyncio.all_tasks() == before


async def secured(server: Server, lines: list[Line], host: str, **how: object) -> tls.Tls:
    stream = await opened(server, lines, host)
    try:
        return await stream.secure(host, **how)  # type: ignore[arg-type]  # keywords by name
    finally:
        stream.close()


async def test_tls_is_verified_by_name_and_chain(lines: list[Line], roots: Path) -> None:
    shown = await secured(Server({}, tls=server_context(HOST), implicit=True), lines, HOST, ca=roots)
    assert (shown.version, shown.profile, shown.verified) == ("TLSv1.3", "default", True)
    assert shown.not_after is not None
    by_ip = await secured(Server({}, tls=server_context(IP), implicit=True), lines, IP, ca=roots)
    assert by_ip.verified


@pytest.mark.parametrize(
    ("names", "authority", "host", "why"),
    [
        (("other.test",), AUTHORITY, HOST, TlsFault.WRONG_NAME),
        ((HOST,), AUTHORITY, IP, TlsFault.WRONG_NAME),
        ((HOST,), trustme.CA(), HOST, TlsFault.UNTRUSTED),
    ],
)
async def test_an_unfit_certificate_is_named_and_only_passes_unverified(
    names: tuple[str, ...], authority: trustme.CA, host: str, why: TlsFault, lines: list[Line], roots: Path
) -> None:
    context = server_context(*names, authority=authority)
    with pytest.raises(CannotSecure) as cannot:
        await secured(Server({}, tls=context, implicit=True), lines, host, ca=roots)
    assert cannot.value.why in (why, TlsFault.SELF_SIGNED)
    shown = await secured(Server({}, tls=context, implicit=True), lines, host, ca=roots, verify=False)
    assert not shown.verified


async def test_an_unverified_handshake_still_tells_a_good_certificate(lines: list[Line], roots: Path) -> None:
    shown = await secured(Server({}, tls=server_context(HOST), implicit=True), lines, HOST, ca=roots, verify=False)
    assert shown.verified


async def test_an_old_server_needs_its_profile(lines: list[Line], roots: Path) -> None:
    weak = server_context(HOST, weak=True)
    with pytest.raises(CannotSecure) as cannot:
        await secured(Server({}, tls=weak, implicit=True), lines, HOST, ca=roots)
    assert cannot.value.why in (TlsFault.HANDSHAKE, TlsFault.RESET)
    shown = await secured(Server({}, tls=weak, implicit=True), lines, HOST, ca=roots, profile="static_rsa")
    assert (shown.version, shown.cipher, shown.verified) == ("TLSv1.2", "AES128-GCM-SHA256", True)


async def test_words_before_tls_are_an_injection(lines: list[Line], roots: Path) -> None:
    server = Server({"STARTTLS": "220 go"}, tls=server_context(HOST), after_starttls="\n250 injected")
    stream = await opened(server, lines)
    parser = Parser()
    await stream.next(parser)
    stream.send(b"STARTTLS")
    await stream.next(parser)
    with pytest.raises(CannotSecure) as cannot:
        await stream.secure(HOST, ca=roots)
    assert cannot.value.why is TlsFault.INJECTION
    assert server.open == 0


async def test_a_silent_handshake_ends_in_time(lines: list[Line], roots: Path) -> None:
    server = Server({"": "!hang"})
    stream = await opened(server, lines)
    await stream.next(Parser())
    with pytest.raises(CannotSecure) as cannot:
        await stream.secure(HOST, ca=roots, within=0)
    assert cannot.value.why is TlsFault.TIMEOUT
    assert server.open == 0


async def test_hidden_words_appear_nowhere(lines: list[Line]) -> None:
    stream = await opened(Server({"": "!hang"}), lines)
    stream.hide("s3cret words", "AHRlc3QAczNjcmV0IHdvcmRz")
    stream.tell("S", "535 no: s3cret words, AHRlc3QAczNjcmV0IHdvcmRz, AHRlc3QAczNj")
    stream.send(b"x", "AUTH AHRlc3QAczNjcmV0IHdvcmRz")
    text = "\n".join(said(lines))
    assert "s3cret" not in text
    assert "AHRlc3" not in text
    assert stream.mask("kept, s3cret words") == "kept, ***"


async def test_lines_told_together_are_masked_each(lines: list[Line]) -> None:
    stream = await opened(Server({"": "!hang"}), lines)
    stream.hide("s3cret words", "AHRlc3QAczNjcmV0IHdvcmRz")
    stream.tell("S", "* OK kept", "* BYE s3cret words", "A1 NO AHRlc3QAczNj kept too")
    assert said(lines)[1:] == ["S * OK kept", "S * BYE ***", "S A1 NO *** kept too"]


async def test_what_came_before_a_fault_is_heard_first(lines: list[Line]) -> None:
    stream = await opened(Server({"NOOP": "250 Ok\noops"}), lines)
    parser = Parser()
    await stream.next(parser)
    stream.send(b"NOOP")
    await stream.feed(parser)
    assert [reply.code for reply in stream.all_at_hand(parser, lambda reply: False)] == [250]
    with pytest.raises(Broke) as broke:
        stream.all_at_hand(parser, lambda reply: False)
    assert broke.value.why is Breakage.GARBAGE


def test_contexts_are_kept_until_the_file_changes(roots: Path) -> None:
    first = tls.context(roots, "default", True)
    assert tls.context(roots, "default", True) is first
    assert tls.context(roots, "old", True) is not first
    with pytest.raises(ValueError, match="no such TLS profile"):
        tls.context(roots, "newest", True)
