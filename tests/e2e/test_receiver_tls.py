"""STARTTLS at the receiver, and that nothing behind the last word of a conversation has an effect."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from mailprobe.bounces.door import Bounds, Reason
from mailprobe.bounces.receiver import tls_of
from mailprobe.demo.tls import Authority
from tests.e2e.receiver_client import Shelf, gone, greeted, house, send, signed
from tests.e2e.test_hostile import Cost, settled


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, ("127.0.0.1",))


@pytest.mark.parametrize("last", [b"QUIT", b"GET / HTTP/1.1", b"STARTTLS"])
async def test_nothing_behind_the_last_command_has_an_effect(last: bytes, authority: Authority) -> None:
    shelf, made = Shelf(), authority.context()
    assert made
    async with house(shelf.keep, tls=tls_of(authority.folder / "good.pem")) as receiver, greeted(receiver) as one:
        pipeline = b"MAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\nx\r\n.\r\n" % signed()
        one.writer.write(last + b"\r\n" + pipeline)
        assert (await one.rest()).count(b"\r\n") == 1
        await gone(receiver)
    assert shelf.mails == []


async def test_tls_and_what_was_said_in_clear_is_forgotten(authority: Authority) -> None:
    shelf, authority_context = Shelf(), authority.context()
    assert authority_context
    async with house(shelf.keep, tls=tls_of(authority.folder / "good.pem")) as receiver, greeted(receiver) as one:
        await one.say(b"MAIL FROM:<clear@far.test>")
        assert (await one.say(b"STARTTLS")).startswith(b"220 ")
        trust = ssl.create_default_context(cafile=str(authority.ca))
        await one.writer.start_tls(trust, server_hostname="127.0.0.1")
        assert (await one.say(b"MAIL FROM:<>")).startswith(b"503 ")
        said = await one.say(b"EHLO mx.mail.test")
        assert not any(word in said for word in (b"STARTTLS", b"AUTH", b"HELP"))
        assert (await one.say(b"STARTTLS")).startswith(b"503 5.5.1 ")
        assert (await one.say(b"AUTH PLAIN AGEAYg==")).startswith(b"502 ")
        assert await send(one, b"x\r\n", signed()) == b"250 2.0.0 OK\r\n"
    assert [mail.null_sender for mail in shelf.mails] == [True]


@pytest.mark.parametrize("behind", [b"RCPT TO:<%s>\r\n", b"EHLO evil\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\nx\r\n.\r\n"])
async def test_what_comes_in_clear_behind_starttls_has_no_effect(authority: Authority, behind: bytes) -> None:
    shelf, made = Shelf(), authority.context()
    assert made
    async with house(shelf.keep, tls=tls_of(authority.folder / "good.pem")) as receiver, greeted(receiver) as one:
        await one.say(b"MAIL FROM:<>")
        one.writer.write(b"STARTTLS\r\n" + (behind % signed() if b"%s" in behind else behind))
        assert await one.rest() == b"554 5.5.1 Wait for the answer to STARTTLS\r\n"
    assert shelf.mails == []
    assert receiver.rejected == {Reason.INJECTION: 1}


async def test_a_handshake_that_fails_costs_only_itself(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    made = authority.context()
    assert made
    async with house(Shelf().keep, tls=tls_of(authority.folder / "good.pem")) as receiver:
        async with greeted(receiver) as one:
            await one.say(b"STARTTLS")
            one.writer.write(b"this is no handshake\r\n")
            await one.rest()
        async with greeted(receiver):
            assert len(receiver.door) == 1
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("hello", [b"", b"\x16\x03\x01\x02\x00\x01"])
@pytest.mark.parametrize("leave", ["close", "abort", "half", "silent"])
async def test_a_handshake_that_never_ends(leave: str, hello: bytes, authority: Authority) -> None:
    made = authority.context()
    assert made
    async with house(Shelf().keep, Bounds(quiet=0.0, session=0.4), tls_of(authority.folder / "good.pem")) as receiver:
        async with greeted(receiver):
            pass
        await gone(receiver)
        before = Cost()
        async with greeted(receiver) as one:
            assert (await one.say(b"STARTTLS")).startswith(b"220 ")
            one.writer.write(hello)
            await one.writer.drain()
            if leave == "abort":
                one.writer.transport.abort()
            elif leave == "half":
                one.writer.write_eof()
            elif leave == "silent":
                await one.rest()
        await gone(receiver)
        assert await settled(before) == before


def test_the_same_on_the_loop_that_the_program_runs_on(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    uvloop = pytest.importorskip("uvloop", reason="not to be had on this system")
    uvloop.run(test_tls_and_what_was_said_in_clear_is_forgotten(authority))
    uvloop.run(test_nothing_behind_the_last_command_has_an_effect(b"STARTTLS", authority))
    uvloop.run(test_a_handshake_that_fails_costs_only_itself(authority, caplog))
    for leave in ("abort", "silent"):
        uvloop.run(test_a_handshake_that_never_ends(leave, b"", authority))
