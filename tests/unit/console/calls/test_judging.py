"""Nothing said is taken back, in whatever order the legs come in; and no station changes for what another leg saw."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailprobe.console.calls.judging import at_most_medium, is_same, picture_of
from mailprobe.console.calls.registry import Known
from mailprobe.console.calls.stations import PROBE_OF, Light, stations
from mailprobe.evidence import Contract, Evidence
from mailprobe.verdict import Code, Confidence
from mailprobe.verdict.judge import judge
from mailprobe.verdict.picture import Acceptance, LiveAtMx, Picture
from mailprobe.verdict.picture import Known as Is
from tests.unit.console.calls.given import LEGS, Judges, in_world
from tests.unit.verdict.registers import lookup_of, somebody_elses
from tests.unit.verdict.world import NOW, Truth, World, worlds

OPEN = {Light.WAITING, Light.RUNNING}


HEARD = "carrier"  # what its own systems say comes in among the legs
WORDS = st.builds(replace, somebody_elses(), contract=st.sampled_from([None, *Contract]))


@settings(max_examples=100)
@given(worlds(), st.permutations((*LEGS, HEARD)), st.none() | WORDS.map(lookup_of))
def test_nothing_said_is_taken_back(world: World, order: list[str], held: Evidence | None) -> None:
    calls, call, found = in_world(world)
    assume(found)
    call.hearing = True
    shown: dict[str, str] = {}
    for event in [one for one in order if one in found or one == HEARD]:
        if event == HEARD:
            asyncio.run(calls.hear_carrier(call, says(held)))
        else:
            calls.leg_ended(call, found[event])
        judged = calls.seen(call)
        for one in stations(judged.legs, judged.picture, judged.verdict):
            if one.id not in PROBE_OF or PROBE_OF[one.id] in call.working:
                continue
            assert one.light not in OPEN or one.until is None
            assert shown.setdefault(one.id.value, one.light.value) == one.light.value
    assert calls.seen(call).verdict is not None
    assert len(call.said) == 1
    whole = picture_of(calls.rooms.house(), call.question, call.evidence, call.started)
    assert is_same(call.said[0].verdict, judge(whole))


def says(held: Evidence | None) -> Known:
    async def known() -> Evidence | None:
        return held

    return known


@settings(max_examples=20)
@given(worlds(frozenset({Truth.HEALTHY})))
def test_a_day_later_it_reads_the_same(world: World) -> None:
    calls, call, found = in_world(world)
    assume(found)
    for leg in found:
        calls.leg_ended(call, found[leg])
    first = calls.seen(call).verdict
    late = replace(found["canary"], started=NOW + 86_400.0, facts=()) if "canary" in found else None
    call.learn(() if late is None else (late,))
    call.touch()
    again = calls.seen(call)
    at_once = picture_of(calls.rooms.house(), call.question, tuple(found.values()), NOW)
    assert again.picture.live_at_mx.value is at_once.live_at_mx.value
    assert again.picture.control_sign_in.value is at_once.control_sign_in.value
    assert first is not None


def test_what_was_read_out_is_never_sure() -> None:
    sure = judge(Picture(acceptance=Is(Acceptance.AS_NEVER_EXISTED), live_at_mx=Is(LiveAtMx.ACCEPTED)))
    high = replace(sure, confidence=Confidence.HIGH)
    other = replace(high, code=Code.HEALTHY)
    assert at_most_medium(high, other).confidence is Confidence.MEDIUM
    assert at_most_medium(high, None).confidence is Confidence.MEDIUM
    assert at_most_medium(high, high).confidence is Confidence.HIGH


def test_a_house_is_asked_for_each_leg_as_it_stood_when_it_ended() -> None:
    world = World(Truth.HEALTHY)
    calls, call, found = in_world(world)
    times: list[float] = []

    class Noting(Judges):
        def picture(self, question, evidence, now):  # type: ignore[no-untyped-def]  # the shape is Judges'
            times.append(now)
            return super().picture(question, evidence, now)

    house = Noting(calls.rooms.house().config)
    evidence = (found["mx"], replace(found["imap"], started=found["imap"].started + 3600.0))
    picture_of(house, call.question, evidence, NOW)
    assert len(times) == 2
    assert times[0] - times[1] > 3000.0
