"""Signing in with a password: at the same pace and with the same answer, whether the name is somebody's or not.

Passwords are kept as argon2id (RFC 9106). Ten tries a minute from one address; for one name each failure after the fifth makes
the next try wait, at most a minute: nobody is ever locked out, and somebody who signed in from there before has a count of his
own, so that nobody else keeps him out.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import re
import secrets
import unicodedata
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from mailprobe.console.rooms import Rooms

SHORTEST, LONGEST = 12, 256  # characters of a password (NIST SP 800-63B-4 section 3.1.1)
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
TRIES, WITHIN = 10, 60.0  # from one address
FREE, MOST_WAIT = 5, 60.0  # failures of one name without a wait, and the longest wait
MOST_PEERS = 10_000
AT_ONCE, MOST_WAITING = 2, 20  # passwords looked at: each takes 64 MB and some tenths of a second of a core
ROWS = (
    *("1234567890", "qwertyuiop", "asdfghjkl", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn"),
    "abcdefghijklmnopqrstuvwxyz",
)
COMMON = frozenset({"", "password", "passwordpassword", "administrator", "mailprobe", "qwerty", "letmein", "welcome", "changeme"})

T = TypeVar("T")


class Turned(StrEnum):
    """Why somebody does not come in."""

    WRONG = "wrong"  # the name or the password: nobody is told which
    TOO_MANY = "too_many"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Refusal:
    """again_in: seconds after which it is worth another try."""

    reason: Turned
    again_in: float = 0.0


class Unfit(StrEnum):
    """What is wrong with a new name or password."""

    NAME = "name"
    SHORT = "short"
    LONG = "long"
    HOLDS_NAME = "holds_name"
    PLAIN = "plain"  # hardly any different characters
    COMMON = "common"  # what is tried first


@dataclass(slots=True)
class Pace:
    """How often each address has tried within the last minute, and may. An IPv6 network counts as one."""

    tries: int = TRIES
    seen: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def wait(self, peer: str, now: float) -> float:
        """Count one more try; seconds to wait if that is one too many, and then it does not count."""
        whom = network_of(peer)
        tries = self.seen.setdefault(whom, deque(maxlen=self.tries))
        self.seen.move_to_end(whom)
        if len(self.seen) > MOST_PEERS:
            self.seen.popitem(last=False)
        if len(tries) == self.tries and now - tries[0] < WITHIN:
            return WITHIN - (now - tries[0])
        tries.append(now)
        return 0.0


class Passwords:
    """Hashes them and looks at them, off the loop, few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1, type=Type.ID)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = ""

    @property
    def is_busy(self) -> bool:
        return self._waiting >= MOST_WAITING

    async def hashed(self, password: str) -> str:
        return await self._in_turn(lambda: self._hasher.hash(written(password)))

    async def fits(self, password: str, kept: str) -> bool:
        """Takes as long where nothing is kept."""
        if not self._nobodys:
            self._nobodys = await self.hashed(secrets.token_urlsafe())
        return await self._in_turn(lambda: self._verify(password, kept or self._nobodys)) and bool(kept)

    def _verify(self, password: str, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, written(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, work: Callable[[], T]) -> T:
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


class Gate:
    """Where passwords are shown."""

    def __init__(self, rooms: Rooms, passwords: Passwords | None = None) -> None:
        self._rooms = rooms
        self.passwords = passwords or Passwords()
        self._pace = Pace()

    async def admit(self, name: str, password: str, peer: str) -> Refusal | None:
        """None: it is he. The name is to be in its one form, see `name_of`. Raises StoreError."""
        store, now = self._rooms.house().store, self._rooms.now()
        if self.passwords.is_busy:
            return Refusal(Turned.BUSY, 5.0)
        if wait := self._pace.wait(peer, now) or await store.tries.reserve(name, peer, now, wait_after):
            return Refusal(Turned.TOO_MANY, math.ceil(wait))
        kept = await store.people.secret_of(name)
        if not await self.passwords.fits(password[:LONGEST], kept):
            return Refusal(Turned.WRONG)
        await store.tries.succeeded(name, peer, now)
        return None


def wait_after(failures: int) -> float:
    """Seconds from the last failure to the next try."""
    return min(2.0 ** (failures - FREE), MOST_WAIT) if failures >= FREE else 0.0


def name_of(text: str) -> str:
    """A name in its one form: full-width as typed by an input method, and capitals, are the same name."""
    return unicodedata.normalize("NFKC", text).strip().lower()[:256]


def written(password: str) -> str:
    """The same password from whatever keyboard (RFC 8265 section 4.2.1 is stricter: here full-width is plain width too)."""
    return unicodedata.normalize("NFKC", password)


def unfit(name: str, password: str | None) -> Unfit | None:
    """What is wrong with them as a new person's; None if nothing is. password None: he is to have none."""
    if not NAME.fullmatch(name):
        return Unfit.NAME
    if password is None:
        return None
    said = written(password)
    if len(said) < SHORTEST:
        return Unfit.SHORT
    if len(said) > LONGEST:
        return Unfit.LONG
    if name in said.lower():
        return Unfit.HOLDS_NAME
    if len(set(said)) < 5:
        return Unfit.PLAIN
    return Unfit.COMMON if is_common(said.lower()) else None


def is_common(said: str) -> bool:
    """A row of the keyboard or of the alphabet, or one of the words that stand first on every list, with digits about it."""
    core = said.strip("0123456789!?.-_ ")
    return core in COMMON or any(said in row * 3 or said in row[::-1] * 3 for row in ROWS)


def network_of(peer: str) -> str:
    """One customer of an access provider has a whole /64 to himself (RFC 6177)."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else peer
