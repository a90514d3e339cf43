"""The engine of one process keeps the contract."""

from __future__ import annotations

from collections.abc import Mapping

from mailprobe.engine import Capacity, Clock, Engine, Jobs
from mailprobe.engine.embedded import Embedded
from mailprobe.probes import Probe
from tests.unit.engine.contract import ScheduleContract
from tests.unit.engine.contract_live import LiveContract


def embedded(probes: Mapping[str, Probe], jobs: Jobs, clock: Clock, capacity: Capacity) -> Engine:
    return Embedded(probes, lambda order, chain, tap: None, jobs, clock, capacity)  # type: ignore[arg-type,return-value]  # these probes touch nothing


class TestEmbedded(ScheduleContract, LiveContract):
    make = staticmethod(embedded)
