"""What came back, in the store: durable, once, without addresses; and an older file that learns of it without loss."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailprobe.evidence import Of, Returned, ReturnKind, Stage
from mailprobe.store import StoreError, open_store
from mailprobe.store.bounces import KEPT, SOMEBODY, WAITING, InboxFull, without_addresses
from mailprobe.store.tables import VERSION
from tests.unit.store.test_store import contents, url

NOW = 1_800_000_000.0
BOX = "0123456789abcdef"
ADDRESS = "tanaka.taro@d.test"
OLD = Path(__file__).parents[2] / "golden" / "store" / "version-1.sql"


@dataclass(frozen=True, slots=True)
class Token:
    mailbox: str = BOX
    day: int = 20833


@dataclass(frozen=True, slots=True)
class Came:
    raw: bytes = b"a mail"
    tokens: tuple[Token, ...] = (Token(),)
    null_sender: bool = True
    at: float = NOW


def came_back(**changed: object) -> Returned:
    given: dict[str, object] = {"at": 1.0, "canary": "c1", "kind": ReturnKind.FAILED, "returned_at": NOW, "recipient": ADDRESS}
    return Returned(**{**given, **changed})  # type: ignore[arg-type]  # a test changes any field


async def test_a_mail_waits_until_it_is_read_and_then_leaves_no_octets(tmp_path: Path) -> None:
    async with open_store(url(tmp_path / "m.db")) as store:
        await store.bounces.keep(Came(b"Subject: x\r\n\r\nto tanaka.taro" + b"." * 20_000))
        assert b"tanaka.taro" in contents(tmp_path)
        letter = await store.bounces.waiting(NOW)
        assert letter is not None
        assert (letter.mailbox, letter.day, letter.null_sender, letter.at, letter.tries) == (BOX, 20833, True, NOW, 0)
        assert letter.raw.endswith(b"....")
        await store.bounces.finish(letter.id, "bounced", NOW)
        assert await store.bounces.waiting(NOW) is None
    assert b"tanaka" not in contents(tmp_path)


async def test_the_same_octets_for_the_same_mailbox_are_kept_once() -> None:
    async with open_store("sqlite://") as store:
        for mail in (Came(), Came(at=NOW + 5), Came(b"another"), Came(tokens=(Token("ff" * 8),)), Came(tokens=())):
            await store.bounces.keep(mail)
        seen = []
        while (letter := await store.bounces.waiting(NOW)) is not None:
            seen.append((letter.mailbox, letter.raw))
            await store.bounces.finish(letter.id, "bounced", NOW)
            await store.bounces.keep(Came())  # a sender that heard no 250
        assert seen == [(BOX, b"a mail"), (BOX, b"another"), ("ff" * 8, b"a mail"), ("", b"a mail")]


async def test_a_mail_for_two_mailboxes_waits_for_each() -> None:
    async with open_store("sqlite://") as store:
        await store.bounces.keep(Came(tokens=(Token(), Token("ff" * 8))))
        first = await store.bounces.waiting(NOW)
        assert first is not None
        await store.bounces.finish(first.id, "bounced", NOW)
        second = await store.bounces.waiting(NOW)
        assert second is not None
        assert (first.mailbox, second.mailbox) == (BOX, "ff" * 8)


async def test_a_mail_that_is_put_off_lets_others_pass() -> None:
    async with open_store("sqlite://") as store:
        await store.bounces.keep(Came(b"first"))
        await store.bounces.keep(Came(b"second"))
        first = await store.bounces.waiting(NOW)
        assert first is not None
        await store.bounces.put_off(first.id, NOW + 10)
        now, later = await store.bounces.waiting(NOW), await store.bounces.waiting(NOW + 10)
        assert now is not None
        assert later is not None
        assert (now.raw, later.raw, later.tries) == (b"second", b"first", 1)


async def test_one_mailbox_cannot_fill_the_disk() -> None:
    async with open_store("sqlite://") as store:
        for n in range(WAITING):
            await store.bounces.keep(Came(b"%d" % n))
        with pytest.raises(InboxFull):
            await store.bounces.keep(Came(b"one more"))
        await store.bounces.keep(Came(b"one more", (Token("ff" * 8),)))


async def test_a_thing_is_written_down_once_and_keeps_its_first_tie() -> None:
    async with open_store("sqlite://") as store:
        first = await store.bounces.record(BOX, 1, came_back(), "essence")
        again = await store.bounces.record(BOX, 1, came_back(canary="", returned_at=NOW + 9), "essence")
        stamped = await store.bounces.record(BOX, 1, came_back(text="other words"))
        assert [(one.canary, one.new) for one in (first, again, stamped)] == [("c1", True), ("c1", False), ("c1", False)]


@pytest.mark.parametrize(
    "changed",
    [{"canary": "c2"}, {"kind": ReturnKind.DELAYED}],
)
async def test_another_test_mail_or_another_kind_is_another_thing(changed: dict[str, object]) -> None:
    async with open_store("sqlite://") as store:
        await store.bounces.record(BOX, 1, came_back())
        assert (await store.bounces.record(BOX, 1, came_back(**changed))).new


@pytest.mark.parametrize(
    ("mailbox", "day", "changed"),
    [
        ("ff" * 8, 1, {}),
        (BOX, 2, {}),
        (BOX, 1, {"kind": ReturnKind.DELAYED}),
        (BOX, 1, {"recipient": "sato@d.test"}),
    ],
)
async def test_without_a_test_mail_what_it_says_makes_it_another(mailbox: str, day: int, changed: dict[str, object]) -> None:
    async with open_store("sqlite://") as store:
        await store.bounces.record(BOX, 1, came_back(canary=""), "essence")
        assert (await store.bounces.record(mailbox, day, came_back(canary="", **changed), "essence")).new
        assert (await store.bounces.record(BOX, 1, came_back(canary=""), "another")).new


async def test_facts_come_back_with_the_address_put_back(tmp_path: Path) -> None:
    text = f"552 5.2.2 <{ADDRESS}>: Tanaka.Taro is full, ask sato@e.test"
    async with open_store(url(tmp_path / "m.db")) as store:
        subject = store.bounces.hashed(ADDRESS)
        fact = came_back(stage=Stage.RCPT, code=552, enhanced="5.2.2", text=text, remote="mbx.d.test")
        await store.bounces.record(subject[:16], 1, fact)
        (back,) = await store.bounces.of_mailbox(subject, NOW, ADDRESS)
        assert await store.bounces.of_mailbox(subject, NOW + 1, ADDRESS) == ()
        assert back.text == f"552 5.2.2 <{ADDRESS}>: tanaka.taro is full, ask {SOMEBODY}"
        assert (back.at, back.recipient, back.remote, back.stage) == (0.0, ADDRESS, "mbx.d.test", Stage.RCPT)
        held = contents(tmp_path)
    held += contents(tmp_path)
    assert b"mbx.d.test" in held
    assert not any(word in held.lower() for word in (b"tanaka", b"sato"))


async def test_of_another_recipient_only_that_it_was_another_is_known() -> None:
    async with open_store("sqlite://") as store:
        subject = store.bounces.hashed(ADDRESS)
        fact = came_back(recipient="sato@e.test", text="<sato@e.test> sato unknown", kind=ReturnKind.FORWARDED)
        await store.bounces.record(subject[:16], 1, fact)
        (back,) = await store.bounces.of_mailbox(subject, 0.0, ADDRESS)
        assert "sato" not in back.text
        assert (back.recipient, back.kind) == (SOMEBODY, ReturnKind.FORWARDED)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("to x@y.test", f"to {SOMEBODY}"),
        ("<a@b.test>,<c@d.test>", f"<{SOMEBODY}>,<{SOMEBODY}>"),
        ("no address @ all", "no address @ all"),
    ],
)
def test_no_address_stays_in_a_text(text: str, kept: str) -> None:
    assert without_addresses(text, "") == kept


async def test_what_is_old_goes() -> None:
    async with open_store("sqlite://") as store:
        await store.bounces.keep(Came())
        await store.bounces.record(BOX, 1, came_back())
        letter = await store.bounces.waiting(NOW)
        assert letter is not None
        await store.bounces.finish(letter.id, "bounced", NOW)
        assert len(await store.bounces.of_mailbox(BOX, 0.0)) == 1
        await store.bounces.keep(Came(b"later", at=NOW + KEPT + 1))
        later = await store.bounces.waiting(NOW + KEPT + 1)
        assert later is not None
        await store.bounces.finish(later.id, "bounced", NOW + KEPT + 1)
        assert await store.bounces.of_mailbox(BOX, 0.0) == ()


async def test_a_file_of_version_1_loses_nothing_and_learns_the_rest(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    with sqlite3.connect(place) as raw:
        raw.executescript(OLD.read_text())
        before = sorted(raw.iterdump())
    async with open_store(url(place)) as store:
        assert await store.sign_ins.control_good_at(store.sign_ins.login("tanaka", "imap.d.test")) == NOW
        known = await store.askings.remembered(Of.TARGET, "tanaka@d.test", "mx.d.test", "here")
        assert known is not None
        assert known.text == "<tanaka@d.test> unknown"
        await store.bounces.keep(Came())
    with sqlite3.connect(place) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert set(before) <= set(raw.iterdump())


async def test_a_store_that_cannot_write_says_so(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    async with open_store(url(place)) as store:
        await store.bounces.keep(Came())
        with sqlite3.connect(place) as other:
            other.execute("DROP TABLE inbox")
        with pytest.raises(StoreError):
            await store.bounces.keep(Came(b"more"))
