"""What is said of a carrier's controls and of our own receiver, and what a set-up can learn from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

import pytest

from mailprobe.address import parse
from mailprobe.carriers import Carrier, Channel, Endpoint, Relation
from mailprobe.config import Account, Config, Prober
from mailprobe.config.shape import Engine
from mailprobe.evidence import Connected, Fact, LookedUp, Lookup, NotConnected, Of, Purpose, Replied, Stage, Unreachable
from mailprobe.readiness import Finding, Result, Topic
from mailprobe.readiness.abilities import abilities_of
from mailprobe.readiness.carriers import Asked, findings_of
from mailprobe.readiness.provable import Ability
from mailprobe.readiness.reception import bounce_finding, sender_finding
from mailprobe.readiness.witness import FINE, picture_of
from mailprobe.secret import Secret, SecretRef
from mailprobe.verdict.picture import Acceptance, DeadAtMx, Picture, SignIn, Store
from mailprobe.verdict.picture import Prober as OurState
from tests.unit.readiness.world import evidence

TWO_HOSTS = (Endpoint("mx1.mail.test", 25, Channel.CLEAR), Endpoint("mx2.mail.test", 25, Channel.CLEAR))
CARRIER = Carrier("lab", "Lab", Relation.OWN, ("mail.test",), mx=TWO_HOSTS, dead_control=parse("nobody-7f3a@mail.test"))
ADDRESS = "taro.marker@mail.test"


def rcpt(code: int, server: str = "mx1.mail.test:25", of: Of = Of.TARGET, text: str = "") -> Fact:
    return Replied(at=0.0, of=of, server=server, ip="192.0.2.7", stage=Stage.RCPT, code=code, enhanced="5.1.1", text=text)


def picture(**changes: StrEnum) -> Picture:
    return picture_of(FINE | changes)


def asked(
    *facts: Fact, changes: Mapping[str, StrEnum] | None = None, master: Picture | None = None, carrier: Carrier = CARRIER
) -> Asked:
    return Asked(carrier, (evidence(*facts),), picture(**(changes or {})), master)


def finding(one: Asked, topic: Topic) -> Finding:
    return next(found for found in findings_of(one) if found.topic is topic)


def test_all_is_well() -> None:
    found = findings_of(asked(rcpt(250), rcpt(250, "mx2.mail.test:25"), master=picture(sign_in=SignIn.OPENED_BY_MASTER)))
    assert {one.result for one in found} == {Result.GOOD}
    assert {one.topic for one in found} == {Topic.LIVE, Topic.DEAD, Topic.LIVE_SIGN_IN, Topic.SUBMISSION, Topic.MASTER}
    assert found[0].what == "at 2 of 2 MX hosts"


WRONG = (SignIn.REFUSED, SignIn.INSECURE, SignIn.CLOSED, SignIn.EXPIRED)
CASES: list[tuple[Topic, Mapping[str, StrEnum], Result]] = [
    (Topic.LIVE, {"acceptance": Acceptance.AS_NEVER_EXISTED}, Result.BAD),
    (Topic.LIVE, {"acceptance": Acceptance.REFUSED_OTHERWISE, "prober": OurState.BLOCKED}, Result.BAD),
    (Topic.LIVE, {"acceptance": Acceptance.UNREACHABLE, "prober": OurState.PORT_CLOSED}, Result.BAD),
    (Topic.LIVE, {"acceptance": Acceptance.UNREACHABLE, "prober": OurState.UNKNOWN}, Result.UNKNOWN),
    (Topic.LIVE, {"acceptance": Acceptance.GREYLISTED}, Result.UNKNOWN),
    (Topic.LIVE, {"acceptance": Acceptance.HELD}, Result.UNKNOWN),
    (Topic.DEAD, {"dead_at_mx": DeadAtMx.ACCEPTED}, Result.BAD),
    (Topic.DEAD, {"dead_at_mx": DeadAtMx.DEFERRED}, Result.UNKNOWN),
    (Topic.DEAD, {"dead_at_mx": DeadAtMx.UNASKED}, Result.UNKNOWN),
    (Topic.LIVE_SIGN_IN, {"store": Store.LOST}, Result.BAD),
    *(
        (Topic.LIVE_SIGN_IN, {"sign_in": one}, Result.BAD)
        for one in (SignIn.REFUSED, SignIn.INSECURE, SignIn.CLOSED, SignIn.EXPIRED)
    ),
    *((Topic.LIVE_SIGN_IN, {"sign_in": one}, Result.UNKNOWN) for one in (SignIn.HELD, SignIn.NO_SERVER, SignIn.UNREACHABLE)),
    (Topic.SUBMISSION, {"submission": SignIn.REFUSED}, Result.BAD),
    (Topic.SUBMISSION, {"submission": SignIn.NO_SERVER}, Result.UNKNOWN),
]


@pytest.mark.parametrize(("topic", "changes", "result"), CASES)
def test_what_is_wrong_comes_with_its_repair(topic: Topic, changes: Mapping[str, StrEnum], result: Result) -> None:
    found = finding(asked(rcpt(550, text=f"<{ADDRESS}> unknown"), changes=changes), topic)
    assert (found.result, bool(found.repair)) == (result, True)
    assert ADDRESS not in f"{found.what} {found.repair}"


def test_every_way_that_a_sign_in_may_end_is_told() -> None:
    told = {one: finding(asked(changes={"sign_in": one}), Topic.LIVE_SIGN_IN) for one in SignIn}
    assert [one for one, found in told.items() if found.result is Result.GOOD] == [SignIn.OPENED, SignIn.OPENED_BY_MASTER]
    assert all(found.what for found in told.values())
    assert all(found.repair for found in told.values() if found.result is not Result.GOOD)


def test_the_server_that_is_missing_is_named() -> None:
    for topic, missing in ((Topic.LIVE_SIGN_IN, "sign_in"), (Topic.SUBMISSION, "submission")):
        repair = finding(asked(changes={missing: SignIn.NO_SERVER}), topic).repair
        assert ("imap = " in repair, "submission = " in repair) == (topic is Topic.LIVE_SIGN_IN, topic is Topic.SUBMISSION)


def test_without_controls() -> None:
    (only,) = findings_of(Asked(CARRIER))
    assert (only.result, "[carriers.lab] live_controls" in only.repair) == (Result.UNKNOWN, True)
    none = asked(carrier=replace(CARRIER, dead_control=None), changes={"dead_at_mx": DeadAtMx.UNASKED})
    assert "mailprobe init makes one" in finding(none, Topic.DEAD).repair
    foreign = replace(CARRIER, dead_control=None, relation=Relation.FOREIGN)
    assert "init" not in finding(asked(carrier=foreign, changes={"dead_at_mx": DeadAtMx.UNASKED}), Topic.DEAD).repair


# ---- what can be learnt ----------------------------------------------------------------------------------------------

CONFIG = Config(Prober("p.example.net", "p@p.example.net"), {"lab": CARRIER})
SECRET = SecretRef.of_value(Secret("x"))


def abilities(one: Asked, config: Config = CONFIG, **more: bool) -> frozenset[Ability]:
    words = {"sends": True, "bounces": True} | more
    return abilities_of(one, config, resolvers=2, sends=words["sends"], bounces=words["bounces"])


def test_everything_that_was_seen_counts() -> None:
    whole = asked(rcpt(250), rcpt(250, "mx2.mail.test:25"), master=picture(sign_in=SignIn.OPENED_BY_MASTER))
    account = Account("a", parse("a@mail.test"), "lab", "a", "a", secret=SECRET)
    config = replace(CONFIG, accounts=(account,), engine=Engine(network="inside"))
    assert abilities(whole, config) == frozenset(Ability) - {Ability.OUTSIDE}


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({"acceptance": Acceptance.AS_NEVER_EXISTED}, {Ability.LIVE}),
        ({"dead_at_mx": DeadAtMx.ACCEPTED}, {Ability.TELLS_APART}),
        ({"dead_at_mx": DeadAtMx.UNASKED}, {Ability.DEAD}),
        ({"prober": OurState.PORT_CLOSED}, {Ability.DOOR}),
        ({"sign_in": SignIn.REFUSED}, {Ability.LIVE_SIGN_IN}),
        ({"sign_in": SignIn.NO_SECRET}, {Ability.LIVE_SIGN_IN}),
        ({"sign_in": SignIn.NO_SERVER}, {Ability.LIVE_SIGN_IN, Ability.IMAP}),
        ({"submission": SignIn.NO_SERVER}, {Ability.SUBMISSION}),
    ],
)
def test_what_was_not_seen_is_missing(changes: Mapping[str, StrEnum], lost: set[Ability]) -> None:
    facts = (rcpt(250), rcpt(250, "mx2.mail.test:25"))
    assert abilities(asked(*facts)) - abilities(asked(*facts, changes=changes)) == lost


def test_one_of_two_hosts_is_not_all() -> None:
    assert Ability.BREADTH not in abilities(asked(rcpt(250)))
    alone = replace(CARRIER, mx=TWO_HOSTS[:1])
    assert Ability.BREADTH in abilities(asked(rcpt(250), carrier=alone))
    assert Ability.BREADTH not in abilities(asked(rcpt(550), carrier=alone))


# ---- our own receiver ------------------------------------------------------------------------------------------------


def mx(outcome: Lookup = Lookup.FOUND) -> Fact:
    values = ("10 probe1.example.net.",) if outcome is Lookup.FOUND else ()
    return LookedUp(at=0.0, server="b.example.net", purpose=Purpose.MX, rrtype="MX", outcome=outcome, values=values)


def gone(why: Unreachable) -> Fact:
    return NotConnected(at=0.0, server="probe1.example.net:25", ip="192.0.2.10", why=why)


UP = Connected(at=0.0, server="probe1.example.net:25", ip="192.0.2.10", took=0.1)


@pytest.mark.parametrize(
    ("facts", "result", "words"),
    [
        ((mx(), UP, rcpt(250), rcpt(550, of=Of.DEAD)), Result.GOOD, "refuses what we do not"),
        ((mx(), UP, rcpt(250), rcpt(250, of=Of.DEAD)), Result.BAD, "not our receiver"),
        ((mx(), UP, rcpt(550), rcpt(550, of=Of.DEAD)), Result.BAD, "same token_keys"),
        ((mx(), UP, rcpt(250)), Result.UNKNOWN, "in a minute"),
        ((mx(), UP), Result.BAD, "as far as RCPT"),
        ((mx(), gone(Unreachable.REFUSED)), Result.BAD, "start mailprobe serve"),
        ((mx(), gone(Unreachable.TIMEOUT)), Result.UNKNOWN, "from another network"),
        ((mx(), gone(Unreachable.REFUSED), gone(Unreachable.TIMEOUT)), Result.UNKNOWN, "from another network"),
        ((mx(),), Result.UNKNOWN, "has no address"),
        ((mx(Lookup.NXDOMAIN),), Result.BAD, "publish b.example.net MX 10 probe1.example.net"),
        ((mx(Lookup.NODATA),), Result.BAD, "publish b.example.net MX 10 probe1.example.net"),
        ((mx(Lookup.SERVFAIL),), Result.UNKNOWN, "servfail"),
        ((), Result.UNKNOWN, "not asked"),
    ],
)
def test_bounces_reach_us_only_if_a_forged_sender_is_refused(facts: tuple[Fact, ...], result: Result, words: str) -> None:
    found = bounce_finding("b.example.net", "probe1.example.net", [evidence(*facts)])
    assert (found.result, words in f"{found.what} {found.repair}") == (result, True)


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ((mx(), UP, rcpt(250)), Result.GOOD),
        ((mx(), UP, rcpt(550, text=ADDRESS)), Result.BAD),
        ((mx(), gone(Unreachable.TIMEOUT)), Result.UNKNOWN),
    ],
)
def test_our_sender_takes_mail(facts: tuple[Fact, ...], result: Result) -> None:
    found = sender_finding(ADDRESS, "probe1.example.net", [evidence(*facts)])
    assert (found.result, "taro" in f"{found.about} {found.what} {found.repair}") == (result, False)
