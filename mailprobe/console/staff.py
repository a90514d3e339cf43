"""Who may come in, changed: people and tokens. Each change is noted before it is made."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mailprobe.console.door import Role, Visitor
from mailprobe.console.people import Passwords, Unfit, name_of, unfit
from mailprobe.console.trail import Trail
from mailprobe.console.visits import MARK, is_guest
from mailprobe.store import Store
from mailprobe.store.people import Change

DAY = 86_400.0
MOST_DAYS = 365
TOKEN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# A token that is lost opens a role, but makes no people and no tokens.
TOKEN_ROLES = (Role.VIEWER, Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR)


class NoToken(StrEnum):
    """Why a token is not made."""

    NAME = "token_name"
    ROLE = "token_role"
    DAYS = "token_days"
    TAKEN = "token_taken"


@dataclass(frozen=True, slots=True)
class NewToken:
    """value: shown once, kept nowhere; hence no repr of it."""

    value: str
    ends_at: float

    def __repr__(self) -> str:
        return "NewToken(***)"


@dataclass(frozen=True, slots=True)
class Staff:
    """Over one store. Every method raises StoreError, and then nothing was changed."""

    store: Callable[[], Store]
    trail: Trail
    passwords: Passwords
    now: Callable[[], float]

    async def add(self, by: Visitor, name: str, role: Role, password: str | None) -> Change | Unfit:
        """password None: he signs in at the proxy only."""
        name = name_of(name)
        if wrong := unfit(name, password):
            return wrong
        secret = "" if password is None else await self.passwords.hashed(password)
        await self.trail.note(by, "person_added", name, role.value)
        return await self.store().people.add(name, role.value, secret, self.now())

    async def set_password(self, by: Visitor, name: str, password: str) -> Change | Unfit:
        name = name_of(name)
        if wrong := unfit(name, password):
            return wrong
        secret = await self.passwords.hashed(password)
        await self.trail.note(by, "password_set", name, "")
        return await self.store().people.set_secret(name, secret, self.now())

    async def set_role(self, by: Visitor, name: str, role: Role) -> Change:
        name = name_of(name)
        await self.trail.note(by, "role_set", name, role.value)
        return await self.store().people.set_role(name, role.value, self.now(), Role.ADMIN.value)

    async def remove(self, by: Visitor, name: str) -> Change:
        """LAST: nobody else is administrator. A guest's sessions end, and he is on no list any more until he comes again."""
        name = name_of(name)
        if is_guest(name):
            return await self.remove_guest(by, name)
        await self.trail.note(by, "person_removed", name, "")
        return await self.store().people.remove(name, Role.ADMIN.value)

    async def end_sessions(self, by: Visitor, name: str) -> int:
        name = name_of(name)
        await self.trail.note(by, "sessions_ended", name, "")
        return await self.store().visits.end_all(name)

    async def remove_guest(self, by: Visitor, name: str) -> Change:
        """Whom another house signed in: his sessions end. As long as it gives him a role he may come again."""
        await self.trail.note(by, "guest_removed", name, "")
        return Change.DONE if await self.store().guests.remove(name) else Change.UNKNOWN

    async def make_token(self, by: Visitor, name: str, role: Role, days: int) -> NewToken | NoToken:
        if wrong := unfit_token(name, role, days):
            return wrong
        made = NewToken(MARK + secrets.token_urlsafe(32), self.now() + days * DAY)
        await self.trail.note(by, "token_made", name, f"{role.value} {days} d")
        done = await self.store().tokens.add(made.value, name, role.value, by.name, self.now(), made.ends_at)
        return made if done is Change.DONE else NoToken.TAKEN

    async def remove_token(self, by: Visitor, number: int) -> Change:
        await self.trail.note(by, "token_removed", str(number), "")
        return await self.store().tokens.remove(number)


def unfit_token(name: str, role: Role, days: int) -> NoToken | None:
    if not TOKEN_NAME.fullmatch(name):
        return NoToken.NAME
    if role not in TOKEN_ROLES:
        return NoToken.ROLE
    return None if 1 <= days <= MOST_DAYS else NoToken.DAYS
