"""A template made into a page. Everything that is put in is shown as text; no page holds a mailbox's data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from mailprobe.console.door import Role, Visitor
from mailprobe.console.headers import SAFE
from mailprobe.console.language import COOKIE, language_of
from mailprobe.console.rooms import Rooms, rooms_of
from mailprobe.console.saying import clock
from mailprobe.console.statics import static_url
from mailprobe.console.texts import Words, texts
from mailprobe.report import utc
from mailprobe.verdict.texts import LANGUAGES

YEAR = 365 * 86_400
FOR_SCRIPTS = "script."  # texts below this key go to the browser with the page
TEMPLATES = Environment(
    loader=PackageLoader("mailprobe.console", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
FLEET_PAGES: Mapping[str, Role] = {  # and who is shown the way there
    **dict.fromkeys(("carriers", "accounts", "bounces", "incidents", "maintenance", "prober"), Role.VIEWER),
    "wrong-verdicts": Role.SUPERVISOR,
}
TEMPLATES.globals |= {"roles": Role, "fleet_pages": FLEET_PAGES}


def paper(
    request: Request, template: str, visitor: Visitor | None = None, status: int = 200, at: str = "", **given: Any
) -> HTMLResponse:
    """The template, with `t(key, **words)` for texts in the visitor's language, and what is given. here: the entry of the bar
    that this page stands for. at: where the same is shown to a GET, with its query; '': where it was asked for. A language
    that he chose by hand is remembered."""
    language = language_of(request)
    known = {
        "language": language,
        "lang_link": lambda to: lang_link(request, at, to),
        "t": Words(language),
        "visitor": visitor,
        "operates": visitor is not None and visitor.has(Role.OPERATOR),
        "here": "",
        "static": static_url(),
        "script_texts": script_texts(language),
    }
    html = TEMPLATES.get_template(template).render(known | given)
    answer = HTMLResponse(html, status, {"content-language": language, "vary": "accept-language, cookie"})
    if request.query_params.get("lang") in LANGUAGES:
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, language, max_age=YEAR, samesite="lax", secure=secure)
    return answer


def fleet_paper(request: Request, visitor: Visitor, template: str, here: str, **given: Any) -> HTMLResponse:
    """A page of the whole fleet: it says as of when it is."""
    language, now = language_of(request), rooms_of(request).now()
    return paper(request, template, visitor, here=here, now=now, utc=utc, when=lambda at: clock(at, language, now), **given)


def lang_link(request: Request, at: str, language: str) -> str:
    """The page of now in another language. What was posted is asked for where its form stands, which is the first part of its
    path (RFC 9110 section 9.3.3: the answer to a POST has no address of its own)."""
    if not at and request.method not in SAFE:
        at = "/" + request.url.path.split("/")[1]
    path, _, query = at.partition("?")
    asked = parse_qsl(query, keep_blank_values=True) if at else request.query_params.multi_items()
    return f"{path}?{urlencode([(name, value) for name, value in asked if name != 'lang'] + [('lang', language)])}"


def title_of(rooms: Rooms, carrier: str) -> str:
    found = rooms.house().config.carriers.get(carrier)
    return found.title if found is not None else carrier


def carriers_of(rooms: Rooms) -> list[tuple[str, str]]:
    """Names and titles, for a choice."""
    return [(name, one.title) for name, one in rooms.house().config.carriers.items()]


@cache
def script_texts(language: str) -> Mapping[str, str]:
    return {key.removeprefix(FOR_SCRIPTS): one for key, one in texts(language).items() if key.startswith(FOR_SCRIPTS)}
