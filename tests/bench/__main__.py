"""What a check costs, beside Debian's own probes on the same real servers: `python -m tests.bench [--quick]`.

Rounds are interleaved, figures are medians; compare only inside one table, for machines are noisy. Exit code 1 if a check of ours
costs more CPU than blackbox_exporter's in any of the four kinds; the other lines are aims, told and not judged.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.canned import Canned, canned, holding
from tests.bench.laboratory import Ours, lab_of, ours, servers
from tests.bench.mailbox import show_delays, show_watching
from tests.bench.ours import Figures, Job, Lab
from tests.bench.peers import exporter, measure_plugins
from tests.bench.waits import waits
from tests.e2e.real.postoffice import PostOffice

KINDS = {"imap_plain": "IMAP plain", "imap_tls": "IMAP TLS", "mx_plain": "MX plain", "mx_tls": "MX STARTTLS"}
WHO = {
    "ours": "mailprobe",
    "pipelined": "mailprobe, pipelined",
    "store": "mailprobe, limits in SQLite",
    "exporter": "blackbox_exporter",
    "plugins": "monitoring-plugins",
}
AIM = {"imap_plain": 0.33, "imap_tls": 0.7, "mx_plain": 0.33, "mx_tls": 0.7}
ABREAST = 10  # checks in flight


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    checks: int
    plugins: int  # processes
    canned: int  # conversations
    held: int
    live: int  # rounds
    mails: int
    watched: tuple[int, ...]


FULL = Size(rounds=7, checks=400, plugins=120, canned=3000, held=300, live=5, mails=50, watched=(1_000, 10_000))
QUICK = Size(rounds=5, checks=60, plugins=20, canned=500, held=200, live=2, mails=10, watched=(1_000,))


@dataclass(slots=True)
class Samples:
    """Milliseconds of one cell, one value a round."""

    values: list[float] = field(default_factory=list)

    def add(self, figures: Figures, count: int) -> None:
        self.values.append(figures.cpu / count * 1000)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        return f"{self.median:6.3f} ({min(self.values):.3f}-{max(self.values):.3f})"


Cells = dict[tuple[str, str], Samples]


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    words.add_argument("--quick", action="store_true", help="fewer checks: about a minute")
    size = QUICK if words.parse_args().quick else FULL
    with TemporaryDirectory(prefix="mailprobe-bench-") as folder, servers(Path(folder)) as office:
        lab = lab_of(office)
        with ours(lab) as us:
            us.measure(Job("mx_tls", 10, 1))
            idle = us.measure(Job("mx_tls", 50, 1)).median  # first: a load leaves many server processes that all wake up
            cells = beside_peers(us, lab, Path(folder), size)
            show_peers(cells, size)
            print(f"\nidle STARTTLS conversation, median of 50 {idle * 1000:16.2f} ms   (aim <= 2.5)")
            show_memory(lab, office, size)
            show_bare(us, Path(folder), size)
        show_waits(office, size)
        show_delays(office, size.mails)
        show_watching(office.base / "tls", size.watched)
    dearer = [KINDS[kind] for kind in KINDS if ratio(cells, kind, "ours") > 1]
    print(
        f"\nFAIL: dearer than blackbox_exporter: {', '.join(dearer)}" if dearer else "\nOK: nowhere dearer than blackbox_exporter"
    )
    return 1 if dearer else 0


def beside_peers(us: Ours, lab: Lab, folder: Path, size: Size) -> Cells:
    """Every kind by every program in every round, so that a noisy minute hits all of them."""
    cells: Cells = {(who, kind): Samples() for who in WHO for kind in KINDS}
    with exporter(lab, folder) as peer:
        for number in range(size.rounds + 1):  # the first one warms up
            for kind in KINDS:
                job = Job(kind, size.checks if number else max(20, size.checks // 4), ABREAST)
                few = replace(job, count=size.plugins if number else ABREAST)
                measures: dict[str, tuple[Job, Callable[[Job], Figures]]] = {
                    "ours": (job, us.measure),
                    "exporter": (job, peer.measure),
                    "pipelined": (replace(job, pipelining=True), us.measure),
                    "plugins": (few, lambda job: measure_plugins(lab, job)),
                    "store": (replace(few, limits="store"), us.measure),
                }
                for who, (what, measure) in measures.items():
                    figures = measure(what)
                    if number:
                        cells[who, kind].add(figures, what.count)
    return cells


def ratio(cells: Cells, kind: str, who: str) -> float:
    """Of blackbox_exporter, round by round: both saw the same minute."""
    pairs = zip(cells[who, kind].values, cells["exporter", kind].values, strict=True)
    return statistics.median(one / other for one, other in pairs)


def show_peers(cells: Cells, size: Size) -> None:
    print(f"CPU ms per check, {ABREAST} in flight, {size.rounds} rounds: median (min-max). Sequential unless it says pipelined.")
    print(f"{'':29}" + "".join(f"{title:>22}" for title in KINDS.values()))
    for who, title in WHO.items():
        print(f"{title:29}" + "".join(f"{cells[who, kind]!s:>22}" for kind in KINDS))
    for who in ("ours", "pipelined"):
        print(f"{WHO[who] + ' / exporter':29}" + "".join(f"{ratio(cells, kind, who):>22.2f}" for kind in KINDS))
    print(f"{'  aim':29}" + "".join(f"{f'<= {AIM[kind]}':>22}" for kind in KINDS))
    print("the exporter has the same dialogue; check_imap and check_simap only sign in; check_smtp sends no RSET")


def show_memory(lab: Lab, office: PostOffice, size: Size) -> None:
    """In a fresh process each: one that has worked has memory to spare."""
    with holding(office.base) as ports:
        for kind, port in zip(("imap_tls", "mx_tls"), ports, strict=True):
            with ours(lab) as fresh:
                each = fresh.measure(Job(kind, at_once=size.held, port=port, hold=True)).bytes_each / 1000
            print(f"memory per check in flight, {size.held} held, {KINDS[kind]:12}{each:12.1f} KB   (aim <= 70)")


def show_bare(us: Ours, folder: Path, size: Size) -> None:
    """CPU of ours and of the two bare clients against canned answers, 100 in flight."""
    with canned(folder) as server:
        if server is None:
            print("no C compiler: the comparison with a bare client is left out")
            return
        for probe in ("imap", "mx"):
            show_canned(us, server, probe, size)


def show_canned(us: Ours, server: Canned, probe: str, size: Size) -> None:
    job = Job(f"{probe}_plain", size.canned, 100, port=server.port(probe))
    columns: dict[str, Samples] = {name: Samples() for name in ("ours", "pipelined", "epoll in Python", "epoll in C")}
    for _ in range(3):
        columns["ours"].add(us.measure(job), job.count)
        columns["pipelined"].add(us.measure(replace(job, pipelining=True)), job.count)
        columns["epoll in Python"].add(server.bare_python(probe, job.count, 100), job.count)
        columns["epoll in C"].add(server.bare_c(probe, job.count, 100), job.count)
    shown = ", ".join(f"{name} {cell.median:.3f}" for name, cell in columns.items())
    shares = [columns[name].median / columns["pipelined"].median for name in ("epoll in Python", "epoll in C")]
    print(f"canned {probe}, 100 in flight, CPU ms per check: {shown}")
    print(f"  pipelined reaches {shares[0]:.2f} of epoll in Python, {shares[1]:.2f} of epoll in C   (aim >= 0.5)")


def show_waits(office: PostOffice, size: Size) -> None:
    seen = waits(office, size.live)
    chain = f"{seen.verdict * 1000:.0f} ms, longest chain alone {seen.longest_chain * 1000:.0f} ms"
    print(f"live check at 50 ms round trip: verdict after {chain}: x {seen.verdict / seen.longest_chain:.2f}   (aim <= 1.3)")
    print(f"first line in a terminal {seen.first_line * 1000:.0f} ms after the first reply   (aim <= 100)")
    print(f"`mailprobe check`, start to end {seen.command * 1000:.0f} ms")


if __name__ == "__main__":
    sys.exit(main())
