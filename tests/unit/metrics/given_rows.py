"""Rows and a scrape, read back by the library's own parsers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from mailprobe.metrics import AccountRow, Metrics, ProbeRow, Roundtrip, negotiate
from mailprobe.verdict import Actor, Code, Status

NOW = 1_760_000_000.0
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def row(account: str = "tanaka", **changes: Any) -> AccountRow:
    probes = (
        ProbeRow("mx", "tokyo", True, NOW - 10, 0.125, NOW - 10, 610),
        ProbeRow("imap", "tokyo", False, NOW - 20, 0.5, NOW - 3600.5, 620),
        ProbeRow("dns", "tokyo", None),
    )
    plain = AccountRow(
        account, "lab", "shard-3", Status.DOWN, NOW + 900, Code.IMAP_OUTAGE, Actor.MAIL_OPS, probes, (Roundtrip("tokyo", 1.25),)
    )
    return replace(plain, **changes)


def metrics(rows: Iterable[AccountRow] = (), most: int = 100) -> Metrics:
    known = {one.account: one for one in rows}
    return Metrics(lambda: known, most, clock=lambda: NOW)


def scraped(of: Metrics, accept: str = "") -> str:
    return b"".join(of.exposition(negotiate(accept))).decode()


def samples_in(text: str) -> Samples:
    """Every sample once; a series that came twice, or a family in two parts, fails here."""
    read = read_openmetrics if text.endswith("# EOF\n") else read_text
    found: Samples = {}
    families: set[str] = set()
    for family in read(text):
        assert family.name not in families, f"{family.name} comes in two parts"
        families.add(family.name)
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, f"{key} comes twice"
            found[key] = sample.value
    return found


def samples(of: Metrics, accept: str = "") -> Samples:
    return samples_in(scraped(of, accept))


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((f"mailprobe_{name}", frozenset((key.rstrip("_"), word) for key, word in labels.items())))


def named(found: Samples, name: str) -> Iterator[dict[str, str]]:
    return (dict(labels) for each, labels in found if each == f"mailprobe_{name}")
