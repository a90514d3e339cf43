"""One station in words."""

from __future__ import annotations

from collections.abc import Iterator

from mailprobe.console.calls.call import Call
from mailprobe.console.calls.stations import PROBE_OF, Light, Station, StationId
from mailprobe.console.calls.texts import has_text, text
from mailprobe.console.calls.view import LastView, ProofView, StationView
from mailprobe.evidence import Answered, Evidence, Of, Replied
from mailprobe.report import milliseconds, utc_or_none
from mailprobe.verdict.legs import leg_words
from mailprobe.verdict.proof import SHOWN, masked, prove

KINDS = {
    StationId.MX: ("rcpt",),
    StationId.DELIVERY: ("canary",),
    StationId.SIGN_IN: ("imap",),
    StationId.SUBMISSION: ("submission",),
}


def station_view(one: Station, call: Call, language: str, now: float) -> StationView:
    under_way = one.light in (Light.WAITING, Light.RUNNING) and one.until is not None
    return StationView(
        id=one.id.value,
        title=text(f"station.{one.id.value}", language),
        state=one.light.value,
        word=text(f"light.{one.light.value}", language),
        text=sentence(one, language),
        seconds=call.question.within if under_way else None,
        until=utc_or_none(one.until),
        last=last_view(one, now),
        enable=enabled_by(one, language),
        proof=tuple(proof_views(one, call)),
    )


def sentence(one: Station, language: str) -> str:
    """Why it stands as it does; else what the leg itself saw."""
    if one.why and has_text(f"station_text.{one.why}", language):
        return text(f"station_text.{one.why}", language)
    if one.leg.evidence is not None and one.leg.picture is not None:
        return leg_words(one.leg.evidence, one.leg.picture, language)
    return text(f"light.{one.light.value}", language)


def enabled_by(one: Station, language: str) -> str | None:
    key = one.enable if one.enable.startswith("enable.") else f"enable.{one.enable}"
    return text(key, language) if one.enable and has_text(key, language) else None


def last_view(one: Station, now: float) -> LastView | None:
    if one.last_at is None:
        return None
    return LastView(masked(one.last_words), round(max(0.0, now - one.last_at), 1))


def proof_views(one: Station, call: Call) -> Iterator[ProofView]:
    evidence = one.leg.evidence
    if evidence is None or one.id not in PROBE_OF:
        return
    for row in prove((evidence,), account=call.account, carrier=call.carrier):
        if row.kind in KINDS.get(one.id, ()):
            yield ProofView(row.of.value, row.server, f"{row.answer} {row.text}".strip(), took_of(row.server, row.of, evidence))


def took_of(server: str, of: Of, evidence: Evidence) -> float | None:
    """How long that server took for its answer, in ms."""
    for fact in reversed(evidence.facts):
        if isinstance(fact, Replied | Answered) and fact.stage in SHOWN and (fact.server, fact.of) == (server, of):
            return milliseconds(fact.took)
    return None
