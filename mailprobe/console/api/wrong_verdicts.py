"""`/api/v1/wrong-verdicts`: where agents knew better, counted by code; and each as a case without addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import PlainTextResponse

from mailprobe.console.api.asking import desk_of, note
from mailprobe.console.api.problems import Refused
from mailprobe.console.calls.golden import golden_case
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.rooms import rooms_of
from mailprobe.report import utc

router = APIRouter(prefix="/api/v1/wrong-verdicts", tags=["wrong verdicts"])
Supervisor = Annotated[Visitor, Depends(may(Role.SUPERVISOR))]


@dataclass(frozen=True, slots=True)
class Counted:
    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """code: what was said. The real cause is in the case."""

    id: str
    number: str
    code: str
    carrier: str
    started: str


@dataclass(frozen=True, slots=True)
class WrongVerdicts:
    counts: tuple[Counted, ...]
    checks: tuple[Wrong, ...]


@router.get("", response_model=WrongVerdicts)
async def list_wrong(request: Request, visitor: Supervisor) -> WrongVerdicts:
    """By the code that was said, and the newest of them."""
    table = rooms_of(request).house().store.calls
    counts = tuple(Counted(code, count) for code, count in await table.counted_wrong())
    rows = await table.wrong_ones()
    return WrongVerdicts(counts, tuple(Wrong(one.id, one.number, one.code, one.carrier, utc(one.started)) for one in rows))


@router.get("/{which}/golden", response_class=PlainTextResponse)
async def golden(request: Request, visitor: Supervisor, which: str) -> PlainTextResponse:
    """The dialogues, what was told and said, and the real cause; no address. The repository's own tests can judge it again."""
    call = await desk_of(request).calls.find(which)
    if not call.wrong:
        raise Refused(404, "MP2501", "nobody has called this verdict wrong", where="which")
    await note(request, visitor, "golden", call.account, call.number)
    code = call.said[-1].verdict.code.value if call.said else "unsaid"
    headers = {"content-disposition": f'attachment; filename="{call.number}.{code}.golden.txt"'}
    return PlainTextResponse(golden_case(call, rooms_of(request).house().config), headers=headers)
