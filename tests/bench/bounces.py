"""Bounces understood per second on one core, beside flufl.bounce on the same mails: `python -m tests.bench.bounces`.

flufl.bounce finds recipients and gives no reason; ours is counted with the reason, from the bytes to the meaning of each
failure. Rounds are interleaved, so that a noisy minute hits both; the best of each counts, and the median of the ratios.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from email import message_from_bytes

from flufl.bounce import all_failures

from mailprobe.understood import understand
from mailprobe.wire.returned import read_returned
from tests.fuzz import GOLDEN
from tests.labelled import folder

AIM = 1500
ROUNDS = 12


def mails() -> tuple[str, list[bytes]]:
    """Real mails where they are at hand, else the notices that the tests hold."""
    if where := folder():
        return "real mails", [path.read_bytes() for path in sorted((where / "mail").glob("*.eml"))]
    return "notices", [block.split("\n", 1)[1].encode() for block in GOLDEN.read_text("utf-8").split("\n=== ")[1:]]


def ours(raw: bytes) -> int:
    return len(understand(read_returned(raw).failures))


def theirs(raw: bytes) -> int:
    temporary, permanent = all_failures(message_from_bytes(raw))
    return len(temporary) + len(permanent)


def timed(read: Callable[[bytes], int], raws: Sequence[bytes]) -> tuple[float, int]:
    """Seconds of CPU for all, and how many of them named a recipient or a reason."""
    before = time.process_time()
    found = sum(1 for raw in raws if read(raw))
    return time.process_time() - before, found


def main() -> int:
    what, raws = mails()
    timed(ours, raws)  # compiles and caches
    rounds = [(timed(ours, raws), timed(theirs, raws)) for _ in range(ROUNDS)]
    best = [len(raws) / min(one[who][0] for one in rounds) for who in (0, 1)]
    ratio = statistics.median(one[1][0] / one[0][0] for one in rounds)
    size = sum(map(len, raws)) // len(raws)
    print(f"{len(raws)} {what} of {size} bytes on average, {ROUNDS} rounds, CPU of one core")
    print(f"mailprobe, with the reason      {best[0]:8.0f} per second, something found in {rounds[0][0][1]}   (aim >= {AIM})")
    print(f"flufl.bounce, without a reason  {best[1]:8.0f} per second, something found in {rounds[0][1][1]}")
    print(f"mailprobe / flufl.bounce, median of the rounds: x {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
