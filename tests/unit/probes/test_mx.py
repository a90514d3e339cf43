"""The mx probe over scripted exchangers: what is asked, in which order, and what becomes of every kind of answer."""

import asyncio

import pytest

from mailprobe.address import Address, parse
from mailprobe.carriers import Channel, Endpoint, Relation
from mailprobe.evidence import (
    Breakage,
    Broken,
    Connected,
    LookedUp,
    Lookup,
    NotAsked,
    NotConnected,
    NotSecured,
    Of,
    Offered,
    Replied,
    Secured,
    Stage,
    TlsFault,
    Unreachable,
    Withheld,
)
from mailprobe.probes import Denied, mx
from tests.unit.probes.servers import CLOSE, HANG, RESET, Server, server_context
from tests.unit.probes.world import D, L, Politeness, T, World, carrier, target

EHLO = "250-mx.mail.test\n250-PIPELINING\n250 ENHANCEDSTATUSCODES"
FINE = {
    "EHLO": EHLO,
    "HELO": "250 mx.mail.test",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "RCPT TO:<dead@": "550 5.1.1 No such user",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}
HERE = ("192.0.2.1", 25)


def server(**changed: str | list[str]) -> Server:
    return Server(FINE | changed)


def one(served: Server) -> World:
    return World({HERE: served})


async def ask(world: World, **fields: object) -> World:
    await world.run(mx.probe, target(carrier(**fields)))
    return world


async def test_target_live_dead_in_this_order_and_never_data() -> None:
    served = server()
    world = await ask(one(served))
    assert world.replies(Stage.RCPT) == [(Of.TARGET, 250), (Of.LIVE, 250), (Of.DEAD, 550)]
    assert served.got == [
        "EHLO probe1.p.example",
        "MAIL FROM:<probe@p.example>",
        "RCPT TO:<t@mail.test>",
        "RCPT TO:<l@mail.test>",
        "RCPT TO:<dead@mail.test>",
        "RSET",
        "QUIT",
    ]
    dead = world.all(Replied)[-2]
    assert (dead.enhanced, dead.text, dead.server, dead.ip) == ("5.1.1", "No such user", "192.0.2.1:25", "192.0.2.1")
    assert world.all(Offered)[0].capabilities == ("PIPELINING", "ENHANCEDSTATUSCODES")
    assert world.manners.kept == [(Of.TARGET, 250), (Of.LIVE, 250), (Of.DEAD, 550)]
    assert [of for of, _, _ in world.manners.asks] == [Of.TARGET, Of.LIVE, Of.DEAD]
    assert (served.open, world.manners.inside) == (0, 0)
    assert "S: 550 5.1.1 No such user" in world.transcript
    assert "C: RCPT TO:<t@mail.test>" in world.transcript


async def test_pipelined_gives_the_same_facts() -> None:
    plain, piped = await ask(one(server())), one(server())
    piped.pipelining = True
    await ask(piped)
    assert [type(fact) for fact in piped.facts] == [type(fact) for fact in plain.facts]
    assert piped.replies(Stage.RCPT) == plain.replies(Stage.RCPT)


async def test_pipelined_answers_behind_a_refused_sender_mean_nothing() -> None:
    served = server(MAIL="550 5.7.1 not you", RCPT="503 5.5.1 MAIL first")
    world = one(served)
    world.pipelining = True
    await ask(world)
    assert world.replies(Stage.MAIL) == [(Of.TARGET, 550)]
    assert world.replies(Stage.RCPT) == []
    assert world.manners.kept == []


async def test_no_rcpt_after_a_refused_sender() -> None:
    served = server(MAIL="451 4.7.1 later")
    world = await ask(one(served))
    assert not any(line.startswith("RCPT") for line in served.got)
    assert served.got[-1] == "QUIT"
    assert world.manners.asks == []


async def test_421_ends_the_session() -> None:
    served = server(**{"RCPT TO:<l@": f"421 4.7.0 too many\r\n{CLOSE}"})
    world = await ask(one(served))
    assert world.replies(Stage.RCPT) == [(Of.TARGET, 250), (Of.LIVE, 421)]
    assert served.got[-1] == "RCPT TO:<l@mail.test>"
    assert not world.all(Broken)


@pytest.mark.parametrize(
    ("said", "why", "words"),
    [
        (RESET, Breakage.RESET, "reset by peer"),
        (CLOSE, Breakage.CLOSED, ""),
        (f"550-5.1.1 half\r\n{CLOSE}", Breakage.CLOSED, "550-5.1.1 half"),
        ("ABC nonsense", Breakage.GARBAGE, "ABC nonsense"),
    ],
)
async def test_a_broken_dialogue_names_stage_and_words(said: str, why: Breakage, words: str) -> None:
    served = server(**{"RCPT TO:<t@": said})
    world = await ask(one(served))
    (broken,) = world.all(Broken)
    assert (broken.stage, broken.of, broken.why, broken.words) == (Stage.RCPT, Of.TARGET, why, words)
    assert served.open == 0
    assert world.manners.inside == 0


async def test_a_bad_greeting_is_all_there_is() -> None:
    served = Server(FINE, greeting="554 5.7.1 no service for 192.0.2.200")
    world = await ask(one(served))
    assert world.replies(Stage.GREETING) == [(Of.TARGET, 554)]
    assert served.got == ["QUIT"]


async def test_helo_where_ehlo_is_unknown() -> None:
    served = server(EHLO="502 5.5.1 what")
    world = await ask(one(served))
    assert world.replies(Stage.EHLO) == [(Of.TARGET, 502), (Of.TARGET, 250)]
    assert world.all(Offered)[0].capabilities == ()
    assert len(world.replies(Stage.RCPT)) == 3


TLS_EHLO = ["250-mx\n250 STARTTLS", "250-mx\n250 SIZE 1"]


async def test_tls_is_taken_with_any_certificate_and_ehlo_said_again() -> None:
    served = server(EHLO=list(TLS_EHLO), STARTTLS="220 go")
    served.tls = server_context("elsewhere.test")
    world = await ask(one(served))
    (secured,) = world.all(Secured)
    assert (secured.verified, secured.version) == (False, "TLSv1.3")
    assert secured.not_after is not None
    assert [fact.capabilities for fact in world.all(Offered)] == [("STARTTLS",), ("SIZE 1",)]
    assert len(world.replies(Stage.RCPT)) == 3
    assert (served.visits, served.open) == (1, 0)


async def test_refused_starttls_goes_on_in_clear() -> None:
    served = server(EHLO=list(TLS_EHLO), STARTTLS="454 4.7.0 TLS not available")
    world = await ask(one(served))
    assert [(fact.why, fact.detail) for fact in world.all(NotSecured)] == [(TlsFault.REFUSED, "454 TLS not available")]
    assert len(world.replies(Stage.RCPT)) == 3
    assert served.visits == 1


async def test_injected_words_are_a_fact_and_the_next_session_is_in_clear() -> None:
    served = server(EHLO=["250-mx\n250 STARTTLS"], STARTTLS="220 go")
    served.tls, served.after_starttls = server_context("mx.test"), "\n250 injected"
    world = await ask(one(served))
    (fault,) = world.all(NotSecured)
    assert (fault.why, fault.detail) == (TlsFault.INJECTION, "250 injected")
    assert not world.all(Secured)
    assert len(world.replies(Stage.RCPT)) == 3
    assert (served.visits, served.open) == (2, 0)


async def test_every_address_of_an_own_host_is_asked_by_itself() -> None:
    first, second = server(), server(**{"RCPT TO:<t@": "550 5.1.1 gone"})
    world = World(
        {("192.0.2.1", 25): first, ("2001:db8::1", 25): second},
        {
            ("mail.test", "MX"): ("10 mx1.mail.test.", "20 mx2.mail.test."),
            ("mx1.mail.test", "A"): ("192.0.2.1",),
            ("mx1.mail.test", "AAAA"): ("2001:db8::1",),
            ("mx2.mail.test", "A"): ("192.0.2.9",),
        },
    )
    await ask(world, mx=())
    asked = {(fact.ip, fact.code) for fact in world.all(Replied) if fact.stage is Stage.RCPT and fact.of is Of.TARGET}
    assert asked == {("192.0.2.1", 250), ("2001:db8::1", 550)}
    assert [(fact.server, fact.ip, fact.why) for fact in world.all(NotConnected)] == [
        ("mx2.mail.test:25", "192.0.2.9", Unreachable.REFUSED)
    ]
    assert {(fact.purpose, fact.server) for fact in world.all(LookedUp)} >= {("mx", "mail.test"), ("host", "mx1.mail.test")}


async def test_one_address_and_two_hosts_of_a_foreign_carrier() -> None:
    servers = {(f"192.0.2.{n}", 25): server() for n in range(2, 9)}
    names = {("mail.test", "MX"): tuple(f"10 mx{n}.mail.test." for n in range(3))} | {
        (f"mx{n}.mail.test", "A"): (f"192.0.2.{2 * n + 1}", f"192.0.2.{2 * n + 2}") for n in range(3)
    }
    world = World(servers, names)
    await ask(world, mx=(), relation=Relation.FOREIGN)
    assert [fact.ip for fact in world.all(NotConnected)] == ["192.0.2.1"]
    assert sorted(fact.ip for fact in world.all(Connected)) == ["192.0.2.2", "192.0.2.3"]
    assert {place for _, _, place in world.manners.asks} == {"mx0.mail.test:25", "mx1.mail.test:25"}


@pytest.mark.parametrize("outcome", [Lookup.NULL_MX, Lookup.NXDOMAIN, Lookup.SERVFAIL, Lookup.TIMEOUT])
async def test_without_an_exchanger_nobody_is_asked(outcome: Lookup) -> None:
    world = World({HERE: server()}, {("mail.test", "MX"): outcome, ("mail.test", "A"): ("192.0.2.1",)})
    await ask(world, mx=())
    assert [type(fact) for fact in world.facts] == [LookedUp]


async def test_a_domain_without_mx_is_its_own_exchanger() -> None:
    world = World({HERE: server()}, {("mail.test", "MX"): Lookup.NODATA, ("mail.test", "A"): ("192.0.2.1",)})
    await ask(world, mx=())
    assert world.replies(Stage.RCPT)[0] == (Of.TARGET, 250)
    assert world.all(Connected)[0].server == "mail.test:25"


async def test_a_remembered_dead_control_is_not_asked_again() -> None:
    known = Replied(at=0, stage=Stage.RCPT, code=550, enhanced="5.1.1", text="No", cached_at=999_000.0, of=Of.DEAD)
    served = server()
    world = World({HERE: served}, manners=Politeness(known={Of.DEAD: known}))
    await ask(world)
    dead = next(fact for fact in world.all(Replied) if fact.of is Of.DEAD)
    assert (dead.cached_at, dead.code, dead.ip) == (999_000.0, 550, "192.0.2.1")
    assert dead.at > 0
    assert not any("dead@" in line for line in served.got)


async def test_a_passing_answer_of_the_dead_control_is_not_remembered() -> None:
    world = await ask(one(server(**{"RCPT TO:<dead@": "450 4.2.0 greylisted"})))
    assert world.manners.kept == [(Of.TARGET, 250), (Of.LIVE, 250)]


async def test_politeness_comes_before_the_connection() -> None:
    served = server()
    denied = Denied(Withheld.NOT_POLITE_YET, not_before=1_000_030.0)
    world = World({HERE: served}, manners=Politeness(no={(Of.TARGET, T.key): denied}))
    await ask(world)
    (fact,) = world.all(NotAsked)
    assert (fact.of, fact.stage, fact.why, fact.not_before) == (Of.TARGET, Stage.RCPT, Withheld.NOT_POLITE_YET, 1_000_030.0)
    assert served.visits == 0


async def test_what_is_remembered_stands_in_for_what_may_not_be_asked() -> None:
    def known(of: Of, code: int) -> Replied:
        return Replied(at=0, of=of, stage=Stage.RCPT, code=code, enhanced="", text="", cached_at=999_990.0)

    no = {(Of.TARGET, T.key): Denied(Withheld.NOT_POLITE_YET)}
    world = World(
        {HERE: server()}, manners=Politeness(no=no, known={Of.TARGET: known(Of.TARGET, 550), Of.LIVE: known(Of.LIVE, 250)})
    )
    await ask(world)
    assert world.replies(Stage.RCPT) == [(Of.TARGET, 550), (Of.LIVE, 250)]
    assert not world.all(NotAsked)


async def test_no_place_at_the_host() -> None:
    served = server()
    world = World({HERE: served}, manners=Politeness(no_session=Denied(Withheld.NOT_POLITE_YET, not_before=5.0)))
    await ask(world)
    assert [(fact.stage, fact.not_before) for fact in world.all(NotAsked)] == [(Stage.CONNECT, 5.0)]
    assert served.visits == 0
    assert world.manners.inside == 0


async def test_controls_of_another_domain_or_the_target_itself_do_not_count() -> None:
    world = await ask(one(server()), dead_control=parse("dead@other.test"), live_controls=())
    assert {(fact.of, fact.why) for fact in world.all(NotAsked)} == {
        (Of.LIVE, Withheld.NO_CONTROL),
        (Of.DEAD, Withheld.NO_CONTROL),
    }
    assert world.replies(Stage.RCPT) == [(Of.TARGET, 250)]
    world = one(server())
    await world.run(mx.probe, target(carrier(), L))
    assert [(fact.of, fact.why) for fact in world.all(NotAsked)] == [(Of.LIVE, Withheld.NO_CONTROL)]


INTERNATIONAL = Address("花子", "mail.test")
DOTTED = Address('"a..b"', "mail.test", legacy_dots=True)


async def test_an_international_address_needs_smtputf8() -> None:
    world = one(server())
    await world.run(mx.probe, target(carrier(), INTERNATIONAL))
    assert [(fact.of, fact.why) for fact in world.all(NotAsked)] == [(Of.TARGET, Withheld.NO_SMTPUTF8)]
    assert world.replies(Stage.RCPT) == [(Of.LIVE, 250), (Of.DEAD, 550)]
    served = server(EHLO="250-mx\n250 SMTPUTF8")
    world = one(served)
    await world.run(mx.probe, target(carrier(), INTERNATIONAL))
    assert served.got[1:3] == ["MAIL FROM:<probe@p.example> SMTPUTF8", "RCPT TO:<花子@mail.test>"]


@pytest.mark.parametrize("pipelining", [False, True])
async def test_a_legacy_dotted_address_is_tried_once_without_quotes(pipelining: bool) -> None:
    served = server(**{'RCPT TO:<"': "501 5.1.3 bad syntax"})
    world = one(served)
    world.pipelining = pipelining
    await world.run(mx.probe, target(carrier(), DOTTED))
    assert served.got[2:4] == ['RCPT TO:<"a..b"@mail.test>', "RCPT TO:<a..b@mail.test>"]
    assert world.replies(Stage.RCPT)[:2] == [(Of.TARGET, 501), (Of.TARGET, 250)]
    served = server(**{'RCPT TO:<"': "550 5.1.1 unknown"})
    await one(served).run(mx.probe, target(carrier(), DOTTED))
    assert sum(line.startswith("RCPT") for line in served.got) == 3


@pytest.mark.parametrize(
    ("start", "stage"), [("EHLO", Stage.EHLO), ("MAIL", Stage.MAIL), ("RCPT TO:<l@", Stage.RCPT), ("RSET", Stage.RSET)]
)
async def test_out_of_time_the_last_fact_names_the_stage_that_hung(start: str, stage: Stage) -> None:
    served = server(**{"EHLO": "250 mx.mail.test", start: HANG})
    world = one(served)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await ask(world)
    last = world.facts[-1]
    assert isinstance(last, Broken)
    assert (last.stage, last.why) == (stage, Breakage.OUT_OF_TIME)
    assert (served.open, world.manners.inside) == (0, 0)


async def test_endpoints_as_configured_are_taken_as_they_stand() -> None:
    at = Endpoint("192.0.2.1", 2525, Channel.CLEAR)
    world = await ask(World({("192.0.2.1", 2525): server()}), mx=(at,))
    assert world.all(Connected)[0].server == "192.0.2.1:2525"
    assert {place for _, _, place in world.manners.asks} == {"192.0.2.1:2525"}
    assert D.key in {address for _, address, _ in world.manners.asks}
