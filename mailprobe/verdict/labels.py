"""The short words on the screen: names of statuses, desks, legs and answers, sentences of notes, lists of what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from mailprobe.carriers import Carrier, Relation
from mailprobe.verdict import Actor, Code, Note
from mailprobe.verdict.texts import fill, fixed, phrase, wording

Actors = tuple[tuple[str, str], ...]
AT_THE_CARRIER = frozenset({Actor.PROVISIONING, Actor.MAIL_OPS, Actor.IDENTITY})


class LegState(StrEnum):
    """How one leg stands while a check runs. BAD blames nobody; OUR_FAULT is ours alone."""

    WAITING = "waiting"
    GOOD = "good"
    BAD = "bad"
    UNCLEAR = "unclear"
    NOT_POSSIBLE = "not_possible"
    HELD = "held"
    OUR_FAULT = "our_fault"


def label(kind: str, value: str, language: str) -> str:
    """kind: 'status', 'actor', 'confidence', 'handset_steps', 'leg', 'leg_state', 'source', 'of', 'observed', 'heading'."""
    return phrase(f"{kind}.{value}", language) or plain(value)


def answer(question: str, value: str, language: str) -> str:
    """What one answer of the Picture says; `question` is the Picture's field, such as 'acceptance' or 'submission'."""
    return phrase(f"answer.{question}.{value}", language) or plain(value)


def title(code: Code, language: str) -> str:
    return wording(code, language).title


def leg(name: str, language: str) -> str:
    return label("leg", name, language)


def note(one: Note, language: str) -> str:
    """A note's sentence. The code of another verdict is shown as that verdict's title, a time as "until" that time."""
    words = dict(one.args)
    words["until"] = fill(fixed("fill.until", language), {"time": words["until"]}) if words.get("until") else ""
    words["title"] = title(Code(words["code"]), language) if words.get("code") in list(Code) else ""
    return fill(fixed(f"note.{one.code.value}", language), words)


def missing(tags: Sequence[str], language: str) -> str:
    """One sentence that lists what has not been checked; '' if there is nothing."""
    return listed("missing", [missing_one(tag, language) for tag in tags], language)


def conflicts(tags: Sequence[str], language: str) -> str:
    """One sentence that lists what contradicts each other; '' if nothing does."""
    return listed("conflicts", [conflict_one(tag, language) for tag in tags], language)


def missing_one(tag: str, language: str) -> str:
    return phrase(f"missing.{tag}", language) or fixed("fill.unknown", language)


def conflict_one(tag: str, language: str) -> str:
    """'contract_closed:mx_accepts' names two facts that do not go together."""
    one, _, other = tag.partition(":")
    words = {"a": phrase(f"conflict.{one}", language) or "", "b": phrase(f"conflict.{other}", language) or ""}
    return fill(fixed("fill.pair", language), words) if all(words.values()) else fixed("fill.unknown", language)


def listed(kind: str, items: Sequence[str], language: str) -> str:
    if not items:
        return ""
    joined = fixed("fill.joiner", language).join(dict.fromkeys(items))
    return fill(fixed(f"fill.{kind}", language), {"list": joined})


def desk(actor: Actor, language: str, *, carrier: Carrier | None = None, actors: Actors = ()) -> str:
    """Whose desk it is: as configured under [actors], else our own name for it, at the other company where it is theirs."""
    configured = dict(actors).get(actor.value)
    if configured:
        return configured
    own = label("actor", actor.value, language)
    if actor in AT_THE_CARRIER and carrier is not None and is_foreign(carrier):
        return fill(fixed("fill.who.foreign", language), {"title": carrier.title, "desk": own})
    return own


def is_foreign(carrier: Carrier | None) -> bool:
    """Whether somebody else's mail service is spoken of: then nothing is 'ours'."""
    return carrier is not None and carrier.relation is Relation.FOREIGN


def plain(value: str) -> str:
    return value.replace("_", " ")
