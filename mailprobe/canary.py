"""One test mail as it is written down: a record that outlives every process, not one long run.

The jobs `send`, `look` and `sweep` are short, and each step of a record is a durable compare-and-set: whoever loses the race
does nothing. `sending` is written before DATA; whoever finds it later makes it `uncertain`, looks, and never sends again.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailprobe.evidence import CanaryState, Folder, Of

# The legal steps. A bounce may come at any time after the acceptance, even for one that was given up for lost.
STEPS: dict[CanaryState, tuple[CanaryState, ...]] = {
    CanaryState.PLANNED: (CanaryState.SENDING, CanaryState.REFUSED, CanaryState.LOST),
    CanaryState.SENDING: (CanaryState.ACCEPTED, CanaryState.REFUSED, CanaryState.UNCERTAIN),
    CanaryState.ACCEPTED: (CanaryState.SEEN, CanaryState.JUNKED, CanaryState.LOST, CanaryState.BOUNCED),
    CanaryState.UNCERTAIN: (CanaryState.SEEN, CanaryState.JUNKED, CanaryState.LOST, CanaryState.BOUNCED),
    CanaryState.LOST: (CanaryState.LATE, CanaryState.BOUNCED),
    CanaryState.BOUNCED: (CanaryState.LATE,),
    CanaryState.SEEN: (CanaryState.REMOVED, CanaryState.LEFT),
    CanaryState.JUNKED: (CanaryState.REMOVED, CanaryState.LEFT),
    CanaryState.LATE: (CanaryState.REMOVED, CanaryState.LEFT),
    CanaryState.REFUSED: (),
    CanaryState.REMOVED: (),
    CanaryState.LEFT: (),
}
# Still out, or still in the mailbox: somebody has to look after it.
OPEN = frozenset(state for state, steps in STEPS.items() if steps) - {CanaryState.LOST, CanaryState.BOUNCED}
# On its way: while one of these is out, no second test mail goes to the same mailbox.
ALIVE = frozenset({CanaryState.PLANNED, CanaryState.SENDING, CanaryState.ACCEPTED, CanaryState.UNCERTAIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Times are Unix seconds. subject: the store's hash of the mailbox's address. sender: the envelope sender, for life."""

    id: str
    subject: str
    of: Of
    account: str  # the configured id; '' for a check of an address alone
    vantage: str
    sender: str
    number: str  # four digits for a customer to read back
    consent: str  # who agreed: 'enrolled', or what the agent wrote down
    planned_at: float
    state: CanaryState = CanaryState.PLANNED
    changed_at: float = 0.0
    watched: bool = False  # somebody of ours can look into the mailbox
    uidvalidity: int | None = None  # of INBOX before the sending (RFC 9051 section 2.3.1.1)
    uidnext: int | None = None
    sent_at: float | None = None  # the answer to the end of data
    server: str = ""
    ip: str = ""
    reply: str = ""  # the last answer of that server with its codes, without the address; it often holds the queue id
    stage: str = ""  # at which step that answer came: an `evidence.Stage`
    folder: Folder | None = None  # where it was found
    mailbox: str = ""  # the folder's name, as the server writes it
    uid: int | None = None
    found_at: float | None = None
    took: float | None = None  # seconds from acceptance to arrival, where one process saw both


def may_step(before: CanaryState, after: CanaryState) -> bool:
    return after in STEPS[before]
