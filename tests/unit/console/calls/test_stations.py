"""The row of stations as a table: how a leg ended -> its light, why, until when, and who can change it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mailprobe.config import Config
from mailprobe.console.calls.past import NOTHING
from mailprobe.console.calls.rows import station_view
from mailprobe.console.calls.showing import Shown, next_look, top_view
from mailprobe.console.calls.stations import LegSeen, Light, StationId, handset, station, stations
from mailprobe.console.calls.texts import text, words
from mailprobe.console.calls.view import TopView
from mailprobe.evidence import End, Ending, Evidence, Fact, LookedUp, Lookup, NotAsked, Of, Purpose, Stage, Withheld
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, Status, Verdict
from mailprobe.verdict.picture import Acceptance, Delivery, Known, Picture, Prober, ReadBack, Room, SignIn, Store
from mailprobe.verdict.texts import LANGUAGES
from tests.unit.console.calls.given import call_of
from tests.unit.given import account, carrier, prober
from tests.unit.verdict.world import NOW

FINISHED = Ending(End.FINISHED)


def leg(probe: str, picture: Picture, ending: Ending = FINISHED, *facts: Fact) -> LegSeen:
    evidence = Evidence("tanaka", probe, "here", None, NOW, 0.0, 1.0, facts, (), ending)
    return LegSeen(evidence, picture)


def withheld(why: Withheld, **more: object) -> NotAsked:
    return NotAsked(at=0.5, of=Of.TARGET, stage=Stage.LOGIN, why=why, **more)  # type: ignore[arg-type]  # the fields of a fact


GOOD = Picture(acceptance=Known(Acceptance.ACCEPTED), sign_in=Known(SignIn.OPENED), store=Known(Store.OPENED))
S = StationId


@pytest.mark.parametrize(
    ("which", "seen", "light"),
    [
        (S.MX, leg("mx", GOOD), Light.GREEN),
        (S.MX, leg("mx", Picture(acceptance=Known(Acceptance.AS_NEVER_EXISTED))), Light.RED),
        (S.MX, leg("mx", Picture(acceptance=Known(Acceptance.GREYLISTED))), Light.AMBER),
        (S.MX, leg("mx", Picture(prober=Known(Prober.BLOCKED))), Light.OUR_FAULT),
        (S.MX, leg("mx", Picture(), Ending(End.OUR_FAULT)), Light.OUR_FAULT),
        (S.SIGN_IN, leg("imap", GOOD), Light.GREEN),
        (S.SIGN_IN, leg("imap", Picture(sign_in=Known(SignIn.REFUSED))), Light.RED),
        (S.SIGN_IN, leg("imap", Picture(sign_in=Known(SignIn.OPENED), store=Known(Store.LOST))), Light.GREEN),
        (S.MAILBOX, leg("imap", Picture(sign_in=Known(SignIn.OPENED), store=Known(Store.LOST))), Light.RED),
        (S.SIGN_IN, leg("imap", Picture(sign_in=Known(SignIn.OPENED))), Light.GREEN),
        (S.MAILBOX, leg("imap", Picture(sign_in=Known(SignIn.OPENED))), Light.AMBER),
        (S.MAILBOX, leg("imap", GOOD), Light.GREEN),
        (S.MAILBOX, leg("imap", replace(GOOD, room=Known(Room.FULL))), Light.AMBER),
        (S.MAILBOX, leg("imap", Picture(sign_in=Known(SignIn.REFUSED))), Light.NOT_POSSIBLE),
        (S.DELIVERY, leg("canary", Picture(delivery=Known(Delivery.ARRIVED))), Light.GREEN),
        (S.DELIVERY, leg("canary", Picture(delivery=Known(Delivery.UNDER_WAY))), Light.RUNNING),
        (S.DELIVERY, leg("canary", Picture(delivery=Known(Delivery.HELD))), Light.HELD),
        (S.DELIVERY, None, Light.OFF),
        (S.SUBMISSION, LegSeen(until=NOW + 30), Light.WAITING),
        (S.SUBMISSION, LegSeen(until=NOW + 30, server="smtp.mail.test:465"), Light.RUNNING),
    ],
)
def test_the_light_of_a_station(which: StationId, seen: LegSeen | None, light: Light) -> None:
    assert station(which, seen).light is light


@pytest.mark.parametrize(
    ("outcome", "why"),
    [(Lookup.NXDOMAIN, "nowhere"), (Lookup.NULL_MX, "nowhere"), (Lookup.NODATA, "nowhere"), (Lookup.SERVFAIL, "")],
)
def test_where_mail_goes_nowhere_the_receiving_station_says_why_nobody_was_asked(outcome: Lookup, why: str) -> None:
    looked = LookedUp(at=0.1, of=Of.TARGET, server="mail.test", purpose=Purpose.MX, rrtype="MX", outcome=outcome)
    one = station(S.MX, leg("mx", Picture(), FINISHED, looked))
    assert (one.light, one.why, one.enable) == (Light.NOT_POSSIBLE, why, why)


def test_what_is_not_possible_says_why_and_who_can_enable_it() -> None:
    picture = Picture(sign_in=Known(SignIn.NO_SECRET))
    one = station(S.SIGN_IN, leg("imap", picture, FINISHED, withheld(Withheld.NO_SECRET)))
    assert (one.light, one.why, one.enable) == (Light.NOT_POSSIBLE, "withheld.no_secret", "enable.no_secret")


def test_what_is_held_back_says_the_last_result_its_age_and_the_next_time() -> None:
    fact = withheld(Withheld.SAME_SECRET_REFUSED, not_before=NOW + 3600, last_at=NOW - 60, last_words="NO wrong for x@y.test")
    for value in (SignIn.REFUSED_BEFORE, SignIn.HELD):
        one = station(S.SIGN_IN, leg("imap", Picture(sign_in=Known(value)), FINISHED, fact))
        assert (one.light, one.until, one.last_at) == (Light.HELD, NOW + 3600, NOW - 60)
        shown = station_view(one, call_of(account(), carrier()), "en", NOW)
        assert shown.last is not None
        assert (shown.last.age_s, shown.last.text) == (60.0, "NO wrong for address")
        assert shown.until is not None
        assert shown.enable


def test_a_run_that_was_held_says_until_when() -> None:
    held = leg("mx", Picture(acceptance=Known(Acceptance.HELD)), Ending(End.HELD, "breaker", NOW + 90))
    one = station(S.MX, held)
    assert (one.light, one.until) == (Light.HELD, NOW + 90)


@pytest.mark.parametrize(
    ("code", "steps", "picture", "light"),
    [
        (None, HandsetSteps.NONE, Picture(), Light.WAITING),
        (Code.DIRECTORY_OUT_OF_SYNC, HandsetSteps.NONE, Picture(), Light.OFF),
        (Code.ACCEPTS_MAIL, HandsetSteps.HARMLESS, Picture(), Light.AMBER),
        (Code.HANDSET, HandsetSteps.REINSTALL_MAIL_PROFILE, Picture(), Light.RED),
        (Code.HEALTHY, HandsetSteps.NONE, Picture(read_back=Known(ReadBack.HANDSET)), Light.GREEN),
    ],
)
def test_the_handset_comes_last_and_only_as_the_verdict_allows(
    code: Code | None, steps: HandsetSteps, picture: Picture, light: Light
) -> None:
    verdict = None if code is None else Verdict(code, Status.OK, Actor.NOBODY, Confidence.HIGH, steps, 1)
    assert handset(picture, verdict).light is light


def test_as_long_as_the_server_side_is_not_known_no_step_is_called_needless() -> None:
    for status, said in ((Status.UNKNOWN, "handset.not_yet"), (Status.DOWN, "handset.off")):
        verdict = Verdict(Code.PROBER_BLOCKED, status, Actor.PROBER, Confidence.HIGH, HandsetSteps.NONE, 1)
        assert handset(Picture(), verdict).why == said


def test_the_row_is_in_the_order_of_a_mail_s_way() -> None:
    assert [one.id for one in stations({}, Picture(), None)] == list(StationId)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_light_station_and_reason_has_its_words(language: str) -> None:
    lights = [text(f"light.{one.value}", language) for one in Light]
    assert len(set(lights)) == len(lights)
    assert all(text(f"station.{one.value}", language) for one in StationId)
    assert all(text(f"station_text.withheld.{one.value}", language) for one in Withheld)


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    ja, en = words("ja"), words("en")
    assert set(ja) == set(en)
    assert all(("{" in ja[key]) == ("{" in en[key]) for key in en)


@pytest.mark.parametrize(("until", "when"), [(600.0, 600.0), (6 * 3600.0, 3600.0), (None, 3600.0)])
def test_a_call_back_is_no_later_than_the_words_beside_it_promise(until: float | None, when: float) -> None:
    """ "In about an hour" stands beside the time: a refused password may be tried again much later, and is not waited for."""
    call = call_of(account(), carrier())
    call.ended = NOW
    row = (replace(station(S.SIGN_IN, None), until=None if until is None else NOW + until),)
    shown = Shown(Config(prober=prober(), carriers={}), NOTHING, Picture(), None, {}, "en", NOW)
    assert next_look(call, shown, row, 3600.0) == NOW + when


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_fifteen_seconds_a_sentence_stands_that_blames_nobody_and_keeps_the_device_as_it_is(language: str) -> None:
    call = call_of(account(), carrier())

    def top(after: float) -> TopView:
        shown = Shown(Config(prober=prober(), carriers={}), NOTHING, Picture(), None, {}, language, NOW + after)
        return top_view(call, shown, None)

    early, late = top(14.9), top(15.0)
    assert (early.state, late.state) == ("checking", "interim")
    assert early.status is late.status is None
    assert early.text != late.text
    assert re.search(r"初期化.*なさらず|do not reset", late.text)
