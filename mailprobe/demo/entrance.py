"""The demo's way in: a link that is signed in already, and a page with the calls to practise. Nothing of it exists elsewhere."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from starlette.responses import RedirectResponse, Response

from mailprobe.console.door import Anybody, Role, Visitor, may
from mailprobe.console.language import language_of
from mailprobe.console.pages.paper import paper
from mailprobe.console.rooms import rooms_of
from mailprobe.console.visits import begin
from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.guide import CALLS
from mailprobe.demo.mailboxes import SCENARIOS

GUEST = "demo"
PATH = "/practice"
OTHERS = len(SCENARIOS) + len(DELIVERIES) - len(CALLS)


def entrance(key: str) -> APIRouter:
    """key: what the link shows. Whoever has it may come again: it is good as long as this demo runs, on loopback."""
    router = APIRouter(include_in_schema=False)

    @router.get("/demo")
    async def enter(
        request: Request, visitor: Annotated[Visitor | None, Depends(Anybody())], shown: Annotated[str, Query(alias="key")] = ""
    ) -> Response:
        if not hmac.compare_digest(shown.encode(), key.encode()):
            raise HTTPException(404)
        answer = RedirectResponse(PATH, 303)
        await begin(request, answer, rooms_of(request), GUEST)
        return answer

    @router.get(PATH)
    async def practise(request: Request, visitor: Annotated[Visitor, Depends(may(Role.OPERATOR))]) -> Response:
        language, carriers = language_of(request), rooms_of(request).house().config.carriers
        calls = [
            {
                "address": call.address,
                "says": call.says(language),
                "told": call.ticks(language),
                "expected": call.expected(language, carriers[call.scenario.carrier]),
            }
            for call in CALLS
        ]
        return paper(request, "practice.html", visitor, here="practice", calls=calls, others=str(OTHERS))

    return router
