"""The streamed top line: nothing said is taken back."""

from __future__ import annotations

from enum import StrEnum

from mailprobe.verdict import Verdict
from mailprobe.verdict.picture import Picture


class Leg(StrEnum):
    """The probes whose facts may still come. The values are the probes' names."""

    DNS = "dns"
    MX = "mx"
    IMAP = "imap"
    SUBMISSION = "submission"


def settled(picture: Picture, pending: frozenset[Leg]) -> Verdict | None:
    """The verdict that no completion of the pending legs can overturn, or None: "checking"."""
    raise NotImplementedError
