"""The row of stations from the sender to the mailbox to the handset. Pure: from the evidence of each leg alone.

What one station shows is never changed by another leg: a leg is read without the others. A new run of the same leg, or what is
told of a test mail, may change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from mailprobe.evidence import HELD_BACK, End, Evidence, LookedUp, Lookup, NotAsked, Of, Withheld
from mailprobe.verdict import Code, HandsetSteps, Status, Verdict
from mailprobe.verdict.labels import LegState
from mailprobe.verdict.legs import leg_state, unopened
from mailprobe.verdict.picture import Delivery, Picture, ReadBack, Room, SignIn, Store


class StationId(StrEnum):
    """In the order of a mail's way."""

    DOMAIN = "domain"
    MX = "mx"
    DELIVERY = "delivery"
    SIGN_IN = "sign_in"
    MAILBOX = "mailbox"
    SUBMISSION = "submission"
    HANDSET = "handset"


class Light(StrEnum):
    """How a station stands; each has its own word and its own shape."""

    WAITING = "waiting"
    RUNNING = "running"
    NOT_POSSIBLE = "not_possible"
    HELD = "held"
    OUR_FAULT = "our_fault"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    OFF = "off"  # not asked this time


LIGHTS = {
    LegState.GOOD: Light.GREEN,
    LegState.BAD: Light.RED,
    LegState.UNCLEAR: Light.AMBER,
    LegState.NOT_POSSIBLE: Light.NOT_POSSIBLE,
    LegState.HELD: Light.HELD,
    LegState.OUR_FAULT: Light.OUR_FAULT,
    LegState.WAITING: Light.WAITING,
}
PROBE_OF = {
    StationId.DOMAIN: "dns",
    StationId.MX: "mx",
    StationId.DELIVERY: "canary",
    StationId.SIGN_IN: "imap",
    StationId.MAILBOX: "imap",
    StationId.SUBMISSION: "submission",
}
UNDER_WAY = frozenset({Delivery.UNDER_WAY, Delivery.DEFERRED, Delivery.UNREAD, Delivery.UNREAD_OVERDUE, Delivery.UNREAD_HOUR})
OPENED = (SignIn.OPENED, SignIn.OPENED_BY_MASTER)
NOWHERE = (Lookup.NXDOMAIN, Lookup.NULL_MX, Lookup.NODATA)


@dataclass(frozen=True, slots=True)
class LegSeen:
    """One leg as a station sees it. evidence: of its last run, picture: of that run alone; both None as long as there is none.
    until: Unix seconds at which a run under way ends at the latest, None if none is; server: who is being asked."""

    evidence: Evidence | None = None
    picture: Picture | None = None
    until: float | None = None
    server: str = ""


@dataclass(frozen=True, slots=True)
class Station:
    """One station. why: a key of the texts, '' where the leg's own words say it. until: Unix seconds; of a run under way: its
    end at the latest; of one held back: when it may be asked again. last_at, last_words: what was answered before. leg: where
    its words and its proof come from."""

    id: StationId
    light: Light
    why: str = ""
    until: float | None = None
    last_at: float | None = None
    last_words: str = ""
    enable: str = ""
    server: str = ""
    leg: LegSeen = LegSeen()


def stations(legs: Mapping[str, LegSeen], picture: Picture, verdict: Verdict | None) -> tuple[Station, ...]:
    """legs: by probe, those that are asked. picture: of everything, for the handset, which has no leg. verdict: None as long as
    the top line says "checking"."""
    row = [station(one, legs.get(probe)) for one, probe in PROBE_OF.items()]
    return (*row, handset(picture, verdict))


def station(which: StationId, leg: LegSeen | None) -> Station:
    if leg is None:
        return Station(which, Light.OFF, f"off.{which.value}")
    if leg.until is not None:
        light = Light.RUNNING if leg.server else Light.WAITING
        return Station(which, light, light.value, leg.until, server=leg.server, leg=leg)
    if leg.evidence is None or leg.picture is None:
        return Station(which, Light.OFF, f"off.{which.value}")
    return ended(which, leg, leg.evidence, leg.picture)


def ended(which: StationId, leg: LegSeen, evidence: Evidence, picture: Picture) -> Station:
    if which is StationId.MAILBOX:
        return mailbox(leg, evidence, picture)
    light = LIGHTS[sign_in_alone(evidence, picture) if which is StationId.SIGN_IN else leg_state(evidence, picture)]
    if refused_before(which, picture):
        light = Light.HELD
    if which is StationId.DELIVERY and light is Light.HELD and picture.delivery.value in UNDER_WAY:
        return Station(which, Light.RUNNING, leg=leg)
    if which is StationId.MX and light is Light.NOT_POSSIBLE and leads_nowhere(evidence):
        return Station(which, light, "nowhere", enable="nowhere", leg=leg)
    return explained(Station(which, light, leg=leg), evidence)


def leads_nowhere(evidence: Evidence) -> bool:
    """The names were looked up and are answered for, and there was no server behind them that could be asked."""
    looked = [one for one in evidence.facts if isinstance(one, LookedUp)]
    return len(looked) == len(evidence.facts) and any(one.outcome in NOWHERE for one in looked)


def sign_in_alone(evidence: Evidence, picture: Picture) -> LegState:
    """Without what lies behind the sign-in: that is the next station."""
    return leg_state(evidence, replace(picture, store=replace(picture.store, value=Store.OPENED)))


def refused_before(which: StationId, picture: Picture) -> bool:
    """Nobody was asked today: what stands there is the last result, with its age."""
    known = {StationId.SIGN_IN: picture.sign_in, StationId.SUBMISSION: picture.submission}.get(which)
    return known is not None and known.among(SignIn.REFUSED_BEFORE)


def mailbox(leg: LegSeen, evidence: Evidence, picture: Picture) -> Station:
    """Behind the sign-in. Where nobody came in, nobody could look."""
    which = StationId.MAILBOX
    if evidence.ending.kind is End.OUR_FAULT:
        return Station(which, Light.OUR_FAULT, "our_fault", leg=leg)
    if picture.store.among(Store.LOST, Store.FAILED):
        return Station(which, Light.RED, f"store.{picture.store.value.value}", leg=leg)
    if picture.store.among(Store.OPENED):
        full = picture.room.among(Room.FULL, Room.NEAR)
        return Station(which, Light.AMBER if full else Light.GREEN, f"room.{picture.room.value.value}", leg=leg)
    if unopened(picture):
        return Station(which, Light.AMBER, "store.unknown", leg=leg)
    before = explained(Station(which, LIGHTS[leg_state(evidence, picture)], leg=leg), evidence)
    if before.light in (Light.NOT_POSSIBLE, Light.HELD, Light.OUR_FAULT):
        return before
    return Station(which, Light.NOT_POSSIBLE, "behind_sign_in", enable="behind_sign_in", leg=leg)


def explained(one: Station, evidence: Evidence) -> Station:
    """Why it was not asked, until when, what was answered last, and who can change that."""
    ending = evidence.ending
    if one.light is Light.OUR_FAULT:
        return replace(one, why="our_fault")
    if one.light not in (Light.HELD, Light.NOT_POSSIBLE):
        return one
    if ending.kind in (End.HELD, End.REFUSED):
        return replace(one, why="held", until=ending.not_before)
    for fact in withheld(evidence, held=one.light is Light.HELD):
        why = fact.why.value
        return replace(
            one,
            why=f"withheld.{why}",
            enable=f"enable.{why}",
            until=fact.not_before,
            last_at=fact.last_at,
            last_words=fact.last_words,
        )
    return one


def withheld(evidence: Evidence, *, held: bool) -> Iterator[NotAsked]:
    """The reasons of the target that make a station held or not possible, the last first."""
    facts = [one for one in evidence.facts if isinstance(one, NotAsked) and one.of is Of.TARGET]
    wanted = HELD_BACK if held else frozenset(Withheld) - HELD_BACK
    return (one for one in reversed(facts) if one.why in wanted)


def handset(picture: Picture, verdict: Verdict | None) -> Station:
    """Never looked at by us: what is told, as far as the verdict allows a step on it."""
    which = StationId.HANDSET
    if verdict is None:
        return Station(which, Light.WAITING, "handset.checking")
    if picture.read_back.among(ReadBack.HANDSET):
        return Station(which, Light.GREEN, "handset.read_back")
    if verdict.code is Code.HANDSET:
        return Station(which, Light.RED, "handset.suspected")
    if verdict.handset_steps is HandsetSteps.HARMLESS:
        return Station(which, Light.AMBER, "handset.harmless")
    return Station(which, Light.OFF, "handset.not_yet" if verdict.status is Status.UNKNOWN else "handset.off")
