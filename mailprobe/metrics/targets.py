"""One account on its own, in the manner of a multi-target exporter; and the list of accounts, for Prometheus to find them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from mailprobe.metrics.accounts import SLICE, header
from mailprobe.metrics.labels import clean
from mailprobe.metrics.rows import AccountRow, ProbeRow

JSON = "application/json"


def newest(row: AccountRow, probe: str, vantage: str = "") -> ProbeRow | None:
    """The youngest judged run of a probe, of one vantage where it is named; None if it never ran."""
    fit = [one for one in row.probes if one.probe == probe and vantage in ("", one.vantage) and one.at is not None]
    return max(fit, key=lambda one: one.at or 0.0, default=None)


def probe_text(found: ProbeRow | None, now: float) -> Iterator[bytes]:
    """`probe_success` only where it was judged and is not out of date; the age says how old that is, in seconds."""
    success = found.success if found is not None and now < found.stale_at else None
    age = max(0.0, now - found.at) if found is not None and found.at is not None else None
    yield from gauge("probe_success", "Whether the probe was good; absent unless judged.", success)
    yield from gauge("probe_duration_seconds", "How long the run took.", found.took if found is not None else None)
    yield from gauge("mailprobe_probe_age_seconds", "How long ago that run ended.", age)


def gauge(name: str, said: str, value: float | None) -> Iterator[bytes]:
    if value is not None:
        yield header(name, "gauge", said) + f"{name} {float(value)!r}\n".encode()


def discovery(rows: Sequence[AccountRow], probe: str = "") -> Iterator[bytes]:
    """Target groups for `http_sd_configs`, a few hundred accounts at a time. Targets are ids, to be relabelled into
    `__param_account`; probe: only the accounts that have it, and `__param_module` set."""
    yield b"["
    first = True
    for start in range(0, len(rows), SLICE):
        for group in groups(rows[start : start + SLICE], probe):
            yield (b"" if first else b",") + json.dumps(group, ensure_ascii=True).encode()
            first = False
        yield b""
    yield b"]\n"


def groups(rows: Sequence[AccountRow], probe: str) -> list[dict[str, object]]:
    fit = [row for row in rows if not probe or any(one.probe == probe for one in row.probes)]
    module = {"__param_module": clean(probe)} if probe else {}
    return [
        {"targets": [clean(row.account) for row in some], "labels": {"carrier": clean(carrier), "group": clean(group), **module}}
        for (carrier, group), some in groupby(sorted(fit, key=place), key=place)
    ]


def place(row: AccountRow) -> tuple[str, str]:
    return row.carrier, row.group
