"""The series of accounts, written by hand from rows: text that is the same in format 0.0.4 and in OpenMetrics.

prometheus_client keeps an object per series and takes some hundred times as long for very many of them. Here every piece is
made of so few rows that other tasks are never kept waiting; what is yielded may be empty, and is then only a pause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from mailprobe.metrics.labels import escaped
from mailprobe.metrics.rows import AccountRow
from mailprobe.verdict import Status

SLICE = 200  # rows in one piece: half a millisecond, and three when they are written for the first time

Key = tuple[str, str, Status]


def account_series(rows: Sequence[AccountRow], most: int, now: float) -> Iterator[bytes]:
    """Every family about accounts. most: so many accounts have series of their own, the first ones; all are counted."""
    yield from counted(rows, now)
    for name, said, lines in FAMILIES:
        yield header(name, "gauge", said)
        for start in range(0, min(len(rows), most), SLICE):
            yield lines(rows[start : min(start + SLICE, most)], now).encode()


def header(name: str, kind: str, said: str) -> bytes:
    return f"# HELP {name} {said}\n# TYPE {name} {kind}\n".encode()


def status_lines(rows: Sequence[AccountRow], now: float) -> str:
    """One line per possible status, 0 or 1."""
    pieces = []
    for row in rows:
        ok, degraded, down, unknown = STATE_SET[row.status if now < row.stale_at else Status.UNKNOWN]
        start = f"mailprobe_account_status{{{row.texts.labels}"
        pieces.append(f'{start}ok"}} {ok}\n{start}degraded"}} {degraded}\n{start}down"}} {down}\n{start}unknown"}} {unknown}\n')
    return "".join(pieces)


def info_lines(rows: Sequence[AccountRow], now: float) -> str:
    return "".join([f"mailprobe_account_info{{{row.texts.info}" for row in rows])


def verdict_lines(rows: Sequence[AccountRow], now: float) -> str:
    return "".join(
        [f"mailprobe_account_verdict_info{{{row.texts.verdict}" for row in rows if row.texts.verdict and now < row.stale_at]
    )


def success_lines(rows: Sequence[AccountRow], now: float) -> str:
    return "".join(
        [
            f"mailprobe_probe_success{{{row.texts.name}{probe.texts[0]}"
            for row in rows
            for probe in row.probes
            if probe.texts[0] and now < probe.stale_at
        ]
    )


def last_success_lines(rows: Sequence[AccountRow], now: float) -> str:
    return "".join(
        [
            f"mailprobe_probe_last_success_timestamp_seconds{{{row.texts.name}{probe.texts[1]}"
            for row in rows
            for probe in row.probes
            if probe.texts[1]
        ]
    )


def roundtrip_lines(rows: Sequence[AccountRow], now: float) -> str:
    return "".join(
        [
            f"mailprobe_canary_last_roundtrip_seconds{{{row.texts.name}{trip.text}"
            for row in rows
            for trip in row.roundtrips
            if trip.text
        ]
    )


STATE_SET = {each: tuple("1" if each is other else "0" for other in Status) for each in Status}

FAMILIES: tuple[tuple[str, str, Callable[[Sequence[AccountRow], float], str]], ...] = (
    ("mailprobe_account_status", "Status of an account, one series per possible status, 1 for the one it has.", status_lines),
    ("mailprobe_account_info", "An account that is watched, its carrier and group.", info_lines),
    ("mailprobe_account_verdict_info", "The verdict behind an account's status, and who must act.", verdict_lines),
    ("mailprobe_probe_success", "Whether the newest judged run of a probe was good; absent unless judged.", success_lines),
    ("mailprobe_probe_last_success_timestamp_seconds", "When a probe was last good, Unix time.", last_success_lines),
    (
        "mailprobe_canary_last_roundtrip_seconds",
        "How long the newest test mail that arrived was under way.",
        roundtrip_lines,
    ),
)


def counted(rows: Sequence[AccountRow], now: float) -> Iterator[bytes]:
    """How many accounts of a carrier and group have which status; every status of each, so that none comes and goes."""
    found: Counter[Key] = Counter()
    for start in range(0, len(rows), SLICE):
        found.update([(row.carrier, row.group, row.status_at(now)) for row in rows[start : start + SLICE]])
        yield b""
    yield header("mailprobe_accounts", "gauge", "Watched accounts by their status.")
    pairs = iter(sorted({(carrier, group) for carrier, group, _ in found}))
    while some := list(islice(pairs, SLICE)):
        yield "".join([count_line(pair, status, found[*pair, status]) for pair in some for status in Status]).encode()


def count_line(pair: tuple[str, str], status: Status, count: int) -> str:
    carrier, group = map(escaped, pair)
    return f'mailprobe_accounts{{carrier="{carrier}",group="{group}",status="{status}"}} {count}\n'
