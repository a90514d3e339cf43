"""What one run of one probe saw: facts in order, the transcript, how it ended. No opinion.

Every fact is frozen and carries when it was seen (monotonic seconds), of whom (target, live control, dead control),
at which server (`host:port`, or the name looked up) and at which IP address. Texts are the server's own words, already
cleaned at the network's edge (no control characters, bounded length).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from mailprobe.evidence.kinds import (
    HELD_BACK,
    As,
    Breakage,
    CanaryState,
    Contract,
    End,
    Folder,
    Lookup,
    Of,
    Purpose,
    Removal,
    ReturnKind,
    SeenBy,
    Stage,
    TlsFault,
    Unreachable,
    Withheld,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What every fact carries. `at` is monotonic seconds."""

    at: float
    of: Of = Of.TARGET
    server: str = ""
    ip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp(Seen):
    """One DNS question and its answer. `server` is the name asked; values are presentation form, MX as `10 host`."""

    purpose: Purpose
    rrtype: str
    outcome: Lookup
    values: tuple[str, ...] = ()
    resolver: str = ""
    took: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected(Seen):
    """TCP is up. `local` is our own address on it."""

    took: float
    local: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotConnected(Seen):
    """TCP did not come up."""

    why: Unreachable
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured(Seen):
    """TLS is up, name and chain verified unless `profile` or `verified` says otherwise. not_after: Unix seconds."""

    version: str
    cipher: str
    profile: str = "default"
    verified: bool = True
    not_after: float | None = None
    took: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSecured(Seen):
    """TLS failed or was not to be had."""

    why: TlsFault
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(Seen):
    """EHLO keywords with their parameters, or IMAP capabilities, upper case."""

    stage: Stage
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(Seen):
    """One SMTP reply (RFC 5321 section 4.2). enhanced is '' or 'x.y.z' (RFC 3463). cached_at: Unix seconds if remembered."""

    stage: Stage
    code: int
    enhanced: str
    text: str
    took: float = 0.0
    who: As | None = None
    cached_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Seen):
    """One IMAP status response (RFC 9051 section 7.1). status OK NO BAD BYE PREAUTH; code as in [CODE], upper case, or ''."""

    stage: Stage
    status: str
    code: str
    text: str
    took: float = 0.0
    who: As | None = None
    cached_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Seen):
    """The mailbox was opened read-only (EXAMINE). Message counts are other people's secret and not kept."""

    uidvalidity: int | None
    uidnext: int | None
    who: As


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota(Seen):
    """RFC 9208. used and limit in the resource's own unit (STORAGE: KiB)."""

    resource: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken(Seen):
    """The dialogue broke at `stage`; `words` is what the server had said that far."""

    stage: Stage
    why: Breakage
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked(Seen):
    """Deliberately not asked. not_before and last_at: Unix seconds; last_words: what was answered then."""

    stage: Stage
    why: Withheld
    who: As | None = None
    not_before: float | None = None
    last_at: float | None = None
    last_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary(Seen):
    """One of our test mails, as far as its record has come; noted at every change. The newest of each `of` counts.

    number: the four digits that a customer reads back. sent_at: Unix seconds of the answer to the end of data. took: seconds
    from there to the arrival, on our one monotonic clock. watched: somebody can look into the mailbox, so absence means
    something. age: seconds since it left us when this was noted; where nobody heard the answer, since it was planned. found_at:
    Unix seconds of the look that found it, which is all that is known of the arrival where nobody saw both ends of its way.
    """

    canary: str
    number: str
    state: CanaryState
    sent_at: float | None = None
    found_at: float | None = None
    took: float | None = None
    age: float = 0.0
    folder: Folder | None = None
    watched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived(Seen):
    """A test mail was found, its token verified. results: its Authentication-Results (RFC 8601). took as in Canary."""

    canary: str
    folder: Folder
    took: float | None
    by: SeenBy
    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedUp(Seen):
    """What became of a test mail that was found."""

    canary: str
    outcome: Removal
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(Seen):
    """A mail came back to the signed sender of a test mail. canary: '' where it can be tied to the mailbox only.

    returned_at: Unix seconds. stage, code, enhanced and text: of the reply that it quotes. recipient: whom it names.
    """

    canary: str
    kind: ReturnKind
    returned_at: float
    stage: Stage = Stage.AFTER_ACCEPTANCE
    code: int = 0
    enhanced: str = ""
    text: str = ""
    recipient: str = ""
    remote: str = ""  # the server that said so


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Seen):
    """What a carrier's own systems hold of one mailbox, read there and changed by nobody. `server` is their name.

    Times are Unix seconds; None or '': they do not say. contract_at: since when the contract stands so. mx_store_uid: the store
    that the MX map delivers to, store_uid: the one that the IMAP directory opens. last_write: to that store, by whomever."""

    contract: Contract | None = None
    contract_at: float | None = None
    password_changed_at: float | None = None
    in_mx_map: bool | None = None
    in_imap_directory: bool | None = None
    mx_store_uid: str = ""
    store_uid: str = ""
    last_write: float | None = None


Fact = (
    LookedUp
    | Connected
    | NotConnected
    | Secured
    | NotSecured
    | Offered
    | Replied
    | Answered
    | Opened
    | Quota
    | Broken
    | NotAsked
    | Canary
    | Arrived
    | CleanedUp
    | Returned
    | Recorded
)


@dataclass(frozen=True, slots=True)
class Ending:
    """reason is a short tag; not_before is Unix seconds, for HELD."""

    kind: End
    reason: str = ""
    not_before: float | None = None


class Line(NamedTuple):
    """One line of a transcript. who: 'S' server, 'C' client, '*' an event; secrets are masked before they come here. A tuple,
    because a check makes twenty of them, and a frozen dataclass takes twice the time to make."""

    at: float
    server: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """started: Unix seconds; began: monotonic, the zero of every fact's `at`; took: seconds."""

    account: str
    probe: str
    vantage: str
    slot: int | None
    started: float
    began: float
    took: float
    facts: tuple[Fact, ...]
    transcript: tuple[Line, ...]
    ending: Ending


__all__ = [
    "HELD_BACK",
    "Answered",
    "Arrived",
    "As",
    "Breakage",
    "Broken",
    "Canary",
    "CanaryState",
    "CleanedUp",
    "Connected",
    "Contract",
    "End",
    "Ending",
    "Evidence",
    "Fact",
    "Folder",
    "Line",
    "LookedUp",
    "Lookup",
    "NotAsked",
    "NotConnected",
    "NotSecured",
    "Of",
    "Offered",
    "Opened",
    "Purpose",
    "Quota",
    "Recorded",
    "Removal",
    "Replied",
    "ReturnKind",
    "Returned",
    "Secured",
    "Seen",
    "SeenBy",
    "Stage",
    "TlsFault",
    "Unreachable",
    "Withheld",
]
