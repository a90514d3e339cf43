"""A template made into a page. Everything that is put in is shown as text."""

from __future__ import annotations

from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from mailprobe.console.door import Visitor
from mailprobe.console.language import language_of
from mailprobe.console.texts import text

TEMPLATES = Environment(
    loader=PackageLoader("mailprobe.console", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def paper(request: Request, template: str, visitor: Visitor | None = None, status: int = 200, **given: Any) -> HTMLResponse:
    """The template, with `t(key, **words)` for texts in the visitor's language, and what is given."""
    language = language_of(request)
    known = {"language": language, "t": partial(text, language=language), "visitor": visitor}
    return HTMLResponse(TEMPLATES.get_template(template).render(**known, **given), status)
