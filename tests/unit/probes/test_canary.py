"""The canary leg over a scripted exchanger, a small mailbox and a real journal: each way a test mail can go or must not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailprobe.address import parse
from mailprobe.bounces.token import Signer, Token
from mailprobe.canary import OPEN, Record
from mailprobe.carriers import OWN_LIMITS, Relation
from mailprobe.config import Dkim
from mailprobe.evidence import (
    Arrived,
    Canary,
    CanaryState,
    CleanedUp,
    Folder,
    NotAsked,
    Of,
    Removal,
    Replied,
    Returned,
    ReturnKind,
    Stage,
    Withheld,
)
from mailprobe.probes import Journal, SignInEnd, Target, canary
from mailprobe.probes.own_mail import Kind
from mailprobe.probes.posting import AGAIN_AFTER
from mailprobe.probes.trip import BOUNCES_WITHIN, GIVEN_UP, without
from mailprobe.secret import Secret, SecretRef
from mailprobe.store import Store, open_store
from tests.unit.probes.post import PROBER, Exchanger, PostWorld, boxes_for, exchanger, mailing
from tests.unit.probes.servers import CLOSE, HANG
from tests.unit.probes.world import L, T, carrier, target

HERE = ("192.0.2.1", 25)
SIGNS = Signer([b"k" * 32])
S = CanaryState


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store("sqlite://") as opened:
        yield opened


def whom(**given: Any) -> Target:
    """An own mailbox with gaps that one can wait for."""
    return mailing(target(carrier(**({"limits": OWN_LIMITS} | given))))


def world_of(store: Store, served: Exchanger, **given: Any) -> PostWorld:
    world = PostWorld({HERE: served}, store=store, signs=SIGNS)
    world.boxes = boxes_for(served, world.reach(whom()).clock, **given)
    return world


async def run(world: PostWorld, job: Any = canary.probe, asked: Target | None = None) -> None:
    asked = asked or whom()
    async with asyncio.timeout(30.0):
        await job(asked, world.reach(asked), world.facts.append, world.opener)


async def cut_off(world: PostWorld, when: Callable[[], bool], asked: Target | None = None) -> None:
    """A run that its deadline ends as soon as it has come so far, however long that takes here."""
    running = asyncio.create_task(run(world, asked=asked))
    while not when():
        assert not running.done(), running.exception()
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def is_watched(world: PostWorld) -> bool:
    """Whether every mailbox is looked at for what does not come."""
    return all(box.waiting for box in world.boxes.values())


def states(world: PostWorld, of: Of = Of.TARGET) -> list[CanaryState]:
    """The states in order; told again (it is older now, or watched) counts once."""
    return [state for state, _ in groupby(fact.state for fact in world.all(Canary) if fact.of is of)]


async def record_of(store: Store, address: str = "t@mail.test") -> Record:
    found = await store.canaries.last(store.canaries.subject_of(address))
    assert found is not None
    return found


def sent_to(served: Exchanger, address: str = "t@mail.test") -> int:
    return sum(recipient == address for recipient, _ in served.taken)


async def test_a_round_trip_and_the_controls_beside_it(store: Store) -> None:
    served = exchanger()
    world = world_of(store, served)
    await run(world)
    for of in (Of.TARGET, Of.LIVE):
        assert states(world, of) == [S.PLANNED, S.SENDING, S.ACCEPTED, S.SEEN, S.REMOVED]
    arrived = next(fact for fact in world.all(Arrived) if fact.of is Of.TARGET)
    last = [fact for fact in world.all(Canary) if fact.of is Of.TARGET][-1]
    assert (arrived.folder, arrived.canary) == (Folder.INBOX, last.canary)
    assert arrived.took is not None
    assert 0 <= arrived.took < 1
    assert (last.took, last.watched, last.sent_at is not None) == (arrived.took, True, True)
    assert [fact.outcome for fact in world.all(CleanedUp)] == [Removal.REMOVED] * 2
    assert (sent_to(served), sent_to(served, "l@mail.test")) == (1, 1)
    assert [box.left for box in world.boxes.values()] == [1, 1]
    assert [box.calls[:2] for box in world.boxes.values()] == [["noted", "watch"]] * 2


async def test_what_is_written_down_names_nobody(store: Store) -> None:
    world = world_of(store, exchanger(END="250 2.0.0 <t@mail.test> queued for T@mail.test, t: 4711"))
    await run(world)
    record = await record_of(store)
    assert record.reply == "250 2.0.0 <***> queued for ***, ***: 4711"
    assert record.subject == store.canaries.subject_of(T.key)
    assert (record.consent, record.account, record.vantage) == ("enrolled", "tanaka", "here")
    assert (record.uidvalidity, record.uidnext) == (7, 1)
    local, _, domain = record.sender.partition("@")
    token = SIGNS.read_sender(local, world.now)
    assert isinstance(token, Token)
    assert record.subject.startswith(token.mailbox)
    assert domain == PROBER.bounce_domain


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<A..B@docomo.ne.jp> unknown", "<***> unknown"),
        ('"a..b"@docomo.ne.jp: a..b', "***: ***"),
        ("a..bc@x", "a..bc@x"),
    ],
)
def test_words_without_the_address(text: str, kept: str) -> None:
    assert without(text, parse("a..b@docomo.ne.jp")) == kept


async def test_junk_is_an_arrival_in_another_place(store: Store) -> None:
    world = world_of(store, exchanger(), folder=Folder.JUNK)
    await run(world)
    assert states(world)[-2:] == [S.JUNKED, S.REMOVED]
    assert {fact.folder for fact in world.all(Arrived)} == {Folder.JUNK}


async def test_no_removal_without_uidplus(store: Store) -> None:
    world = world_of(store, exchanger(), outcome=Removal.NO_UIDPLUS)
    await run(world)
    assert states(world)[-1] is S.LEFT


@pytest.mark.parametrize(
    ("step", "said", "stage"),
    [("RCPT", "550 5.1.1 no", Stage.RCPT), ("MAIL", "550 5.7.1 no", Stage.MAIL), ("END", "550 5.7.1 no", Stage.END_OF_DATA)],
)
async def test_a_refusal_is_the_end_and_its_reply_is_a_fact(store: Store, step: str, said: str, stage: Stage) -> None:
    world = world_of(store, exchanger(**{step: said}))
    await run(world)
    assert states(world)[-1] is S.REFUSED
    assert next(fact for fact in world.all(Replied) if fact.code == 550).stage is stage
    assert (await record_of(store)).reply == said


async def test_greylisting_puts_it_off_and_the_same_mail_goes_later(store: Store) -> None:
    served = exchanger(**{"RCPT TO:<t@": ["450 4.2.0 Greylisted", "250 2.1.5 Ok"]})
    world = world_of(store, served)
    await run(world)
    assert states(world)[-1] is S.PLANNED
    first = await record_of(store)
    senders = [line for line in served.got if line.startswith("MAIL")]
    world.now += AGAIN_AFTER / 2
    world.facts.clear()
    await run(world)
    (held,) = [fact for fact in world.all(NotAsked) if fact.of is Of.TARGET]
    assert (held.why, held.not_before) == (Withheld.NOT_POLITE_YET, first.changed_at + AGAIN_AFTER)
    assert sent_to(served) == 0
    world.now += AGAIN_AFTER
    await run(world)
    assert (states(world)[-1], sent_to(served)) == (S.REMOVED, 1)
    record = await record_of(store)
    assert (record.id, record.sender) == (first.id, first.sender)
    assert [line for line in served.got if line.startswith("MAIL") and line == senders[0]]


async def test_a_connection_cut_after_data_is_uncertain_and_never_sent_again(store: Store) -> None:
    served = exchanger(END=CLOSE)
    world = world_of(store, served)
    for _ in range(4):
        await cut_off(world, lambda: is_watched(world))
        assert (states(world)[-1], len(served.offered)) == (S.UNCERTAIN, 2)  # one of T, one of L
        world.now += 3600
    assert len(served.offered) == 2
    assert [fact.why for fact in world.all(NotAsked)] == []
    world.now += GIVEN_UP
    await run(world, canary.look)
    assert (await record_of(store)).state is S.LOST


async def test_an_uncertain_one_that_did_arrive_is_seen(store: Store) -> None:
    served = exchanger(END="250 ok" + CLOSE)
    served.answers = {**served.answers, ".": HANG}
    world = world_of(store, served)
    await cut_off(world, lambda: len(served.offered) == 2)
    assert states(world)[-1] is S.UNCERTAIN
    served.taken.append(("t@mail.test", served.offered[0] if "t@" in served.offered[0] else served.offered[1]))
    await run(world, canary.sweep)
    assert states(world)[-2:] == [S.SEEN, S.REMOVED]
    assert (await record_of(store)).took is None
    world.now += 7200
    await run(world, canary.look)
    (told,) = [fact for fact in world.all(Canary) if fact.of is Of.TARGET][-1:]
    assert (told.state, told.sent_at) == (S.REMOVED, None)
    assert told.age == pytest.approx(7200, abs=2)  # since it was planned: nobody heard when it was taken


class Dies(Exception):
    """The process is gone."""


@pytest.mark.parametrize(
    ("after", "outcome", "mails"),
    [(S.PLANNED, [S.PLANNED], 0), (S.SENDING, [S.UNCERTAIN], 0), (S.ACCEPTED, [S.SEEN, S.REMOVED], 1), (S.SEEN, [S.REMOVED], 1)],
)
async def test_whoever_comes_after_a_death_looks_and_never_sends(
    store: Store, after: CanaryState, outcome: list[CanaryState], mails: int
) -> None:
    served = exchanger()
    world = world_of(store, served)

    class Mortal:
        def __init__(self, real: Journal) -> None:
            self.real = real
            self.subject_of, self.plan, self.open_ones = real.subject_of, self.planned, real.open_ones
            self.last, self.returns = real.last, real.returns

        async def planned(self, record: Record) -> Any:
            result = await self.real.plan(record)
            if after is S.PLANNED and record.of is Of.TARGET:
                raise Dies
            return result

        async def step(self, before: Record, to: Record) -> bool:
            done = await self.real.step(before, to)
            if to.state is after and to.of is Of.TARGET:
                raise Dies
            return done

    reach = world.reach(whom(live_controls=()))
    assert reach.journal is not None
    mortal: Any = Mortal(reach.journal)
    with pytest.raises((Dies, ExceptionGroup)):
        await canary.probe(whom(live_controls=()), replace(reach, journal=mortal), world.facts.append, world.opener)
    assert (await record_of(store)).state is after
    world.facts.clear()
    await run(world, canary.sweep)
    assert [state for state in states(world) if state is not after] == [one for one in outcome if one is not after]
    assert len(world.all(Arrived)) == (after is S.ACCEPTED)
    await run(world, canary.sweep)
    assert sent_to(served) == mails


async def test_a_removal_that_could_not_be_written_down(store: Store) -> None:
    """Taken out by a process that died before it could say so: no error, and it is not counted again."""
    world = world_of(store, exchanger(), outcome=Removal.REFUSED)
    await run(world)
    assert states(world)[-1] is S.SEEN
    world.boxes["t@mail.test"].gone.add(1)
    world.facts.clear()
    await run(world, canary.sweep)
    assert states(world) == [S.SEEN, S.REMOVED]  # as it was found, and as it is left
    assert [fact.outcome for fact in world.all(CleanedUp) if fact.of is Of.TARGET] == [Removal.GONE]
    assert not [fact for fact in world.all(Arrived) if fact.of is Of.TARGET]


async def test_what_will_not_go_is_left_after_a_day(store: Store) -> None:
    world = world_of(store, exchanger(), outcome=Removal.CHANGED)
    await run(world)
    world.now += GIVEN_UP + 1
    await run(world, canary.sweep)
    assert states(world)[-1] is S.LEFT
    assert (await record_of(store)).state not in OPEN


async def test_lost_after_a_day_and_late_when_it_comes_after_all(store: Store) -> None:
    world = world_of(store, exchanger(), folder=None)
    await cut_off(world, lambda: is_watched(world))
    (told,) = [fact for fact in world.all(Canary) if fact.of is Of.TARGET][-1:]
    assert (told.state, told.watched) == (S.ACCEPTED, True)
    world.now += 3600
    await run(world, canary.look)
    assert (await record_of(store)).state is S.ACCEPTED
    world.now += GIVEN_UP
    await run(world, canary.look)
    assert states(world)[-1] is S.LOST
    world.boxes["t@mail.test"].folder = Folder.INBOX
    await run(world, canary.sweep)
    assert states(world)[-2:] == [S.LATE, S.REMOVED]
    (told,) = [fact for fact in world.all(Canary) if fact.of is Of.TARGET][-1:]
    assert (told.took, told.found_at) == (None, (await record_of(store)).found_at)


async def test_what_is_overdue_is_told_with_its_age(store: Store) -> None:
    world = world_of(store, exchanger(), folder=None)
    await cut_off(world, lambda: is_watched(world))
    world.now += 200
    world.facts.clear()
    await cut_off(world, lambda: is_watched(world))
    told = [fact for fact in world.all(Canary) if fact.of is Of.TARGET]
    assert {fact.state for fact in told} == {S.ACCEPTED}
    assert told[-1].age == pytest.approx(200, abs=2)


@pytest.mark.parametrize("kind", [Kind.BOUNCE, Kind.AUTO_REPLY])
async def test_an_answer_that_quotes_the_stamp_is_no_arrival_and_is_not_ours_to_remove(store: Store, kind: Kind) -> None:
    world = world_of(store, exchanger(), kind=kind)
    await run(world, asked=whom(live_controls=()))
    assert states(world)[-1] is S.ACCEPTED
    assert not world.all(Arrived)
    assert not world.all(CleanedUp)


async def test_a_bounce_ends_the_way(store: Store) -> None:
    world = world_of(store, exchanger(), folder=None)
    await cut_off(world, lambda: is_watched(world))
    world.returned.append(
        Returned(at=0.0, canary=(await record_of(store)).id, kind=ReturnKind.FAILED, returned_at=world.now, code=550)
    )
    await run(world, asked=whom(live_controls=()))
    assert states(world)[-1] is S.BOUNCED
    assert [fact.code for fact in world.all(Returned)] == [550]


async def test_a_delay_is_told_and_ends_nothing(store: Store) -> None:
    world = world_of(store, exchanger(), folder=None)
    world.returned.append(Returned(at=0.0, canary="", kind=ReturnKind.DELAYED, returned_at=world.now))
    await cut_off(world, lambda: world.boxes["t@mail.test"].waiting, asked=whom(live_controls=()))
    await run(world, canary.look)
    assert (await record_of(store)).state is S.ACCEPTED
    assert world.all(Returned)


async def test_unwatched_without_a_way_into_the_mailbox(store: Store) -> None:
    """Sent with the customer's consent; a while is given to a bounce, then the run ends by itself."""
    world = PostWorld({HERE: exchanger()}, store=store, signs=SIGNS)
    asked = whom(live_controls=())
    asked = replace(asked, account=replace(asked.account, enrolled=False, secret=None), consent="said yes on the phone")
    await cut_off(world, lambda: states(world)[-1:] == [S.ACCEPTED], asked=asked)
    told = world.all(Canary)[-1]
    assert (told.state, told.watched) == (S.ACCEPTED, False)
    assert len(told.number) == 4
    record = await record_of(store)
    assert (record.consent, record.account, record.uidnext) == ("said yes on the phone", "", None)


@pytest.mark.parametrize(("end", "opens"), [(SignInEnd.OPENED, True), (SignInEnd.REFUSED, False), (SignInEnd.UNKNOWN, False)])
async def test_a_second_login_follows_only_a_good_one(store: Store, end: SignInEnd, opens: bool) -> None:
    world = world_of(store, exchanger(RCPT="550 5.1.1 no"))
    world.leg.end = end
    await run(world)
    assert bool(world.boxes["t@mail.test"].calls) is opens
    assert ((Of.TARGET, Withheld.OTHER_LEG_FAILED) in {(fact.of, fact.why) for fact in world.all(NotAsked)}) is not opens


async def held(world: PostWorld, asked: Target, job: Any = canary.probe) -> tuple[Withheld, int]:
    await run(world, job, asked)
    (fact,) = world.all(NotAsked)
    served = world.servers[HERE]
    assert isinstance(served, Exchanger)
    return fact.why, served.visits


@pytest.mark.parametrize("job", [canary.probe, canary.send])
async def test_what_forbids_a_test_mail(store: Store, job: Any) -> None:
    stranger = whom()
    stranger = replace(stranger, account=replace(stranger.account, enrolled=False))
    nameless = replace(whom(), prober=replace(PROBER, bounce_domain=""))
    assert await held(PostWorld({HERE: exchanger()}, signs=SIGNS), whom(), job) == (Withheld.NO_JOURNAL, 0)
    assert await held(PostWorld({HERE: exchanger()}, store=store), whom(), job) == (Withheld.NO_SENDER, 0)
    assert await held(PostWorld({HERE: exchanger()}, store=store, signs=SIGNS), nameless, job) == (Withheld.NO_SENDER, 0)
    assert await held(PostWorld({HERE: exchanger()}, store=store, signs=SIGNS), stranger, job) == (Withheld.NO_CONSENT, 0)


async def test_a_nearly_full_mailbox_gets_nothing(store: Store) -> None:
    served = exchanger()
    world = world_of(store, served)
    world.boxes["t@mail.test"].full = True
    await run(world)
    assert [fact.why for fact in world.all(NotAsked)] == [Withheld.NEARLY_FULL]
    assert (sent_to(served), states(world)) == (0, [S.PLANNED])


async def test_too_soon_after_the_last_one_tells_what_became_of_that(store: Store) -> None:
    served = exchanger()
    world = world_of(store, served)
    await run(world)
    world.now += 60
    world.facts.clear()
    await run(world)
    assert [fact.why for fact in world.all(NotAsked)] == [Withheld.NOT_POLITE_YET]
    assert [(fact.state, round(fact.age)) for fact in world.all(Canary)] == [(S.REMOVED, 60)]
    assert sent_to(served) == 1


async def test_two_runs_at_once_send_one_mail(store: Store) -> None:
    served = exchanger()
    worlds = [world_of(store, served) for _ in range(4)]
    await asyncio.gather(*(run(world) for world in worlds))
    assert (sent_to(served), sent_to(served, "l@mail.test")) == (1, 1)
    assert sum(fact.of is Of.TARGET for world in worlds for fact in world.all(Arrived)) == 1


async def test_the_same_planned_record_is_sent_by_one_only(store: Store) -> None:
    served = exchanger(**{"RCPT TO:<t@": ["450 4.2.0 Greylisted", "250 2.1.5 Ok"]})
    world = world_of(store, served)
    await run(world)
    worlds = [world_of(store, served) for _ in range(4)]
    for one in worlds:
        one.now = world.now + 2 * AGAIN_AFTER
    await asyncio.gather(*(run(one, canary.send) for one in worlds))
    assert sent_to(served) == 1


async def test_the_name_over_the_mail_is_never_another_carriers(store: Store) -> None:
    served = exchanger()
    await run(world_of(store, served), asked=whom(relation=Relation.FOREIGN, live_controls=()))
    assert "From: mailprobe <probe@p.example>" in served.taken[0][1]
    assert "From: Example <" not in served.taken[0][1]


async def test_no_control_is_said(store: Store) -> None:
    world = world_of(store, exchanger())
    await run(world, asked=whom(live_controls=()))
    assert [(fact.of, fact.why) for fact in world.all(NotAsked)] == [(Of.LIVE, Withheld.NO_CONTROL)]
    assert L.key not in world.boxes["l@mail.test"].calls


async def test_an_unwatched_mail_is_waited_for_a_while_and_no_longer(store: Store) -> None:
    world = PostWorld({HERE: exchanger()}, store=store, signs=SIGNS)
    asked = whom(live_controls=())
    now = [0.0]

    async def nap(seconds: float) -> None:
        now[0] += seconds

    reach = replace(world.reach(asked), clock=lambda: now[0])
    means = canary.means_of(asked, reach, world.facts.append, world.opener)
    assert means is not None
    trip = await means.set_out(means.customer)
    assert trip is not None
    trip.sleep = nap
    await canary.travel(trip)
    assert (now[0], trip.record.state) == (BOUNCES_WITHIN, S.ACCEPTED)


async def test_a_mail_is_signed_as_configured_or_not_sent(store: Store) -> None:
    pytest.importorskip("dkim")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    served = exchanger()
    for secret in (Secret("not a key"), Secret(pem.decode())):
        asked = whom(live_controls=())
        asked = replace(asked, prober=replace(PROBER, dkim=Dkim("mp1", SecretRef.of_value(secret))))
        with suppress(ExceptionGroup):
            await run(world_of(store, served), asked=asked)
    ((_, message),) = served.taken
    assert message.startswith("DKIM-Signature: v=1; a=rsa-sha256;")
    assert "d=p.example; i=@p.example;" in message.replace("\n", "")
    assert "s=mp1;" in message
