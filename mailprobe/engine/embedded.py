"""The engine of a single process: every probe of a check side by side, sign-in as a chain, slots and jobs when they are due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailprobe.engine import Capacity, Clock, Fleet, Hooks, Jobs, Order, Past, Watch
from mailprobe.engine.legs import Legs, ReachFor, SignInChain
from mailprobe.engine.rows import wait_until
from mailprobe.engine.run import Run
from mailprobe.engine.serving import Serving
from mailprobe.evidence import Evidence
from mailprobe.probes import Probe

__all__ = ["Embedded", "ReachFor", "SignInChain"]

SETTLES = 1.0  # seconds that the rows of stopped runs have to be handed over


@dataclass(slots=True)
class Embedded:
    """Keeps the `Engine` contract. `probes`: name -> function; `reach_for` builds what one run may touch; `jobs`: where `later`
    keeps what it is asked for (live checks need none)."""

    probes: Mapping[str, Probe]
    reach_for: ReachFor
    jobs: Jobs | None = None
    clock: Clock = field(default_factory=Clock)
    capacity: Capacity = field(default_factory=Capacity)
    _legs: Legs = field(init=False)
    _serving: Serving | None = field(init=False, default=None)
    _live: int = field(init=False, default=0)
    _paused: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._legs = Legs(self.probes, self.reach_for, self.clock)

    @property
    def under_way(self) -> tuple[Run, ...]:
        return tuple(leg.run for leg in self._legs.under_way)

    def stop(self) -> None:
        for one in self.under_way:
            one.stop()

    async def live(self, order: Order, watch: Watch) -> tuple[Evidence, ...]:
        """Run the order's probes side by side, or join those under way; the order of the result is that of `order.probes`."""
        self._live += 1
        try:
            return await self._legs.ask(order, watch)
        finally:
            self._live -= 1

    async def later(self, account: str, probe: str, not_before: float, key: str) -> None:
        """Ask again, not before then (Unix seconds). Durable when this returns; a key that is known changes nothing."""
        if self.jobs is None:
            raise RuntimeError("an engine without a store keeps no jobs")
        await self.jobs.add(account, probe, not_before, key, self.clock.wall())

    async def serve(self, fleet: Fleet, hooks: Hooks, past: Past) -> None:
        """Run what is due until `drain`, or cancelled. One at a time."""
        if self._serving is not None:
            raise RuntimeError("this engine serves already")
        serving = Serving(hooks, past, self._legs, self.jobs, self.clock, self.capacity, lambda: self._live)
        serving.paused = self._paused
        self._serving = serving
        try:
            await serving.serve(fleet)
        finally:
            self._serving = None

    async def replace(self, fleet: Fleet) -> None:
        """After a reload. What is under way goes on; what waits runs as it is configured now."""
        if self._serving is None:
            raise RuntimeError("nothing is served")
        await self._serving.replace(fleet)

    def pause(self) -> None:
        """Begin nothing scheduled; live checks go on. Slots missed so are told as skipped after `resume`."""
        self._set_paused(True)

    def resume(self) -> None:
        self._set_paused(False)

    def _set_paused(self, paused: bool) -> None:
        self._paused = paused
        if self._serving is not None:
            self._serving.paused = paused

    async def drain(self, within: float) -> None:
        """Begin nothing more; let runs end for `within` seconds, then stop them. Returns a second later at most."""
        serving = self._serving
        if serving is not None:
            serving.end()

        def quiet() -> bool:
            return not (self._legs.under_way or (serving is not None and serving.busy))

        await wait_until(quiet, within, self.clock)
        self.stop()
        await wait_until(quiet, SETTLES, self.clock)
        if serving is not None:
            serving.abandon()
