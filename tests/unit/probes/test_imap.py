"""The imap probe against scripted servers: what it sends, what it notes, what it spends, and what the chain is told."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailprobe.carriers import AuthForm, Carrier, Channel, Endpoint, LiveControl, MasterForm, MasterUser, Origin, Relation
from mailprobe.evidence import (
    Answered,
    As,
    Breakage,
    Broken,
    Connected,
    LookedUp,
    NotAsked,
    NotConnected,
    NotSecured,
    Of,
    Offered,
    Opened,
    Quota,
    Secured,
    Stage,
    TlsFault,
    Withheld,
)
from mailprobe.limits import MasterUsers
from mailprobe.probes import Denied, SignInEnd, Target
from mailprobe.probes.imap import probe
from mailprobe.secret import Secret, SecretRef
from mailprobe.store import open_store
from tests.unit.probes import world
from tests.unit.probes.imap_server import CAPABILITIES, GOOD, HARMLESS, ImapServer
from tests.unit.probes.servers import AUTHORITY, CLOSE, HANG, RESET, server_context
from tests.unit.probes.world import CONTROL_SECRET, SECRET, L, Leg, Purse, World

IP, OTHER = "192.0.2.4", "192.0.2.5"
NAME = "imap.mail.test"
IMAPS = Endpoint(IP, 993, Channel.IMPLICIT)
STARTTLS = Endpoint(IP, 143, Channel.STARTTLS)
BOTH = {(NAME, "A"): (IP, OTHER), (NAME, "AAAA"): ()}
CONTROL = LiveControl(L, "l", "l", SecretRef.of_value(Secret(CONTROL_SECRET)))
CONTEXT = server_context(IP, NAME)


@dataclass
class Ends(Leg):
    """The chain: every word it was told, and an event for the first."""

    ends: list[SignInEnd] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def imap_ended(self, end: SignInEnd) -> None:
        self.ends.append(end)
        self.told.set()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(autouse=True)
def ours(authority: Path) -> None:
    global CA
    CA = authority


CA = Path()


def server(implicit: bool = True, greeting: str | None = None, rest: str = "$ BAD", **answers: str) -> ImapServer:
    """A good server, but for these answers; `_` stands for a space. `rest` answers what follows a `+`."""
    changed = {name.replace("_", " "): said for name, said in answers.items()}
    made = ImapServer(GOOD | {"+": rest} | changed, tls=CONTEXT, implicit=implicit)
    if greeting is not None:
        made.greeting = greeting
    return made


def carrier(**given: Any) -> Carrier:
    return world.carrier(**({"imap": IMAPS, "tls_ca": CA, "live_controls": ()} | given))


async def seen(of: ImapServer, given: Carrier | None = None, target: Target | None = None, **around: Any) -> World:
    given = given or carrier()
    assert given.imap is not None
    made = World({(IP, given.imap.port): of}, leg=Ends(), **around)
    await made.run(probe, target or world.target(given))
    assert of.open == 0
    assert {verb for verb in of.verbs if not verb.startswith("+")} <= HARMLESS
    assert SECRET not in made.transcript
    assert SECRET not in repr(made.facts)
    return made


def ends(made: World) -> list[SignInEnd]:
    assert isinstance(made.leg, Ends)
    return made.leg.ends


def reserved(user: str) -> tuple[str, ...]:
    return ("reserve", user, IP, "login")


async def test_a_good_sign_in_leaves_every_fact_in_order() -> None:
    of = server()
    made = await seen(of)
    kinds = [type(fact) for fact in made.facts]
    assert kinds == [Connected, Secured, Answered, Offered, Answered, Opened, Quota]
    assert all(fact.server == f"{IP}:993" and fact.ip == IP and fact.of is Of.TARGET for fact in made.facts)
    assert made.all(Offered)[0].capabilities == tuple(CAPABILITIES.upper().split())
    login = made.all(Answered)[1]
    assert (login.stage, login.status, login.text, login.who) == (Stage.LOGIN, "OK", "welcome", As.CUSTOMER)
    assert (made.all(Opened)[0].uidvalidity, made.all(Opened)[0].uidnext) == (1795468751, 99)
    assert [(one.resource, one.used, one.limit) for one in made.all(Quota)] == [("STORAGE", 10, 512)]
    assert of.got == [f'LOGIN "t" "{SECRET}"', "EXAMINE INBOX", "GETQUOTAROOT INBOX", "LOGOUT"]
    assert made.purse.steps == [reserved("t"), ("opened",)]
    assert ends(made) == [SignInEnd.OPENED]


async def test_no_message_count_leaves_the_parser() -> None:
    made = await seen(server())
    told = made.transcript + repr([(fact.uidvalidity, fact.uidnext) for fact in made.all(Opened)] + [made.all(Quota)[0].used])
    assert "* EXISTS" in told
    assert not any(count in told for count in ("47110", "88120", "99420", "Message"))


async def test_pipelining_sees_the_same_with_fewer_round_trips() -> None:
    slow, quick = await seen(server()), await seen(server(), pipelining=True)
    assert [type(fact) for fact in quick.facts] == [type(fact) for fact in slow.facts]
    said = [line.who for line in quick.lines]
    assert "".join(said[said.index("C") :]).startswith("CSCCCS")
    assert quick.transcript.count("LOGOUT") == 1


async def test_without_a_server_nothing_is_asked() -> None:
    made = World(leg=Ends())
    await made.run(probe, world.target(world.carrier(imap=None)))
    assert [fact.why for fact in made.all(NotAsked)] == [Withheld.NO_SERVER]
    assert ends(made) == [SignInEnd.NOT_RUN]


async def test_capabilities_are_asked_for_where_nobody_says_them() -> None:
    of = server(greeting="* OK", LOGIN="$ OK")
    made = await seen(of)
    assert of.verbs == ["CAPABILITY", "LOGIN", "CAPABILITY", "EXAMINE", "LOGOUT"]
    assert made.all(Offered)[0].capabilities == tuple(CAPABILITIES.upper().split())
    assert not made.all(Quota)


# the chain


async def test_the_live_control_signs_in_first_and_the_target_after_it() -> None:
    of = server()
    made = await seen(of, carrier(live_controls=(CONTROL,)))
    assert [verb for verb in of.got if verb.startswith("LOGIN")] == [f'LOGIN "l" "{CONTROL_SECRET}"', f'LOGIN "t" "{SECRET}"']
    assert [(fact.of, fact.who) for fact in made.all(Opened)] == [(Of.LIVE, As.CONTROL), (Of.TARGET, As.CUSTOMER)]
    good = ("control_good", "l", IP)
    assert made.purse.steps == [reserved("l"), ("opened",), good, reserved("t"), ("opened",)]
    assert of.visits == 2
    assert CONTROL_SECRET not in made.transcript


async def test_a_good_control_of_the_last_ten_minutes_is_a_fact_and_not_asked_again() -> None:
    made = await seen(server(), carrier(live_controls=(CONTROL,)), purse=Purse(good_at=999_400.0))
    live = [fact for fact in made.facts if fact.of is Of.LIVE]
    assert [(fact.status, fact.who, fact.cached_at) for fact in live if isinstance(fact, Answered)] == [
        ("OK", As.CONTROL, 999_400.0)
    ]
    assert len(live) == 1
    assert made.purse.steps == [reserved("t"), ("opened",)]


async def test_an_older_one_is_asked_again() -> None:
    made = await seen(server(), carrier(live_controls=(CONTROL,)), purse=Purse(good_at=999_399.0))
    assert made.purse.steps[0] == reserved("l")


CONTROL_FAULTS = ["$ NO [AUTHENTICATIONFAILED] no", "$ NO [LIMIT] later", f"* BYE going{CLOSE}", RESET]


@pytest.mark.parametrize("fault", CONTROL_FAULTS)
async def test_when_the_control_fails_the_login_of_the_target_is_not_spent(fault: str) -> None:
    of = server(LOGIN=fault)
    made = await seen(of, carrier(live_controls=(CONTROL,)))
    assert len([verb for verb in of.verbs if verb == "LOGIN"]) == 1
    assert [(fact.of, fact.why) for fact in made.all(NotAsked)] == [(Of.TARGET, Withheld.CONTROL_FAILED)]
    assert reserved("t") not in made.purse.steps
    assert ends(made) == [SignInEnd.UNKNOWN]


async def test_a_server_that_cannot_sign_the_control_in_is_asked_for_the_target_too() -> None:
    """Only then is it known that he is hit as well; an answer like this one spends no refusal."""
    made = await seen(server(LOGIN="$ NO [UNAVAILABLE] later"), carrier(live_controls=(CONTROL,)))
    assert [(fact.of, fact.code) for fact in made.all(Answered) if fact.stage is Stage.LOGIN] == [
        (Of.LIVE, "UNAVAILABLE"),
        (Of.TARGET, "UNAVAILABLE"),
    ]
    assert made.purse.steps == [reserved("l"), ("give_back",), reserved("t"), ("give_back",)]
    assert ends(made) == [SignInEnd.SERVER_FAILED]


async def test_so_it_is_if_it_takes_its_leave_for_such_a_reason() -> None:
    made = await seen(server(LOGIN=f"* BYE [UNAVAILABLE] going down\r\n{CLOSE}"), carrier(live_controls=(CONTROL,)))
    assert [fact.of for fact in made.all(Broken) if fact.stage is Stage.LOGIN] == [Of.LIVE, Of.TARGET]
    assert made.purse.steps == [reserved("l"), ("give_back",), reserved("t"), ("give_back",)]


async def test_a_control_without_budget_counts_as_failed() -> None:
    denied = Denied(Withheld.BUDGET_SPENT, 5.0, 3.0, "NO")
    made = await seen(server(), carrier(live_controls=(CONTROL,)), purse=Purse(denies={"l": denied}))
    whys = [(fact.of, fact.why, fact.who) for fact in made.all(NotAsked)]
    assert whys == [(Of.LIVE, Withheld.BUDGET_SPENT, As.CONTROL), (Of.TARGET, Withheld.CONTROL_FAILED, None)]


async def test_a_control_whose_secret_cannot_be_read_says_nothing_about_the_server() -> None:
    control = LiveControl(L, "l", "l", SecretRef("env", "MAILPROBE_NO_SUCH_VARIABLE"))
    made = await seen(server(), carrier(live_controls=(control,)))
    assert [(fact.of, fact.why) for fact in made.all(NotAsked)] == [(Of.LIVE, Withheld.SECRET_UNREADABLE)]
    assert ends(made) == [SignInEnd.OPENED]


async def test_the_target_is_no_control_of_itself() -> None:
    control = LiveControl(L, "t", "t", SecretRef.of_value(Secret(CONTROL_SECRET)))
    made = await seen(server(), carrier(live_controls=(control,)))
    assert made.purse.steps == [reserved("t"), ("opened",)]


async def test_a_dead_second_address_does_not_delay_the_login() -> None:
    good, dead = server(), server(greeting=HANG)
    made = World({(IP, 993): good, (OTHER, 993): dead}, names=BOTH, leg=(leg := Ends()))
    run = asyncio.create_task(made.run(probe, world.target(carrier(imap=Endpoint(NAME, 993, Channel.IMPLICIT)))))
    await asyncio.wait_for(leg.told.wait(), 5)
    assert leg.ends == [SignInEnd.OPENED]
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    hung = [(fact.ip, fact.stage, fact.why) for fact in made.all(Broken) if fact.ip == OTHER]
    assert hung == [(OTHER, Stage.GREETING, Breakage.OUT_OF_TIME)]
    assert good.open == dead.open == 0
    assert leg.ends == [SignInEnd.OPENED]


async def test_every_address_is_a_target_of_its_own_and_one_gets_the_login() -> None:
    first, second = server(), server()
    made = World({(IP, 993): first, (OTHER, 993): second}, names=BOTH, leg=Ends())
    await made.run(probe, world.target(carrier(imap=Endpoint(NAME, 993, Channel.IMPLICIT))))
    assert sorted(fact.ip for fact in made.all(Offered)) == [IP, OTHER]
    assert sorted([first.verbs, second.verbs], key=len)[0] == ["LOGOUT"]
    assert len(made.all(LookedUp)) == 2
    assert first.open == second.open == 0


async def test_nothing_listens() -> None:
    made = World({}, leg=Ends())
    await made.run(probe, world.target(carrier()))
    assert [type(fact) for fact in made.facts] == [NotConnected]
    assert ends(made) == [SignInEnd.UNKNOWN]


# one login, and what it costs

REFUSALS = [
    "[AUTHENTICATIONFAILED] Authentication failed.",
    "[AUTHORIZATIONFAILED] no",
    "[EXPIRED] old",
    "[ALERT] Application-specific password required",
    "LOGIN failed.",
]


@pytest.mark.parametrize("words", REFUSALS)
async def test_a_refused_credential_is_kept_with_its_words(words: str) -> None:
    made = await seen(server(LOGIN=f"$ NO {words}"))
    assert made.purse.steps == [reserved("t"), ("refused", words)]
    assert ends(made) == [SignInEnd.REFUSED]
    assert made.all(Answered)[-1].status == "NO"


CODES = ("UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG", "CONTACTADMIN", "PRIVACYREQUIRED")


@pytest.mark.parametrize("answer", [f"NO [{code}] later" for code in CODES] + ["BAD not now"])
async def test_an_answer_that_is_not_about_the_credential_costs_nothing(answer: str) -> None:
    made = await seen(server(LOGIN=f"$ {answer}"))
    assert made.purse.steps == [reserved("t"), ("give_back",)]
    server_failed = any(code in answer for code in ("UNAVAILABLE", "SERVERBUG"))
    assert ends(made) == [SignInEnd.SERVER_FAILED if server_failed else SignInEnd.UNKNOWN]


async def test_a_spent_budget_is_told_with_its_last_words() -> None:
    of = server()
    made = await seen(of, purse=Purse(denies={"t": Denied(Withheld.BUDGET_SPENT, 5.0, 3.0, "NO it was")}))
    fact = made.all(NotAsked)[0]
    assert (fact.why, fact.not_before, fact.last_at, fact.last_words) == (Withheld.BUDGET_SPENT, 5.0, 3.0, "NO it was")
    assert of.got == ["LOGOUT"]
    assert ends(made) == [SignInEnd.REFUSED]  # submission may tell whether it refused it as well


async def test_but_not_as_a_refusal_where_nobody_answered() -> None:
    made = await seen(server(), purse=Purse(denies={"t": Denied(Withheld.BUDGET_SPENT, 5.0, 3.0)}))
    assert ends(made) == [SignInEnd.UNKNOWN]


GIVEN_BACK, UNANSWERED, SPENT = (("give_back",),), (("unanswered",),), ()
# A server that says farewell for a reason of its own has judged no password (RFC 5530). One that is gone without such a reason
# has perhaps counted a failure, but has told nobody: half of the budget is for refusals, and this is none. What is no IMAP
# stays spent: who knows what was made of the login there.
BREAKS = [
    (f"* BYE [UNAVAILABLE] going down{CLOSE}", Breakage.CLOSED, "* BYE [UNAVAILABLE] going down", UNANSWERED),  # half a line
    ("* BYE [UNAVAILABLE] going down", Breakage.BYE, "[UNAVAILABLE] going down", GIVEN_BACK),
    ("* BYE [LIMIT] too many", Breakage.BYE, "[LIMIT] too many", GIVEN_BACK),
    ("* BYE [ALERT] too many failures", Breakage.BYE, "[ALERT] too many failures", UNANSWERED),
    ("* BYE Temporary problem", Breakage.BYE, "Temporary problem", UNANSWERED),
    (RESET, Breakage.RESET, "reset by peer", UNANSWERED),
    (CLOSE, Breakage.CLOSED, "", UNANSWERED),
    ("A9 OK not yours", Breakage.GARBAGE, "A9 OK not yours", SPENT),
    ("+ more", Breakage.GARBAGE, "+", SPENT),
    ('* LIST () "/" {99999999999}', Breakage.LITERAL_TOO_LONG, "* LIST", SPENT),
]


@pytest.mark.parametrize(("answer", "why", "words", "cost"), BREAKS)
async def test_what_a_dialogue_that_breaks_at_the_login_costs(
    answer: str, why: Breakage, words: str, cost: tuple[tuple[str, ...], ...]
) -> None:
    made = await seen(server(LOGIN=answer))
    broken = made.all(Broken)
    assert [(fact.stage, fact.why) for fact in broken] == [(Stage.LOGIN, why)]
    assert broken[0].words.startswith(words)
    assert made.purse.steps == [reserved("t"), *cost]
    assert ends(made) == [SignInEnd.UNKNOWN]


async def test_a_login_that_hangs_is_named_and_stays_spent() -> None:
    of = server(LOGIN=HANG)
    made = World({(IP, 993): of}, leg=Ends())
    run = asyncio.create_task(made.run(probe, world.target(carrier())))
    for _ in range(200):  # turns of the loop, not time
        await asyncio.sleep(0)
    assert of.verbs == ["LOGIN"]
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert [(fact.stage, fact.why) for fact in made.all(Broken)] == [(Stage.LOGIN, Breakage.OUT_OF_TIME)]
    assert made.purse.steps == [reserved("t")]
    assert ends(made) == [SignInEnd.UNKNOWN]
    assert of.open == 0


async def test_the_secret_said_back_is_masked_everywhere() -> None:
    made = await seen(server(LOGIN=f"$ NO LOGIN t {SECRET} failed"))
    assert made.all(Answered)[-1].text == "LOGIN t *** failed"
    assert made.purse.steps[-1] == ("refused", "LOGIN t *** failed")


# whose credential


async def test_without_a_secret_the_leg_does_not_speak_for_submission() -> None:
    given = carrier()
    made = await seen(server(), given, world.target(given, secret=None))
    assert [fact.why for fact in made.all(NotAsked)] == [Withheld.NO_SECRET]
    assert ends(made) == [SignInEnd.NOT_RUN]


UNUSABLE: list[dict[str, Any]] = [
    {"secret": SecretRef("env", "MAILPROBE_NO_SUCH_VARIABLE")},
    {"username": "a\r\nA9 DELETE INBOX"},
]


@pytest.mark.parametrize("unusable", UNUSABLE)
async def test_what_cannot_be_sent_as_it_is_is_not_sent(unusable: dict[str, Any]) -> None:
    of, given = server(), carrier()
    plain = world.target(given)
    made = await seen(of, given, replace(plain, account=replace(plain.account, **unusable)))
    assert [fact.why for fact in made.all(NotAsked)] == [Withheld.SECRET_UNREADABLE]
    assert of.got == ["LOGOUT"]
    assert made.purse.steps == []


def mastered(form: MasterForm, **given: Any) -> Carrier:
    return carrier(master_user=MasterUser("master", SecretRef.of_value(Secret("m4ster-Marker")), form), **given)


async def test_a_master_user_signs_in_for_the_customer_by_authorization_identity() -> None:
    of, given = server(), mastered(MasterForm.AUTHZID)
    made = await seen(of, given, world.target(given, secret=None))
    assert base64.b64decode(of.got[0].split(" ")[2]) == b"t\0master\0m4ster-Marker"
    assert made.all(Opened)[0].who is As.MASTER
    assert "m4ster" not in made.transcript
    assert made.purse.steps == [reserved("t*master"), ("opened",)]


async def test_a_master_user_by_separator_and_its_refusal_says_nothing_of_the_customer() -> None:
    of, given = server(LOGIN="$ NO [AUTHENTICATIONFAILED] no"), mastered(MasterForm.SEPARATOR)
    made = await seen(of, given, world.target(given, secret=None))
    assert of.got[0] == 'LOGIN "t*master" "m4ster-Marker"'
    assert ends(made) == [SignInEnd.UNKNOWN]


WITHOUT_SECRET = LiveControl(L, "l", "l", None)


async def test_the_live_control_is_opened_by_the_master_user_first() -> None:
    """It needs no secret of its own for that, and proves the way in which the target will be opened."""
    of, given = server(), mastered(MasterForm.SEPARATOR, live_controls=(WITHOUT_SECRET,))
    made = await seen(of, given, world.target(given, secret=None))
    logins = [line for line in of.got if line.startswith("LOGIN")]
    assert logins == ['LOGIN "l*master" "m4ster-Marker"', 'LOGIN "t*master" "m4ster-Marker"']
    assert [(fact.of, fact.who) for fact in made.all(Opened)] == [(Of.LIVE, As.MASTER), (Of.TARGET, As.MASTER)]


async def test_a_master_user_that_opens_no_control_opens_nobody() -> None:
    of, given = server(LOGIN="$ NO [AUTHENTICATIONFAILED] no"), mastered(MasterForm.SEPARATOR, live_controls=(WITHOUT_SECRET,))
    made = await seen(of, given, world.target(given, secret=None))
    assert [line for line in of.got if line.startswith("LOGIN")] == ['LOGIN "l*master" "m4ster-Marker"']
    assert [fact.why for fact in made.all(NotAsked)] == [Withheld.CONTROL_FAILED]


async def test_after_one_refusal_the_master_user_is_proved_anew_before_the_next_account() -> None:
    """The control was good a moment ago; T is refused through the master user; U comes next, then V."""
    async with open_store("sqlite://") as store:
        masters, purse = MasterUsers(store, lambda: 1_000_000.0), Purse(good_at=999_990.0)
        of = server()
        of.answers = {**of.answers, 'LOGIN "t*master"': "$ NO [AUTHENTICATIONFAILED] no"}
        given = mastered(MasterForm.SEPARATOR, live_controls=(WITHOUT_SECRET,))
        for user in ("t", "u", "v"):
            await seen(of, given, world.target(given, secret=None, username=user), masters=masters, purse=purse)
        assert not await masters.in_doubt("master", IP)
    logins = [line.split('"')[1] for line in of.got if line.startswith("LOGIN")]
    assert logins == ["t*master", "l*master", "u*master", "v*master"]


async def test_a_stopped_master_user_without_a_control_says_why() -> None:
    async with open_store("sqlite://") as store:
        masters = MasterUsers(store, lambda: 1_000_000.0)
        of, given = server(LOGIN="$ NO [AUTHENTICATIONFAILED] t*master no"), mastered(MasterForm.SEPARATOR)
        made = [
            await seen(of, given, world.target(given, secret=None, username=user), masters=masters) for user in ("t", "u", "v")
        ]
    assert [line.split('"')[1] for line in of.got if line.startswith("LOGIN")] == ["t*master"]
    for one in made[1:]:
        (held,) = one.all(NotAsked)
        assert (held.why, held.not_before, held.last_at) == (Withheld.MASTER_STOPPED, 1_003_600.0, 1_000_000.0)
        assert "t*master" not in held.last_words


async def test_a_master_user_looks_at_no_strangers() -> None:
    given = mastered(MasterForm.AUTHZID, relation=Relation.FOREIGN)
    made = await seen(server(), given, world.target(given, secret=None, enrolled=False))
    assert [fact.why for fact in made.all(NotAsked)] == [Withheld.NO_SECRET]


async def test_a_guessed_server_gets_no_secret() -> None:
    of = server()
    made = await seen(of, carrier(imap=Endpoint(IP, 993, Channel.IMPLICIT, Origin.GUESSED), live_controls=(CONTROL,)))
    assert [fact.why for fact in made.all(NotAsked)] == [Withheld.SERVER_GUESSED]
    assert of.got == ["LOGOUT"]


# mechanisms


async def test_where_login_is_disabled_plain_is_used() -> None:
    of = server(greeting="* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] hi", AUTHENTICATE_PLAIN="+ ", rest="$ OK in")
    made = await seen(of)
    assert of.got[0] == "AUTHENTICATE PLAIN"
    assert base64.b64decode(of.got[1][1:]) == f"\0t\0{SECRET}".encode()
    assert ends(made) == [SignInEnd.OPENED]


async def test_no_mechanism_no_login() -> None:
    of = server(greeting="* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi")
    made = await seen(of)
    assert [fact.why for fact in made.all(NotAsked)] == [Withheld.NO_MECHANISM]
    assert of.got == ["LOGOUT"]
    assert made.purse.steps == []


@pytest.mark.parametrize(("form", "answered"), [(AuthForm.XOAUTH2, "+"), (AuthForm.OAUTHBEARER, "+AQ==")])
async def test_a_refused_token_is_asked_for_its_no(form: AuthForm, answered: str) -> None:
    name = form.value.upper()
    of = server(greeting=f"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH={name}] hi", AUTHENTICATE="+ e30=", rest="$ NO bad")
    made = await seen(of, carrier(auth=form))
    assert of.got[1] == answered
    assert made.purse.steps[-1] == ("refused", "bad")


# before the sign-in


async def test_bye_as_greeting() -> None:
    made = await seen(server(greeting="* BYE [UNAVAILABLE] too busy"))
    assert [(f.stage, f.why, f.words) for f in made.all(Broken)] == [(Stage.GREETING, Breakage.BYE, "[UNAVAILABLE] too busy")]


@pytest.mark.parametrize("said", ["HTTP/1.1 400 Bad Request", "220 mx.test ESMTP", "SSH-2.0-x", "* NO", ""])
async def test_another_protocol_behind_the_port_is_named(said: str) -> None:
    made = await seen(server(greeting=said))
    assert [(fact.stage, fact.why) for fact in made.all(Broken)] == [(Stage.GREETING, Breakage.GARBAGE)]


async def test_preauth_gets_nothing() -> None:
    of = server(greeting="* PREAUTH hello root")
    made = await seen(of)
    assert [(fact.stage, fact.why, fact.words) for fact in made.all(Broken)] == [(Stage.GREETING, Breakage.PREAUTH, "hello root")]
    clear = server(implicit=False, greeting="* PREAUTH hello root")
    made = await seen(clear, carrier(imap=STARTTLS))
    assert [fact.why for fact in made.all(NotSecured)] == [TlsFault.PREAUTH]
    assert of.got == clear.got == []


async def test_after_starttls_what_was_offered_in_clear_is_forgotten() -> None:
    clear = "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi"
    of = server(implicit=False, greeting=clear)
    made = await seen(of, carrier(imap=STARTTLS))
    assert of.verbs == ["STARTTLS", "CAPABILITY", "LOGIN", "EXAMINE", "GETQUOTAROOT", "LOGOUT"]
    assert [fact.capabilities for fact in made.all(Offered)] == [tuple(CAPABILITIES.upper().split())]
    assert ends(made) == [SignInEnd.OPENED]


NO_TLS: list[tuple[dict[str, str], str, TlsFault]] = [
    ({"CAPABILITY": "* CAPABILITY IMAP4rev1\n$ OK"}, "", TlsFault.NOT_OFFERED),
    ({"STARTTLS": "$ NO not today"}, "", TlsFault.REFUSED),
    ({}, "\n* CAPABILITY IMAP4rev1 AUTH=PLAIN", TlsFault.INJECTION),
    ({}, "\n* CAPA", TlsFault.INJECTION),
]


@pytest.mark.parametrize(("answers", "injected", "why"), NO_TLS)
async def test_no_tls_no_secret(answers: dict[str, str], injected: str, why: TlsFault) -> None:
    offer = {"CAPABILITY": "* CAPABILITY IMAP4rev1 STARTTLS\n$ OK"}
    of = server(False, "* OK hi", **(offer | answers))
    of.after_starttls = injected
    made = await seen(of, carrier(imap=STARTTLS))
    assert [fact.why for fact in made.all(NotSecured)] == [why]
    assert [fact.why for fact in made.all(NotAsked)] == [Withheld.NOT_SECURE]
    assert not {"LOGIN", "AUTHENTICATE"} & set(of.verbs)
    assert ends(made) == [SignInEnd.UNKNOWN]


async def test_an_untrusted_certificate_gets_no_secret() -> None:
    of = server()
    of.tls = server_context(IP, authority=trustme.CA())
    made = await seen(of)
    assert [fact.why for fact in made.all(NotSecured)] in ([TlsFault.UNTRUSTED], [TlsFault.SELF_SIGNED])
    assert (of.got, of.visits) == ([], 1)


async def test_an_old_server_is_diagnosed_without_a_secret() -> None:
    of = server()
    of.tls = server_context(IP, weak=True)
    made = await seen(of)
    fault = made.all(NotSecured)[0]
    assert (fault.why, len(made.all(NotSecured)), len(made.all(Connected))) == (TlsFault.OLD_SERVER, 1, 1)
    assert "AES128-GCM-SHA256" in fault.detail
    assert (of.got, of.visits) == ([], 2)


async def test_a_profile_named_for_this_host_is_used_and_reported() -> None:
    of = server()
    of.tls = server_context(IP, weak=True)
    made = await seen(of, carrier(tls_profiles=((IP, "static_rsa"),)))
    assert [(fact.profile, fact.verified) for fact in made.all(Secured)] == [("static_rsa", True)]
    assert not made.all(NotSecured)
    assert ends(made) == [SignInEnd.OPENED]


# after the sign-in


async def test_a_lost_store_is_seen_behind_a_good_sign_in() -> None:
    of = server(EXAMINE_INBOX="$ NO [NONEXISTENT] no such mailbox")
    made = await seen(of)
    last = made.all(Answered)[-1]
    assert (last.stage, last.status, last.code, last.who) == (Stage.EXAMINE, "NO", "NONEXISTENT", As.CUSTOMER)
    assert not made.all(Opened)
    assert of.verbs == ["LOGIN", "EXAMINE", "LOGOUT"]
    assert ends(made) == [SignInEnd.OPENED]


async def test_a_referral_is_told_and_not_followed() -> None:
    made = await seen(server(LOGIN="$ NO [REFERRAL imap://t;AUTH=*@other.test/] elsewhere"))
    assert made.all(Answered)[-1].text == "imap://t;AUTH=*@other.test/ elsewhere"
    assert made.purse.steps[-1] == ("give_back",)


async def test_a_server_that_hangs_up_on_logout_has_done_nothing_wrong() -> None:
    made = await seen(server(LOGOUT=CLOSE))
    assert not made.all(Broken)
