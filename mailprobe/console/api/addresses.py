"""`/api/v1/addresses`: what was typed, read: a proposal, what is easily mistaken, and near domains. Asks no server."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from mailprobe.address import Address, near
from mailprobe.carriers.load import carrier_of, presets
from mailprobe.config import Config, ConfigError, Problem, ad_hoc, read_address
from mailprobe.console.api.asking import Operator
from mailprobe.console.calls.ask import needs_consent
from mailprobe.console.calls.marks import marked, read_back
from mailprobe.console.calls.texts import text
from mailprobe.console.calls.typed import propose
from mailprobe.console.calls.view import CarrierView, Marked, ProblemView
from mailprobe.console.language import Language
from mailprobe.console.rooms import rooms_of

router = APIRouter(prefix="/api/v1/addresses", tags=["addresses"])
MOST, ALIKE = 3, 0.75  # suggestions, and how alike they are at least
TELEPHONE = re.compile(r"\+?[0-9][0-9() .-]{7,}")


class Typed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(max_length=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """proposal: None where nothing can be made of it. changed: whether it differs from what was typed; changes: how, in words.
    account: of an enrolled mailbox. suggestions: the same name at near domains, or the name as it may be meant. elsewhere: whose
    address it is, of a mail company that is known and not set up here. consent: whether the customer must agree first.
    problem: why it cannot be checked as it is."""

    proposal: str | None = None
    changed: bool = False
    changes: tuple[str, ...] = ()
    display: str = ""
    marked: tuple[Marked, ...] = ()
    read_back: str = ""
    carrier: CarrierView | None = None
    suggestions: tuple[str, ...] = ()
    elsewhere: str | None = None
    account: str | None = None
    consent: bool = False
    problem: ProblemView | None = None


@router.post("", response_model=Reading)
async def read(request: Request, visitor: Operator, body: Typed, language: Language) -> Reading:
    """Read an address as it was typed or pasted; or the id of an enrolled mailbox: then its address is shown, which is noted."""
    config, typed = rooms_of(request).house().config, body.text
    enrolled = None if "@" in typed else next((one for one in config.accounts if one.id == typed.strip()), None)
    if enrolled is not None:
        await request.app.state.trail.note(visitor, "look", enrolled.id, "by its id")
        typed = str(enrolled.address)
    return reading(typed, config, language)


def reading(typed: str, config: Config, language: str) -> Reading:
    proposed = propose(typed)
    changes = tuple(dict.fromkeys(text(f"change.{key}", language) for key in proposed.changes))
    try:
        address = read_address(proposed.text, config.carriers.values())
    except ConfigError as error:
        return Reading(changes=changes, problem=problem_view(unread(proposed.text, error.problems[0])))
    shown = address.display
    read = Reading(
        proposal=shown,
        changed=shown != typed,
        changes=changes,
        display=shown,
        marked=marked(shown, language),
        read_back=read_back(shown, language),
    )
    try:
        account = ad_hoc(config, address)
    except ConfigError as error:
        other = carrier_of(address.domain, presets().values())
        nearest = () if other else near_ones(address, config)
        problem = problem_view(error.problems[0])
        return replace(read, suggestions=nearest, elsewhere=other.title if other else None, problem=problem)
    carrier = config.carriers[account.carrier]
    view = CarrierView(carrier.name, carrier.title, carrier.relation.value)
    if account.enrolled:
        return replace(read, carrier=view, account=account.id)
    asks = needs_consent(config, account)
    return replace(read, carrier=view, consent=asks, suggestions=tuple(one for one in plainer(shown) if one != shown))


def unread(typed: str, problem: Problem) -> Problem:
    if TELEPHONE.fullmatch(typed):
        return Problem("MP2511", "text", "this is a telephone number", "ask for the mail address")
    return problem


def plainer(shown: str) -> tuple[str, ...]:
    """The name as its owner may have it: without what he put behind a plus sign, without capitals. Most servers know no other."""
    name, _, domain = shown.rpartition("@")
    if name.startswith('"'):
        return ()
    base = name.partition("+")[0] or name
    return tuple(dict.fromkeys(f"{one}@{domain}" for one in (base, base.lower())))


def near_ones(address: Address, config: Config) -> tuple[str, ...]:
    """The same name at the domains that look most like this one."""
    known = [one.removeprefix("*.") for carrier in config.carriers.values() for one in carrier.domains]
    close = [near(address.domain, known), *difflib.get_close_matches(address.domain, known, MOST, ALIKE)]
    name = address.display.rpartition("@")[0]
    return tuple(f"{name}@{domain}" for domain in list(dict.fromkeys(one for one in close if one))[:MOST])


def problem_view(problem: Problem) -> ProblemView:
    return ProblemView(problem.code, problem.what, problem.hint)
