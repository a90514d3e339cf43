"""A scrape in pieces: what the other side can read, and the library's own families written family by family."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

PIECE = 200  # samples in one piece: the library takes some 15 microseconds for each
END = b"# EOF\n"


@dataclass(frozen=True, slots=True)
class Form:
    """One of the formats. end: what its last piece is."""

    content_type: str
    write: Callable[[Collector], bytes]
    end: bytes


PLAIN = Form(CONTENT_TYPE_PLAIN_0_0_4, generate_latest, b"")


def negotiate(accept: str) -> Form:
    """OpenMetrics for who asks for it, else the text format; 0.0.4 for whatever cannot be read."""
    try:
        write, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # the library compares a version that is none with numbers
        return PLAIN
    return Form(content_type, write, END if "openmetrics" in content_type else b"")


@dataclass(frozen=True, slots=True)
class One(Collector):
    """A registry of one family."""

    family: Metric

    def collect(self) -> Iterator[Metric]:
        yield self.family


def families(registry: CollectorRegistry, form: Form) -> Iterator[bytes]:
    """The library renders a whole registry at once, for as long as it takes; here the loop may go on in between."""
    for family in registry.collect():
        for start in range(0, max(1, len(family.samples)), PIECE):
            text = form.write(One(part_of(family, start))).removesuffix(END)
            yield text if start == 0 else without_header(text)


def part_of(family: Metric, start: int) -> Metric:
    part = Metric(family.name, family.documentation, family.type, family.unit)
    part.samples = family.samples[start : start + PIECE]
    return part


def without_header(text: bytes) -> bytes:
    while text.startswith(b"# "):
        text = text.partition(b"\n")[2]
    return text
