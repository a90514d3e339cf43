"""A call as a page shows it, in one language. Pure: from the call as it was judged, and the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailprobe.config import Config
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.marks import marked, read_back
from mailprobe.console.calls.past import Past
from mailprobe.console.calls.proofs import proofs
from mailprobe.console.calls.questions import QUESTIONS, text_key, told_of
from mailprobe.console.calls.records import measured
from mailprobe.console.calls.returned import Back, returned_views
from mailprobe.console.calls.rows import station_view
from mailprobe.console.calls.stations import LegSeen, Station, stations
from mailprobe.console.calls.texts import text
from mailprobe.console.calls.view import (
    BeforeView,
    CallBackView,
    CanaryView,
    CarrierView,
    ChoiceView,
    HandsetView,
    PassageView,
    ProblemView,
    QuestionView,
    RepairView,
    RevisedView,
    Row,
    SentenceView,
    ServiceView,
    StoredView,
    TopView,
    View,
    WatchView,
)
from mailprobe.report import utc, utc_or_none, verdict_json
from mailprobe.verdict import NoteCode, Status, Verdict
from mailprobe.verdict.labels import label, note, title
from mailprobe.verdict.picture import Picture
from mailprobe.verdict.texts import fill
from mailprobe.verdict.wording import SOON, Spoken, call_back, say, words_for

INTERIM = 15.0  # seconds after which something can be said in any case
AN_HOUR, A_FEW_MINUTES = 3600.0, 300.0  # "in about an hour", "in a few minutes"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a call besides itself. now: Unix seconds; back: what came back says."""

    config: Config
    past: Past
    picture: Picture
    verdict: Verdict | None
    legs: Mapping[str, LegSeen]
    language: str
    now: float
    back: tuple[Back, ...] = ()

    def times(self, call: Call) -> tuple[float | None, float | None]:
        """When it was last proven good, and first bad; of a call that is kept for a ticket, as it was known then. What this check
        itself has shown counts too."""
        known = call.then if call.kept else self.past
        good, bad = (None, None) if known is None else (known.last_good, known.first_bad)
        status = None if self.verdict is None else self.verdict.status
        if status is Status.OK:
            return call.said[-1].at if call.said else call.started, None
        return good, call.started if bad is None and status in (Status.DOWN, Status.DEGRADED) else bad


def show(call: Call, shown: Shown) -> View:
    language, verdict = shown.language, shown.verdict
    spoken = spoken_of(call, shown, verdict) if verdict is not None else None
    row = stations(shown.legs, shown.picture, verdict)
    account = call.account
    return View(
        id=call.id,
        number=call.number,
        version=call.version,
        address=account.address.display,
        masked=text("masked", language) if call.masked else None,
        marked=marked(account.address.display, language),
        read_back="" if call.masked else read_back(account.address.display, language),
        account=account.id if account.enrolled else None,
        enrolled=account.enrolled,
        carrier=CarrierView(call.carrier.name, call.carrier.title, call.carrier.relation.value),
        by=call.owner,
        reason=call.reason,
        ticket=call.ticket,
        started=utc(call.started),
        ended=utc_or_none(call.ended),
        state=call.state.value,
        service=service_view(shown),
        stored=stored_view(call, shown),
        top=top_view(call, shown, spoken),
        stations=tuple(station_view(one, call, language, shown.now) for one in row),
        verdict=None if verdict is None or spoken is None else verdict_view(verdict, spoken, language),
        notes=() if verdict is None else notes_beside(verdict, language),
        returned=returned_views(call, shown.back, language),
        call_back=call_back_view(call, shown, row),
        handset=handset_view(verdict, spoken, language),
        questions=question_views(call, language),
        canary=canary_view(call, shown),
        revised=revised_views(call, shown),
        before_repair=repair_view(call, row, language),
        last_good=utc_or_none(shown.times(call)[0]),
        first_bad=utc_or_none(shown.times(call)[1]),
        watch=None if call.watch is None else WatchView(utc(call.watch.until), call.watch.reason),
        kept=call.kept or None,
        kept_at=None if call.then is None else utc(call.then.at),
        wrong=call.wrong or None,
        problem=None if call.fault is None else ProblemView(call.fault.code, call.fault.what, call.fault.hint),
        proof=proofs(call),
    )


def row_of(call: Call, shown: Shown) -> Row:
    """One line of "My checks"."""
    verdict = shown.verdict
    revised = revised_views(call, shown)
    return Row(
        id=call.id,
        number=call.number,
        address=call.account.address.display,
        carrier=call.carrier.title,
        started=utc(call.started),
        state=call.state.value,
        title=title(verdict.code, shown.language) if verdict is not None else text("top.checking.title", shown.language),
        status=None if verdict is None else verdict.status.value,
        pending=call.state.value != "done",
        revised=bool(revised),
        old=revised[-1].old.say if revised else None,
        new=revised[-1].new.say if revised else None,
    )


def spoken_of(call: Call, shown: Shown, verdict: Verdict) -> Spoken:
    return say(verdict, shown.language, carrier=call.carrier, actors=shown.config.actors)


def service_view(shown: Shown) -> ServiceView:
    service = shown.past.service
    age = None if service.since is None else round(max(0.0, shown.now - service.since), 1)
    said = tuple(PassageView(one.text, one.language, utc_or_none(one.at)) for one in service.passages(shown.language))
    return ServiceView(service.state, "".join(one.text for one in said), age, said)


def stored_view(call: Call, shown: Shown) -> StoredView | None:
    verdict = shown.past.stored
    if verdict is None:
        return None
    spoken = spoken_of(call, shown, verdict)
    age = round(max(0.0, call.started - shown.past.said_at), 1)
    return StoredView(title(verdict.code, shown.language), spoken.say, verdict.status.value, age)


def top_view(call: Call, shown: Shown, spoken: Spoken | None) -> TopView:
    """ "checking" until nothing can overturn what would be said; after a while a sentence that blames nobody."""
    verdict, language = shown.verdict, shown.language
    if verdict is not None and spoken is not None:
        return TopView("settled", verdict.status.value, title(verdict.code, language), spoken.say)
    state = "interim" if shown.now - call.started >= INTERIM else "checking"
    return TopView(state, None, text(f"top.{state}.title", language), text(f"top.{state}.say", language))


def verdict_view(verdict: Verdict, spoken: Spoken, language: str) -> dict[str, object]:
    return {**verdict_json(verdict, spoken), "title": title(verdict.code, language), "who": spoken.who}


def notes_beside(verdict: Verdict, language: str) -> tuple[str, ...]:
    """What is known besides. That another verdict may hold as well is for the desk, not for the phone."""
    return tuple(note(one, language) for one in verdict.notes if one.code is not NoteCode.ALSO)


def call_back_view(call: Call, shown: Shown, row: tuple[Station, ...]) -> CallBackView | None:
    """Who calls back, and when. Where nothing is known yet, there is a time in any case."""
    verdict = shown.verdict
    if verdict is None:
        return None
    words = words_for(verdict, shown.language, call.carrier, shown.config.actors, dict(verdict.args))
    soon = dict(verdict.args).get("reason") in SOON
    when = next_look(call, shown, row, A_FEW_MINUTES if soon else AN_HOUR) if verdict.status is Status.UNKNOWN else None
    return CallBackView(words["who"], utc_or_none(when), fill(call_back(verdict, shown.language), words))


def next_look(call: Call, shown: Shown, row: tuple[Station, ...], after: float) -> float:
    """When more is known: as soon as something that is held back may be asked, and no later than the words beside it promise.
    after: seconds."""
    times = [one.until for one in row if one.until is not None and one.until > shown.now]
    return min((*times, (call.ended or shown.now) + after))


def handset_view(verdict: Verdict | None, spoken: Spoken | None, language: str) -> HandsetView:
    if verdict is None or spoken is None:
        return HandsetView(False, "none", text("handset.checking", language))
    return HandsetView(verdict.handset_reset_allowed, verdict.handset_steps.value, spoken.why_no_handset)


def question_views(call: Call, language: str) -> tuple[QuestionView, ...]:
    observed = call.question.observed
    wanted = [one for one in QUESTIONS if not one.mails or call.number_to_read]
    return tuple(
        QuestionView(
            key=one.key,
            text=text(f"question.{one.key}", language),
            choices=tuple(ChoiceView(value, text(f"choice.{text_key(value)}", language)) for value in one.choices),
            wants=one.wants,
            told=told_of(one, observed),
            measured=told_of(one, measured(call)),
        )
        for one in wanted
    )


def canary_view(call: Call, shown: Shown) -> CanaryView | None:
    if not call.number_to_read:
        return None
    value = shown.picture.delivery.value.value
    state = "sending" if call.sends else value
    words = text("canary.sending", shown.language) if call.sends else label("answer.delivery", value, shown.language)
    return CanaryView(call.number_to_read, state, words)


def revised_views(call: Call, shown: Shown) -> tuple[RevisedView, ...]:
    def sentence(verdict: Verdict) -> SentenceView:
        return SentenceView(title(verdict.code, shown.language), spoken_of(call, shown, verdict).say)

    pairs = zip(call.said, call.said[1:], strict=False)
    return tuple(
        RevisedView(utc(new.at), sentence(old.verdict), sentence(new.verdict), text(f"why.{new.why or 'again'}", shown.language))
        for old, new in pairs
    )


def repair_view(call: Call, row: tuple[Station, ...], language: str) -> RepairView | None:
    if not call.repairs:
        return None
    now = {one.id.value: one.light.value for one in row}
    undecided = {"waiting", "running"}
    return RepairView(
        call.repairs,
        tuple(
            BeforeView(which, text(f"station.{which}", language), before, None if now[which] in undecided else now[which])
            for which, before in call.before
        ),
    )
