"""A wrong verdict leaves the house without a name in it, and is judged again as it was judged there."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailprobe.address import parse as parse_address
from mailprobe.config import Config, Contract, Engine, Prober
from mailprobe.console.calls.ask import read_told
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.case import case_of, fact_of, given_of, named
from mailprobe.console.calls.golden import golden_case
from mailprobe.console.calls.registry import Calls
from mailprobe.console.calls.stand_ins import StandIns, stand_ins
from mailprobe.console.calls.telling import hear, observe, show_bounce
from mailprobe.console.rooms import Rooms
from mailprobe.daemon import Sight
from mailprobe.evidence import Evidence, Recorded, Replied, Stage
from mailprobe.question import Listener, Question
from mailprobe.verdict.observed import CanarySeen
from mailprobe.verdict.picture import Picture
from tests.golden.wrong import judged, read_wrong
from tests.unit.console.calls.given import Judges, call_of
from tests.unit.store.test_results import FACTS
from tests.unit.verdict.registers import any_record, lookup_of, right
from tests.unit.verdict.world import NOW, Truth, World, account_of, carrier_of, evidence_of, told_of, worlds

WRONG = Path(__file__).parents[3] / "golden" / "wrong"
CAUSE = "taro@mail.test was being moved, says hanako@far.test"
NAMES = ("taro", "alive", "nobody-7f3a", "hanako", "far.test", "probe@probe.test", "70012", "jiro")


@dataclass(slots=True)
class Sees(Judges):
    """Judges as the house does."""

    def picture(self, question: Question, evidence: tuple[Evidence, ...], now: float) -> Picture:
        carrier = self.config.carriers[question.account.carrier]
        return Sight(self.config, question, carrier, frozenset(), Listener()).picture(evidence, now)


def called_wrong(world: World, *lookups: Evidence, **account: Any) -> tuple[Calls, Call]:
    """A check in that world to its end, which somebody then calls wrong."""
    carrier = carrier_of(world)
    config = Config(Prober("probe.test", "probe@probe.test"), {"lab": carrier}, engine=Engine(network=world.network))
    house = Sees(config)
    calls = Calls(Rooms(lambda: house, lambda: (), lambda: NOW))
    found = evidence_of(world)
    call = call_of(replace(account_of(world), **account), carrier, legs=tuple(one.probe for one in found))
    words = tuple(word(one) for one in told_of(world).canaries)
    call.question = replace(call.question, told=read_told(words, NOW), observed=words)
    calls.whole[call.id] = call
    call.learn(lookups)
    for one in found:
        calls.leg_ended(call, one)
    call.ended, call.wrong = NOW, CAUSE
    calls.revise(call, "")
    return calls, call


def word(seen: CanarySeen) -> str:
    return f"canary_not_seen={seen.number}" if seen.place is None else f"canary_seen={seen.place.value}:{seen.number}"


def exported(calls: Calls, call: Call) -> str:
    return golden_case(call, calls.rooms.house().config)


def judges_alike(calls: Calls, call: Call) -> None:
    """From the call to the file, and from the file to the verdict."""
    text = exported(calls, call)
    wrong = read_wrong(text)
    shown = call.said[-1].verdict
    assert wrong.as_it_came
    assert wrong.case.given == given_of(shown)
    assert judged(wrong.case) == shown
    assert not [name for name in NAMES if name in text.casefold()]


@st.composite
def wrong_calls(draw: st.DrawFn) -> tuple[Calls, Call]:
    world = draw(worlds())
    assume(world.legs)
    lookups = (lookup_of(draw(any_record(world))),) if draw(st.booleans()) else ()
    return called_wrong(world, *lookups, contract=draw(st.sampled_from(Contract)))


@settings(max_examples=150)
@given(wrong_calls())
def test_a_case_is_judged_as_its_call_was(one: tuple[Calls, Call]) -> None:
    judges_alike(*one)


TOLD = (
    ("portal_ok", "spelling_confirmed"),
    ("old_address=jiro@mail.test",),
    ("old_address=taro@mail.test",),
    ("contract=closed@2026-03-31", "mail_password_changed_at=2026-03-31T09:15+09:00"),
    ("webmail_ok", "handset_fails", "pc_used"),
)
NOTICE = """From: MAILER-DAEMON@far.test
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; other.test

Final-Recipient: rfc822; {0}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{0}>: no such user here, jiro@mail.test said
--b--
"""


@pytest.mark.parametrize("told", TOLD)
@pytest.mark.parametrize("truth", [Truth.HEALTHY, Truth.GONE, Truth.MISSPELT, Truth.WRONG_PASSWORD])
def test_with_what_was_told(truth: Truth, told: tuple[str, ...]) -> None:
    calls, call = called_wrong(World(truth, legs=frozenset({"mx", "imap", "submission"})), lookup_of(right(World(truth))))
    asyncio.run(observe(calls, call, told))
    assert call.question.told == read_told(told, NOW)
    judges_alike(calls, call)


@pytest.mark.parametrize("whom", ["taro@mail.test", "jiro@mail.test", "Taro@gateway.mail.test", "hanako@far.test"])
def test_with_a_bounce_and_its_fragments(whom: str) -> None:
    """Of the mail itself nothing is given away: only whom it names, and the reply that it quotes."""
    calls, call = called_wrong(World(Truth.HEALTHY, legs=frozenset({"mx"})))
    show_bounce(calls, call, NOTICE.format(whom))
    judges_alike(calls, call)
    assert "undelivered" not in exported(calls, call).casefold()
    hear(calls, call, ("user unknown taro@mail.test", "550", "5.1.1"))
    judges_alike(calls, call)


def test_after_a_repair() -> None:
    calls, call = called_wrong(World(Truth.WRONG_PASSWORD, remembered_refusal=True))
    before = call.said[-1].verdict
    call.repairs = "c0"
    calls.revise(call, "")
    assert call.said[-1].verdict != before
    judges_alike(calls, call)


def names_of(call: Call) -> StandIns:
    return stand_ins(call, "probe@probe.test")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<TARO@mail.test>: unknown", "<u000002@mail.test>: unknown"),
        ("user taro, not alive", "user u000002, not u000001"),
        ("local=taro@mail.test rejected", "local=u000002@mail.test rejected"),
        ("taro@gw.mail.test by taro@elsewhere.example", "u000002@gw.mail.test by u000002@elsewhere.invalid"),
        ("jiro@mail.test, hanako@far.test, jiro@mail.test", "other1@mail.test, other2@elsewhere.invalid, other1@mail.test"),
        ("from <probe@probe.test> by probe.test", "from <our-sender@probe.test> by probe.test"),
        ("nobody-7f3a@mail.test and taroko", "nobody-0000@mail.test and taroko"),
        ("450 4.1.1 no names", "450 4.1.1 no names"),
    ],
)
def test_the_same_stands_in_for_the_same(text: str, expected: str) -> None:
    _, call = called_wrong(World(Truth.HEALTHY))
    assert names_of(call).text(text) == expected


def test_an_address_that_looks_like_a_stand_in_is_renamed_all_the_same() -> None:
    _, call = called_wrong(World(Truth.HEALTHY), address=parse_address("u000001@mail.test"))
    assert names_of(call).text("u000001@mail.test, not alive@mail.test") == "u000002@mail.test, not u000001@mail.test"


@given(FACTS)
def test_every_fact_comes_back(facts: tuple[Any, ...]) -> None:
    """But for its names: renamed once more, it is the same."""
    _, call = called_wrong(World(Truth.HEALTHY, legs=frozenset({"mx"})))
    names = names_of(call)
    for fact in facts:
        again = fact_of(json.loads(json.dumps(named(fact, names))))
        assert type(again) is type(fact)
        assert "@" in repr(fact) or named(again, names) == named(fact, names)


def test_whose_store_it_is_stays_in_the_house() -> None:
    held = replace(right(World(Truth.HEALTHY)), mx_store_uid="70011")
    calls, call = called_wrong(World(Truth.HEALTHY), lookup_of(held))
    assert "mx_map_store:imap_directory_store" in call.said[-1].verdict.conflicts
    judges_alike(calls, call)
    assert "70011" not in exported(calls, call)
    (fact,) = (fact_of(one) for run in read_wrong(exported(calls, call)).case.runs for one in run.facts if run.probe == "lookup")
    assert isinstance(fact, Recorded)
    assert (fact.store_uid, fact.mx_store_uid) == ("store-1", "store-2")


def test_what_cannot_be_opened_is_no_case() -> None:
    calls, call = called_wrong(World(Truth.HEALTHY))
    call.masked = True
    assert case_of(call, calls.rooms.house().config) is None
    assert "case:" not in exported(calls, call)
    assert "# Said: healthy" in exported(calls, call)


def test_what_no_program_wrote_is_refused() -> None:
    calls, call = called_wrong(World(Truth.HEALTHY))
    text = exported(calls, call)
    for broken in (text.replace('"at"', '"as"', 1), text.replace('"replied"', '"replied_to"', 1)):
        assert broken != text
        with pytest.raises((ValueError, KeyError)):
            judged(read_wrong(broken).case)


def test_another_answer_is_another_verdict() -> None:
    """The replay judges, and does not repeat."""
    calls, call = called_wrong(World(Truth.GONE, hosts=2))
    case = read_wrong(exported(calls, call)).case
    runs = tuple(replace(run, facts=tuple(accepted(fact) for fact in run.facts)) for run in case.runs)
    assert (judged(case).code.value, judged(replace(case, runs=runs)).code.value) == ("directory_out_of_sync", "password_or_lock")


def accepted(fact: dict[str, Any]) -> dict[str, Any]:
    of_target = isinstance(fact_of(fact), Replied) and fact.get("stage") == Stage.RCPT and fact.get("of", "target") == "target"
    return {**fact, "code": 250, "text": "Ok"} if of_target else fact


# ---- the folder ------------------------------------------------------------------------------------------------------


def slow() -> tuple[Calls, Call]:
    """Said after two minutes; no test mail that is late can be told from one that is thrown away, so the words are weak."""
    world = World(Truth.SLOW, hosts=2)
    calls, call = called_wrong(world, lookup_of(right(world)))
    asyncio.run(observe(calls, call, ("portal_ok", "webmail_ok")))
    call.wrong = "nothing was thrown away: the test mail came a quarter of an hour later"
    return calls, call


EXAMPLES = {"slow-delivery": slow}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_what_the_console_exports(name: str) -> None:
    """But for the lines that somebody wrote into them."""
    kept = (WRONG / f"{name}.txt").read_text("utf-8")
    assert "\n".join(line for line in kept.split("\n") if not line.startswith("# Stays: ")) == exported(*EXAMPLES[name]())
