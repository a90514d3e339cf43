"""What to say on the phone: a Verdict -> Spoken, in one language. The texts are data in `locale/`; here they are put together.

Rules, held by tests: no jargon in what is read aloud, at most two sentences; medium and low never state a cause as a fact;
nothing claims an act that was not done, or evidence that is not at hand; the customer is never blamed.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailprobe.carriers import Carrier
from mailprobe.verdict import Actor, Args, Code, Confidence, HandsetSteps, Status, Verdict
from mailprobe.verdict.labels import Actors, conflicts, desk, is_foreign, missing
from mailprobe.verdict.texts import choose, fill, fixed, phrase, wording

ALWAYS = ("lost", "pc")
SOON = ("canary_under_way", "canary_uncertain")
UNDELIVERED = (Code.HEALTHY, Code.ACCEPTS_MAIL)


@dataclass(frozen=True, slots=True)
class Spoken:
    """known: for the agent. tag: 'code.confidence'. say: read aloud to the customer as it stands. next: what the agent does,
    with when to call back. who: whose desk it is. why_no_handset: why no step on the device is offered, or which ones are."""

    tag: str
    known: str
    say: str
    do_not_say: tuple[str, ...]
    next: str
    who: str
    why_no_handset: str


def say(verdict: Verdict, language: str, *, carrier: Carrier | None = None, actors: Actors = (), args: Args = ()) -> Spoken:
    """actors: Config.actors. args are added to the verdict's own: 'at' (clock time of the next look, such as '14:30').
    Without a carrier the mail service counts as our own."""
    language = choose(language)
    texts = wording(verdict.code, language)
    lines = texts.lines[verdict.confidence]
    given = dict((*verdict.args, *args))
    words = words_for(verdict, language, carrier, actors, given)
    return Spoken(
        tag=f"{verdict.code.value}.{verdict.confidence.value}",
        known=join(language, fill(lines.known, words), gaps(verdict, language)),
        say=fill(overridden(verdict, language, carrier) or lines.say, words),
        do_not_say=(*unseen(verdict, given, language), *texts.do_not_say, *never(verdict, language)),
        next=join(
            language,
            fill(texts.next, words),
            arrives(verdict, language),
            read_out(given, language),
            hint(verdict, language),
            fill(call_back(verdict, language), words),
        ),
        who=words["who"],
        why_no_handset=handset(verdict, language),
    )


def words_for(verdict: Verdict, language: str, carrier: Carrier | None, actors: Actors, args: dict[str, str]) -> dict[str, str]:
    """What every placeholder stands for. `our`: ours or the mail provider's, never the wrong one of the two."""
    whose = "foreign" if is_foreign(carrier) else "own"
    our = fixed(f"fill.our.{whose}", language)
    desks = {actor.value: desk(actor, language, carrier=carrier, actors=actors) for actor in Actor}
    reason = phrase(f"reason.{args.get('reason', '')}", language) or fixed("reason.unknown", language)
    when = fill(fixed("fill.at", language), args) if args.get("at") else soon(args, language)
    act = fixed(f"fill.act.{whose}", language)
    meanwhile = phrase(f"meanwhile.{args.get('reason', '')}", language) or fixed("meanwhile.other", language)
    ours = {"meanwhile": meanwhile, "our": our, "Our": our[:1].upper() + our[1:], "act": act, "who": desks[verdict.actor.value]}
    return args | desks | ours | mail(args, language) | {"reason": reason, "when": when}


def mail(args: dict[str, str], language: str) -> dict[str, str]:
    """What became of the test mail, as a clause; nothing at all of one that was not sent."""
    how = args.get("mail", "none")
    return {"arrival": phrase(f"fill.arrival.{how}", language) or "", "after": fixed(f"fill.after.{how}", language)}


def soon(args: dict[str, str], language: str) -> str:
    """A test mail on its way is seen within minutes, or nobody knows when."""
    return fixed("fill.soon" if args.get("reason") in SOON else "fill.when", language)


def read_out(args: dict[str, str], language: str) -> str:
    """Where only the customer can see the test mail, he is asked for its number."""
    unread = args.get("reason") == "canary_unread" or args.get("mail") == "unread"
    return fixed("fill.read_out", language) if unread else ""


def arrives(verdict: Verdict, language: str) -> str:
    """Nothing bad was seen, and no test mail has shown yet that mail arrives: that is what brings such a call forward."""
    return fixed("fill.send_one", language) if verdict.code in UNDELIVERED and "delivery" in verdict.missing else ""


def unseen(verdict: Verdict, args: dict[str, str], language: str) -> tuple[str, ...]:
    """Good news that was not seen: no test mail has arrived as long as none was found or read out."""
    seen = args.get("mail") in ("arrived", "read_out")
    return () if seen or verdict.code not in UNDELIVERED else (fixed("always.arrived", language),)


def never(verdict: Verdict, language: str) -> tuple[str, ...]:
    return tuple(fixed(f"always.{key}", language) for key in (*ALWAYS, erasing(verdict)))


def overridden(verdict: Verdict, language: str, carrier: Carrier | None) -> str:
    """The carrier's own sentence, 'code.confidence.language' before 'code.language'; '' if it has none."""
    own = dict(carrier.say) if carrier is not None else {}
    code, sure = verdict.code.value, verdict.confidence.value
    return own.get(f"{code}.{sure}.{language}") or own.get(f"{code}.{language}") or ""


def gaps(verdict: Verdict, language: str) -> str:
    """What disagrees, else what was not checked, in one sentence. A sure verdict of a fault rests on neither."""
    if verdict.confidence is Confidence.HIGH and verdict.status in (Status.DOWN, Status.DEGRADED):
        return ""
    return conflicts(verdict.conflicts, language) or missing(verdict.missing, language)


def hint(verdict: Verdict, language: str) -> str:
    """How carefully to put it; a verdict that judges nothing needs no such hint."""
    if verdict.status is Status.UNKNOWN:
        return ""
    return phrase(f"hint.{verdict.confidence.value}", language) or ""


def call_back(verdict: Verdict, language: str) -> str:
    key = "unknown" if verdict.status is Status.UNKNOWN else verdict.actor.value
    return fixed(f"call_back.{key}", language)


def erasing(verdict: Verdict) -> str:
    """Which call to erase the device is on the list: nowhere is it right to wipe the whole device at once."""
    return "erase" if verdict.handset_reset_allowed else "reset"


def handset(verdict: Verdict, language: str) -> str:
    key = verdict.status.value if verdict.handset_steps is HandsetSteps.NONE else verdict.handset_steps.value
    return fixed(f"why_no_handset.{key}", language)


def join(language: str, *sentences: str) -> str:
    return fixed("fill.space", language).join(one for one in sentences if one)
