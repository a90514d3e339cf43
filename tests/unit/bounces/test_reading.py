"""Reading beside a running loop: the loop stays free, and a mail that takes too long is called unread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from mailprobe.bounces.reading import Reader
from mailprobe.wire.returned import Kind

NOTICE = b"From: MAILER-DAEMON@x.test\nSubject: failure notice\n\n<a@b.test>:\nRemote host said: 550 no such user\n"


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    made = Reader(budget=5.0)
    yield made
    made.close()


async def test_a_bounce_is_read(reader: Reader) -> None:
    mail = await reader.understand(NOTICE)
    assert (mail.kind, [one.recipient for one in mail.failures]) == (Kind.BOUNCE, ["a@b.test"])


async def test_many_at_once_are_read_each(reader: Reader) -> None:
    mails = await asyncio.gather(*(reader.understand(NOTICE.replace(b"a@", b"a%d@" % n)) for n in range(50)))
    assert [mail.failures[0].recipient for mail in mails] == [f"a{n}@b.test" for n in range(50)]


async def test_over_its_budget_nothing_is_known() -> None:
    hurried = Reader(budget=0.0)
    try:
        mail = await hurried.understand(NOTICE * 20_000)
        assert (mail.kind, mail.failures) == (Kind.UNPARSED, ())
    finally:
        hurried.close()
