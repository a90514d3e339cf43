"""What is known over time, and which verdicts it voids."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailprobe.evidence import End, Ending, Evidence, Fact, LookedUp, Lookup, Purpose
from mailprobe.prober import Check, Finding, Remark, State
from mailprobe.prober.clock import Jump, JumpKind
from mailprobe.prober.health import Changed, Health
from mailprobe.prober.veto import AT_MX, AT_SIGN_IN, BY_DATES, EXPLAINS, IN_DELIVERY, Case, veto
from mailprobe.verdict import Actor, Code, Status
from mailprobe.verdict.judge import judge
from mailprobe.verdict.picture import (
    Acceptance,
    Control,
    ControlDelivery,
    DeadAtMx,
    Delivery,
    Known,
    LiveAtMx,
    Picture,
    SignIn,
    Store,
)
from mailprobe.verdict.rules import RULES
from mailprobe.verdict.wording import say

NOW = 1_800_000_000.0


def bad(check: Check, subject: str = "") -> Finding:
    return Finding(check, State.BAD, Remark.FEW_HOSTS, NOW, subject)


GONE = Picture(
    acceptance=Known(Acceptance.AS_NEVER_EXISTED, NOW),
    live_at_mx=Known(LiveAtMx.ACCEPTED, NOW),
    dead_at_mx=Known(DeadAtMx.REFUSED, NOW),
    sign_in=Known(SignIn.REFUSED, NOW),
    control_sign_in=Known(Control.GOOD, NOW),
)
FINE = Picture(
    acceptance=Known(Acceptance.ACCEPTED, NOW),
    live_at_mx=Known(LiveAtMx.ACCEPTED, NOW),
    sign_in=Known(SignIn.OPENED, NOW),
    store=Known(Store.OPENED, NOW),
    submission=Known(SignIn.OPENED, NOW),
)
LOCKED = replace(
    FINE, sign_in=Known(SignIn.REFUSED, NOW), control_sign_in=Known(Control.GOOD, NOW), submission=Known(SignIn.UNASKED)
)
PUT_OFF = Picture(acceptance=Known(Acceptance.DEFERRED, NOW), live_at_mx=Known(LiveAtMx.DEFERRED, NOW))
MISSING = replace(FINE, delivery=Known(Delivery.OVERDUE_DAY, NOW))
DROPPED_BOTH = replace(MISSING, control_delivery=Known(ControlDelivery.OVERDUE, NOW))
DROPPED_ALONE = replace(MISSING, control_delivery=Known(ControlDelivery.ARRIVED, NOW))
NO_IMAP = Picture(sign_in=Known(SignIn.UNAVAILABLE, NOW), control_sign_in=Known(Control.UNAVAILABLE, NOW))


def run(*facts: Fact, began: float = 100.0) -> Evidence:
    return Evidence("tanaka", "mx", "here", 1, NOW, began, 1.0, facts, (), Ending(End.FINISHED))


UNANSWERED = run(LookedUp(at=1.0, server="mx.d.test", purpose=Purpose.HOST, rrtype="A", outcome=Lookup.TIMEOUT))
ANSWERED = run(LookedUp(at=1.0, server="mx.d.test", purpose=Purpose.HOST, rrtype="A", outcome=Lookup.FOUND))
OUR_PTR = run(LookedUp(at=1.0, server="x", purpose=Purpose.OWN_PTR, rrtype="PTR", outcome=Lookup.TIMEOUT))

CASES: list[tuple[str, Picture, Evidence, Finding, bool]] = [
    ("names answered", GONE, ANSWERED, bad(Check.RESOLVER), False),
    ("names not answered", GONE, UNANSWERED, bad(Check.RESOLVER), True),
    ("only our own name not answered", GONE, OUR_PTR, bad(Check.RESOLVER), False),
    ("listed, and L gets in all the same", GONE, ANSWERED, bad(Check.BLOCK_LIST, "bl.test"), False),
    ("listed, and L is put off as well", PUT_OFF, ANSWERED, bad(Check.BLOCK_LIST, "bl.test"), True),
    ("listed, and the password is wrong", LOCKED, ANSWERED, bad(Check.BLOCK_LIST, "bl.test"), False),
    ("listed, and nobody's mail arrives", DROPPED_BOTH, ANSWERED, bad(Check.BLOCK_LIST, "bl.test"), True),
    ("listed, and L's mail arrives", DROPPED_ALONE, ANSWERED, bad(Check.BLOCK_LIST, "bl.test"), False),
    ("no PTR, and L is put off as well", PUT_OFF, ANSWERED, bad(Check.NAME), True),
    ("turned away there", PUT_OFF, ANSWERED, bad(Check.TURNED_AWAY, "lab"), True),
    ("turned away elsewhere", PUT_OFF, ANSWERED, bad(Check.TURNED_AWAY, "other"), False),
    ("no way out", PUT_OFF, ANSWERED, bad(Check.PORT_25), True),
    ("our client fails here", LOCKED, ANSWERED, bad(Check.WITNESS, "lab"), True),
    ("our client fails elsewhere", LOCKED, ANSWERED, bad(Check.WITNESS, "other"), False),
    ("our client fails, and the server is down by its own words", NO_IMAP, ANSWERED, bad(Check.WITNESS, "lab"), False),
    ("the clock was set, and the address is gone", GONE, ANSWERED, bad(Check.CLOCK), False),
    ("the clock was set, and a mail is overdue", DROPPED_BOTH, ANSWERED, bad(Check.CLOCK), True),
    ("no control anywhere", GONE, ANSWERED, bad(Check.CONTROL, "lab"), True),
    ("everybody at once", GONE, ANSWERED, bad(Check.MASS), True),
    ("everybody at once, and this one is well", FINE, UNANSWERED, bad(Check.MASS), False),
]


@pytest.mark.parametrize(("picture", "seen", "finding", "void"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_veto(picture: Picture, seen: Evidence, finding: Finding, void: bool) -> None:
    verdict = judge(picture)
    after = veto([finding], Case("lab", [seen], picture, verdict))
    if not void:
        assert after == verdict
        return
    assert (after.code, after.status, after.actor, after.row) == (Code.PROBER_BLOCKED, Status.UNKNOWN, Actor.PROBER, 24)
    assert after.args == (("reason", f"prober_{finding.check.value}"),)
    assert not after.handset_reset_allowed


@pytest.mark.parametrize("state", [State.GOOD, State.COULD_NOT_TELL, State.NOT_APPLICABLE])
@pytest.mark.parametrize("check", Check)
def test_only_a_bad_finding_voids_anything(check: Check, state: State) -> None:
    verdict = judge(PUT_OFF)
    assert veto([Finding(check, state, Remark.NOTHING, NOW)], Case("lab", [UNANSWERED], PUT_OFF, verdict)) == verdict


def test_what_was_under_way_while_we_slept_is_void() -> None:
    asleep = Jump(JumpKind.SUSPENDED, 7200.0, 100.5, 100.6)
    case = Case("lab", [ANSWERED], GONE, judge(GONE), (asleep,))
    assert veto([], case).args == (("reason", "prober_clock"),)
    assert veto([], replace(case, evidence=[run(began=200.0)])) == case.verdict


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("check", Check)
def test_every_veto_has_words_of_its_own(check: Check, language: str) -> None:
    case = Case("lab", [UNANSWERED], DROPPED_BOTH, judge(DROPPED_BOTH))
    after = veto([bad(Check.MASS)], case)
    spoken = say(replace(after, args=(("reason", f"prober_{check.value}"),)), language)
    unknown = say(replace(after, args=(("reason", "no such reason"),)), language)
    assert spoken.known != unknown.known


def test_every_check_has_its_rule_and_every_verdict_of_a_fault_a_kind() -> None:
    assert set(EXPLAINS) == set(Check)
    kinds = AT_MX | IN_DELIVERY | AT_SIGN_IN | BY_DATES
    faults = {rule.code for rule in RULES if rule.status in (Status.DOWN, Status.DEGRADED)}
    # said by the servers themselves to L as well, or shown by a session that we did have
    by_themselves = {
        Code.IMAP_OUTAGE,
        Code.STORE_LOST,
        Code.SERVER_TLS_OLD,
        Code.SUBMISSION_OUTAGE,
        Code.FORWARDED_OR_AUTO_REPLIED,
    }
    assert faults - kinds == by_themselves


# ---- over time -------------------------------------------------------------------------------------------------------


def at(state: State, now: float, check: Check = Check.RESOLVER, subject: str = "", what: Remark = Remark.NOTHING) -> Finding:
    return Finding(check, state, what, now, subject)


def after_all(*rounds: list[Finding]) -> tuple[Health, list[Changed]]:
    health, told = Health(), list[Changed]()
    for each in rounds:
        health, changed = health.update(each)
        told += changed
    return health, told


def test_one_trouble_is_one_alert_however_often_it_is_seen() -> None:
    good, trouble = [at(State.GOOD, 0.0)], [[at(State.BAD, float(n), what=Remark.RESOLVERS_SILENT)] for n in range(1, 100)]
    health, told = after_all(good, *trouble)
    assert told == [Changed(Check.RESOLVER, False, Remark.RESOLVERS_SILENT, 1.0)]
    assert health.healthy() == {Check.RESOLVER: False}
    assert health.bad[0].since == 1.0
    health, changed = health.update([at(State.GOOD, 200.0)])
    assert changed == (Changed(Check.RESOLVER, True, Remark.NOTHING, 200.0),)
    assert not health.bad


def test_what_is_known_already_changes_nothing() -> None:
    health, _ = after_all([at(State.GOOD, 1.0), at(State.BAD, 1.0, Check.NAME, what=Remark.ADDRESS_WITHOUT_NAME)])
    assert health.update([at(State.GOOD, 9.0), at(State.BAD, 9.0, Check.NAME, what=Remark.ADDRESS_WITHOUT_NAME)]) == (health, ())
    assert health.update([at(State.GOOD, 9.0)])[0] is health
    worse, _ = health.update([at(State.GOOD, 9.0), at(State.BAD, 9.0, Check.NAME, what=Remark.NO_SPF)])
    assert [one.what for one in worse.bad] == [Remark.NO_SPF]


def test_of_two_findings_in_one_round_the_later_one_follows_the_first() -> None:
    health, changed = after_all([at(State.BAD, 1.0), at(State.COULD_NOT_TELL, 1.0)])
    assert (not health.bad, len(changed)) == (False, 1)


def test_what_cannot_be_told_mends_nothing_and_spoils_nothing() -> None:
    health, told = after_all([at(State.BAD, 1.0)], [at(State.COULD_NOT_TELL, 2.0)])
    assert (not health.bad, len(told)) == (False, 1)
    health, told = after_all([at(State.GOOD, 1.0)], [at(State.COULD_NOT_TELL, 2.0)])
    assert (not health.bad, told) == (True, [])


def test_ten_carriers_in_one_trouble_are_one_alert() -> None:
    each: Any = [at(State.BAD, 1.0, Check.TURNED_AWAY, f"carrier{n}") for n in range(10)]
    health, told = after_all(each)
    assert len(told) == 1
    some, changed = health.update([at(State.GOOD, 2.0, Check.TURNED_AWAY, f"carrier{n}") for n in range(9)])
    assert (changed, some.healthy()) == ((), {Check.TURNED_AWAY: False})
    _, changed = some.update([at(State.GOOD, 3.0, Check.TURNED_AWAY, "carrier9")])
    assert [(one.check, one.healthy) for one in changed] == [(Check.TURNED_AWAY, True)]
