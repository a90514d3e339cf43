"""What is remembered of an account: its standing, every change, what was said; and how it is forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.evidence import CanaryState, Of, Replied, Returned, ReturnKind, Stage
from mailprobe.status import Change, Reading, Standing
from mailprobe.store import Store, open_store
from mailprobe.store import standings as rows_of_standings
from mailprobe.store.erasing import ACCOUNT, LOGIN, SUBJECT, Whose
from mailprobe.store.facts import Unreadable, Why
from mailprobe.store.results import Outcome
from mailprobe.store.retention import AT_ONCE, Retention
from mailprobe.store.tables import inbox, metadata, returns, transcripts
from mailprobe.store.verdicts import row_of, verdict_of
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, Note, NoteCode, Status, Verdict
from tests.unit.store.seen import IMAP, MX
from tests.unit.store.test_canaries import RECORD
from tests.unit.store.test_results import contents, hidden

NOW = 1_800_000_000.0
DAY = 86_400.0
VERDICT = Verdict(
    Code.DIRECTORY_OUT_OF_SYNC,
    Status.DOWN,
    Actor.PROVISIONING,
    Confidence.HIGH,
    HandsetSteps.NONE,
    1,
    args=(("reply", "550 <u000002@mail.test> unknown"),),
    notes=(Note(NoteCode.GREYLISTED), Note(NoteCode.ALSO, (("code", "suspended"),))),
    missing=("portal",),
    conflicts=("a", "b"),
)
DOWN = Change(Status.OK, Status.DOWN, Code.IMAP_OUTAGE, NOW + 60, NOW, Code.HEALTHY)

TIMES = st.floats(0, 4e9)
READINGS = st.builds(Reading, TIMES, st.sampled_from(Code), st.sampled_from(Status), st.booleans(), st.none() | TIMES)
STANDINGS = st.builds(
    Standing,
    st.sampled_from(Status),
    TIMES,
    st.none() | st.sampled_from(Code),
    st.none() | TIMES,
    st.none() | st.sampled_from(Status),
    st.none() | TIMES,
    st.none() | READINGS,
)
PAIRS = st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=3).map(tuple)
WORDS = st.lists(st.text(max_size=9), max_size=3).map(tuple)
VERDICTS = st.builds(
    Verdict,
    code=st.sampled_from(Code),
    status=st.sampled_from(Status),
    actor=st.sampled_from(Actor),
    confidence=st.sampled_from(Confidence),
    handset_steps=st.sampled_from(HandsetSteps),
    row=st.integers(0, 99),
    args=PAIRS,
    notes=st.lists(st.builds(Note, st.sampled_from(NoteCode), PAIRS), max_size=3).map(tuple),
    missing=WORDS,
    conflicts=WORDS,
)


@given(STANDINGS)
def test_a_standing_comes_back_exactly(standing: Standing) -> None:
    row = rows_of_standings.row_of("tanaka", standing)
    assert rows_of_standings.standing_of(tuple(row.values())) == standing


@given(VERDICTS)
def test_a_verdict_comes_back_exactly(verdict: Verdict) -> None:
    mask = hidden("u000002@mail.test")
    row = row_of("tanaka", verdict, NOW, mask, live=False)
    assert verdict_of(list(row.values())[4:], mask) == verdict


async def test_standings_and_changes_outlive_the_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/m.db"
    first = Reading(NOW + 9, Code.IMAP_OUTAGE, Status.DOWN, seen_at=NOW + 8)
    waits = Standing(Status.OK, NOW, Code.HEALTHY, NOW + 9, Status.DOWN, NOW + 9, first)
    async with open_store(url) as store:
        await store.standings.keep("tanaka", Standing(), None)
        await store.standings.keep("tanaka", waits)
        await store.standings.keep("suzuki", Standing(Status.DOWN, NOW, Code.IMAP_OUTAGE, NOW, Status.DOWN, NOW), DOWN)
    async with open_store(url) as store:
        assert await store.standings.of("tanaka") == waits
        assert set(await store.standings.all()) == {"tanaka", "suzuki"}
        assert [one.change for one in await store.changes.of_account("suzuki")] == [DOWN]
        assert await store.changes.of_account("tanaka") == ()
        assert [one.account for one in await store.changes.of_account("suzuki")] == ["suzuki"]
        assert await store.changes.of_account("tanaka") == ()


async def test_a_change_and_what_goes_with_it_are_kept_together_or_not_at_all() -> None:
    def fails(transaction: object) -> None:
        raise LookupError("no")

    async with open_store("sqlite://") as store:
        with pytest.raises(LookupError):
            await store.standings.keep("tanaka", Standing(Status.DOWN), DOWN, fails)
        assert await store.standings.all() == {}
        assert await store.changes.of_account("tanaka") == ()


async def test_a_verdict_that_is_another_revises_the_last_one_and_the_same_does_not() -> None:
    async with open_store("sqlite://") as store:
        mask, other = store.results.hide(("u000002@mail.test",)), replace(VERDICT, confidence=Confidence.LOW)
        assert await store.verdicts.keep("tanaka", VERDICT, NOW, mask) is None
        assert await store.verdicts.keep("tanaka", VERDICT, NOW + 60, mask) is None
        assert await store.verdicts.keep("tanaka", other, NOW + 90, mask, live=True) is None  # its own line of words
        revised = await store.verdicts.keep("tanaka", other, NOW + 120, mask)
        assert revised is not None
        assert (revised.verdict, revised.said_at, revised.seen_at) == (VERDICT, NOW, NOW + 60)
        assert [one.live for one in await store.verdicts.of_account("tanaka", mask)] == [False, True, False]
        last, *_ = await store.verdicts.of_account("tanaka", mask)
        assert (last.verdict, last.said_at) == (other, NOW + 120)


async def test_words_of_a_newer_program_are_no_crash(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    async with open_store(f"sqlite:///{place}") as store:
        mask = store.results.hide(())
        await store.verdicts.keep("tanaka", VERDICT, NOW, mask)
        await store.standings.keep("tanaka", Standing(Status.DOWN), DOWN)
    with sqlite3.connect(place) as raw:
        raw.execute("UPDATE verdicts SET version = 7")
        raw.execute("UPDATE standings SET status = 'splendid'")
        raw.execute("UPDATE changes SET code = 'marvellous'")
    async with open_store(f"sqlite:///{place}") as store:
        last, *_ = await store.verdicts.of_account("tanaka", mask)
        assert last.verdict == Unreadable(Why.NEWER, 7)
        assert await store.standings.all() == {}
        assert [one.change for one in await store.changes.of_account("tanaka")] == [None]


class Mail:
    """A bounce as the receiver has it."""

    def __init__(self, mailbox: str, user: str) -> None:
        self.at, self.null_sender, self.raw = NOW, True, f"Subject: {user} bounced".encode()
        self.tokens = (self,)
        self.mailbox, self.day = mailbox, 1


async def live(store: Store, account: str, address: str, user: str) -> None:
    """Leave a trace of an account in every table that has any."""
    names = (address, "u000002@mail.test")  # whom the evidence is of
    mask, subject, login = store.results.hide(names), store.canaries.subject_of(address), store.sign_ins.login(user, "imap")
    for evidence in (MX, IMAP):
        await store.results.keep(replace(evidence, account=account), Outcome.BAD, mask)
    await store.standings.keep(account, Standing(Status.DOWN), DOWN)
    await store.verdicts.keep(account, VERDICT, NOW, mask)
    await store.sign_ins.reserve(login, "print", Stage.LOGIN, NOW, lambda past: None)
    await store.sign_ins.control_good(login, NOW)
    await store.askings.asked(subject, "mx", "", NOW)
    reply = Replied(at=0.0, stage=Stage.RCPT, code=550, enhanced="", text=f"no {address}")
    await store.askings.remember(address, "mx", "here", reply, NOW)
    await store.canaries.plan(replace(RECORD, id=f"c-{account}", subject=subject, account=account), lambda past: None)
    await store.bounces.keep(Mail(subject[:16], user))
    back = Returned(at=0.0, canary=f"c-{account}", kind=ReturnKind.FAILED, returned_at=NOW, recipient=address)
    await store.bounces.record(subject[:16], 1, back)


def counts(place: Path) -> dict[str, int]:
    with sqlite3.connect(place) as raw:
        return {table.name: raw.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0] for table in metadata.sorted_tables}  # noqa: S608  names of ours


async def test_an_account_is_erased_from_every_table_and_out_of_the_file(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    async with open_store(f"sqlite:///{place}") as store:
        await live(store, "suzuki", "u000003@mail.test", "u000003")
        before = counts(place)
        await live(store, "tanaka-marker", "u000002@mail.test", "u000002")
        subject = store.canaries.subject_of("u000002@mail.test").encode()
        assert all(word in contents(tmp_path) for word in (b"tanaka-marker", subject[:16]))
        erased = await store.erase(Whose("tanaka-marker", ("u000002@mail.test",), (("u000002", "IMAP"),)))
        assert erased.clean
        assert erased.rows >= 12
        assert counts(place) == before
        held = contents(tmp_path)
        assert [word for word in (b"tanaka-marker", subject[:16], b"u000002") if word in held] == []
        assert await store.canaries.by_id("c-suzuki") is not None


def test_every_table_is_erased_by_some_column_or_holds_nothing_of_anybodys() -> None:
    """A new table has to be thought of here."""
    nobodys = {"house", "sessions", "marks", "audit", "breakers", "releases", "maintenance"}
    nobodys.add("outbox")  # account ids, for three days at most
    nobodys |= {"people", "guests", "tokens", "visits", "tries", "incidents"}  # the staff's
    named = {table.name for table in metadata.sorted_tables if {ACCOUNT, SUBJECT, LOGIN} & set(table.columns.keys())}
    assert {table.name for table in metadata.sorted_tables} == nobodys | named | {inbox.name, returns.name, transcripts.name}


async def test_of_an_account_with_many_results_some_go_at_a_time() -> None:
    async with open_store("sqlite://") as store:
        mask = store.results.hide(())
        for _ in range(3):
            await gather_results(store, 400, NOW)
        erased = await store.erase(Whose("tanaka"))
        assert erased.rows >= 1200
        assert await store.results.of_account("tanaka", mask) == ()


async def gather_results(store: Store, many: int, started: float) -> None:
    mask = store.results.hide(())
    await asyncio.gather(*(store.results.keep(replace(MX, started=started), Outcome.GOOD, mask) for _ in range(many)))


async def test_transcripts_go_after_a_week_results_after_ninety_days_changes_never() -> None:
    async with open_store("sqlite://") as store:
        mask = store.results.hide(())
        for age in (1.0, 8.0, 91.0):
            await store.results.keep(replace(MX, started=NOW - age * DAY), Outcome.GOOD, mask)
        await store.standings.keep("tanaka", Standing(), replace(DOWN, at=NOW - 4000 * DAY))
        await store.verdicts.keep("tanaka", VERDICT, NOW - 91 * DAY, mask)
        pruned = await store.prune(NOW)
        assert (pruned.transcripts, pruned.results, pruned.verdicts, pruned.more) == (2, 1, 1, False)
        found = await store.results.of_account("tanaka", mask)
        assert [one.evidence for one in found] == [
            replace(MX, started=NOW - DAY),
            replace(MX, started=NOW - 8 * DAY, transcript=()),
        ]
        assert len(await store.changes.of_account("tanaka")) == 1
        assert [one.at for one in await store.results.last("tanaka")] == [NOW - DAY]


async def test_what_a_wrong_clock_wrote_keeps_nothing_from_going() -> None:
    async with open_store("sqlite://") as store:
        await gather_results(store, AT_ONCE, NOW + 9000 * DAY)
        await gather_results(store, 5, NOW - 91 * DAY)
        pruned = await store.prune(NOW)
        assert (pruned.transcripts, pruned.results) == (AT_ONCE + 5, AT_ONCE + 5)


async def test_pruning_goes_in_steps_and_says_that_more_is_left() -> None:
    sizes: list[Any] = []
    async with open_store("sqlite://", sizes.append) as store:
        await gather_results(store, 2 * AT_ONCE + 10, NOW - 8 * DAY)
        first = await store.prune(NOW, Retention(), most=1)
        assert (first.transcripts, first.more) == (AT_ONCE, True)
        second = await store.prune(NOW, Retention())
        assert (second.transcripts, second.more) == (AT_ONCE + 10, False)


async def test_the_chain_of_audit_shows_every_kind_of_tampering(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    url = f"sqlite:///{place}"
    async with open_store(url) as store:
        assert await store.audit.verify() is None
        for number in range(5):
            await store.audit.append("agent", "looked", f"a{number}", "ticket 7", NOW + number)
        assert await store.audit.verify() is None
        assert [one.why for one in await store.audit.of("a3")] == ["ticket 7"]
    whole = place.read_bytes()
    for deed, number, word in (
        ("UPDATE audit SET why = 'nothing' WHERE number = 3", 3, "changed"),
        ("UPDATE audit SET number = 9 WHERE number = 3", 3, "missing"),
        ("DELETE FROM audit WHERE number = 1", 1, "missing"),
        ("DELETE FROM audit WHERE number = 5", 5, "missing"),
        ("UPDATE audit SET before = x'00' WHERE number = 2", 2, "follow"),
    ):
        place.write_bytes(whole)
        with contextlib.closing(sqlite3.connect(place, isolation_level=None)) as raw:
            raw.execute(deed)
        async with open_store(url) as store:
            found = await store.audit.verify()
        assert found is not None
        assert (found.number, word in found.what) == (number, True), deed


def test_the_record_that_the_tests_plan_is_open() -> None:
    assert (RECORD.state, RECORD.of) == (CanaryState.PLANNED, Of.TARGET)
