"""In which language somebody is answered: as he chose by hand, else as his browser asks, else as configured."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from fastapi import Depends, Request

from mailprobe.verdict.texts import LANGUAGES, flat, read

COOKIE = "mailprobe_language"


def language_of(request: Request) -> str:
    """'ja' or 'en': `?lang=`, then the cookie, then Accept-Language (RFC 9110 section 12.5.4), then [prober] language."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if chosen in LANGUAGES:
            return str(chosen)
    configured: str = request.app.state.rooms.house().config.prober.language
    return preferred(request.headers.get("accept-language", "")) or configured


Language = Annotated[str, Depends(language_of)]


def preferred(header: str) -> str | None:
    """The best language that we have texts for; None where the header names none of them. A weight of 0 is a refusal."""
    wanted = [(weight, tag) for weight, tag in map(weighed, header.split(",")) if weight > 0 and tag in LANGUAGES]
    return max(wanted, key=lambda one: one[0])[1] if wanted else None


def weighed(one: str) -> tuple[float, str]:
    """'ja-JP;q=0.8' -> (0.8, 'ja')."""
    tag, _, weight = one.partition(";q=")
    try:
        return float(weight or 1), tag.strip().lower().partition("-")[0]
    except ValueError:
        return 0.0, ""


@cache
def words(language: str) -> dict[str, str]:
    """The console's own short texts by their dotted keys."""
    return dict(flat(read(f"{language}.console")))
