"""The page around everything: one template environment, autoescaped; texts and language are in every page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from mailprobe.console.door import Role, Visitor
from mailprobe.console.language import words
from mailprobe.console.saying import texts
from mailprobe.console.statics import static_url

FOR_SCRIPTS = "script."  # texts below this key go to the browser with the page


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("mailprobe", "console/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # for nav.html, which stands on every page
    made.globals["fleet_texts"] = texts
    made.globals["may"] = lambda visitor, role: visitor is not None and visitor.has(Role(role))
    return made


def page(template: str, language: str, visitor: Visitor | None, **shown: object) -> HTMLResponse:
    """One page. It holds no mailbox's data, so that nothing of anybody is left in a browser's cache."""
    mine = words(language)
    html = (
        environment()
        .get_template(template)
        .render(t=mine, lang=language, visitor=visitor, static=static_url(), script_texts=script_texts(mine), **shown)
    )
    return HTMLResponse(
        html, headers={"cache-control": "no-store", "content-language": language, "vary": "accept-language, cookie"}
    )


def script_texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(FOR_SCRIPTS): text for key, text in texts.items() if key.startswith(FOR_SCRIPTS)}
