"""What the console may touch of the house, as Protocols: it is built by others, and handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import Request

from mailprobe.config import Account, Config
from mailprobe.console.instruments import Instruments
from mailprobe.evidence import Evidence
from mailprobe.question import Listener, Question
from mailprobe.report import Check
from mailprobe.store import Store
from mailprobe.verdict.picture import Picture


class House(Protocol):
    """The daemon's rooms, as they are furnished now; after a reload it is another one."""

    @property
    def config(self) -> Config: ...

    @property
    def store(self) -> Store: ...

    async def check(self, question: Question, listener: Listener) -> Check:
        """Ends by itself. Raises ConfigError if the guard on strangers says no."""
        ...

    async def admit(self, question: Question) -> None:
        """Before anything leaves this host; as `check` asks itself. Raises ConfigError (MP1901), and StoreError."""
        ...

    async def legs_of(self, question: Question) -> tuple[tuple[str, ...], bool]:
        """What a check asks, and whether it may send a test mail."""
        ...

    def picture(self, question: Question, evidence: tuple[Evidence, ...], now: float) -> Picture:
        """What was seen, with what is told now, as it stood at `now`. Asks nobody."""
        ...

    async def look(self, account: Account) -> tuple[Evidence, ...]:
        """What has become of the test mails to this mailbox; nothing is sent."""
        ...

    async def numbers(self, account: Account) -> tuple[str, ...]:
        """The numbers of the test mails sent to this mailbox, which its owner may read out."""
        ...


@dataclass(frozen=True, slots=True)
class Rooms:
    """house: the one in force now. unfit: which checks of ourselves fail, () if none does. now: Unix seconds.
    instruments: what else is known while the daemon works."""

    house: Callable[[], House]
    unfit: Callable[[], tuple[str, ...]]
    now: Callable[[], float]
    instruments: Instruments = field(default_factory=Instruments)


def rooms_of(request: Request) -> Rooms:
    """The ones that the app was built around."""
    rooms: Rooms = request.app.state.rooms
    return rooms
