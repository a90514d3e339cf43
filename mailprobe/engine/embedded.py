"""The engine of a single process: every probe of a check side by side, sign-in as a chain."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from mailprobe.engine import Order, Watch
from mailprobe.engine.run import Run, run
from mailprobe.evidence import Evidence, Fact, Line
from mailprobe.probes import Probe, Reach, SignInEnd, Target

ReachFor = Callable[[Order, "SignInChain", Callable[[Line], None]], Reach]


class SignInChain:
    """T's IMAP sign-in first; submission waits for its end, so that no two logins race for one budget."""

    def __init__(self, *, runs_imap: bool) -> None:
        self._end: asyncio.Future[SignInEnd] = asyncio.get_running_loop().create_future()
        if not runs_imap:
            self._end.set_result(SignInEnd.NOT_RUN)

    def imap_ended(self, end: SignInEnd) -> None:
        if not self._end.done():
            self._end.set_result(end)

    async def imap_end(self) -> SignInEnd:
        return await asyncio.shield(self._end)


@dataclass(slots=True)
class Embedded:
    """Keeps the `Engine` contract. `probes`: name -> function; `reach_for` builds what one run may touch."""

    probes: Mapping[str, Probe]
    reach_for: ReachFor
    under_way: set[Run] = field(default_factory=set)

    def stop(self) -> None:
        for one in tuple(self.under_way):
            one.stop()

    async def live(self, order: Order, watch: Watch) -> tuple[Evidence, ...]:
        """Run the order's probes side by side; the order of the result is that of `order.probes`."""
        chain = SignInChain(runs_imap="imap" in order.probes)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._leg(order, name, chain, watch)) for name in order.probes]
        return tuple(task.result() for task in tasks)

    async def _leg(self, order: Order, name: str, chain: SignInChain, watch: Watch) -> Evidence:
        current = Run(order, name)
        target = Target(order.account, order.carrier, order.prober, order.consent, order.sends)
        reach = self.reach_for(order, chain, current.lines.append)

        def note(fact: Fact) -> None:
            current.facts.append(fact)
            watch.learnt(name, fact)

        with self._listed(current):
            evidence = await run(current, lambda: self.probes[name](target, reach, note))
        if name == "imap":
            chain.imap_ended(SignInEnd.UNKNOWN)
        watch.ended(evidence)
        return evidence

    @contextlib.contextmanager
    def _listed(self, current: Run) -> Iterator[None]:
        self.under_way.add(current)
        try:
            yield
        finally:
            self.under_way.discard(current)
