"""The auditor's page: who looked at what, when and why; and whether every row is as it was written."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from mailprobe.config import ConfigError, read_address
from mailprobe.config.accounts import derived_id
from mailprobe.console.api.audit import MOST, at, found, names_in
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.language import language_of
from mailprobe.console.pages.paper import paper
from mailprobe.console.rooms import rooms_of
from mailprobe.console.texts import text, texts
from mailprobe.store.audit import Search

router = APIRouter(include_in_schema=False)

Auditor = Annotated[Visitor, Depends(may(Role.AUDITOR))]
Word = Annotated[str, Query(max_length=100)]
TAG = "done."  # before what the trail calls something
REASON = "page.reason_"  # before why a check was begun


@router.get("/audit")
async def show(
    request: Request,
    visitor: Auditor,
    who: Word = "",
    what: Word = "",
    of: Word = "",
    since: Word = "",
    until: Word = "",
    below: Annotated[int, Query(ge=1, le=1 << 62)] = 1 << 62,
) -> Response:
    search = Search(who, what, names_in(of), at(read_time(since), 0.0), at(read_time(until), 1e12), below)
    entries = await found(request, visitor, search)
    asked = {"who": who, "what": what, "of": of, "since": since, "until": until}
    older = "?" + urlencode(asked | {"below": entries[-1].number}) if len(entries) == MOST else ""
    language = language_of(request)
    tags, reasons = tags_in(language), texts(language)
    rows = [
        (one.number, spoken(one.at), one.who, tags.get(one.what, one.what), one.of, reasons.get(REASON + one.why, one.why))
        for one in entries
    ]
    return page(request, visitor, asked, rows, older)


@router.post("/audit")
async def look_for_address(request: Request, visitor: Auditor, address: Annotated[str, Form(max_length=320)] = "") -> Response:
    """An address is turned into the names that it has in the trail, and stands in no URL."""
    house = rooms_of(request).house()
    try:
        parsed = read_address(address, house.config.carriers.values())
    except ConfigError as error:
        asked = dict.fromkeys(("who", "what", "of", "since", "until"), "")
        return page(request, visitor, asked, [], said=error.problems[0].what)
    names = [house.store.audit.subject_of(parsed.key), derived_id(house.config.prober, parsed)]
    enrolled = next((one.id for one in house.config.accounts if one.address.key == parsed.key), "")
    return RedirectResponse("/audit?" + urlencode({"of": ",".join([*names, *([enrolled] if enrolled else [])])}), 303)


@router.post("/audit/verify")
async def verify(request: Request, visitor: Auditor) -> Response:
    await request.app.state.trail.note(visitor, "audit_verify", "", "")
    audit, language = rooms_of(request).house().store.audit, language_of(request)
    fault = await audit.verify()
    if fault is None:
        said = text("trail.whole", language, count=str(await audit.count()))
    else:
        said = text("trail.tampered", language, number=str(fault.number), what=fault.what)
    return paper(request, "verified.html", visitor, said=said)


def page(
    request: Request,
    visitor: Visitor,
    asked: Mapping[str, str],
    rows: Sequence[tuple[object, ...]],
    older: str = "",
    said: str = "",
) -> Response:
    tags = tags_in(language_of(request))
    if asked["what"]:
        tags = {asked["what"]: asked["what"]} | tags  # one that this program does not write stays chosen
    status, words = 422 if said else 200, sorted(tags.items(), key=lambda one: one[1])
    given: dict[str, Any] = {"rows": rows, "asked": asked, "older": older, "said": said, "tags": words}
    return paper(request, "audit.html", visitor, status, here="audit", **given)


def tags_in(language: str) -> dict[str, str]:
    """What is done, as the trail has it -> in words."""
    return {key.removeprefix(TAG): words for key, words in texts(language).items() if key.startswith(TAG)}


def read_time(said: str) -> datetime.datetime | None:
    """As a browser's date or time field writes it, UTC."""
    try:
        return datetime.datetime.fromisoformat(said)
    except ValueError:
        return None


def spoken(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
