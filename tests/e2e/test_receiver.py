"""The receiver of bounces against raw sockets: only bounces get in, each as it came, and every size and time has its end."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time

import pytest

from mailprobe.bounces.door import Bounds, Reason
from mailprobe.bounces.recipients import Dropped
from mailprobe.bounces.token import DAY, Signer
from tests.e2e.receiver_client import SUBJECT, Shelf, client, greeted, house, send, signed
from tests.unit.bounces.mails import DOMAIN, SIGNER


async def test_a_bounce_is_kept_as_it_came() -> None:
    shelf = Shelf()
    async with house(shelf.keep) as receiver, greeted(receiver) as one:
        assert await send(one, b"Subject: x\r\n\r\n..dotted\r\n...\r\n", signed().upper()) == b"250 2.0.0 OK\r\n"
        assert (await one.say(b"QUIT")) == b"221 2.0.0 Bye\r\n"
    (mail,) = shelf.mails
    assert (mail.raw, mail.null_sender, mail.ip) == (b"Subject: x\r\n\r\n.dotted\r\n..\r\n", True, "127.0.0.1")
    assert [token.mailbox for token in mail.tokens] == [SUBJECT[:16]]
    assert (receiver.kept, receiver.rejected) == (1, {})


async def test_an_automatic_reply_and_a_sender_verification_get_in() -> None:
    shelf = Shelf()
    async with house(shelf.keep) as receiver, greeted(receiver) as one:
        assert (await send(one, b"Subject: away\r\n\r\n", signed(), b"taro@mail.test")).startswith(b"250 ")
        for sender, to in ((b"", b"probe@probe.test"), (b"", signed()), (b"postmaster@mail.test", signed())):
            assert (await one.say(b"MAIL FROM:<%s>" % sender)).startswith(b"250 ")
            assert (await one.say(b"RCPT TO:<%s>" % to)).startswith(b"250 ")
            assert (await one.say(b"RSET")).startswith(b"250 ")
    assert [mail.null_sender for mail in shelf.mails] == [False]
    assert receiver.rejected == {}


async def test_mail_to_our_probe_and_to_the_postmaster_is_taken_and_dropped() -> None:
    shelf = Shelf(trouble=AssertionError("nothing of this is kept"))
    async with house(shelf.keep) as receiver, greeted(receiver) as one:
        for to in (b"Probe@Probe.TEST", b"postmaster", b"POSTMASTER@%s" % DOMAIN.encode(), b"abuse@%s" % DOMAIN.encode()):
            assert (await send(one, b"hello\r\n", to, b"taro@mail.test")).startswith(b"250 ")
    assert receiver.dropped == {Dropped.SENDER: 1, Dropped.ROLE: 3}


HERE, FAR = DOMAIN.encode(), b"victim@far.test"
LOCALS: tuple[bytes, ...] = (
    b"victim%far.test",
    b"far.test!victim",
    b'"victim@far.test"',
    b'"victim\\@far.test"',
    b"victim@far.test",
    b"victim%40far.test",
)
LOCALS += (b"root", b'""', b"b-", b"b-" + b"a" * 34, b"*", b"|/bin/sh", b"/etc/passwd", b'"postmaster"x', b"a" * 300)
PATHS: tuple[bytes, ...] = (
    FAR,
    b"victim",
    b"far.test",
    b"victim@[192.0.2.1]",
    b"victim@127.0.0.1",
    b"",
    b"@",
)
PATHS += (b"@%s:%s" % (HERE, FAR), b"@a,@b:%s" % FAR, b"postmaster@far.test", b"postmaster@sub.%s" % HERE, b"probe@far.test")
PATHS += (b"victim@%s." % HERE, b"probe@probe.test@far.test", b"%s@%s.far.test" % (FAR, HERE))
RELAYS = [
    *(b"RCPT TO:<%s>" % path for path in PATHS),
    *(b"RCPT TO:<%s@%s>" % (local, HERE) for local in LOCALS),
    b"RCPT TO:%s" % FAR,
    b"RCPT TO: %s" % FAR,
    b"RCPT TO:<%s" % FAR,
    b"RCPT TO:%s>" % FAR,
    b"RCPT TO:<<%s>>" % FAR,
    b"RCPT TO:<postmaster@%s>,<%s>" % (HERE, FAR),
    b"RCPT TO:<postmaster@%s> <%s>" % (HERE, FAR),
    b"RCPT TO:<%s>\x00<postmaster@%s>" % (FAR, HERE),
    b"RCPT TO:<%s\x00@%s>" % (FAR, HERE),
    b"RCPT TO:<%s(x)@far.test>" % FAR,
    b"RCPT TO:<\xe3\x81\x82@far.test>",
    b"RCPT TO:<%s> NOTIFY=SUCCESS ORCPT=rfc822;%s" % (FAR, FAR),
    b"RCPT TO:<postmaster@%s> ORCPT=rfc822;%s" % (HERE, FAR),
    b"RCPT FROM:<%s>" % FAR,
    b"RCPT <%s>" % FAR,
    b"SEND FROM:<%s>" % FAR,
    b"ETRN far.test",
    b"TURN",
]


def old_and_forged() -> list[bytes]:
    forged = Signer([b"x" * 32]).sender(SUBJECT, time.time())
    return [f"RCPT TO:<{local}@{DOMAIN}>".encode() for local in (SIGNER.sender(SUBJECT, time.time() - 30 * DAY), forged)]


def test_there_are_at_least_forty_of_them() -> None:
    assert len(RELAYS + old_and_forged()) >= 40
    assert len(set(RELAYS)) == len(RELAYS)


@pytest.mark.parametrize("sender", [b"", b"friend@far.test", signed()])
async def test_no_way_of_asking_makes_it_relay(sender: bytes) -> None:
    shelf = Shelf()
    async with house(shelf.keep) as receiver:
        for line in RELAYS + old_and_forged():
            async with greeted(receiver) as one:
                assert (await one.say(b"MAIL FROM:<%s>" % sender)).startswith(b"250 ")
                said = await one.say(line)
                assert re.match(rb"5\d\d 5\.\d\.\d ", said), (line, said)
                assert (await one.say(b"DATA")).startswith(b"503 "), line
    assert shelf.mails == []
    assert {reason for reason, count in receiver.rejected.items() if count} >= {Reason.RELAY, Reason.UNKNOWN, Reason.FORGED}


SMUGGLED = b"MAIL FROM:<evil@far.test>\r\nRCPT TO:<%s>\r\nDATA\r\nsmuggled\r\n.\r\n"
ENDS = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\r\n\x00.\r\n"]


@pytest.mark.parametrize("end", ENDS)
async def test_only_one_way_of_ending_ends_a_message(end: bytes) -> None:
    shelf = Shelf()
    async with house(shelf.keep) as receiver, greeted(receiver) as one:
        to = signed()
        said = await send(one, b"Subject: x\r\n\r\nfirst" + end + SMUGGLED.removesuffix(b"\r\n.\r\n") % to + b"\r\n", to)
        bare = end != ENDS[-1]
        assert said == (b"550 5.6.0 Bare CR or LF is not allowed\r\n" if bare else b"250 2.0.0 OK\r\n")
        assert await one.say(b"NOOP") == b"250 2.0.0 OK\r\n"  # no second reply waits in between
    assert len(shelf.mails) == (0 if bare else 1)
    assert receiver.rejected[Reason.BARE_LINE_END] == bare


async def test_a_line_end_split_over_segments_is_one() -> None:
    shelf = Shelf()
    async with house(shelf.keep) as receiver, greeted(receiver) as one:
        for line in (b"MAIL FROM:<>", b"RCPT TO:<%s>" % signed(), b"DATA"):
            await one.say(line)
        for octet in b"a\r\nb\r\n.\r\n":
            one.writer.write(bytes([octet]))
            await one.writer.drain()
        assert await one.reply() == b"250 2.0.0 OK\r\n"
    assert [mail.raw for mail in shelf.mails] == [b"a\r\nb\r\n"]


@pytest.mark.parametrize(
    ("raw", "said", "reason"),
    [
        (b"x" * 1001 + b"\r\n", b"500 5.5.2 Line too long\r\n", Reason.LINE),
        (b"x" * 5000 + b"\r\n", b"500 5.5.2 Line too long\r\n", Reason.LINE),
        ((b"x" * 78 + b"\r\n") * 900, b"552 5.3.4 Message too big\r\n", Reason.SIZE),
    ],
)
async def test_too_long_and_too_big(raw: bytes, said: bytes, reason: Reason) -> None:
    shelf = Shelf()
    async with house(shelf.keep) as receiver, greeted(receiver) as one:
        assert await send(one, raw, signed()) == said
    assert shelf.mails == []
    assert receiver.rejected == {reason: 1}


@pytest.mark.parametrize("line", [b"x" * 998, b"." * 998, b"..." + b"x" * 995])
async def test_the_longest_line_there_may_be(line: bytes) -> None:
    shelf = Shelf()
    async with house(shelf.keep) as receiver, greeted(receiver) as one:
        assert (await send(one, (b"." if line.startswith(b".") else b"") + line + b"\r\n", signed())).startswith(b"250 ")
    assert shelf.mails[0].raw == line + b"\r\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"VRFY postmaster", b"252 2.5.2 "),
        (b"VRFY <%s>" % FAR, b"252 2.5.2 "),
        (b"EXPN staff", b"502 5.5.1 "),
        (b"AUTH PLAIN AGEAYg==", b"502 5.5.1 "),
        (b"BDAT 5 LAST", b"502 5.5.1 "),
        (b"XCLIENT ADDR=127.0.0.1", b"502 5.5.1 "),
        (b"HELP", b"214 2.0.0 "),
        (b"DATA", b"503 5.5.1 "),
        (b"STARTTLS", b"454 4.7.0 "),
        (b"MAIL FROM:<> SIZE=65537", b"552 5.3.4 "),
        (b"MAIL FROM:<a b@c.test>", b"553 5.1.3 "),
        (b"MAIL FROM:<> RET=HDRS", b"555 5.5.4 "),
        (b"", b"500 5.5.2 "),
        (b"x" * 600, b"500 5.5.2 "),
        (b"GET / HTTP/1.1", b"421 4.7.0 "),
        (b"POST / HTTP/1.1", b"421 4.7.0 "),
    ],
)
async def test_other_words(line: bytes, said: bytes) -> None:
    async with house(Shelf().keep) as receiver, greeted(receiver) as one:
        assert (await one.say(line)).startswith(said)


async def test_nothing_goes_without_a_greeting() -> None:
    async with house(Shelf().keep) as receiver, client(receiver) as one:
        await one.reply()
        assert (await one.say(b"MAIL FROM:<>")).startswith(b"503 5.5.1 ")


@pytest.mark.parametrize(
    ("early", "said"),
    [(b"EHLO x\r\nMAIL FROM:<>\r\n", b"554 5.5.1 Wait for the greeting\r\n"), (b"GET / HTTP/1.1\r\n", b"421 4.7.0 ")],
)
async def test_who_speaks_before_the_greeting_is_no_mail_server(early: bytes, said: bytes) -> None:
    async with house(Shelf().keep, Bounds(quiet=0.2)) as receiver, client(receiver) as one:
        one.writer.write(early)
        assert (await one.rest()).startswith(said)
    assert receiver.rejected == {Reason.NOT_SMTP: 1}


async def test_so_many_recipients_and_commands() -> None:
    shelf = Shelf()
    async with house(shelf.keep) as receiver, greeted(receiver) as one:
        await one.say(b"MAIL FROM:<>")
        said = [await one.say(b"RCPT TO:<%s>" % signed(f"{n:032x}")) for n in range(1, 7)]
        assert [line[:9] for line in said] == [b"250 2.1.5"] * 5 + [b"452 4.5.3"]
        said = [await one.say(b"NOOP") for _ in range(33)]  # with EHLO, MAIL and six RCPT the 41st command
        assert [line[:9] for line in said] == [b"250 2.0.0"] * 32 + [b"421 4.7.0"]
        assert await one.rest() == b""
    assert receiver.rejected == {Reason.RECIPIENTS: 1, Reason.COMMANDS: 1}


@pytest.mark.parametrize("line", [b"\r\n", b"FOO\r\n", b"NOOP\r\n", b"\x80\r\n", b"y" * 600 + b"\r\n"])
async def test_a_flood_of_any_command_ends_soon(line: bytes) -> None:
    async with house(Shelf().keep) as receiver, greeted(receiver) as one:
        one.writer.write(line * 400)
        said = await one.rest()
        assert said.count(b"\r\n") <= 42


@pytest.mark.parametrize("in_data", [False, True])
async def test_more_octets_than_any_bounce_needs_are_cut(in_data: bool) -> None:
    async with house(Shelf().keep) as receiver, greeted(receiver) as one:
        for line in (b"MAIL FROM:<>", b"RCPT TO:<%s>" % signed(), b"DATA") if in_data else ():
            await one.say(line)
        with contextlib.suppress(ConnectionError):
            for _ in range(40):
                one.writer.write(b"x" * 70 + b"\r\n" if in_data else b"x" * 8192)
                one.writer.write((b"x" * 70 + b"\r\n") * 400 if in_data else b"x" * 30_000)
                await one.writer.drain()
        await one.rest()
    assert receiver.rejected == {Reason.FLOOD: 1}


@pytest.mark.parametrize("drip", [b"", b"x"])
async def test_a_session_has_one_deadline_whatever_is_said(drip: bytes) -> None:
    async with house(Shelf().keep, Bounds(quiet=0.0, session=0.3)) as receiver, greeted(receiver) as one:
        began = time.monotonic()
        while not one.reader.at_eof() and time.monotonic() < began + 5:
            with contextlib.suppress(TimeoutError, ConnectionError):
                one.writer.write(drip)
                if await asyncio.wait_for(one.reader.readline(), 0.02) == b"421 4.4.2 Too slow, try again later\r\n":
                    break
        assert time.monotonic() - began < 1.0
    assert receiver.rejected == {Reason.SLOW: 1}


async def test_a_message_has_a_least_rate() -> None:
    async with house(Shelf().keep, Bounds(quiet=0.0, grace=0.2, rate=500.0)) as receiver, greeted(receiver) as one:
        began = time.monotonic()
        assert await send(one, b"x\r\n", signed()) == b"250 2.0.0 OK\r\n"
        for line in (b"MAIL FROM:<>", b"RCPT TO:<%s>" % signed(), b"DATA", b"x" * 50):
            said = await one.say(line)
        assert said == b"421 4.4.2 Too slow, try again later\r\n"
        assert 0.2 < time.monotonic() - began < 1.0
    assert receiver.rejected == {Reason.SLOW: 1}
