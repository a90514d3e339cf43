"""A template made into a page. Everything that is put in is shown as text; no page holds a mailbox's data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from mailprobe.console.door import Role, Visitor
from mailprobe.console.language import language_of
from mailprobe.console.statics import static_url
from mailprobe.console.texts import Words, texts

FOR_SCRIPTS = "script."  # texts below this key go to the browser with the page
TEMPLATES = Environment(
    loader=PackageLoader("mailprobe.console", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
FLEET_PAGES = ("carriers", "accounts", "bounces", "incidents", "maintenance", "prober")
TEMPLATES.globals |= {"roles": Role, "fleet_pages": FLEET_PAGES}


def paper(request: Request, template: str, visitor: Visitor | None = None, status: int = 200, **given: Any) -> HTMLResponse:
    """The template, with `t(key, **words)` for texts in the visitor's language, and what is given. here: the entry of the bar
    that this page stands for."""
    language = language_of(request)
    known = {
        "language": language,
        "t": Words(language),
        "visitor": visitor,
        "operates": visitor is not None and visitor.has(Role.OPERATOR),
        "here": "",
        "static": static_url(),
        "script_texts": script_texts(language),
    }
    html = TEMPLATES.get_template(template).render(known | given)
    return HTMLResponse(html, status, {"content-language": language, "vary": "accept-language, cookie"})


@cache
def script_texts(language: str) -> Mapping[str, str]:
    return {key.removeprefix(FOR_SCRIPTS): one for key, one in texts(language).items() if key.startswith(FOR_SCRIPTS)}
