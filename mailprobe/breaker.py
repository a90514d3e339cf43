"""The record of one server that is in trouble, or has asked us to wait: what the store keeps and the limits decide on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breaker:
    """One server (`host:port`) as one vantage knows it. Times are Unix seconds.

    failures: in a row. opens: how often it was opened with no good visit in between. until: nobody visits before; None as
    long as it is closed. asked: the server itself asked us to wait. words: its own, of the last failure, or what happened.
    claimed_at, claimed_by: the one visit that may look whether it is better.
    """

    server: str
    vantage: str
    failures: int = 0
    opens: int = 0
    opened_at: float | None = None
    until: float | None = None
    asked: bool = False
    failed_at: float | None = None
    words: str = ""
    claimed_at: float | None = None
    claimed_by: str = ""

    @property
    def is_open(self) -> bool:
        return self.until is not None
