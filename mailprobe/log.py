"""What the daemon writes down: one event a line, as JSON, from a closed list of events and of fields.

An address, a local part or a secret cannot come in by a sentence, because there are none: an event has a name, and fields whose
values must have their field's shape. Of an exception only its type and place are told, since its words may quote anything; of
what a library logs, only who logged it and where.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict, Unpack

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

HIDDEN = "***"


class Event(Enum):
    """Everything that is told, with its level. The value's first part is the line's `event`."""

    SERVING = ("serving", logging.INFO)
    ENDING = ("ending", logging.INFO)
    DRAINED = ("drained", logging.INFO)
    DAEMON_FAULT = ("daemon_fault", logging.CRITICAL)
    CUT_SHORT = ("cut_short", logging.WARNING)
    DRAIN_FAULT = ("drain_fault", logging.ERROR)
    CONFIG_WARNING = ("config_warning", logging.WARNING)
    CONFIG_PROBLEM = ("config_problem", logging.ERROR)
    RELOADED = ("reloaded", logging.INFO)
    RELOAD_FAILED = ("reload_failed", logging.ERROR)
    RELOAD_FAULT = ("reload_fault", logging.ERROR)
    CERTIFICATE_NOT_RENEWED = ("certificate_not_renewed", logging.ERROR)
    NEEDS_RESTART = ("needs_restart", logging.WARNING)
    BOUNCES_FETCHED = ("bounces_fetched", logging.INFO)
    BOUNCE_MAILBOX_UNREADABLE = ("bounce_mailbox_unreadable", logging.ERROR)
    BOUNCES_NOT_FETCHED = ("bounces_not_fetched", logging.ERROR)
    BOUNCES_NOT_TAKEN_IN = ("bounces_not_taken_in", logging.ERROR)
    MAIL_UNREADABLE = ("mail_unreadable", logging.WARNING)
    MAIL_CAME_BACK = ("mail_came_back", logging.INFO)
    RECEIVER_FAULT = ("receiver_fault", logging.ERROR)
    CANARIES_NOT_LOOKED_AFTER = ("canaries_not_looked_after", logging.ERROR)
    PROBER = ("prober", logging.WARNING)
    SELF_CHECK_FAILED = ("self_check_failed", logging.ERROR)
    NOT_COUNTED = ("not_counted", logging.ERROR)
    NOT_DECIDED = ("not_decided", logging.ERROR)
    CHANGES_HELD = ("changes_held", logging.WARNING)
    STORE_TROUBLED = ("store_troubled", logging.ERROR)
    PROBE_FAILED = ("probe_failed", logging.DEBUG)
    STORE_SILENT = ("store_silent", logging.ERROR)
    WINDOWS_UNREAD = ("windows_unread", logging.ERROR)
    WEBHOOK_TOLD = ("webhook_told", logging.INFO)
    WEBHOOK_NOT_TOLD = ("webhook_not_told", logging.WARNING)
    WEBHOOK_GIVEN_UP = ("webhook_given_up", logging.ERROR)
    WEBHOOK_UNREADY = ("webhook_unready", logging.ERROR)
    CONSOLE_FAULT = ("console_fault", logging.ERROR)
    OIDC_FAILED = ("oidc_failed", logging.WARNING)
    LIBRARY = ("library", logging.WARNING)


class Fields(TypedDict, total=False):
    """What an event may say. error: its type and place are told, never its words."""

    account: str  # the configured id
    added: int  # accounts
    carrier: str
    code: str  # MPnnnn
    count: int
    error: BaseException
    gone: int  # accounts
    id: str  # of a thing of ours: an event, an error
    kind: str
    listening: str  # scheme://host:port
    outcome: str
    parts: str  # words, separated by blanks
    probe: str
    server: str  # host:port, as configured
    status: int  # of an HTTP answer
    took: float  # seconds
    tries: int
    where: str  # file:line:column, without its folder
    why: str


# Whatever does not look like its field is hidden: no @, no blank but between words, nothing of any length.
WORD = r"[A-Za-z0-9_-]{1,64}"
SHAPES: dict[str, str] = {
    "account": r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}",
    "carrier": r"[A-Za-z0-9_.-]{1,255}",
    "code": r"MP\d{4}",
    "error": r"[A-Za-z_]\w{0,99}",
    "id": r"[A-Za-z0-9_-]{1,64}",
    "kind": WORD,
    "library": r"[A-Za-z0-9_.]{1,100}",
    "listening": r"[a-z]{2,6}://[A-Za-z0-9_.:\[\]-]{1,255}",
    "outcome": WORD,
    "parts": rf"{WORD}(?:[ .]{WORD}){{0,40}}|",
    "place": r"[\w.<>-]{1,100}:\d{1,7}|an unknown place",
    "probe": WORD,
    "server": r"[A-Za-z0-9_.:\[\]-]{1,255}",
    "where": r"[\w.-]{1,100}(?::\d{1,9}){0,2}|",
    "why": WORD,
}
NUMBERS = frozenset({"added", "count", "gone", "status", "took", "tries"})

logger = logging.getLogger("mailprobe")


def tell(event: Event, **fields: Unpack[Fields]) -> None:
    """Write one event down, if anybody listens."""
    name, level = event.value
    if logger.isEnabledFor(level):
        said = cleaned(dict(fields))
        words = " ".join((name, *(f"{key}={value}" for key, value in said.items())))
        logger.log(level, words, extra={"mailprobe_event": name, "mailprobe_fields": said})


def listen(stream: IO[str] | None = None, level: int = logging.INFO) -> logging.Handler:
    """From now on every event is a line on the stream (standard error). The handler, for whoever wants it gone again."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(lines())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # of libraries
    logger.setLevel(level)
    return handler


def lines() -> logging.Formatter:
    """A record -> its line."""
    from structlog import processors, stdlib  # only the daemon needs it, and it takes a while to be read

    return stdlib.ProcessorFormatter(
        processors=[
            told,
            stdlib.add_log_level,
            processors.TimeStamper(fmt="iso", utc=True, key="at"),
            processors.JSONRenderer(ensure_ascii=True),
        ]
    )


def told(_logger: WrappedLogger, method: str, given: EventDict) -> EventDict:
    """What `tell` has cleaned; of anything else who logged it and where, never what it says."""
    record: logging.LogRecord = given["_record"]
    event = getattr(record, "mailprobe_event", None)
    if event is not None:
        return {"event": event, **getattr(record, "mailprobe_fields", {})}
    trouble = given.get("exc_info")  # (type, error, traceback)
    error = trouble[1] if isinstance(trouble, tuple) else None
    what = {"place": f"{record.filename}:{record.lineno}"} if error is None else {"error": error}
    return {"event": Event.LIBRARY.value[0], **cleaned({"library": record.name, **what})}


def cleaned(fields: Mapping[str, object]) -> dict[str, object]:
    """Only what is known, in its known shape; an error as its type and place."""
    said = dict(fields)
    if isinstance(error := said.get("error"), BaseException):
        said |= {"error": type(error).__name__, "place": place_of(error)}
    return {key: shaped(key, value) for key, value in said.items() if key in SHAPES or key in NUMBERS}


def shaped(key: str, value: object) -> object:
    if key in NUMBERS:
        return value if isinstance(value, int | float) else HIDDEN
    return value if isinstance(value, str) and re.fullmatch(SHAPES[key], value) else HIDDEN


def place_of(error: BaseException) -> str:
    """`file.py:12`, where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
