"""`/api/v1/cards`: the cards for what a caller says. Taking one up is noted in the trail before it is shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from mailprobe.config.shape import CARDS
from mailprobe.console.cards import Card, cards_of
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.language import Language
from mailprobe.console.rooms import rooms_of
from mailprobe.console.trail import Trail

router = APIRouter(prefix="/api/v1/cards", tags=["cards"])
Operator = Annotated[Visitor, Depends(may(Role.OPERATOR))]


class Title(BaseModel):
    """A card that is not taken up yet."""

    key: str
    title: str


class Use(BaseModel):
    """During which check, if any, and for which of the configured carriers' customers."""

    model_config = ConfigDict(extra="forbid")
    check: Annotated[str, Field(max_length=80)] = ""
    carrier: Annotated[str, Field(max_length=80)] = ""


class Whole(BaseModel):
    key: str
    title: str
    say: str
    never: str
    handover: str


@router.get("")
async def list_cards(request: Request, visitor: Operator, language: Language, carrier: str = "") -> list[Title]:
    return [Title(key=one.key, title=one.title) for one in cards(request, language, carrier)]


@router.post("/{key}/use")
async def use_card(key: str, use: Use, request: Request, visitor: Operator, language: Language) -> Whole:
    """One card's words. 404 for a card that does not exist; 503 while nothing can be noted."""
    if key not in CARDS:
        raise HTTPException(404)
    trail: Trail = request.app.state.trail
    await trail.note(visitor, "card", use.check, key)
    one = next(one for one in cards(request, language, use.carrier) if one.key == key)
    return Whole(key=one.key, title=one.title, say=one.say, never=one.never, handover=one.handover)


def cards(request: Request, language: str, carrier: str) -> tuple[Card, ...]:
    rooms = rooms_of(request)
    config = rooms.house().config
    theirs = config.carriers.get(carrier)
    return cards_of(language, theirs.cards if theirs else (), config.cards)
