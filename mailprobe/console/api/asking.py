"""What every route about checks does first: it is written down before anything is shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from mailprobe.config import Account
from mailprobe.console.calls.looking import Desk
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.rooms import rooms_of
from mailprobe.console.trail import Trail

Operator = Annotated[Visitor, Depends(may(Role.OPERATOR))]


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def note(request: Request, visitor: Visitor, what: str, account: Account, why: str = "") -> None:
    """Raises StoreError (503): nothing is shown that is not written down."""
    trail: Trail = request.app.state.trail
    await trail.note(visitor, what, of_trail(request, account), why)


def of_trail(request: Request, account: Account) -> str:
    """How the trail names a mailbox."""
    return account.id if account.enrolled else rooms_of(request).house().store.strangers.subject_of(account.address.key)
