"""A bounce's failures and what they mean: where the parser of bounces and the tables of replies meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mailprobe.carriers import Carrier
from mailprobe.evidence import Stage
from mailprobe.replies import Meaning, ReplyClass, SpeaksOf, Us, read
from mailprobe.wire.dsn import Failure

HANDED_OVER = ("delivered", "relayed", "expanded")  # RFC 3464 section 2.3.3
NOBODY = Us()


@dataclass(frozen=True, slots=True)
class Understood:
    """One failure of a bounce, and what it means."""

    failure: Failure
    meaning: Meaning


def understand(failures: Iterable[Failure], carrier: Carrier | None = None, us: Us = NOBODY) -> tuple[Understood, ...]:
    """Each failure with its meaning; see `meaning_of`."""
    return tuple(Understood(one, meaning_of(one, carrier, us)) for one in failures)


def meaning_of(failure: Failure, carrier: Carrier | None = None, us: Us = NOBODY) -> Meaning:
    """What one failure of a bounce means; the shipped carriers' texts apply by the MX that refused, else by the domain.
    us: our own names and addresses, where the mail was ours. A mail that is only late is never a failure for good."""
    if failure.action in HANDED_OVER:
        return Meaning(ReplyClass.DELIVERED, SpeaksOf.NONE, False, failure.action)
    meaning = read(
        stage=Stage(failure.stage),
        code=failure.code,
        enhanced=failure.exact,
        text=failure.text,
        host=failure.remote_mta,
        domain=failure.recipient.rpartition("@")[2],
        address=failure.recipient,
        carrier=carrier,
        us=us,
    )
    return meaning if failure.action == "failed" else replace(meaning, hard=False)
