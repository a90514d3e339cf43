"""The submission probe over scripted servers: what is seen without a credential, when one is spent, and that it never shows."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from mailprobe.carriers import AuthForm, Carrier, Channel, Endpoint, Origin
from mailprobe.evidence import As, Broken, NotAsked, NotSecured, Of, Offered, Replied, Secured, Stage, TlsFault, Withheld
from mailprobe.probes import Denied, SignInEnd, submission
from mailprobe.secret import SecretRef
from tests.unit.probes.servers import AUTHORITY, CLOSE, RESET, Server, server_context
from tests.unit.probes.world import CONTROL_SECRET, KEPT, SECRET, SUBMISSION, Leg, Purse, World, carrier, target

HERE = ("192.0.2.3", 465)
PLAIN_T = base64.b64encode(f"\0t\0{SECRET}".encode()).decode()
PLAIN_L = base64.b64encode(f"\0l\0{CONTROL_SECRET}".encode()).decode()
GOOD = "235 2.7.0 Authentication successful"
BAD = "535 5.7.8 authentication failed"
IMAP = Endpoint("192.0.2.4", 993, Channel.IMPLICIT)
FINE = {"EHLO": "250-smtp\n250 AUTH PLAIN LOGIN", "AUTH": BAD, f"AUTH PLAIN {PLAIN_L}": GOOD, "QUIT": "221 bye"}


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    AUTHORITY.cert_pem.write_to_path(tmp_path / "roots.pem")
    return tmp_path / "roots.pem"


@pytest.fixture
def kit(roots: Path) -> Carrier:
    return carrier(tls_ca=roots, imap=IMAP)


def server(**changed: str | list[str]) -> Server:
    return Server(FINE | changed, tls=server_context("192.0.2.3"), implicit=True)


def good(**changed: str | list[str]) -> Server:
    return server(**{f"AUTH PLAIN {PLAIN_T}": GOOD, **changed})


def withheld(world: World) -> list[tuple[Of, Withheld, As | None]]:
    return [(fact.of, fact.why, fact.who) for fact in world.all(NotAsked)]


def sign_ins(world: World) -> list[tuple[Of, int, As | None]]:
    return [(fact.of, fact.code, fact.who) for fact in world.all(Replied) if fact.stage is Stage.AUTH]


async def test_one_good_sign_in(kit: Carrier) -> None:
    served = good()
    world = World({HERE: served})
    await world.run(submission.probe, target(kit))
    assert sign_ins(world) == [(Of.TARGET, 235, As.CUSTOMER)]
    assert world.purse.steps == [("reserve", "t", "192.0.2.4", "auth"), ("opened",)]
    assert world.all(Secured)[0].verified
    assert world.all(Offered)[0].capabilities == ("AUTH PLAIN LOGIN",)
    assert served.open == 0


async def test_a_refusal_is_kept_and_the_control_is_asked(kit: Carrier) -> None:
    served = server()
    world = World({HERE: served})
    await world.run(submission.probe, target(kit))
    assert sign_ins(world) == [(Of.TARGET, 535, As.CUSTOMER), (Of.LIVE, 235, As.CONTROL)]
    assert world.purse.steps == [
        ("reserve", "t", "192.0.2.4", "auth"),
        ("refused", "535 5.7.8 authentication failed"),
        ("reserve", "l", "192.0.2.4", "auth"),
        ("opened",),
        ("control_good", "l", "192.0.2.3:465"),  # here: where IMAP has the same host, that it lets L in is no proof
    ]
    assert (served.visits, served.open) == (2, 0)


async def test_a_control_that_was_good_just_now_is_not_asked(kit: Carrier) -> None:
    world = World({HERE: server()}, purse=Purse(good_at=999_500.0))
    await world.run(submission.probe, target(kit))
    assert withheld(world) == [(Of.LIVE, Withheld.CACHED, As.CONTROL)]
    assert world.all(NotAsked)[0].last_at == 999_500.0


@pytest.mark.parametrize(
    ("answer", "cost"),
    [
        (RESET, [("unanswered",)]),
        (CLOSE, [("unanswered",)]),
        ("421 bye", [("unanswered",)]),
        ("421 4.7.0 too many failures", [("unanswered",)]),
        ("421 4.3.2 shutting down", [("give_back",)]),  # for a reason of its own
        ("what", []),  # no SMTP: it stays spent
    ],
)
async def test_what_a_broken_sign_in_costs_and_the_control_is_asked(
    answer: str, cost: list[tuple[str, ...]], kit: Carrier
) -> None:
    world = World({HERE: server(**{f"AUTH PLAIN {PLAIN_T}": answer})})
    await world.run(submission.probe, target(kit))
    first, *middle, last = world.purse.steps[: 2 + len(cost)]
    assert (first, last) == (("reserve", "t", "192.0.2.4", "auth"), ("reserve", "l", "192.0.2.4", "auth"))
    assert middle == cost
    assert sign_ins(world)[-1] == (Of.LIVE, 235, As.CONTROL)


async def test_a_sign_in_that_breaks_is_named(kit: Carrier) -> None:
    world = World({HERE: server(**{f"AUTH PLAIN {PLAIN_T}": RESET})})
    await world.run(submission.probe, target(kit))
    assert world.all(Broken)[0].stage is Stage.AUTH
    assert sign_ins(world) == [(Of.LIVE, 235, As.CONTROL)]


@pytest.mark.parametrize("code", ["454 4.7.0 later", "504 5.5.4 mechanism", "500 5.5.1 what"])
async def test_what_is_no_judgement_of_the_secret_is_given_back(code: str, kit: Carrier) -> None:
    world = World({HERE: server(**{f"AUTH PLAIN {PLAIN_T}": code})}, purse=Purse(denies={"l": Denied(Withheld.BUDGET_SPENT)}))
    await world.run(submission.probe, target(kit))
    assert world.purse.steps[1] == ("give_back",)
    assert withheld(world) == [(Of.LIVE, Withheld.BUDGET_SPENT, As.CONTROL)]


@pytest.mark.parametrize(
    ("end", "one_secret", "asked"),
    [
        (SignInEnd.OPENED, True, True),
        (SignInEnd.OPENED, False, True),
        (SignInEnd.NOT_RUN, False, True),
        (SignInEnd.REFUSED, True, True),
        (SignInEnd.REFUSED, False, False),
        (SignInEnd.UNKNOWN, True, False),
    ],
)
async def test_the_chain_decides(end: SignInEnd, one_secret: bool, asked: bool, roots: Path) -> None:
    world = World({HERE: good()}, leg=Leg(end))
    of = carrier(tls_ca=roots, one_secret=one_secret)
    await world.run(submission.probe, target(of, submission_secret=KEPT))
    assert [code for _, code, _ in sign_ins(world)] == ([235] if asked else [])
    assert withheld(world) == ([] if asked else [(Of.TARGET, Withheld.OTHER_LEG_FAILED, As.CUSTOMER)])
    assert world.purse.steps[:1] == ([("reserve", "t", "192.0.2.3", "auth")] if asked else [])


async def test_two_secrets_are_never_mixed_up(roots: Path) -> None:
    world = World({HERE: good()})
    await world.run(submission.probe, target(carrier(tls_ca=roots, one_secret=False)))
    assert withheld(world) == [(Of.TARGET, Withheld.NO_SECRET, As.CUSTOMER)]
    assert world.all(Offered)


async def test_the_reasons_not_to_sign_in(kit: Carrier, roots: Path) -> None:
    guessed = Endpoint("192.0.2.3", 465, Channel.IMPLICIT, Origin.GUESSED)
    cases: list[tuple[Carrier, dict[str, Any], Server, Withheld]] = [
        (carrier(tls_ca=roots, submission=guessed), {}, good(), Withheld.SERVER_GUESSED),
        (kit, {"secret": None}, good(), Withheld.NO_SECRET),
        (kit, {"secret": SecretRef("env", "MAILPROBE_TEST_NOT_SET")}, good(), Withheld.SECRET_UNREADABLE),
        (kit, {}, good(EHLO="250 smtp"), Withheld.NO_MECHANISM),
        (kit, {}, good(EHLO="250-smtp\n250 AUTH GSSAPI"), Withheld.NO_MECHANISM),
    ]
    for of, given, served, why in cases:
        world = World({HERE: served})
        await world.run(submission.probe, target(of, **given))
        assert withheld(world) == [(Of.TARGET, why, As.CUSTOMER)]
        assert world.all(Secured)
        assert not any(line.startswith("AUTH") for line in served.got)
        assert served.open == 0


async def test_no_server_is_said_at_once() -> None:
    world = World()
    await world.run(submission.probe, target(carrier(submission=None)))
    assert withheld(world) == [(Of.TARGET, Withheld.NO_SERVER, As.CUSTOMER)]


async def test_a_spent_budget_is_told_with_its_words(kit: Carrier) -> None:
    denied = Denied(Withheld.BUDGET_SPENT, not_before=7.0, last_at=5.0, last_words="535 no")
    world = World({HERE: good()}, purse=Purse(denies={"t": denied}))
    await world.run(submission.probe, target(kit))
    (fact,) = world.all(NotAsked)
    assert (fact.why, fact.not_before, fact.last_at, fact.last_words) == (Withheld.BUDGET_SPENT, 7.0, 5.0, "535 no")
    assert sign_ins(world) == []


async def test_no_secret_on_an_unverified_channel(roots: Path) -> None:
    served = Server(FINE, tls=server_context("elsewhere.test"), implicit=True)
    world = World({HERE: served})
    await world.run(submission.probe, target(carrier(tls_ca=roots)))
    assert [fact.why for fact in world.all(NotSecured)] == [TlsFault.WRONG_NAME]
    assert served.got == []
    assert served.visits == 1


async def test_an_old_server_is_recognised_and_gets_no_secret(roots: Path) -> None:
    served = Server(FINE, tls=server_context("192.0.2.3", weak=True), implicit=True)
    world = World({HERE: served})
    await world.run(submission.probe, target(carrier(tls_ca=roots)))
    (fault,) = world.all(NotSecured)
    assert fault.why is TlsFault.OLD_SERVER
    assert fault.detail.endswith("only TLSv1.2 AES128-GCM-SHA256")
    assert not world.all(Secured)
    assert (served.got, served.visits, served.open) == ([], 2, 0)


async def test_a_named_old_server_is_signed_in_to_with_its_profile(roots: Path) -> None:
    served = good()
    served.tls = server_context("192.0.2.3", weak=True)
    world = World({HERE: served})
    await world.run(submission.probe, target(carrier(tls_ca=roots, tls_profiles=(("192.0.2.3", "static_rsa"),))))
    assert world.all(Secured)[0].profile == "static_rsa"
    assert sign_ins(world) == [(Of.TARGET, 235, As.CUSTOMER)]


AT_587 = Endpoint("192.0.2.3", 587, Channel.STARTTLS)


async def test_starttls_is_required(roots: Path) -> None:
    served = Server(FINE | {"EHLO": "250-smtp\n250 AUTH PLAIN"})
    world = World({("192.0.2.3", 587): served})
    await world.run(submission.probe, target(carrier(tls_ca=roots, submission=AT_587)))
    assert [fact.why for fact in world.all(NotSecured)] == [TlsFault.NOT_OFFERED]
    assert not any(line.startswith("AUTH") for line in served.got)
    assert served.open == 0


async def test_starttls_then_the_mechanisms_of_the_safe_channel_count(roots: Path) -> None:
    answers: dict[str, str | list[str]] = {
        **FINE,
        "EHLO": ["250-a\n250 STARTTLS", "250-a\n250 AUTH PLAIN"],
        "STARTTLS": "220 go",
        f"AUTH PLAIN {PLAIN_T}": GOOD,
    }
    served = Server(answers, tls=server_context("192.0.2.3"))
    world = World({("192.0.2.3", 587): served})
    await world.run(submission.probe, target(carrier(tls_ca=roots, submission=AT_587)))
    assert sign_ins(world) == [(Of.TARGET, 235, As.CUSTOMER)]


async def test_login_where_plain_is_missing(kit: Carrier) -> None:
    user, secret = (base64.b64encode(text.encode()).decode() for text in ("t", SECRET))
    served = server(EHLO="250-smtp\n250 AUTH LOGIN", **{"AUTH LOGIN": "334 VXNlcm5hbWU6", user: "334 UGFzc3dvcmQ6", secret: GOOD})
    world = World({HERE: served})
    await world.run(submission.probe, target(kit))
    assert sign_ins(world) == [(Of.TARGET, 235, As.CUSTOMER)]
    assert served.got[-4:] == ["AUTH LOGIN", user, secret, "QUIT"]


async def test_the_reason_of_a_refused_token_is_fetched(roots: Path) -> None:
    reason = base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode()
    served = Server(
        {"EHLO": "250-smtp\n250 AUTH XOAUTH2", "AUTH XOAUTH2": f"334 {reason}", "": BAD, "QUIT": "221 bye"},
        tls=server_context("192.0.2.3"),
        implicit=True,
    )
    world = World({HERE: served})
    await world.run(submission.probe, target(carrier(tls_ca=roots, auth=AuthForm.XOAUTH2, live_controls=())))
    (refused,) = [fact for fact in world.all(Replied) if fact.stage is Stage.AUTH]
    assert refused.text == 'authentication failed {"status":"400","schemes":"Bearer"}'
    assert served.got[-2:] == ["", "QUIT"]


async def test_an_echo_of_the_secret_shows_nowhere(kit: Carrier) -> None:
    echo = f"535 5.7.8 no: AUTH PLAIN {PLAIN_T} / {SECRET} / {PLAIN_T[:18]}"
    world = World({HERE: server(**{f"AUTH PLAIN {PLAIN_T}": echo})})
    await world.run(submission.probe, target(kit))
    shown = repr(world.facts) + repr(world.lines) + repr(world.purse.steps)
    for part in (SECRET, PLAIN_T, PLAIN_T[:18], CONTROL_SECRET, PLAIN_L):
        assert part not in shown
    assert "C: AUTH PLAIN ***" in world.transcript


async def test_one_sign_in_however_many_addresses(roots: Path) -> None:
    named = Endpoint("smtp.mail.test", 465, Channel.IMPLICIT)
    tls = server_context("smtp.mail.test")
    first, second = good(), good()
    first.tls = second.tls = tls
    world = World(
        {("192.0.2.3", 465): first, ("192.0.2.5", 465): second},
        {("smtp.mail.test", "A"): ("192.0.2.3", "192.0.2.5")},
    )
    await world.run(submission.probe, target(carrier(tls_ca=roots, submission=named)))
    assert len(world.all(Offered)) == 2
    assert sign_ins(world) == [(Of.TARGET, 235, As.CUSTOMER)]
    assert sum(line.startswith("AUTH") for line in first.got + second.got) == 1
    assert first.open == second.open == 0


async def test_cancelled_while_waiting_for_the_chain_leaves_nothing(kit: Carrier) -> None:
    served = good()
    world = World({HERE: served}, leg=Leg(None))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await world.run(submission.probe, target(kit))
    assert served.open == 0
    assert SUBMISSION.label in {fact.server for fact in world.all(Offered)}
    assert world.purse.steps == []
