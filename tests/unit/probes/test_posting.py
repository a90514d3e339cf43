"""Handing one mail over: which answers put it off, end it or leave it open, and that nothing follows DATA twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from mailprobe.address import parse
from mailprobe.carriers import Channel, Endpoint, Relation
from mailprobe.evidence import Broken, Connected, NotAsked, Of, Replied, Stage, Withheld
from mailprobe.probes import Denied, Target
from mailprobe.probes.posting import AGAIN_AFTER, Envelope, Posted, PostEnd, post
from tests.unit.probes.post import FINE, Exchanger, PostWorld, exchanger, mailing
from tests.unit.probes.servers import CLOSE, HANG, RESET, server_context
from tests.unit.probes.world import MX, T, carrier, target

HERE, THERE = ("192.0.2.1", 25), ("192.0.2.9", 25)
SECOND = Endpoint("192.0.2.9", 25, Channel.CLEAR)
MESSAGE = b"Subject: x\r\n\r\n.a line\r\n..\r\nend\r\n"
ENVELOPE = Envelope(b"b-token@bounce.p.example", T, MESSAGE, "id.mac")


@dataclass
class Book:
    """Writes down what it was told. `free`: whether this sender may begin."""

    free: bool = True
    begun: int = 0
    ends: list[Posted] = field(default_factory=list)

    async def begin(self) -> bool:
        self.begun += 1
        return self.free

    async def ended(self, posted: Posted) -> None:
        self.ends.append(posted)


async def handed(world: PostWorld, book: Book | None = None, envelope: Envelope = ENVELOPE, whom: Target | None = None) -> Posted:
    whom = whom or mailing(target(carrier()))
    return await post(envelope, whom, world.reach(whom), world.facts.append, book or Book())


async def test_a_mail_is_taken() -> None:
    served, book = exchanger(), Book()
    posted = await handed(PostWorld({HERE: served}), book)
    assert (posted.end, posted.server, posted.ip) == (PostEnd.ACCEPTED, MX.label, "192.0.2.1")
    assert posted.reply == "250 2.0.0 queued as 4711"
    assert (book.begun, book.ends) == (1, [posted])
    assert served.got[1] == "MAIL FROM:<b-token@bounce.p.example> SIZE=32"
    assert served.got[-1] == "QUIT"
    assert served.offered == ["Subject: x\n\n..a line\n...\nend"]
    assert served.taken == [("t@mail.test", "Subject: x\n\n.a line\n..\nend")]


async def test_the_stages_are_told_apart_and_the_words_of_the_mail_are_not_shown() -> None:
    world = PostWorld({HERE: exchanger()})
    await handed(world)
    stages = [fact.stage for fact in world.all(Replied)]
    assert stages == [Stage.GREETING, Stage.EHLO, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.END_OF_DATA]
    assert "a line" not in world.transcript
    assert "octets" in world.transcript


async def test_dsn_parameters_where_they_are_offered() -> None:
    served = exchanger(EHLO="250-mx\n250-DSN\n250 SMTPUTF8")
    await handed(PostWorld({HERE: served}), envelope=replace(ENVELOPE, to=parse("a+b=c@mail.test")))
    assert served.got[1] == "MAIL FROM:<b-token@bounce.p.example> RET=HDRS ENVID=id.mac"
    assert served.got[2] == "RCPT TO:<a+b=c@mail.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb+3Dc@mail.test"


REFUSALS = [
    ("MAIL", "550 5.7.1 no", Stage.MAIL, PostEnd.REFUSED),
    ("MAIL", "451 4.7.1 later", Stage.MAIL, PostEnd.DEFERRED),
    ("RCPT", "550 5.1.1 no such user", Stage.RCPT, PostEnd.REFUSED),
    ("RCPT", "450 4.2.0 Greylisted", Stage.RCPT, PostEnd.DEFERRED),
    ("DATA", "554 5.7.1 no", Stage.DATA, PostEnd.REFUSED),
    ("DATA", "451 4.7.1 later", Stage.DATA, PostEnd.REFUSED),
    ("DATA", "250 2.0.0 taken already", Stage.DATA, PostEnd.REFUSED),
    ("DATA", "421 4.3.2 closing", Stage.DATA, PostEnd.REFUSED),
    ("END", "550 5.7.1 filtered", Stage.END_OF_DATA, PostEnd.REFUSED),
    ("END", "452 4.3.1 later", Stage.END_OF_DATA, PostEnd.REFUSED),
    ("END", "421 4.3.2 closing", Stage.END_OF_DATA, PostEnd.REFUSED),
]


@pytest.mark.parametrize(("step", "said", "stage", "end"), REFUSALS)
async def test_each_refusal_has_its_stage(step: str, said: str, stage: Stage, end: PostEnd) -> None:
    served, book = exchanger(**{step: said}), Book()
    world = PostWorld({HERE: served})
    posted = await handed(world, book)
    last = world.all(Replied)[-1]
    assert (posted.end, last.stage, f"{last.code} {last.enhanced} {last.text}") == (end, stage, said)
    assert posted.reply == said
    assert book.begun == (stage in (Stage.DATA, Stage.END_OF_DATA))
    assert len(book.ends) == book.begun
    assert posted.not_before == (world.now + AGAIN_AFTER if end is PostEnd.DEFERRED else None)


@pytest.mark.parametrize(
    ("step", "does"), [("DATA", RESET), ("DATA", "!close"), ("END", RESET), ("END", CLOSE), ("END", "25"), ("END", "2x0 what")]
)
async def test_whatever_breaks_after_data_is_uncertain_and_no_other_host_is_tried(step: str, does: str) -> None:
    served, other, book = exchanger(**{step: does if does != "25" else "25" + CLOSE}), exchanger(), Book()
    world = PostWorld({HERE: served, THERE: other})
    posted = await handed(world, book, whom=mailing(target(carrier(mx=(MX, SECOND)))))
    assert posted.end is PostEnd.UNCERTAIN
    assert (book.begun, book.ends, other.visits) == (1, [posted], 0)
    assert world.all(Broken)[-1].stage is (Stage.DATA if step == "DATA" else Stage.END_OF_DATA)


@pytest.mark.parametrize("step", ["DATA", "END"])
async def test_a_deadline_after_data_leaves_it_as_begun(step: str) -> None:
    served, book = exchanger(**{step: HANG}), Book()
    world = PostWorld({HERE: served})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await handed(world, book)
    assert (book.begun, book.ends) == (1, [])
    assert world.all(Broken)[-1].stage is (Stage.DATA if step == "DATA" else Stage.END_OF_DATA)
    assert served.still_open == 0


BEFORE_DATA = [
    ("greets", {}, "554 no service"),
    ("EHLO", {"EHLO": "421 busy"}, ""),
    ("MAIL", {"MAIL": RESET}, ""),
    ("RCPT", {"RCPT": "421 4.7.0 busy"}, ""),
    ("RCPT", {"RCPT": CLOSE}, ""),
]


@pytest.mark.parametrize(("step", "changed", "greeting"), BEFORE_DATA)
async def test_the_next_host_takes_it_where_the_first_could_not_be_spoken_to(
    step: str, changed: dict[str, str], greeting: str
) -> None:
    served, other, book = exchanger(**changed), exchanger(), Book()
    if greeting:
        served.greeting = greeting
    posted = await handed(PostWorld({HERE: served, THERE: other}), book, whom=mailing(target(carrier(mx=(MX, SECOND)))))
    assert (posted.end, posted.ip) == (PostEnd.ACCEPTED, "192.0.2.9")
    assert (served.offered, len(other.taken), book.begun) == ([], 1, 1)


@pytest.mark.parametrize("said", ["550 5.1.1 no", "450 4.2.0 Greylisted"])
async def test_an_answer_to_the_address_is_an_answer_and_the_next_host_is_not_asked(said: str) -> None:
    other = exchanger()
    world = PostWorld({HERE: exchanger(RCPT=said), THERE: other})
    await handed(world, whom=mailing(target(carrier(mx=(MX, SECOND)))))
    assert other.visits == 0


async def test_nobody_there_puts_it_off() -> None:
    posted = await handed(PostWorld({}))
    assert (posted.end, posted.reply) == (PostEnd.DEFERRED, "")


async def test_where_somebody_else_has_begun_no_data_is_said() -> None:
    served, book = exchanger(), Book(free=False)
    posted = await handed(PostWorld({HERE: served}), book)
    assert (posted.end, book.ends) == (PostEnd.TAKEN, [])
    assert "DATA" not in served.got
    assert served.got[-1] == "QUIT"


async def test_the_relay_takes_the_place_of_the_exchangers() -> None:
    relay, served = exchanger(), exchanger()
    whom = mailing(target(carrier()))
    whom = replace(whom, prober=replace(whom.prober, relay="smtp://192.0.2.25:25"))
    posted = await handed(PostWorld({HERE: served, ("192.0.2.25", 25): relay}), whom=whom)
    assert (posted.end, posted.server, served.visits) == (PostEnd.ACCEPTED, "192.0.2.25:25", 0)


@pytest.mark.parametrize("implicit", [True, False])
async def test_the_relay_speaks_tls_where_it_can(implicit: bool) -> None:
    relay = Exchanger(
        FINE | {"EHLO": "250-relay\n250 STARTTLS", "STARTTLS": "220 go"}, tls=server_context("192.0.2.25"), implicit=implicit
    )
    whom = mailing(target(carrier()))
    whom = replace(whom, prober=replace(whom.prober, relay=f"{'smtps' if implicit else 'smtp'}://192.0.2.25:465"))
    assert (await handed(PostWorld({("192.0.2.25", 465): relay}), whom=whom)).end is PostEnd.ACCEPTED


async def test_an_international_address_needs_smtputf8() -> None:
    envelope = replace(ENVELOPE, to=parse("日本@mail.test"), message="To: <日本@mail.test>\r\n\r\nx\r\n".encode())
    deaf, world = exchanger(), PostWorld({})
    posted = await handed(replace(world, servers={HERE: deaf}), envelope=envelope)
    assert (posted.end, "DATA" in deaf.got, "MAIL" in "".join(deaf.got)) == (PostEnd.WITHHELD, False, False)
    able = exchanger(EHLO="250-mx\n250-DSN\n250-8BITMIME\n250 SMTPUTF8")
    assert (await handed(PostWorld({HERE: able}), envelope=envelope)).end is PostEnd.ACCEPTED
    assert able.got[1].startswith("MAIL FROM:<b-token@bounce.p.example> BODY=8BITMIME SMTPUTF8 RET=HDRS")
    assert able.got[2].startswith("RCPT TO:<日本@mail.test> NOTIFY")
    assert able.got[2].endswith(r"ORCPT=utf-8;\x{65E5}\x{672C}@mail.test")


async def test_a_dotted_local_part_is_tried_without_quotes_where_these_are_not_understood() -> None:
    served = exchanger(**{'RCPT TO:<"': "501 5.1.3 syntax"})
    envelope = replace(ENVELOPE, to=parse("a..b@docomo.ne.jp"))
    whom = mailing(target(carrier(domains=("docomo.ne.jp",)), address=envelope.to))
    assert (await handed(PostWorld({HERE: served}), envelope=envelope, whom=whom)).end is PostEnd.ACCEPTED
    assert served.got[2:4] == ['RCPT TO:<"a..b"@docomo.ne.jp>', "RCPT TO:<a..b@docomo.ne.jp>"]


async def test_a_full_host_is_waited_for_a_while_and_then_left_alone() -> None:
    world, served = PostWorld({}), exchanger()
    world = replace(world, servers={HERE: served})
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)
        world.manners.no_session = None

    world.manners.no_session = Denied(Withheld.NOT_POLITE_YET, world.now + 30.0)
    whom = mailing(target(carrier(relation=Relation.FOREIGN)))
    posted = await post(ENVELOPE, whom, world.reach(whom), world.facts.append, Book(), nap)
    assert (posted.end, naps) == (PostEnd.ACCEPTED, [30.0])
    world.manners.no_session = Denied(Withheld.NOT_POLITE_YET, world.now + 300.0)
    posted = await post(ENVELOPE, whom, world.reach(whom), world.facts.append, Book(), nap)
    assert (posted.end, posted.not_before, len(naps)) == (PostEnd.WITHHELD, world.now + 300.0, 1)
    assert world.all(NotAsked)[-1].why is Withheld.NOT_POLITE_YET
    assert world.manners.inside == 0


async def test_the_facts_of_a_controls_mail_are_the_controls() -> None:
    world = PostWorld({HERE: exchanger()})
    await handed(world, envelope=replace(ENVELOPE, of=Of.LIVE))
    assert {fact.of for fact in world.facts} == {Of.LIVE}
    assert world.all(Connected)
