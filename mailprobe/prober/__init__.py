"""The prober proves itself, before it blames anybody.

Each check of ourselves ends as one frozen `Finding`: good, bad, could not tell, or not applicable. `findings.py` and its
neighbours say what was seen means (pure), in the sentences of `remark.py`; `asking.py` sees; `health.py` keeps what is known
over time, so that one trouble is one alert; `veto.py` says which verdicts a finding voids.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailprobe.prober.remark import Remark


class Check(StrEnum):
    """What of ourselves is checked; the label `check` of `mailprobe_prober_healthy`."""

    RESOLVER = "resolver"
    CLOCK = "clock"
    NAME = "name"  # PTR = EHLO = A, and SPF
    BLOCK_LIST = "block_list"
    PORT_25 = "port_25"
    TURNED_AWAY = "turned_away"  # a carrier refuses everybody we name, with words about us
    CONTROL = "control"
    WITNESS = "witness"
    MASS = "mass"  # too many accounts of several carriers changed at once


class State(StrEnum):
    GOOD = "good"
    BAD = "bad"
    COULD_NOT_TELL = "could_not_tell"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's end. subject: the carrier or the list that it is about, '' for all. what: was seen, with the words that its
    sentence wants, by their names, without anybody's address. since: Unix seconds from which on it has been so, as far as is
    known."""

    check: Check
    state: State
    what: Remark
    since: float
    subject: str = ""
    words: tuple[tuple[str, str], ...] = ()

    @property
    def is_bad(self) -> bool:
        return self.state is State.BAD


__all__ = ["Check", "Finding", "Remark", "State"]
