"""An error as a page, for who came with a browser; somebody who is not signed in is led to where he can."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mailprobe.config.oidc import BACK
from mailprobe.console.api.problems import Problem
from mailprobe.console.door import visitor_at_fault
from mailprobe.console.headers import SAFE
from mailprobe.console.language import language_of
from mailprobe.console.pages.paper import paper
from mailprobe.console.texts import text

API = "/api/"


async def shown(request: Request, problem: Problem) -> Response | None:
    """None: whoever asks reads problem+json."""
    path = request.url.path
    if path.startswith(API) or "text/html" not in request.headers.get("accept", ""):
        return None
    if problem.status == 401 and request.method == "GET":
        after = "" if path == "/" else f"?next={quote(path)}"
        return RedirectResponse(f"/sign-in{after}", 303)
    key = f"problem.{problem.code}"
    said = text(key, language_of(request))
    said = said if said != key else problem.detail or problem.title
    visitor = await visitor_at_fault(request)
    at = "" if request.method in SAFE else "/"  # what was posted has no page of its own
    at = "/sign-in" if path == BACK else at  # nor what another house sent him with, which no link may repeat
    return paper(request, "problem.html", visitor, problem.status, at=at, problem=problem, said=said)
