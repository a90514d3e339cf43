"""From the outbox to the webhook: order, gaps, giving up, and a secret that is not there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import pytest

from mailprobe.config import Told
from mailprobe.net.post import Unsent
from mailprobe.notify.deliver import TOO_OLD, Gaps, Messenger, Outcome, keep_telling, tell_next
from mailprobe.notify.events import Event, ProberTrouble, StatusChanged, VerdictRevised, letter, letters
from mailprobe.notify.sign import ID, Trust, verify
from mailprobe.secret import SecretError
from mailprobe.store import Store, open_store

NOW = 1_800_000_000.0
CHANGED = StatusChanged("tanaka", "lab", "shard-3", "ok", "down", "store_lost", "mail_ops", "high", NOW)
REVISED = VerdictRevised("tanaka", "lab", "silently_dropped", "healthy", "ok", "nobody", NOW - 60.0, NOW)
TROUBLE = ProberTrouble("here", "resolver", False, NOW)


@dataclass
class Receiver:
    """Answers as it is told, then 204; remembers what it had, and what it took."""

    answers: list[int | Unsent] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    now: float = NOW

    async def send(self, body: bytes, headers: Mapping[str, str]) -> int | Unsent:
        assert verify("secret", headers, body.decode(), self.now) is Trust.GENUINE
        assert json.loads(body)["id"] == headers[ID]
        self.heard.append(headers[ID])
        answer = self.answers.pop(0) if self.answers else 204
        if answer in (200, 204):
            self.taken.append(headers[ID])
        return answer


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store("sqlite://") as one:
        yield one


def messenger(store: Store, receiver: Receiver) -> Messenger:
    async def secret() -> str:
        return "secret"

    return Messenger(store.outbox, receiver, secret, lambda: receiver.now, Gaps(5.0, 60.0))


async def test_an_outage_is_waited_out_with_growing_gaps_and_in_order(store: Store) -> None:
    receiver = Receiver([503, Unsent.TIMEOUT, Unsent.UNREACHABLE, 302, 401, 429, 500])
    sender = messenger(store, receiver)
    sent = [letter(event) for event in (CHANGED, REVISED, TROUBLE)]
    await store.outbox.put(sent)
    gaps = []
    for _ in range(7):
        outcome, pause = await tell_next(sender)
        assert outcome is Outcome.PUT_OFF
        assert (await tell_next(sender))[0] is Outcome.EARLY
        gaps.append(pause)
        receiver.now += pause
    assert gaps == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0]
    for _ in sent:
        assert await tell_next(sender) == (Outcome.ACCEPTED, 0.0)
    assert (await tell_next(sender))[0] is Outcome.EMPTY
    assert receiver.taken == [one.id for one in sent]
    assert receiver.heard == [sent[0].id] * 8 + [one.id for one in sent[1:]]


async def test_one_that_is_called_malformed_does_not_hold_up_the_rest_for_ever(store: Store) -> None:
    receiver = Receiver([422] * 5)
    sender = messenger(store, receiver)
    bad, good = letter(CHANGED), letter(TROUBLE)
    await store.outbox.put([bad, good])
    outcomes = []
    for _ in range(6):
        outcome, pause = await tell_next(sender)
        outcomes.append(outcome)
        receiver.now += pause
    assert outcomes == [Outcome.PUT_OFF] * 4 + [Outcome.GIVEN_UP, Outcome.ACCEPTED]
    assert receiver.taken == [good.id]


async def test_what_is_too_old_is_not_told(store: Store) -> None:
    receiver = Receiver(now=NOW + TOO_OLD + 1.0)
    await store.outbox.put([letter(CHANGED)])
    assert (await tell_next(messenger(store, receiver)))[0] is Outcome.GIVEN_UP
    assert receiver.heard == []


async def test_a_clock_that_goes_back_does_not_silence_us(store: Store) -> None:
    receiver = Receiver([500])
    sender = messenger(store, receiver)
    await store.outbox.put([letter(CHANGED)])
    await tell_next(sender)
    receiver.now -= 3600.0
    assert (await tell_next(sender))[0] is Outcome.ACCEPTED


@pytest.mark.parametrize("error", [SecretError("MP1011", "cannot read x"), ValueError("hunter2")])
async def test_a_secret_that_is_not_there_is_waited_for(store: Store, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver()
    given: list[str | Exception] = [error, "secret"]

    async def secret() -> str:
        one = given.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    sender = Messenger(store.outbox, receiver, secret, lambda: receiver.now)
    await store.outbox.put([letter(CHANGED)])
    outcome, pause = await tell_next(sender)
    receiver.now += pause
    assert (outcome, receiver.heard) == (Outcome.PUT_OFF, [])
    assert (await tell_next(sender))[0] is Outcome.ACCEPTED
    assert "hunter2" not in caplog.text


async def test_it_is_told_as_soon_as_it_is_put(store: Store) -> None:
    receiver, woken, one = Receiver(), asyncio.Event(), letter(CHANGED)
    task = asyncio.create_task(keep_telling(messenger(store, receiver), woken))
    try:
        async with asyncio.timeout(5):
            while woken.is_set() or receiver.taken != [one.id]:
                await store.outbox.put([one] if not receiver.taken else [])
                woken.set()
                await asyncio.sleep(0)
    finally:
        task.cancel()


@pytest.mark.parametrize("event", [CHANGED, REVISED, TROUBLE])
def test_an_event_says_who_and_what_and_when(event: Event) -> None:
    made = letter(event)
    said = json.loads(made.body)
    assert (said["id"], said["type"], said["v"]) == (made.id, made.kind, 1)
    assert said["at"] == "2027-01-15T08:00:00.000+00:00"
    assert said["data"].get("account", "tanaka") == "tanaka"
    assert letter(event).id != made.id


def test_only_what_is_wanted_is_told() -> None:
    made = letters((CHANGED, TROUBLE, REVISED), (Told.VERDICT_REVISED, Told.STATUS_CHANGED))
    assert [one.kind for one in made] == ["status_changed", "verdict_revised"]
