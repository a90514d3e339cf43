"""Folders, their numbers and flags."""

import asyncio

from mailprobe.demo.mailstore import DELETED, RECENT, SEEN, Folder, MailStore


def test_a_uid_is_never_given_twice() -> None:
    folder = Folder("INBOX")
    folder.put(b"one")
    folder.put(b"two")
    folder.remove((2,))
    assert folder.put(b"three").uid == 3
    assert [mail.uid for mail in folder.mails] == [1, 3]


def test_renumbered_all_is_new() -> None:
    folder = Folder("INBOX")
    folder.put(b"one")
    folder.put(b"two", SEEN)
    folder.remove((1,))
    before = folder.uidvalidity
    folder.renumber()
    assert folder.uidvalidity > before
    assert [(mail.uid, mail.data, mail.flags) for mail in folder.mails] == [(1, b"two", frozenset({SEEN, RECENT}))]
    assert folder.uidnext == 2


def test_recent_is_the_servers_own() -> None:
    folder = Folder("INBOX")
    folder.put(b"one")
    folder.mark(1, {DELETED})
    assert folder.mails[0].flags == {DELETED, RECENT}
    assert folder.take_recent() == {1}
    assert folder.take_recent() == frozenset()
    folder.mark(1, {RECENT})
    assert folder.mails[0].flags == frozenset()


def test_a_moved_mail_has_another_number() -> None:
    store = MailStore()
    store.inbox.put(b"one")
    store.add("Elsewhere").put(b"other")
    moved = store.move(1, "INBOX", "Elsewhere")
    assert moved is not None
    assert (moved.uid, moved.data) == (2, b"one")
    assert not store.inbox.mails
    assert store.move(1, "INBOX", "Elsewhere") is None
    assert store.octets == len(b"one" + b"other")


def test_whoever_watches_is_told() -> None:
    folder = Folder("INBOX")
    watcher = asyncio.Event()
    folder.watchers.add(watcher)
    changes = (lambda: folder.put(b"one"), lambda: folder.mark(1, {SEEN}), lambda: folder.remove((1,)), folder.renumber)
    for change in changes:
        watcher.clear()
        change()
        assert watcher.is_set()
