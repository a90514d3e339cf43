"""The page around everything: one template environment, autoescaped; texts and language are in every page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from mailprobe.console.door import Visitor
from mailprobe.console.language import words
from mailprobe.console.statics import static_url

FOR_SCRIPTS = "script."  # texts below this key go to the browser with the page


@cache
def environment() -> Environment:
    return Environment(
        loader=PackageLoader("mailprobe", "console/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, language: str, visitor: Visitor | None, **shown: object) -> HTMLResponse:
    """One page. It holds no mailbox's data, so that nothing of anybody is left in a browser's cache."""
    texts = words(language)
    html = (
        environment()
        .get_template(template)
        .render(t=texts, lang=language, visitor=visitor, static=static_url(), script_texts=script_texts(texts), **shown)
    )
    return HTMLResponse(
        html, headers={"cache-control": "no-store", "content-language": language, "vary": "accept-language, cookie"}
    )


def script_texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(FOR_SCRIPTS): text for key, text in texts.items() if key.startswith(FOR_SCRIPTS)}
