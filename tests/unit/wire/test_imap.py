"""IMAP responses: tables whole, byte by byte and with trailing bytes; and any bytes at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.evidence import Breakage
from mailprobe.wire import TheirFault, imap_response
from mailprobe.wire.imap import Parser
from mailprobe.wire.imap_response import Capabilities, Continuation, QuotaRoot, Resource, Response, Status, Untagged

End = tuple[str, str] | None

WHOLE: list[tuple[bytes, Response]] = [
    (b"* OK\r\n", Status("*", "OK")),
    (b"* ok \r\n", Status("*", "OK")),
    (b"* OK ready\n", Status("*", "OK", "", "", "ready")),
    (b"* OK [CAPABILITY IMAP4rev1 ID] hi\r\n", Status("*", "OK", "CAPABILITY", "IMAP4rev1 ID", "hi")),
    (b"* OK [ALERT] System shutdown\r\n", Status("*", "OK", "ALERT", "", "System shutdown")),
    (b"* OK [alert]\r\n", Status("*", "OK", "ALERT")),
    (b"* OK [unclosed and on\r\n", Status("*", "OK", "", "", "[unclosed and on")),
    (b"* OK [] empty\r\n", Status("*", "OK", "", "", "[] empty")),
    (b"* BYE [UNAVAILABLE] later\r\n", Status("*", "BYE", "UNAVAILABLE", "", "later")),
    (b"* PREAUTH hello\r\n", Status("*", "PREAUTH", "", "", "hello")),
    (b"A1 NO [REFERRAL imap://u;AUTH=*@h/] go\r\n", Status("A1", "NO", "REFERRAL", "imap://u;AUTH=*@h/", "go")),
    (b"A1 OK\r\n", Status("A1", "OK")),
    (b"A1 BAD what\r\n", Status("A1", "BAD", "", "", "what")),
    (b"A1 NO see {5}\r\n", Status("A1", "NO", "", "", "see {5}")),
    (b"* NO {99999999999}\r\n", Status("*", "NO", "", "", "{99999999999}")),
    (b"* OK [UIDVALIDITY 7] ok\r\n", Status("*", "OK", "UIDVALIDITY", "7", "ok")),
    (b"* OK [UNSEEN 12] Message 12 is first unseen\r\n", Status("*", "OK", "UNSEEN")),
    (b"* CAPABILITY imap4rev1 AUTH=PLAIN ID id\r\n", Capabilities(("IMAP4REV1", "AUTH=PLAIN", "ID"))),
    (b"* CAPABILITY\r\n", Capabilities(())),
    (b"+\r\n", Continuation()),
    (b"+ \r\n", Continuation()),
    (b"+ e30=\r\n", Continuation()),
    (b"* 23 EXISTS\r\n", Untagged("EXISTS")),
    (b"* 3 RECENT\r\n", Untagged("RECENT")),
    (b"* FLAGS (\\Seen)\r\n", Untagged("FLAGS")),
    (b"* STATUS INBOX (MESSAGES 5\r\n", Untagged("STATUS")),
    (b'* LIST () "/" {5}\r\nINBOX\r\n', Untagged("LIST")),
    (b'* LIST () "/" {5}\r\nA1 OK\r\n', Untagged("LIST")),
    (b'* LIST () "/" {0}\r\n x\r\n', Untagged("LIST")),
    (b"* 1 FETCH (BODY[] {3}\r\n\r\n. X {2}\r\n{9)\r\n", Untagged("FETCH")),
    (b'* QUOTA "User quota" (STORAGE 10 512)\r\n', QuotaRoot((Resource("STORAGE", 10, 512),))),
    (b'* QUOTA "a \\" (" (STORAGE 10 512 MESSAGE 1 2)\r\n', QuotaRoot((Resource("STORAGE", 10, 512),))),
    (b"* QUOTA {4}\r\nroot (MAILBOX 1 2)\r\n", QuotaRoot((Resource("MAILBOX", 1, 2),))),
    (b"* QUOTA root ()\r\n", QuotaRoot(())),
    (b'* QUOTA "ROOT"\r\n', QuotaRoot(())),  # Courier, of a mailbox without a limit
    ("* OK 宛先\r\n".encode(), Status("*", "OK", "", "", "宛先")),
    (b"* OK \xff\xfe\r\n", Status("*", "OK", "", "", "\ufffd\ufffd")),
    ("* OK a\x1b[2J\x00\u202eb\x85\r\n".encode(), Status("*", "OK", "", "", "a [2J b")),
]

BROKEN = [
    (b"HTTP/1.1 400 Bad Request\r\n", Breakage.GARBAGE, "HTTP/1.1 400"),
    (b"220 mx ESMTP\r\n", Breakage.GARBAGE, "220 mx"),
    (b"A2 OK not yours\r\n", Breakage.GARBAGE, "A2 OK not yours"),
    (b"A1\x00 OK x\r\n", Breakage.GARBAGE, "A1  OK x"),
    (b"a1 OK x\r\n", Breakage.GARBAGE, "a1 OK"),
    (b"A1 BYE x\r\n", Breakage.GARBAGE, "A1 BYE x"),
    (b"A1 PREAUTH x\r\n", Breakage.GARBAGE, "A1 PREAUTH"),
    (b"*\r\n", Breakage.GARBAGE, "*"),
    (b"* \r\n", Breakage.GARBAGE, "*"),
    (b"* 5\r\n", Breakage.GARBAGE, "* #"),
    (b"* 5 (x)\r\n", Breakage.GARBAGE, "* # (x)"),
    (b"\r\n", Breakage.GARBAGE, ""),
    (b"\x15\x03\x01\x00\x02\x02\x16", Breakage.GARBAGE, ""),
    (b'* LIST () "/" {-1}\r\n', Breakage.GARBAGE, "* LIST"),
    (b'* LIST () "/" {5+}\r\nINBOX\r\n', Breakage.GARBAGE, "* LIST"),
    (b'* LIST () "/" {99999999999}\r\n', Breakage.LITERAL_TOO_LONG, "* LIST"),
    (b"* LIST {" + b"9" * 5000 + b"}\r\n", Breakage.GARBAGE, "* LIST"),
    (b'* LIST () "/" {262145}\r\n', Breakage.LITERAL_TOO_LONG, "* LIST"),
    (b"* X {200000}\r\n" + b"x" * 200000 + b" {200000}\r\n", Breakage.LITERAL_TOO_LONG, "{200000}"),
    (b"* QUOTA root (STORAGE 1\r\n", Breakage.GARBAGE, "* QUOTA"),
    (b"* QUOTA root (STORAGE 1 2\r\n", Breakage.GARBAGE, "* QUOTA"),
    (b"* QUOTA root (STORAGE x 2)\r\n", Breakage.GARBAGE, "* QUOTA"),
    (b"* QUOTA root (STORAGE 1 9223372036854775808)\r\n", Breakage.GARBAGE, "* QUOTA"),
    (b"* QUOTA root (MESSAGE 47110\r\n", Breakage.GARBAGE, "* QUOTA root (MESSAGE #"),
    (b"* OK " + b"x" * 65_532 + b"\r\n", Breakage.LINE_TOO_LONG, "* OK xxx"),
    (b"* OK " + b"x" * 70_000, Breakage.LINE_TOO_LONG, "* OK xxx"),
    (b"* X {1}\r\ny" + b"x" * 70_000, Breakage.LINE_TOO_LONG, "* X {}"),
    (b"* OK\r\n" * 2_001, Breakage.TOO_MUCH, "more than 2000"),
]


def heard(pieces: list[bytes], tags: tuple[str, ...] = ("A1",)) -> tuple[list[Response], End]:
    """Everything a parser says to these pieces, and the fault that ended it."""
    parser = Parser()
    for tag in tags:
        parser.expect(tag)
    values: list[Response] = []
    try:
        for piece in pieces:
            parser.feed(piece)
            while (value := parser.next()) is not None:
                values.append(value)
    except TheirFault as fault:
        with pytest.raises(TheirFault):
            parser.next()
        return values, (fault.why, fault.words)
    return values, None


@pytest.mark.parametrize(("said", "value"), WHOLE)
def test_one_response(said: bytes, value: Response) -> None:
    assert heard([said]) == ([value], None)
    assert heard([bytes([octet]) for octet in said]) == ([value], None)
    assert heard([said + b"* OK"]) == ([value], None)
    assert heard([said[:-1]]) == ([], None)


@pytest.mark.parametrize(("said", "why", "words"), BROKEN)
def test_broken(said: bytes, why: Breakage, words: str) -> None:
    values, fault = heard([said])
    assert fault is not None
    assert (fault[0], fault[1][: len(words)]) == (why, words)
    assert heard([said[n : n + 97] for n in range(0, len(said), 97)]) == (values, fault)


def test_the_longest_line_passes() -> None:
    said = b"* OK " + b"x" * (imap_response.LINE_CAP - 5)
    values, fault = heard([said + b"\r", b"\n"])
    assert (len(values), fault) == (1, None)


def test_completions_come_in_the_order_of_the_commands() -> None:
    assert heard([b"A1 OK\r\nA2 OK\r\n"], ("A1", "A2"))[1] is None
    assert heard([b"A2 OK\r\nA1 OK\r\n"], ("A1", "A2"))[1] == ("garbage", "A2 OK")
    assert heard([b"A1 OK\r\nA1 OK\r\n"])[1] == ("garbage", "A1 OK")


def test_each_command_has_its_own_count_of_untagged_responses() -> None:
    flood = b"* 1 EXISTS\r\n" * 1_999
    assert heard([flood + b"A1 OK\r\n" + flood + b"A2 OK\r\n"], ("A1", "A2"))[1] is None


@pytest.mark.parametrize("said", [b"* 4711 EXISTS", b"* OK [UNSEEN 4711] first", b"* STATUS INBOX (MESSAGES 4711)"])
def test_a_count_is_no_key_of_a_cache(said: bytes) -> None:
    before = imap_response.remembered.cache_info().currsize
    assert heard([said + b"\r\n"])[0]
    assert imap_response.remembered.cache_info().currsize == before


def test_what_is_unread_is_known_before_tls_starts() -> None:
    parser = Parser()
    parser.expect("A1")
    parser.feed(b"A1 OK go\r\n* CAPA")
    assert parser.next() == Status("A1", "OK", "", "", "go")
    assert (parser.unread, parser.words) == (6, "* CAPA")
    parser.feed(b"BILITY X {3}\r\n")
    assert parser.next() is None
    assert parser.unread > 0


@pytest.mark.parametrize("said", [b"* 47110 EXIS", b"* OK [UNSEEN 47110", b"* STATUS x (MESSAGES 47110 RECENT 47110"])
def test_unfinished_words_hold_no_count(said: bytes) -> None:
    parser = Parser()
    parser.feed(said)
    assert parser.next() is None
    assert "47110" not in parser.words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Status("A1", "NO", "ALERT", "", "x"), "A1 NO [ALERT] x"),
        (Status("*", "OK", "UIDNEXT", "7", ""), "* OK [UIDNEXT 7]"),
        (Capabilities(("A", "B")), "* CAPABILITY A B"),
        (Continuation(), "+"),
        (QuotaRoot((Resource("STORAGE", 1, 2),)), "* QUOTA (STORAGE 1 2)"),
        (Untagged("EXISTS"), "* EXISTS"),
    ],
)
def test_what_a_transcript_shows(value: Response, shown: str) -> None:
    assert value.shown == (shown,)


NUMBERS = [("7", 7), ("4294967295", 4294967295), ("4294967296", None), ("0", None), ("-1", None), ("", None), ("٣", None)]


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_numbers(text: str, value: int | None) -> None:
    assert imap_response.number(text) == value


PARTS = b'* |A1 |+| OK|NO |BYE|[|]|(|)|"|{3}|{|}|\r\n|\n|CAPABILITY|QUOTA r (S 1 2)|7 EXISTS|\0|\\| '.split(b"|")
SPOKEN = st.lists(st.sampled_from(PARTS) | st.binary(max_size=6))


@given(SPOKEN.map(b"".join), st.lists(st.integers(1, 40), max_size=30))
def test_any_bytes_and_chunking_never_changes_the_answer(said: bytes, sizes: list[int]) -> None:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(said[at : at + size])
        at += size
    whole = heard([said])
    assert heard([*pieces, said[at:]]) == whole
    assert whole[1] is None or whole[1][0] in set(Breakage)
    for value in whole[0]:
        assert all(line.isprintable() for line in value.shown)
