"""What was asked for among the untagged data: message parts, folders, UIDs; and any bytes at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.evidence import Breakage
from mailprobe.wire import TheirFault, imap, imap_data
from mailprobe.wire.imap import Parser
from mailprobe.wire.imap_data import Data, Fetched, Listed, Numbers
from mailprobe.wire.imap_response import Response, Status, Untagged

End = tuple[str, str] | None

FETCHES: list[tuple[bytes, Response]] = [
    (b"* 1 FETCH (UID 5 BODY[HEADER.FIELDS (FROM)] {9}\r\nFrom: a\r\n)\r\n", Fetched(5, b"From: a\r\n")),
    (b"* 1 fetch (BODY[]<0> {3}\r\n)\r\n UID 5)\r\n", Fetched(5, b")\r\n")),
    (b'* 1 FETCH (UID 5 BODY[HEADER] "a \\"b\\"")\r\n', Fetched(5, b'a "b"')),
    (b'* 1 FETCH (BODY[HEADER.FIELDS ("X]Y")] "a" UID 5)\r\n', Fetched(5, b"a")),
    (b"* 1 FETCH (BODY[HEADER.FIELDS ({3}\r\nX-Y)] {1}\r\na UID 5)\r\n", Fetched(5, b"a")),
    (b"* 1 FETCH (UID 5 BODY[] NIL)\r\n", Fetched(5, b"")),
    (b"* 1 FETCH (UID 5 BODY[] {0}\r\n)\r\n", Fetched(5, b"")),
    (b'* 1 FETCH (FLAGS (\\Seen ("x)" {2}\r\n)()) UID 5 BODY[] "a")\r\n', Fetched(5, b"a")),
    (b'* 1 FETCH (UID 5 BODY[] "a" BODY[TEXT] "b")\r\n', Fetched(5, b"a")),
    (b"* 1 FETCH (UID 5 BODY[] {65537}\r\n" + b"x" * 65_537 + b")\r\n", Fetched(5, None)),
    (b"* 1 FETCH (UID 5 BODY[] {65536}\r\n" + b"x" * 65_536 + b")\r\n", Fetched(5, b"x" * 65_536)),
    (b"* 1 FETCH (UID 5 FLAGS ())\r\n", Untagged("FETCH")),
    (b'* 1 FETCH (BODY[] "a")\r\n', Untagged("FETCH")),
    (b'* 1 FETCH (UID 0 BODY[] "a")\r\n', Untagged("FETCH")),
    (b'* 1 FETCH (UID 4294967296 BODY[] "a")\r\n', Untagged("FETCH")),
    (b"* 1 FETCH ()\r\n", Untagged("FETCH")),
    (b"* 7 EXISTS\r\n", Untagged("EXISTS")),
    (b'* LIST () "/" x\r\n', Untagged("LIST")),
]
LISTS: list[tuple[bytes, Response]] = [
    (b'* LIST (\\HasNoChildren \\Junk) "/" "Junk \\"1\\""\r\n', Listed('Junk "1"', ("\\hasnochildren", "\\junk"))),
    (b"* LIST () NIL inbox\r\n", Listed("INBOX")),
    (b'* LIST (\\Noselect) "\\\\" &j,dg0TDhMPww6w-\r\n', Listed("&j,dg0TDhMPww6w-", ("\\noselect",))),
    (b'* LIST () "." {4}\r\na"\xe9b\r\n', Listed('a"\xe9b')),
    (b'* LIST () "/" a ("CHILDINFO" ("SUBSCRIBED"))\r\n', Listed("a")),
    (b'* LIST () "/" {65537}\r\n' + b"x" * 65_537 + b"\r\n", Untagged("LIST")),
    (b'* LSUB () "/" a\r\n', Untagged("LSUB")),
]
SEARCHES: list[tuple[bytes, Response]] = [
    (b"* SEARCH\r\n", Numbers(())),
    (b"* SEARCH 2 84 882 (MODSEQ 917162500)\r\n", Numbers((2, 84, 882))),
    (b'* ESEARCH (TAG "A1") UID ALL 2,4:6\r\n', Numbers((2, 4, 5, 6))),
    (b'* ESEARCH (TAG "A1") UID\r\n', Numbers(())),
    (b"* ESEARCH UID COUNT 3\r\n", Numbers(())),
    (b'* ESEARCH (TAG "A1") UID ALL 6:4\r\n', Numbers((4, 5, 6))),
]
ASKED = [(Data.FETCH, *one) for one in FETCHES] + [(Data.LIST, *one) for one in LISTS] + [(Data.SEARCH, *one) for one in SEARCHES]
BROKEN = [
    (Data.FETCH, b"* 1 FETCH UID 5\r\n"),
    (Data.FETCH, b'* 1 FETCH (BODY[ "private")\r\n'),
    (Data.FETCH, b'* 1 FETCH (UID 5 BODY[] "private)\r\n'),
    (Data.FETCH, b'* 1 FETCH (UID 5 X ("private" (a))\r\n'),
    (Data.FETCH, b'* 1 FETCH (UID 5 BODY[] {} "private")\r\n'),
    (Data.FETCH, b'* 1 FETCH ("private" 5)\r\n'),
    (Data.FETCH, b"* 1 FETCH (UID 5 BODY[] {262145}\r\n"),
    (Data.FETCH, b'* 1 FETCH (UID 5 BODY[] "' + b"private" * 10_000),
    (Data.LIST, b'* LIST (("private")) "/" a\r\n'),
    (Data.LIST, b"* LIST private\r\n"),
    (Data.SEARCH, b"* SEARCH private\r\n"),
    (Data.SEARCH, b"* SEARCH 99999999999\r\n"),
]


def heard(pieces: list[bytes], asked: Data) -> tuple[list[Response], End]:
    """Everything a parser says to these pieces after a command that asks for this, and the fault that ended it."""
    parser = Parser()
    parser.expect("A1", asked)
    values: list[Response] = []
    try:
        for piece in pieces:
            parser.feed(piece)
            while (value := parser.next()) is not None:
                values.append(value)
    except TheirFault as fault:
        return values, (fault.why, fault.words)
    return values, None


@pytest.mark.parametrize(("asked", "said", "value"), ASKED)
def test_what_was_asked_for(asked: Data, said: bytes, value: Response) -> None:
    assert heard([said], asked) == ([value], None)
    assert heard([said[n : n + 1] for n in range(len(said))] if len(said) < 500 else [said], asked) == ([value], None)
    assert heard([said + b"* OK"], asked) == ([value], None)
    assert heard([said[:-1]], asked) == ([], None)
    assert heard([said, said], asked) == ([value, value], None)


@pytest.mark.parametrize("said", [said for _, said, _ in ASKED])
def test_nothing_of_it_is_kept_unasked(said: bytes) -> None:
    (value,), fault = heard([said], Data.NOTHING)
    assert fault is None
    assert isinstance(value, Untagged)


@pytest.mark.parametrize(("asked", "said"), BROKEN)
def test_broken_data_tells_nothing_of_what_it_holds(asked: Data, said: bytes) -> None:
    values, fault = heard([said], asked)
    assert values == []
    assert fault is not None
    assert fault[0] in (Breakage.GARBAGE, Breakage.LITERAL_TOO_LONG, Breakage.LINE_TOO_LONG)
    assert "private" not in fault[1]


def test_data_is_kept_only_until_its_command_is_complete() -> None:
    said = b'* 1 FETCH (UID 5 BODY[] "a")\r\n'
    assert heard([b"A1 OK\r\n" + said], Data.FETCH)[0] == [Status("A1", "OK"), Untagged("FETCH")]


def test_unfinished_data_is_no_words() -> None:
    parser = Parser()
    parser.expect("A1", Data.FETCH)
    parser.feed(b"* 1 FETCH (UID 5 BODY[] {50}\r\nprivate")
    assert parser.next() is None
    assert parser.words == "* FETCH"


@pytest.mark.parametrize("value", [Fetched(5, b"private"), Listed("private", ("\\junk",)), Numbers((4711,))])
def test_neither_a_transcript_nor_a_traceback_shows_it(value: Fetched | Listed | Numbers) -> None:
    told = repr(value) + " ".join(value.shown)
    assert "private" not in told
    assert "4711" not in told


def test_a_range_is_not_a_bomb() -> None:
    (value,), fault = heard([b'* ESEARCH (TAG "A1") UID ALL 1:4294967295,1:4294967295\r\n'], Data.SEARCH)
    assert fault is None
    assert isinstance(value, Numbers)
    assert len(value.uids) == imap_data.NUMBERS_CAP


NAMES = (b"* 1 FETCH (", b"* LIST (", b"* SEARCH ", b"* ESEARCH ")
PARTS = b'UID 5|BODY[|]|<0>|{3}|{0}|{|}|)|(|"|\\|\r\n|\n| |NIL|ALL 1:3|A1 OK|x'.split(b"|")
SPOKEN = st.lists(st.sampled_from([*NAMES, *PARTS]) | st.binary(max_size=6))


@given(SPOKEN.map(b"".join), st.lists(st.integers(1, 40), max_size=30), st.sampled_from(Data))
def test_any_bytes_and_chunking_never_changes_the_answer(said: bytes, sizes: list[int], asked: Data) -> None:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(said[at : at + size])
        at += size
    whole = heard([said], asked)
    assert heard([*pieces, said[at:]], asked) == whole
    assert whole[1] is None or whole[1][0] in set(Breakage)
    for value in whole[0]:
        assert all(line.isprintable() for line in value.shown)


@given(st.text(alphabet='()[]{}" \\<>0aUIDBODY', max_size=60))
def test_any_attributes_give_a_value_or_their_fault(text: str) -> None:
    try:
        value = imap_data.fetched(f"({text})".encode(), [b"x"])
    except TheirFault:
        return
    assert value is None or 0 < value.uid <= imap_data.UID_CAP
    assert imap.KEPT_CAP <= imap.LITERAL_CAP
