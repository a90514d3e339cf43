"""What is due, who runs it, where results go. Here: the contract; `run.py` runs one probe, `embedded.py` one process.

A live check and a scheduled check take the same road; a live check only streams each fact as it is learnt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mailprobe.carriers import Carrier
from mailprobe.config import Account, Prober
from mailprobe.evidence import Evidence, Fact

LEGS = ("dns", "mx", "submission", "imap")  # what every check asks
CANARY = "canary"  # sends a mail: only where it is configured or asked for


@dataclass(frozen=True, slots=True)
class Order:
    """One live check: whom to ask about, which probes, and the one deadline of each of them (seconds)."""

    account: Account
    carrier: Carrier
    prober: Prober
    probes: tuple[str, ...] = LEGS
    within: float = 30.0
    vantage: str = "here"
    consent: str = ""  # to a test mail, for a mailbox that is not enrolled: who agreed
    sends: bool = True  # the canary leg may send; else it only looks for what was sent before


@dataclass(frozen=True, slots=True)
class Watch:
    """Who wants to hear. `learnt(probe, fact)` at once; `ended(evidence)` when a probe's run is over."""

    learnt: Callable[[str, Fact], None]
    ended: Callable[[Evidence], None]


class Engine(Protocol):
    """Both engines keep this contract. `stop` ends every live run at once, with what is known so far."""

    async def live(self, order: Order, watch: Watch) -> tuple[Evidence, ...]: ...
    def stop(self) -> None: ...
