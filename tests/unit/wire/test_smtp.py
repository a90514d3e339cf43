"""SMTP replies: tables whole, byte by byte and with trailing bytes; and any bytes at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.evidence import Breakage
from mailprobe.wire import TheirFault, smtp
from mailprobe.wire.smtp import Parser, Reply

WHOLE = [
    (b"220 mx.test ESMTP\r\n", 220, "", "mx.test ESMTP"),
    (b"250 2.1.0 Ok\r\n", 250, "2.1.0", "Ok"),
    (b"250\r\n", 250, "", ""),
    (b"250 \r\n", 250, "", ""),
    (b"250-a\r\n250 b\r\n", 250, "", "a b"),
    (b"550-5.1.1 No such user\r\n550 5.1.1 here\r\n", 550, "5.1.1", "No such user here"),
    (b"550 #5.1.0 Address rejected.\r\n", 550, "5.1.0", "Address rejected."),
    (b"550 5.1.1: unknown\r\n", 550, "5.1.1", "unknown"),
    (b"550 4.2.2 contradiction is kept\r\n", 550, "4.2.2", "contradiction is kept"),
    (b"550 5.1.1\r\n", 550, "5.1.1", ""),
    (b"550 5.1.1x not a code\r\n", 550, "", "5.1.1x not a code"),
    (b"550 9.1.1 no such class\r\n", 550, "", "9.1.1 no such class"),
    (b"250 bare LF\n", 250, "", "bare LF"),
    ("550 宛先なし\r\n".encode(), 550, "", "宛先なし"),
    (b"550 \xff\xfe\r\n", 550, "", "\ufffd\ufffd"),
    (b"550 a\x1b[2Jb\x00c\r\n", 550, "", "a [2Jb c"),
    ("550 a\u202eb\r\n".encode(), 550, "", "a b"),
]

BROKEN = [
    (b"HTTP/1.1 400 Bad Request\r\n", Breakage.GARBAGE, "HTTP/1.1 400"),
    (b"25 short\r\n", Breakage.GARBAGE, "25 short"),
    (b"\r\n", Breakage.GARBAGE, ""),
    (b"150 no such class\r\n", Breakage.GARBAGE, "150 no"),
    (b"650 no such class\r\n", Breakage.GARBAGE, "650 no"),
    (b"250_x\r\n", Breakage.GARBAGE, "250_x"),
    (b"250-a\r\n550 b\r\n", Breakage.GARBAGE, "250-a 550 b"),
    (b"\x15\x03\x01\x00\x02", Breakage.GARBAGE, ""),
    (b"250 " + b"x" * 9000 + b"\r\n", Breakage.LINE_TOO_LONG, "250 xxx"),
    (b"x" * 9000, Breakage.LINE_TOO_LONG, "xxx"),
    (b"250-x\r\n" * 300, Breakage.REPLY_TOO_LONG, "250-x 250-x"),
    ((b"250-" + b"x" * 7000 + b"\r\n") * 5, Breakage.REPLY_TOO_LONG, "250-xxx"),
]


def whole(data: bytes) -> tuple[list[Reply], Parser]:
    parser = Parser()
    parser.feed(data)
    return replies(parser), parser


def replies(parser: Parser) -> list[Reply]:
    found = []
    while (reply := parser.next()) is not None:
        found.append(reply)
    return found


@pytest.mark.parametrize(("data", "code", "enhanced", "text"), WHOLE)
def test_a_reply_is_read_whole_byte_by_byte_and_with_more_behind(data: bytes, code: int, enhanced: str, text: str) -> None:
    (reply,), _ = whole(data)
    assert (reply.code, reply.enhanced, reply.text) == (code, enhanced, text)
    slow = Parser()
    for n, octet in enumerate(data):
        slow.feed(bytes([octet]))
        assert (slow.next() == reply) is (n == len(data) - 1) or slow.next() is None
    again, parser = whole(data + data + b"250-unfin")
    assert again == [reply, reply]
    assert parser.unread == len(b"250-unfin")
    assert parser.words == "250-unfin"


@pytest.mark.parametrize(("data", "why", "words"), BROKEN)
def test_what_is_not_smtp_is_named_and_stays_dead(data: bytes, why: Breakage, words: str) -> None:
    parser = Parser()
    parser.feed(data)
    with pytest.raises(TheirFault) as fault:
        replies(parser)
    assert fault.value.why == why
    assert fault.value.words.startswith(words)
    assert len(fault.value.words) <= smtp.TEXT_CAP
    parser.feed(b"250 Ok\r\n")
    with pytest.raises(TheirFault):
        parser.next()


def test_limits_are_just_above_what_is_accepted() -> None:
    (longest,), _ = whole(b"250 " + b"x" * (smtp.LINE_CAP - 5) + b"\r\n")
    assert longest.code == 250
    (most,), _ = whole(b"250-x\r\n" * (smtp.LINES_CAP - 1) + b"250 x\r\n")
    assert len(most.lines) == smtp.LINES_CAP
    assert len(most.shown) == smtp.SHOWN_CAP + 1
    assert most.shown[-1] == "(and 160 more lines)"


def test_words_hold_the_lines_of_a_reply_that_never_ended() -> None:
    _, parser = whole(b"550-first\r\n550-second\r\n550 thi")
    assert parser.words == "550-first 550-second 550 thi"
    assert parser.unread > 0


def test_shown_is_what_was_said() -> None:
    (reply,), _ = whole(b"250-mx.test\r\n250-SIZE 100\r\n250 PIPELINING\r\n")
    assert reply.shown == ("250-mx.test", "250-SIZE 100", "250 PIPELINING")


def test_capabilities_are_upper_case_without_the_greeting_line() -> None:
    (reply,), _ = whole(
        b"250-auth.test hello\r\n250-Size 100\r\n250-AUTH=login PLAIN\r\n250-auth PLAIN xoauth2\r\n250 STARTTLS\r\n"
    )
    offered = smtp.capabilities(reply)
    assert offered == ("SIZE 100", "AUTH LOGIN PLAIN", "AUTH PLAIN XOAUTH2", "STARTTLS")
    assert smtp.mechanisms(offered) == ("LOGIN", "PLAIN", "XOAUTH2")
    assert smtp.offers(offered, "STARTTLS")
    assert smtp.offers(offered, "SIZE")
    assert not smtp.offers(offered, "START")


Outcome = tuple[list[Reply], str]


def outcome(chunks: list[bytes]) -> Outcome:
    parser = Parser()
    found: list[Reply] = []
    try:
        for chunk in chunks:
            parser.feed(chunk)
            found += replies_into(found, parser)
    except TheirFault as fault:
        return found, fault.why
    return found, ""


def replies_into(found: list[Reply], parser: Parser) -> list[Reply]:
    while (reply := parser.next()) is not None:
        found.append(reply)
    return []


LINES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"250-a\r\n", b"250 b\r\n", b"550 5.1.1 c\r\n", b"550-d\n", b"\r", b"\n", b"250-" + b"x" * 8190]),
    ),
    max_size=30,
)


@given(LINES, st.lists(st.integers(1, 60), min_size=1))
def test_any_bytes_give_replies_or_a_fault_and_chunks_do_not_matter(parts: list[bytes], sizes: list[int]) -> None:
    data = b"".join(parts)
    chunks, at, n = [], 0, 0
    while at < len(data):
        size = sizes[n % len(sizes)]
        chunks.append(data[at : at + size])
        at, n = at + size, n + 1
    found, why = outcome([data])
    assert (found, why) == outcome(chunks)
    assert why in {"", *Breakage}
    assert all(line.isprintable() or "\ufffd" in line for reply in found for line in reply.lines if line.isascii())
