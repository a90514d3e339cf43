"""`mailprobe bounce FILE...`: what came back, in plain words: whose side it is, what to tell the customer, what to do."""

from __future__ import annotations

from mailprobe.carriers import Carrier
from mailprobe.evidence import Stage
from mailprobe.replies import Meaning, read
from mailprobe.wire.dsn import Failure


def meaning_of(failure: Failure, carrier: Carrier | None = None) -> Meaning:
    """What one failure of a bounce means; the shipped carriers' texts apply by the MX that refused, else by the domain."""
    return read(
        stage=Stage(failure.stage),
        code=failure.code,
        enhanced=failure.exact,
        text=failure.text,
        host=failure.remote_mta,
        domain=failure.recipient.rpartition("@")[2],
        address=failure.recipient,
        carrier=carrier,
    )
