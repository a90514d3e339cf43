"""`python -m tests.world [--wire N] [--facts N] [--seed WORD] [--jobs N]`: so many runs of each; 1 if "down" was ever said and
not true, with the names of those runs. `--only NAME` tells the whole story of one.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from mailprobe.verdict import Status
from tests.unit.verdict.world import NOW
from tests.unit.virtual import Time, in_virtual_time
from tests.world.history import Pool, Told, live
from tests.world.tally import Tally
from tests.world.wire import Seen, check, scene_of

AT_ONCE = 6000  # scenes of one batch: its recordings are what its histories are made of


@dataclass(frozen=True)
class Batch:
    """wire, facts: runs."""

    name: str
    wire: int
    facts: int


@dataclass
class Done:
    wire: Tally
    facts: Tally


def batches(seed: str, wire: int, facts: int, jobs: int) -> Iterator[Batch]:
    """As many as there are processes, or more where they would be long."""
    count = max(jobs, -(-wire // AT_ONCE))
    for number in range(count):
        share = [whole * (number + 1) // count - whole * number // count for whole in (wire, facts)]
        yield Batch(f"{seed}-{number}", *share)


def carry_out(batch: Batch) -> Done:
    done, pool = Done(Tally(), Tally()), Pool()

    async def at_the_wire(time: Time) -> None:
        for number in range(batch.wire):
            name = f"{batch.name}:{number}"
            seen = await check(scene_of(name), time)
            count(done.wire, name, seen)
            pool.add(name, seen)

    in_virtual_time(at_the_wire, NOW)
    cache: dict[object, Told] = {}
    number = 0
    while done.facts.runs < batch.facts:
        live(f"{batch.name}/{number}", pool, cache, done.facts)
        number += 1
    done.facts.others["accounts"] = number
    done.facts.others["pictures that several readings share"] = len(cache)
    return done


def carried_out(wanted: Sequence[Batch], jobs: int) -> Iterator[Done]:
    """Each as it is done. A process that dies ends everything, instead of being waited for."""
    if jobs == 1:
        yield from map(carry_out, wanted)
        return
    with ProcessPoolExecutor(jobs, initializer=end_with, initargs=(os.getpid(),)) as pool:
        for one in as_completed([pool.submit(carry_out, batch) for batch in wanted]):
            yield one.result()


def end_with(parent: int) -> None:
    """Whoever began us may be killed, and then nobody waits for us any more."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def count(tally: Tally, name: str, seen: Seen) -> None:
    scene, verdict = seen.scene, seen.verdict
    tally.runs += 1
    tally.said[verdict.code.value] += 1
    if scene.is_down:
        truth = scene.world.truth.name if "imap" not in scene.lines.refused else "imap_closed"
        tally.of_down[(truth, verdict.status.value)] += 1
    elif verdict.status is Status.DOWN:
        tally.false.append(f"{name}: {scene.world.truth.name} -> {verdict.code.value}")


def tell(name: str) -> None:
    """One run at the wire, whole. Of a history the last readings are told where it is found."""

    async def once(time: Time) -> None:
        seen = await check(scene_of(name), time)
        print(seen.scene)
        for one in seen.evidence:
            print(one.probe, one.ending)
            for fact in one.facts:
                print("  ", fact)
        print(seen.verdict)

    in_virtual_time(once, NOW)


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.world", description=__doc__)
    asked.add_argument("--wire", type=int, default=100_000)
    asked.add_argument("--facts", type=int, default=3_000_000)
    asked.add_argument("--seed", default="world")
    asked.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked.add_argument("--only", default="", metavar="NAME")
    given = asked.parse_args()
    if given.only:
        tell(given.only)
        return 0
    began, whole = time.monotonic(), Done(Tally(), Tally())
    for done in carried_out(list(batches(given.seed, given.wire, given.facts, given.jobs)), given.jobs):
        whole.wire.add(done.wire)
        whole.facts.add(done.facts)
    took = time.monotonic() - began
    print("\n".join([*whole.wire.report("through wire"), *whole.facts.report("from recorded facts")]))
    print(f"{took:.0f} s, {given.jobs} processes, seed {given.seed}")
    blind = [name for name, tally in (("wire", whole.wire), ("facts", whole.facts)) if is_blind(tally)]
    if blind:
        print(f"FAIL: nothing that is down was ever called so: {', '.join(blind)}")
    return 1 if whole.wire.false or whole.facts.false or blind else 0


def is_blind(tally: Tally) -> bool:
    """Who never says "down" is never wrong, and of no use."""
    return not any(count for (_, status), count in tally.of_down.items() if status == Status.DOWN.value)


if __name__ == "__main__":
    sys.exit(main())
