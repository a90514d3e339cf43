"""Which language an answer is in: as asked for, as chosen before, as the browser likes it, as configured."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request

from mailprobe.console.rooms import rooms_of
from mailprobe.verdict.texts import LANGUAGES, choose

COOKIE = "lang"


def language_of(request: Request) -> str:
    """'ja' or 'en'."""
    return chosen(request, request.query_params.get("lang", ""))


def chosen(request: Request, lang: str) -> str:
    """lang: as asked for. What is no language of ours is passed over, wherever it was said."""
    for said in (lang, request.cookies.get(COOKIE, "")):
        if said in LANGUAGES:
            return said
    return preferred(request.headers.get("accept-language", "")) or choose(rooms_of(request).house().config.prober.language)


ASKED = "ja or en; else as chosen before, as Accept-Language says, as configured"


def language(request: Request, lang: Annotated[str, Query(description=ASKED)] = "") -> str:
    """For a route: the same, and its manual tells of `?lang=`."""
    return chosen(request, lang)


Language = Annotated[str, Depends(language)]


def preferred(accept: str) -> str:
    """The best liked of ours (RFC 9110 section 12.5.4); '' if none is named."""
    liked: dict[str, float] = {}
    for part in accept.split(","):
        tag, *rest = part.split(";")
        short = tag.strip().lower().split("-")[0]
        if short in LANGUAGES and (weight := weight_of(rest)) > 0:
            liked[short] = max(weight, liked.get(short, 0.0))
    return max(liked, key=lambda one: liked[one]) if liked else ""


def weight_of(parameters: list[str]) -> float:
    for one in parameters:
        name, _, value = one.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
