"""The demo's IMAP server holds mail: what two clients that know nothing of ours see of it, and each way of misbehaving."""

import asyncio
import contextlib
import imaplib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aioimaplib  # type: ignore[import-untyped]  # it ships no types
import pytest

from mailprobe.demo.carrier import Rule
from mailprobe.demo.faults import Close, Hang, Meanwhile, Reset, Script, Send, Wait
from mailprobe.demo.hostile import READING
from mailprobe.demo.imap import HEALTHY, Plan, Step
from mailprobe.demo.mailstore import DELETED, RECENT, SEEN
from tests.e2e.delivering import MAIL, PASSWORD, SOON, TARO, Carrier, open_carrier, signed_in

DATA = MAIL % TARO.encode()
FIELDS = "(UID FLAGS BODY.PEEK[HEADER.FIELDS (Message-ID Subject)])"


@pytest.fixture
async def carrier(tmp_path: Path) -> AsyncIterator[Carrier]:
    async with open_carrier(tmp_path) as made:
        yield made


async def ask(carrier: Carrier, session: Callable[[imaplib.IMAP4], Any]) -> Any:
    def whole() -> Any:
        with signed_in(carrier.imap) as client:
            return session(client)

    return await asyncio.to_thread(whole)


def opened(client: imaplib.IMAP4, folder: str = "INBOX", *, readonly: bool = False) -> imaplib.IMAP4:
    assert client.select(folder, readonly)[0] == "OK"
    return client


async def test_what_a_folder_says_of_itself(carrier: Carrier) -> None:
    for _ in range(2):
        carrier.inbox.put(DATA)
    carrier.inbox.remove((2,))

    def session(client: imaplib.IMAP4) -> tuple[Any, ...]:
        opened(client, readonly=True)
        told = tuple(client.response(word)[1][0] for word in ("EXISTS", "UIDVALIDITY", "UIDNEXT"))
        return (*told, client.status("Junk", "(MESSAGES UIDNEXT)")[1][0])

    assert await ask(carrier, session) == (b"1", b"1700000000", b"3", b'"Junk" (MESSAGES 0 UIDNEXT 1)')


async def test_the_junk_folder_is_known_by_its_use(carrier: Carrier) -> None:
    """RFC 6154: whatever it is called."""
    folders = carrier.state.store_of("taro").folders
    del folders["Junk"]
    carrier.state.store_of("taro").add("&j,dg0TDhMPww-", "\\Junk")
    listed = await ask(carrier, lambda client: client.list())
    assert b'(\\HasNoChildren \\Junk) "/" "&j,dg0TDhMPww-"' in listed[1]
    assert b'(\\HasNoChildren) "/" "INBOX"' in listed[1]
    special = await ask(carrier, lambda client: client._simple_command("LIST", "(SPECIAL-USE)", '""', '"*"'))
    assert special[0] == "OK"
    carrier.state.change("taro", rule=Rule.JUNK)
    await carrier.send()
    await carrier.settled(lambda: folders["&j,dg0TDhMPww-"].mails)


async def test_fetching_by_uid(carrier: Carrier) -> None:
    for number in range(3):
        carrier.inbox.put(DATA.replace(b"id.1", b"id.%d" % number))
    carrier.inbox.remove((1,))

    def session(client: imaplib.IMAP4) -> tuple[Any, ...]:
        opened(client, readonly=True)
        return (
            client.uid("FETCH", "3:*", FIELDS)[1],
            client.uid("FETCH", "9:*", "(UID)")[1],
            client.uid("FETCH", "1", "(UID)")[1],
            client.uid("FETCH", "2", "(BODY.PEEK[]<0.10> BODY.PEEK[TEXT] RFC822.SIZE)")[1],
            client.fetch("1", "(UID INTERNALDATE)")[1],
        )

    fields, above, gone, partial, first = await ask(carrier, session)
    head = b"Subject: Test 4821\r\nMessage-ID: <id.2@here.example>\r\n\r\n"
    asked = b"2 (UID 3 FLAGS (\\Recent) BODY[HEADER.FIELDS (MESSAGE-ID SUBJECT)] {%d}" % len(head)
    assert fields == [(asked, head), b")"]
    assert above == [b"2 (UID 3)"]  # `9:*` holds the highest UID, though it is smaller (RFC 9051 section 9, seq-range)
    assert gone == [None]
    assert partial[0] == (b"1 (UID 2 BODY[]<0> {10}", b"From: <pro")
    assert partial[1] == (b" BODY[TEXT] {13}", b"Hello\r\n.dot\r\n")
    assert partial[2] == b" RFC822.SIZE %d)" % len(DATA)
    assert re.match(rb'1 \(UID 2 INTERNALDATE "\d\d-\w{3}-\d{4} [\d:]{8} \+0000"\)', first[0])


async def test_looking_changes_nothing(carrier: Carrier) -> None:
    """EXAMINE leaves \\Recent, PEEK leaves \\Seen; without them both are taken."""
    carrier.inbox.put(DATA)

    def look(client: imaplib.IMAP4) -> None:
        opened(client, readonly=True).uid("FETCH", "1:*", "(BODY[])")
        assert client.uid("STORE", "1", "+FLAGS", "(\\Deleted)")[0] == "NO"
        assert client.expunge()[0] == "NO"
        client.close()

    await ask(carrier, look)
    assert carrier.inbox.mails[0].flags == {RECENT}
    await ask(carrier, lambda client: opened(client).uid("FETCH", "1:*", "(BODY.PEEK[])"))
    assert carrier.inbox.mails[0].flags == frozenset()
    await ask(carrier, lambda client: opened(client).uid("FETCH", "1:*", "(BODY[])"))
    assert carrier.inbox.mails[0].flags == {SEEN}


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (("ALL",), b"1 2 3"),
        (("UID", "2:*"), b"2 3"),
        (("HEADER", "Message-ID", "<id.2@here"), b"2"),
        (("HEADER", "Message-ID", '"id.3"', "UID", "1:2"), b""),
        (("DELETED",), b"1"),
        (("NOT", "DELETED", "UNSEEN"), b"2 3"),
        (("SUBJECT", '"test 4821"'), b"1 2 3"),
        (("(HEADER", "Subject", "nothing)"), b""),
        (("1:2",), b"1 2"),
    ],
)
async def test_searching(carrier: Carrier, keys: tuple[str, ...], found: bytes) -> None:
    for number in range(1, 4):
        carrier.inbox.put(DATA.replace(b"id.1", b"id.%d" % number))
    carrier.inbox.mark(1, {DELETED})
    assert await ask(carrier, lambda client: opened(client, readonly=True).uid("SEARCH", *keys)[1]) == [found]


async def test_only_what_is_named_is_expunged(carrier: Carrier) -> None:
    """RFC 4315: with UIDPLUS the mail that another client has marked stays; plain EXPUNGE and CLOSE take it."""
    for _ in range(4):
        carrier.inbox.put(DATA)
    carrier.inbox.mark(1, {DELETED})

    def named(client: imaplib.IMAP4) -> Any:
        opened(client)
        assert client.uid("STORE", "2", "+FLAGS.SILENT", "(\\Deleted)") == ("OK", [None])
        assert client.uid("STORE", "3", "+FLAGS", "(\\Deleted)")[1] == [b"3 (UID 3 FLAGS (\\Deleted))"]
        client.uid("EXPUNGE", "2,4")
        return client.response("EXPUNGE")[1]

    assert await ask(carrier, named) == [b"2"]
    assert [mail.uid for mail in carrier.inbox.mails] == [1, 3, 4]
    assert await ask(carrier, lambda client: opened(client).expunge()[1]) == [b"2", b"1"]
    assert [mail.uid for mail in carrier.inbox.mails] == [4]
    carrier.inbox.mark(4, {DELETED})
    await ask(carrier, lambda client: opened(client).unselect())
    assert len(carrier.inbox.mails) == 1
    await ask(carrier, lambda client: opened(client).close())
    assert not carrier.inbox.mails


async def test_two_clients_and_their_own_sequence_numbers(carrier: Carrier) -> None:
    for _ in range(3):
        carrier.inbox.put(DATA)

    def session(client: imaplib.IMAP4) -> tuple[Any, ...]:
        opened(client)
        carrier.inbox.remove((1,))
        carrier.inbox.put(DATA)
        by_number = client.fetch("2", "(UID)")[1]  # no EXPUNGE may come with it
        early = client.untagged_responses.get("EXPUNGE")
        client.noop()
        return by_number, early, client.response("EXPUNGE")[1], client.response("EXISTS")[1][-1], client.fetch("2", "(UID)")[1]

    assert await ask(carrier, session) == ([b"2 (UID 2)"], None, [b"1"], b"3", [b"2 (UID 3)"])


async def test_quota_counts_what_is_held(carrier: Carrier) -> None:
    carrier.state.change("taro", used=7, limit=99)
    carrier.inbox.put(b"x" * 5000)
    assert [b'"user" (STORAGE 11 99)'] in await ask(carrier, lambda client: client.getquotaroot("INBOX")[1])


@pytest.mark.parametrize(
    "line",
    [
        "UID FETCH",
        "UID FETCH 1",
        "UID FETCH x (UID)",
        "UID FETCH 1 (BODY[)",
        "UID FETCH 1 (BODY[9.MIME])",
        "UID FETCH 1 (NOTHING)",
        "UID SEARCH",
        "UID SEARCH HEADER",
        "UID SEARCH SINCE",
        "UID STORE 1 FLAGS",
        "UID STORE 1 *FLAGS (\\Seen)",
        "UID STORE 1 +FLAGS (\\Recent)",
        "UID EXPUNGE x",
        "UID NOOP",
        "LIST",
        "UID",
    ],
)
async def test_what_cannot_be_read_is_bad_and_does_no_harm(carrier: Carrier, line: str) -> None:
    carrier.inbox.put(DATA)
    reader, writer = await asyncio.open_connection("127.0.0.1", carrier.imap)
    writer.write(f"a LOGIN taro {PASSWORD}\r\nb SELECT INBOX\r\nc {line}\r\nd LOGOUT\r\n".encode())
    said = await asyncio.wait_for(reader.read(), SOON)
    writer.close()
    assert b"\r\nc BAD" in said
    assert said.endswith(b"d OK Done\r\n")
    assert len(carrier.inbox.mails) == 1
    assert carrier.inbox.mails[0].flags == frozenset()


@contextlib.asynccontextmanager
async def waiting(carrier: Carrier) -> AsyncIterator[aioimaplib.IMAP4]:
    """The independent client, in IDLE at an INBOX."""
    client = aioimaplib.IMAP4("127.0.0.1", carrier.imap, timeout=SOON)
    await client.wait_hello_from_server()
    await client.login("taro", PASSWORD)
    await client.select("INBOX")
    idle = await client.idle_start(timeout=60)
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):
            client.idle_done()
            await asyncio.wait_for(idle, 1)
            await asyncio.wait_for(client.logout(), 1)


async def test_idle_tells_of_an_arrival_at_once(carrier: Carrier) -> None:
    async with waiting(carrier) as client:
        await carrier.send()
        assert b"1 EXISTS" in await asyncio.wait_for(client.wait_server_push(), SOON)
        carrier.state.store_of("taro").move(1, "INBOX", "Old")
        assert b"1 EXPUNGE" in await asyncio.wait_for(client.wait_server_push(), SOON)
        client.idle_done()
        assert (await client.noop()).result == "OK"
    assert not carrier.inbox.watchers


async def said_in_idle(carrier: Carrier, wait: float = 0.1) -> tuple[bytes, bool]:
    """What comes within `wait` seconds after a mail has arrived during IDLE, and whether the server has hung up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", carrier.imap)
    writer.write(f"a LOGIN taro {PASSWORD}\r\nb EXAMINE INBOX\r\nc IDLE\r\n".encode())
    heard = bytearray()
    try:
        async with asyncio.timeout(wait):
            await reader.readuntil(b"+ idling\r\n")
            carrier.inbox.put(DATA)
            while data := await reader.read(4096):
                heard += data
            return bytes(heard), True
    except (TimeoutError, ConnectionResetError) as error:
        return bytes(heard), isinstance(error, ConnectionResetError)
    finally:
        writer.close()


async def test_idle_as_it_should_be_and_ill(tmp_path: Path) -> None:
    for plan, said, gone in (
        (HEALTHY, b"* 1 EXISTS\r\n", False),
        (READING["deaf_idle"], b"", False),
        (READING["bye_in_idle"], b"* BYE Idle for too long\r\n", True),
        (READING["reset_in_idle"], b"", True),
    ):
        async with open_carrier(tmp_path, plan) as carrier:
            heard, ended = await said_in_idle(carrier)
            assert (heard.endswith(said), bool(heard), ended) == (True, bool(said), gone)


async def test_a_deaf_server_still_answers_a_poll(tmp_path: Path) -> None:
    async with open_carrier(tmp_path, READING["deaf_idle"]) as carrier:

        def session(client: imaplib.IMAP4) -> Any:
            opened(client)
            carrier.inbox.put(DATA)
            client.noop()
            return client.response("EXISTS")[1][-1]

        assert await ask(carrier, session) == b"1"


LACKING = {
    "no_idle": (b"IDLE", b"IDLE"),
    "no_uidplus": (b"UIDPLUS", b"UID EXPUNGE 1"),
    "no_unselect": (b"UNSELECT", b"UNSELECT"),
    "no_quota": (b"QUOTA", b"GETQUOTAROOT INBOX"),
    "no_special_use": (b"SPECIAL-USE", b'LIST "" "*" RETURN (SPECIAL-USE)'),
}


@pytest.mark.parametrize("word", LACKING)
async def test_what_is_not_offered_is_not_to_be_had(tmp_path: Path, word: str) -> None:
    offer, command = LACKING[word]
    async with open_carrier(tmp_path, READING[word]) as carrier:
        carrier.inbox.put(DATA, DELETED)
        reader, writer = await asyncio.open_connection("127.0.0.1", carrier.imap)
        writer.write(f"a LOGIN taro {PASSWORD}\r\nb SELECT INBOX\r\nc CAPABILITY\r\n".encode())
        writer.write(b"d " + command + b'\r\ne LIST "" "*"\r\nf LOGOUT\r\n')
        said = await asyncio.wait_for(reader.read(), SOON)
        writer.close()
        assert offer not in re.findall(rb"CAPABILITY ([^\]\r]*)", said)[-1].split()
        assert b"\r\nd BAD" in said
        assert b'"/" "Junk"\r\n' in said
        assert (b"\\Junk" in said) == (word != "no_special_use")
        assert len(carrier.inbox.mails) == 1


async def test_a_blind_search_finds_nothing_and_fetch_does(tmp_path: Path) -> None:
    async with open_carrier(tmp_path, READING["blind_search"]) as carrier:
        carrier.inbox.put(DATA)

        def session(client: imaplib.IMAP4) -> tuple[Any, Any]:
            opened(client)
            return client.uid("SEARCH", "HEADER", "Subject", "4821")[1], client.uid("SEARCH", "UID", "1:*")[1]

        assert await ask(carrier, session) == ([b""], [b"1"])


async def test_another_uidvalidity(carrier: Carrier) -> None:
    for _ in range(2):
        carrier.inbox.put(DATA)

    def session(client: imaplib.IMAP4) -> None:
        opened(client)
        carrier.inbox.renumber()
        with pytest.raises(imaplib.IMAP4.abort, match="made anew"):
            client.noop()

    await ask(carrier, session)
    assert (await ask(carrier, lambda client: opened(client).response("UIDVALIDITY")[1])) == [b"1700000001"]


async def test_something_happens_between_two_commands(tmp_path: Path) -> None:
    """The user moves the mail just before it is to be marked: the answer is OK, and there was nothing to do."""
    moved: list[object] = []
    held: list[Carrier] = []
    moves = Meanwhile(lambda: moved.append(held[0].state.store_of("taro").move(1, "INBOX", "Old")))
    async with open_carrier(tmp_path, Plan({Step.STORE: (moves,)})) as carrier:
        held.append(carrier)
        carrier.inbox.put(DATA)
        answer = await ask(carrier, lambda client: opened(client).uid("STORE", "1", "+FLAGS", "(\\Deleted)"))
        assert answer == ("OK", [None])
        assert len(moved) == 1
        assert carrier.state.store_of("taro").folders["Old"].mails[0].flags == {RECENT}


ENDS: dict[str, Script] = {
    "reset": (Reset(),),
    "bye": (Send(b"* BYE Enough\r\n"), Close()),
    "hang": (Wait(0.02), Send(b"* 9 EXISTS\r\n"), Hang()),
}
SILENT, BUSY = 0.15, 20.0  # seconds: a silence that counts, and what a busy machine may need
STEPS = {
    Step.LIST: b'LIST "" "*"',
    Step.EXAMINE: b"EXAMINE INBOX",
    Step.STATUS: b"STATUS INBOX (UIDNEXT)",
    Step.NOOP: b"NOOP",
    Step.IDLE: b"IDLE",
    Step.SEARCH: b"UID SEARCH ALL",
    Step.FETCH: b"UID FETCH 1 (UID)",
    Step.STORE: b"UID STORE 1 FLAGS ()",
    Step.EXPUNGE: b"UID EXPUNGE 1",
    Step.UNSELECT: b"UNSELECT",
    Step.CLOSE: b"CLOSE",
    Step.LOGOUT: b"LOGOUT",
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("script", ENDS.values(), ids=ENDS.keys())
async def test_every_step_can_go_wrong(tmp_path: Path, step: Step, script: Script) -> None:
    async with open_carrier(tmp_path, Plan({step: script})) as carrier:
        reader, writer = await asyncio.open_connection("127.0.0.1", carrier.imap)
        select = b"" if step is Step.EXAMINE else b"b SELECT INBOX\r\n"
        writer.write(f"a LOGIN taro {PASSWORD}\r\n".encode() + select + b"c " + STEPS[step] + b"\r\n")
        said = b"".join(action.data for action in script if isinstance(action, Send))
        heard, end = bytearray(), "closed"
        try:
            while True:
                hangs = isinstance(script[-1], Hang) and heard.endswith(said)
                async with asyncio.timeout(SILENT if hangs else BUSY):
                    if not (data := await reader.read(4096)):
                        break
                heard += data
        except TimeoutError:
            end = "silent"
        except ConnectionResetError:
            end = "reset"
        writer.close()
        assert end == {Reset: "reset", Close: "closed", Hang: "silent"}[type(script[-1])]
        assert b"\r\nc " not in heard
        assert heard.endswith(said)
