"""What to say when a caller threatens, demands or despairs: short cards, with a carrier's own words before ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailprobe.config.shape import CARD_PARTS, CARDS
from mailprobe.console.texts import texts
from mailprobe.verdict.texts import choose

Texts = Sequence[tuple[str, str]]  # 'legal.say.ja' -> text


@dataclass(frozen=True, slots=True)
class Card:
    """title: what the caller said, in few words. say: read aloud. never: what not to say. handover: how a supervisor gets it."""

    key: str
    title: str
    say: str
    never: str
    handover: str


def cards_of(language: str, carrier: Texts = (), configured: Texts = ()) -> tuple[Card, ...]:
    """Every card, filled from the carrier's texts, then the configured ones, then ours."""
    language = choose(language)
    ours, first, second = texts(language), dict(carrier), dict(configured)
    return tuple(Card(key, *(text_of(f"{key}.{part}", language, first, second, ours) for part in CARD_PARTS)) for key in CARDS)


def text_of(key: str, language: str, first: Mapping[str, str], second: Mapping[str, str], ours: Mapping[str, str]) -> str:
    return first.get(f"{key}.{language}") or second.get(f"{key}.{language}") or ours[f"card.{key}"]
