"""The receiver of bounces against raw sockets: only bounces get in, nothing it is sent costs much, and 250 means durable."""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import socket
import sqlite3
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailprobe.bounces.door import Bounds, Reason
from mailprobe.bounces.intake import Desk, Outcome, take_in
from mailprobe.bounces.receiver import Keep, Received, Receiver, receiving, tls_of
from mailprobe.bounces.recipients import Dropped, Ours
from mailprobe.bounces.token import DAY, Signer
from mailprobe.demo.tls import Authority
from mailprobe.store import open_store
from tests.e2e.test_hostile import Cost, forget_most, memory
from tests.unit.bounces.mails import ADDRESS, DOMAIN, SIGNER, Book, dsn, planned

OURS = Ours("probe1.probe.test", DOMAIN, "probe@probe.test")
SUBJECT = "0123456789abcdef" * 2
MEGABYTE = 1 << 20
# As fast as the loop allows, and several conversations from one address
QUICK = Bounds(quiet=0.0, per_host=1000, per_network=5000)
FAULT = re.compile(rb"451 4\.3\.0 [A-Za-z ,]+ \(id [0-9a-f]{8}\)\r\n")


@dataclass
class Shelf:
    """Where kept mails go; `trouble` is raised instead."""

    mails: list[Received] = field(default_factory=list)
    trouble: Exception | None = None

    async def keep(self, mail: Received) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.mails.append(mail)


@dataclass
class Client:
    """Somebody at the door."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def reply(self) -> bytes:
        """The whole reply; b'' when the connection is closed."""
        lines = b""
        while True:
            line = await asyncio.wait_for(self.reader.readline(), 10)
            lines += line
            if line[3:4] != b"-":
                return lines

    async def say(self, line: bytes) -> bytes:
        self.writer.write(line + b"\r\n")
        return await self.reply()

    async def rest(self) -> bytes:
        """Everything until the connection is closed, by either side."""
        try:
            return await asyncio.wait_for(self.reader.read(), 10)
        except ConnectionError:
            return b""


@contextlib.asynccontextmanager
async def client(receiver: Receiver, source: str = "127.0.0.1") -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(*receiver.listening[0], local_addr=(source, 0))
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def greeted(receiver: Receiver, source: str = "127.0.0.1") -> AsyncIterator[Client]:
    async with client(receiver, source) as one:
        assert (await one.reply()).startswith(b"220 probe1.probe.test ")
        assert (await one.say(b"EHLO mx.mail.test")).endswith(b"250 ENHANCEDSTATUSCODES\r\n")
        yield one


House = contextlib.AbstractAsyncContextManager[Receiver]


def house(keep: Keep, bounds: Bounds = QUICK, tls: ssl.SSLContext | None = None) -> House:
    return receiving(("127.0.0.1", 0), OURS, SIGNER, keep, bounds=bounds, tls=tls)


def signed(subject: str = SUBJECT) -> bytes:
    return f"{SIGNER.sender(subject, time.time())}@{DOMAIN}".encode()


async def gone(receiver: Receiver) -> None:
    """Sockets leave the loop a few turns after their other end."""
    async with asyncio.timeout(5):
        while len(receiver.door):  # noqa: ASYNC110 - the door tells nobody that it is empty
            await asyncio.sleep(0.01)


async def send(one: Client, raw: bytes, to: bytes, sender: bytes = b"") -> bytes:
    """The reply to the end of data, or to the first command that was refused."""
    for line in (b"MAIL FROM:<%s>" % sender, b"RCPT TO:<%s>" % to, b"DATA"):
        said = await one.say(line)
        if said[:1] not in b"23":
            return said
    one.writer.write(raw)
    return await one.say(b".")


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


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, ("127.0.0.1",))


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
    b"victim@%s." % HERE,
)
PATHS += (b"@%s:%s" % (HERE, FAR), b"@a,@b:%s" % FAR, b"postmaster@far.test", b"postmaster@sub.%s" % HERE, b"probe@far.test")
PATHS += (b"probe@probe.test@far.test", b"%s@%s.far.test" % (FAR, HERE))
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


MARK = "dsn=postgresql://mp:s3cret@db/mailprobe taro@mail.test"


@pytest.mark.parametrize("error", [ValueError(MARK), OSError(MARK), RecursionError(MARK), MemoryError(MARK), KeyError(MARK)])
async def test_a_store_that_fails_shows_a_number_and_nothing_else(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf(trouble=error)
    async with house(shelf.keep) as receiver, greeted(receiver) as one:
        said = await send(one, b"x\r\n", signed())
        assert FAULT.fullmatch(said)
        shelf.trouble = None
        assert await send(one, b"x\r\n", signed()) == b"250 2.0.0 OK\r\n"
    number = said[-11:-3].decode()
    assert number in caplog.text
    assert type(error).__name__ in caplog.text
    assert "s3cret" not in caplog.text
    assert "taro" not in caplog.text
    assert receiver.rejected == {Reason.STORE: 1}


@pytest.mark.parametrize("hook", ["judge", "take"])
async def test_any_error_of_ours_shows_a_number_and_nothing_else(hook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError(MARK)

    async with house(Shelf().keep) as receiver, greeted(receiver) as one:
        monkeypatch.setattr(Receiver, hook, fails)
        assert FAULT.fullmatch(await send(one, b"x\r\n", signed()))
        assert (await one.say(b"NOOP")).startswith(b"250 ")
    assert receiver.rejected == {Reason.FAULT: 1}


async def test_a_keep_that_hangs_is_no_250() -> None:
    async def keep(mail: Received) -> None:
        await asyncio.Event().wait()

    async with house(keep, Bounds(quiet=0.0, keep=0.1)) as receiver, greeted(receiver) as one:
        assert FAULT.fullmatch(await send(one, b"x\r\n", signed()))


async def test_a_store_that_is_locked_or_full_is_no_250(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailprobe.store.database.WAIT", 0.1)
    place = tmp_path / "m.db"
    async with open_store(f"sqlite:///{place}") as store, house(store.bounces.keep) as receiver, greeted(receiver) as one:
        other = sqlite3.connect(place, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        assert FAULT.fullmatch(await send(one, dsn(), signed()))
        other.execute("COMMIT")
        assert await store.bounces.waiting(time.time()) is None
        assert await send(one, dsn(), signed()) == b"250 2.0.0 OK\r\n"
        pages = other.execute("PRAGMA page_count").fetchone()[0]
        other.close()
        await store.bounces._database.run(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))
        assert FAULT.fullmatch(await send(one, (b"y" * 900 + b"\r\n") * 60, signed()))
    assert (receiver.kept, receiver.rejected) == (1, {Reason.STORE: 2})


async def test_a_bounce_that_is_sent_again_and_again_counts_once() -> None:
    async with open_store("sqlite://") as store, house(store.bounces.keep) as receiver:
        subject = store.bounces.hashed(ADDRESS)
        book = Book().put(planned("c1", subject, planned_at=time.time() - 60))
        desk = Desk(store.bounces, book, SIGNER, time.time, 5.0)
        told = []
        for n in range(20):
            async with greeted(receiver) as one:
                raw = dsn(stamp=SIGNER.stamp("c1")) + b"hop %d\r\n" % (n // 2)
                assert (await send(one, raw, signed(subject))).startswith(b"250 ")
            told += [one.outcome for one in await take_in(desk)]
        assert told == [Outcome.BOUNCED] + [Outcome.DUPLICATE] * 9
        assert len(await store.bounces.of_mailbox(subject, 0.0)) == 1


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


@pytest.mark.parametrize("leave", ["close", "abort", "half", "in_data"])
async def test_a_client_that_goes_leaves_nothing_behind(leave: str, caplog: pytest.LogCaptureFixture) -> None:
    before = Cost()
    async with house(Shelf().keep) as receiver:
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
    assert Cost() == before
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
