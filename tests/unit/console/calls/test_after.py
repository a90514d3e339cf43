"""What goes on after a call goes on for the others when it fails for one, and where a restart broke it off."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from mailprobe.address import parse
from mailprobe.config import Account, Config
from mailprobe.console.calls import repairing
from mailprobe.console.calls.call import KEPT, Call, State
from mailprobe.console.calls.keeping import Keeping
from mailprobe.console.calls.mailing import LOOKS, Post
from mailprobe.console.calls.opening import Scribe, resume
from mailprobe.console.calls.registry import Calls
from mailprobe.console.calls.sealing import Sealer
from mailprobe.console.rooms import Rooms
from mailprobe.evidence import Evidence
from mailprobe.question import Listener, Question
from mailprobe.report import Check
from mailprobe.store import open_store
from tests.unit.console.calls.given import Checks, call_of, calls_that_check
from tests.unit.given import account, carrier, prober
from tests.unit.verdict.world import NOW

EAGER = replace(carrier(), limits=replace(carrier().limits, rcpt_gap=0.0))


@dataclass(slots=True)
class Breaks(Checks):
    """Fails by a fault of ours: each check, after half an hour, and each look at the mailbox u0. looks: at whose."""

    looks: list[str] = field(default_factory=list)
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def check(self, question: Question, listener: Listener) -> Check:
        self.now[0] += 1800.0
        raise KeyError("lab")

    async def look(self, account: Account) -> tuple[Evidence, ...]:
        self.looks.append(account.address.content)
        if account.address.content == "u0":
            raise ValueError
        self.looked.set()
        return ()


def breaking(**given: object) -> tuple[Calls, Breaks]:
    house = Breaks(Config(prober=prober(), carriers={"lab": EAGER}), **given)  # type: ignore[arg-type]  # as Breaks takes them
    return Calls(Rooms(lambda: house, lambda: (), lambda: house.now[0]), watch_every=0.0), house


def ended(name: str) -> Call:
    call = call_of(account(address=parse(f"{name}@mail.test"), enrolled=False), EAGER)
    call.id, call.working, call.ended = name, {}, NOW + 5
    return call


async def test_a_watch_goes_on_over_a_fault_of_ours_and_ends_in_its_time(caplog: pytest.LogCaptureFixture) -> None:
    calls, house = breaking()
    call = calls.whole["u0"] = ended("u0")
    repairing.watch(calls, call, 1.0, "repair is under way", "sato")
    await calls.watches["u0"]
    assert house.now[0] == NOW + 3600.0
    assert (call.watch, call.state, calls.watches) == (None, State.DONE, {})
    assert caplog.text.count("console_fault") == 2


async def test_a_watch_that_cannot_go_on_is_none_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(calls: Calls, call: Call) -> float:
        raise KeyError("lab")

    calls, _ = breaking()
    call = calls.whole["u0"] = ended("u0")
    monkeypatch.setattr(repairing, "interval", gone)
    repairing.watch(calls, call, 1.0, "repair is under way", "sato")
    await calls.watches["u0"]
    assert (call.watch, call.state, calls.watches) == (None, State.DONE, {})


async def test_what_fails_for_one_call_is_looked_for_in_the_others() -> None:
    async with open_store("sqlite://") as store:
        calls, house = breaking(kept=store)
        for name in ("u0", "u1"):
            one = calls.whole[name] = ended(name)
            one.number_to_read, one.wait = "4711", NOW + KEPT
        house.now[0] = NOW + LOOKS[0] + 1
        watching = asyncio.create_task(Post(calls).watch())
        async with asyncio.timeout(5.0):
            await house.looked.wait()
        assert house.looks == ["u0", "u1"]
        assert not watching.done()
        watching.cancel()


class Full(Keeping):
    async def keep(self, call: Call) -> None:
        if call.id == "u0":
            raise ValueError
        await super().keep(call)


async def test_what_cannot_be_written_of_one_call_does_not_keep_the_others_from_the_disk() -> None:
    async with calls_that_check(EAGER) as (calls, house):
        for name in ("u0", "u1"):
            calls.whole[name] = ended(name)
            calls.whole[name].touch()
        scribe = Scribe(calls, Full(house.store, Sealer((bytes(32),))))
        await scribe.once()
        assert await house.store.calls.one("u1") is not None
        assert await house.store.calls.one("u0") is None


class Stuck(Keeping):
    async def keep(self, call: Call) -> None:
        await asyncio.Event().wait()


async def test_a_call_whose_writing_is_called_off_at_the_end_is_written_by_who_closes() -> None:
    async with calls_that_check(EAGER) as (calls, house):
        calls.whole["u0"] = ended("u0")
        calls.whole["u0"].touch()
        sealer = Sealer((bytes(32),))
        writing = asyncio.create_task(Scribe(calls, Stuck(house.store, sealer)).once())
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await Scribe(calls, Keeping(house.store, sealer)).once()
        assert await house.store.calls.one("u0") is not None


@pytest.mark.parametrize(("wait", "again"), [(NOW + KEPT, True), (None, False)])
async def test_a_call_that_waits_for_its_test_mail_waits_on_after_a_restart(wait: float | None, again: bool) -> None:
    async with calls_that_check(EAGER) as (calls, _):
        assert calls.keeping is not None
        call = ended("u1")
        call.wait, call.number_to_read = wait, "4711"
        await calls.keeping.keep(call)
        await resume(calls, calls.keeping)
        assert ("u1" in calls.whole) is again
        if again:
            known = calls.whole["u1"]
            assert known.state is State.WAITING
            assert Post(calls).is_due(known, NOW + LOOKS[0] + 1)  # its age passed while nobody ran
