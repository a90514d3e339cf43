"""From the inbox to the test mail, over a real store in memory: whose it is, counted once, and not lost by any crash."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from mailprobe.bounces import intake
from mailprobe.bounces.intake import Desk, Inbox, Outcome, Records, Told, keep_taking_in, take_in
from mailprobe.canary import Record
from mailprobe.evidence import CanaryState, Returned, ReturnKind
from mailprobe.store import Store, open_store
from tests.unit.bounces.mails import ADDRESS, DOMAIN, NOW, SIGNER, Book, Came, dsn, letter, planned, sender_of

STAMP = SIGNER.stamp("c1")


@dataclass
class Desktop:
    """A desk whose clock the test sets."""

    store: Store
    book: Book = field(default_factory=Book)
    now: float = NOW

    @property
    def subject(self) -> str:
        return self.store.bounces.hashed(ADDRESS)

    def desk(self, budget: float = 5.0) -> Desk:
        return Desk(self.store.bounces, self.book, SIGNER, lambda: self.now, budget)

    async def came(self, raw: bytes, *, null_sender: bool = True, at: float = NOW) -> None:
        await self.store.bounces.keep(Came(raw, (sender_of(self.subject),), null_sender, at))

    async def outcomes(self, raw: bytes, *, null_sender: bool = True) -> list[Outcome]:
        await self.came(raw, null_sender=null_sender)
        return [one.outcome for one in await take_in(self.desk())]

    async def returns(self) -> list[tuple[str, ReturnKind]]:
        return [(one.canary, one.kind) for one in await self.store.bounces.of_mailbox(self.subject, 0.0, ADDRESS)]


@pytest.fixture
async def top() -> AsyncIterator[Desktop]:
    async with open_store("sqlite://") as store:
        yield Desktop(store)


async def test_a_bounce_with_a_stamp_bounces_its_test_mail(top: Desktop) -> None:
    top.book.put(planned("c1", top.subject), planned("c2", top.subject))
    assert await top.outcomes(dsn(stamp=STAMP)) == [Outcome.BOUNCED]
    assert top.book.steps == [("c1", CanaryState.BOUNCED)]
    assert await top.returns() == [("c1", ReturnKind.FAILED)]
    assert await take_in(top.desk()) == ()


async def test_the_fact_is_whole_and_keeps_no_foreign_address(top: Desktop) -> None:
    top.book.put(planned("c1", top.subject))
    await top.outcomes(dsn(stamp=STAMP, recipient="Taro@Mail.test", original=ADDRESS))
    (fact,) = await top.store.bounces.of_mailbox(top.subject, 0.0, ADDRESS)
    assert (fact.recipient, fact.code, fact.enhanced, fact.remote, fact.at) == (ADDRESS, 552, "5.2.2", "mbx.mail.test", 0.0)
    assert ADDRESS in fact.text
    assert fact.returned_at == NOW


@pytest.mark.parametrize("state", [CanaryState.ACCEPTED, CanaryState.UNCERTAIN, CanaryState.LOST])
async def test_a_bounce_with_the_sender_only_is_of_the_one_that_is_out(top: Desktop, state: CanaryState) -> None:
    top.book.put(planned("c1", top.subject, state), planned("c2", top.subject, CanaryState.SEEN))
    assert await top.outcomes(dsn()) == [Outcome.BOUNCED]
    assert await top.returns() == [("c1", ReturnKind.FAILED)]


async def test_of_two_that_are_out_none_is_resolved_and_it_counts_once(top: Desktop) -> None:
    top.book.put(planned("c1", top.subject), planned("c2", top.subject))
    assert await top.outcomes(dsn()) == [Outcome.RECORDED]
    assert await top.outcomes(dsn() + b"another hop\r\n") == [Outcome.DUPLICATE]
    assert (top.book.steps, await top.returns()) == ([], [("", ReturnKind.FAILED)])


async def test_a_bounce_has_a_message_id_of_its_own(top: Desktop) -> None:
    """Servers that return no headers write the same words each time: the next test mail's bounce is another all the same."""
    first, second = (f"Message-ID: <{n}@mx.mail.test>\r\n".encode() + dsn() for n in (1, 2))
    top.book.put(planned("c1", top.subject))
    assert await top.outcomes(first) == [Outcome.BOUNCED]
    top.book.put(planned("c2", top.subject))
    assert await top.outcomes(first + b"another hop\r\n") == [Outcome.DUPLICATE]
    assert await top.outcomes(second) == [Outcome.BOUNCED]
    assert await top.returns() == [("c1", ReturnKind.FAILED), ("c2", ReturnKind.FAILED)]


async def test_a_replayed_bounce_counts_once(top: Desktop) -> None:
    top.book.put(planned("c1", top.subject))
    seen = [await top.outcomes(dsn(stamp=STAMP) + b"%d\r\n" % n) for n in range(30)]
    assert seen == [[Outcome.BOUNCED], *([Outcome.DUPLICATE],) * 29]
    await top.came(dsn(stamp=STAMP) + b"1\r\n")  # the very same octets again
    assert await take_in(top.desk()) == ()
    assert (len(top.book.steps), await top.returns()) == (1, [("c1", ReturnKind.FAILED)])


async def test_with_a_stamp_and_without_one_bounce_of_one_mail_counts_once(top: Desktop) -> None:
    top.book.put(planned("c1", top.subject))
    assert await top.outcomes(dsn()) == [Outcome.BOUNCED]
    assert await top.outcomes(dsn(stamp=STAMP)) == [Outcome.DUPLICATE]
    assert await top.outcomes(dsn() + b"again\r\n") == [Outcome.DUPLICATE]
    assert await top.returns() == [("c1", ReturnKind.FAILED)]


async def test_a_stamp_of_another_mailbox_is_worth_nothing(top: Desktop) -> None:
    top.book.put(planned("c1", "ff" * 16))
    assert await top.outcomes(dsn(stamp=STAMP)) == [Outcome.RECORDED]
    assert (top.book.steps, await top.returns()) == ([], [("", ReturnKind.FAILED)])


@pytest.mark.parametrize("recipient", ["jiro@mail.test", "taro@elsewhere.test", "taro@not-mail.test"])
async def test_a_bounce_that_names_somebody_else_was_forwarded(top: Desktop, recipient: str) -> None:
    top.book.put(planned("c1", top.subject))
    assert await top.outcomes(dsn(stamp=STAMP, recipient=recipient)) == [Outcome.RECORDED]
    assert (top.book.steps, await top.returns()) == ([], [("c1", ReturnKind.FORWARDED)])
    (fact,) = await top.store.bounces.of_mailbox(top.subject, 0.0, ADDRESS)
    assert recipient not in f"{fact.text} {fact.recipient}"


@pytest.mark.parametrize(
    ("recipient", "original", "kind"),
    [
        ("t000123@mbx.mail.test", ADDRESS, ReturnKind.FAILED),  # the carrier's own name for him
        ("t000123@mail.test", ADDRESS, ReturnKind.FAILED),
        ("taro@store1.mbx.mail.test", "", ReturnKind.FAILED),  # his name at an inner host
        ("taro@elsewhere.test", ADDRESS, ReturnKind.FORWARDED),
        ("t000123@mbx.mail.test", "jiro@mail.test", ReturnKind.FORWARDED),
        ("t000123@mbx.mail.test", "", ReturnKind.FORWARDED),
    ],
)
async def test_an_address_written_anew_inside_its_own_domain(
    top: Desktop, recipient: str, original: str, kind: ReturnKind
) -> None:
    top.book.put(planned("c1", top.subject))
    await top.outcomes(dsn(stamp=STAMP, recipient=recipient, original=original))
    assert await top.returns() == [("c1", kind)]


@pytest.mark.parametrize(
    "state", [CanaryState.SEEN, CanaryState.JUNKED, CanaryState.LATE, CanaryState.REMOVED, CanaryState.LEFT, CanaryState.REFUSED]
)
async def test_a_bounce_of_one_that_was_seen_is_a_conflict(top: Desktop, state: CanaryState) -> None:
    top.book.put(planned("c1", top.subject, state))
    assert await top.outcomes(dsn(stamp=STAMP)) == [Outcome.CONFLICT]
    assert (top.book.records["c1"].state, await top.returns()) == (state, [("c1", ReturnKind.FAILED)])


async def test_a_bounce_that_overtakes_the_answer_to_its_sending_waits(top: Desktop) -> None:
    top.book.put(planned("c1", top.subject, CanaryState.SENDING))
    assert await top.outcomes(dsn(stamp=STAMP)) == [Outcome.PUT_OFF]
    assert await take_in(top.desk()) == ()
    assert await top.returns() == []
    top.book.set("c1", CanaryState.ACCEPTED)
    top.now += intake.PAUSE
    assert [one.outcome for one in await take_in(top.desk())] == [Outcome.BOUNCED]


async def test_it_does_not_wait_for_ever(top: Desktop) -> None:
    top.book.put(planned("c1", top.subject, CanaryState.SENDING))
    await top.came(dsn(stamp=STAMP), at=NOW - intake.PATIENCE)
    assert [one.outcome for one in await take_in(top.desk())] == [Outcome.CONFLICT]


@pytest.mark.parametrize(
    ("action", "kind"), [("delayed", ReturnKind.DELAYED), ("delivered", ReturnKind.DELIVERED), ("relayed", ReturnKind.FORWARDED)]
)
async def test_what_is_no_failure_steps_nothing(top: Desktop, action: str, kind: ReturnKind) -> None:
    top.book.put(planned("c1", top.subject))
    assert await top.outcomes(dsn(stamp=STAMP, action=action)) == [Outcome.RECORDED]
    assert await top.outcomes(dsn(stamp=STAMP)) == [Outcome.BOUNCED]
    assert await top.returns() == [("c1", kind), ("c1", ReturnKind.FAILED)]


async def test_an_automatic_reply_is_told(top: Desktop) -> None:
    top.book.put(planned("c1", top.subject))
    headers = f"From: {ADDRESS}\nAuto-Submitted: auto-replied\nIn-Reply-To: <{STAMP}@{DOMAIN}>"
    assert await top.outcomes(letter(headers=headers, text="away"), null_sender=False) == [Outcome.RECORDED]
    assert await top.returns() == [("c1", ReturnKind.AUTO_REPLY)]


async def test_what_nobody_signed_is_backscatter(top: Desktop) -> None:
    await top.store.bounces.keep(Came(dsn()))
    assert [one.outcome for one in await take_in(top.desk())] == [Outcome.BACKSCATTER]
    assert await top.returns() == []


async def test_a_mail_that_was_fetched_shows_its_sender_in_a_header(top: Desktop) -> None:
    top.book.put(planned("c1", top.subject))
    local = SIGNER.sender(top.subject, NOW)
    await top.store.bounces.keep(Came(f"Delivered-To: {local}@{DOMAIN}\r\n".encode() + dsn()))
    assert [one.outcome for one in await take_in(top.desk())] == [Outcome.BOUNCED]


async def test_what_says_nothing_is_unparsed(top: Desktop) -> None:
    assert await top.outcomes(letter(text="hello")) == [Outcome.UNPARSED]
    assert await top.returns() == []


async def test_a_mail_that_ends_in_an_error_is_unparsed_at_the_third_time(top: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    def deep(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(intake, "read_letter", deep)
    seen = await top.outcomes(dsn())
    for _ in range(2):
        top.now += intake.LONGEST_PAUSE
        seen += [one.outcome for one in await take_in(top.desk())]
    assert seen == [Outcome.PUT_OFF, Outcome.PUT_OFF, Outcome.UNPARSED]


async def test_a_mail_that_takes_too_long_is_put_off_and_the_loop_goes_on(top: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(intake, "read_letter", lambda *_, **__: gate.wait(10))
    await top.came(dsn())
    try:
        assert [one.outcome for one in await take_in(top.desk(budget=0.02))] == [Outcome.PUT_OFF]
    finally:
        gate.set()


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Fuse:
    """Stands before the store and the book; the n-th call dies, before or after it was carried out."""

    at: int
    after: bool
    calls: int = 0

    def over(self, inner: object) -> Any:
        return Fused(self, inner)


@dataclass
class Fused:
    fuse: Fuse
    inner: object

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        method = getattr(self.inner, name)
        if name == "hashed":
            return method  # type: ignore[no-any-return]  # no call to the store

        async def call(*args: object, **named: object) -> object:
            self.fuse.calls += 1
            dies = self.fuse.calls == self.fuse.at
            if dies and not self.fuse.after:
                raise Crash
            said = await method(*args, **named)
            if dies:
                raise Crash
            return said

        return call


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 9))
@pytest.mark.parametrize("stamped", [False, True])
async def test_dying_at_any_step_neither_loses_nor_counts_twice(top: Desktop, at: int, after: bool, stamped: bool) -> None:
    top.book.put(planned("c1", top.subject))
    await top.came(dsn(stamp=STAMP if stamped else ""))
    fuse = Fuse(at, after)
    inbox: Inbox = fuse.over(top.store.bounces)
    book: Records = fuse.over(top.book)
    try:
        await take_in(Desk(inbox, book, SIGNER, lambda: NOW, 5.0))
        assert fuse.calls < at  # there is no such step
    except Crash:
        await take_in(top.desk())
    assert await take_in(top.desk()) == ()
    assert top.book.steps == [("c1", CanaryState.BOUNCED)]
    assert await top.returns() == [("c1", ReturnKind.FAILED)]


async def test_whatever_waits_is_taken_in_when_woken_and_errors_are_waited_out(top: Desktop) -> None:
    top.book.put(planned("c1", top.subject))
    woken, told, hit = asyncio.Event(), asyncio.Queue[Told](), asyncio.Event()

    class Trouble(Book):
        """A disk that fails once."""

        async def by_id(self, canary: str) -> Record | None:
            if not hit.is_set():
                hit.set()
                raise OSError("the disk")
            return await super().by_id(canary)

    await top.came(dsn(stamp=STAMP))
    desk = Desk(top.store.bounces, Trouble(top.book.records), SIGNER, lambda: NOW, 5.0)
    reading = asyncio.create_task(keep_taking_in(desk, woken, told.put, pause=60.0))
    await hit.wait()
    woken.set()
    said = await told.get()
    reading.cancel()
    assert said.outcome is Outcome.BOUNCED
    assert isinstance(said.returned, Returned)
