"""What an agent or a customer told us, as `K[=V]` words of a fixed list -> frozen Observations. Told, never measured."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum

from mailprobe.config import Problem
from mailprobe.evidence import Stage
from mailprobe.replies import ReplyClass, SpeaksOf
from mailprobe.verdict.picture import ContractState, Portal

DAY = 86400.0
DATE_ALONE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Place(StrEnum):
    """Where a test mail was seen."""

    INBOX = "inbox"
    JUNK = "junk"
    WEBMAIL = "webmail"
    HANDSET = "handset"


@dataclass(frozen=True, slots=True)
class CanarySeen:
    """place None: told as not seen. number: the one that the test mail shows; None if it was not read out."""

    place: Place | None
    number: int | None


@dataclass(frozen=True, slots=True)
class Observations:
    """Times are Unix seconds; a date alone counts as the end of that day in UTC, so that nothing seems later than it was."""

    spelling_confirmed: bool = False
    contract: ContractState = ContractState.UNKNOWN
    contract_at: float | None = None
    portal: Portal = Portal.UNTOLD
    mail_password_changed_at: float | None = None
    webmail_ok: bool = False
    other_device_ok: bool = False
    handset_fails: bool = False
    pc_used: bool = False
    old_address: str = ""
    canaries: tuple[CanarySeen, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounced:
    """One failed recipient of a bounce that a correspondent got, already read. `recipient` is '' where it names none."""

    recipient: str
    cls: ReplyClass
    speaks_of: SpeaksOf
    hard: bool
    stage: Stage | None = None


class ObservedError(Exception):
    """Something told cannot be understood. All of it at once, each with place and hint."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problem(s) in what was observed")
        self.problems = problems
        self.exit_code = 64  # EX_USAGE


class Unfit(Exception):
    """One value cannot be read: code, what, hint."""

    def __init__(self, code: str, what: str, hint: str) -> None:
        super().__init__(what)
        self.code, self.what, self.hint = code, what, hint


def check_numbers(told: Observations, known: Collection[str]) -> tuple[Problem, ...]:
    """The number that was read back must be the one of a test mail that was sent: any other proves nothing, and is refused.
    known: the numbers of this mailbox's test mails, as they stand in their subjects."""
    numbers = {int(one) for one in known if one.isdecimal()}
    return tuple(problem for one in told.canaries for problem in wrong_number(one, numbers))


def wrong_number(one: CanarySeen, known: set[int]) -> Iterator[Problem]:
    word = "canary_not_seen" if one.place is None else f"canary_seen={one.place.value}"
    where = f"observed: {word}" if one.number is None else f"observed: {word}:{one.number:04d}"
    if not known:
        yield Problem("MP1110", where, "no test mail was sent to this address", "send one with --canary, if the customer agrees")
    elif one.number is not None and one.number not in known:
        yield Problem("MP1111", where, "no test mail carries this number", "have the four digits in the subject read out again")


Reader = Callable[[Observations, str, float], Observations]


def parse(words: Sequence[str], *, now: float) -> Observations:
    """`["portal_ok", "contract=active"]` -> Observations. now: Unix seconds. Raises ObservedError (MP11xx)."""
    told, problems = Observations(), []
    said: dict[str, str] = {}
    for word in words:
        try:
            told = read_one(told, word, said, now)
        except Unfit as unfit:
            problems.append(Problem(unfit.code, f"observed: {word}", unfit.what, unfit.hint))
    if problems:
        raise ObservedError(tuple(problems))
    return told


def read_one(told: Observations, word: str, said: dict[str, str], now: float) -> Observations:
    key, mark, value = re.fullmatch(r"([^=:]*)([=:]?)(.*)", word, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
    key = key.strip()
    if key not in KEYS:
        raise Unfit("MP1101", f"'{key}' is nothing that can be observed", near(key, KEYS))
    wants_value = key in VALUED
    if wants_value and key not in OPTIONAL and not value.strip():
        raise Unfit("MP1102", f"'{key}' needs a value", f"for example {EXAMPLES[key]}")
    if not wants_value and mark:
        raise Unfit("MP1103", f"'{key}' takes no value", f"say {key}")
    refuse_contradiction(key, value.strip(), said)
    return KEYS[key](told, value.strip(), now)


def refuse_contradiction(key: str, value: str, said: dict[str, str]) -> None:
    """The same thing told twice in two ways has no meaning; the canaries are many by nature."""
    topic = "portal" if key.startswith("portal_") else key
    now_said = key if topic == "portal" else value
    if topic not in MANY and said.setdefault(topic, now_said) != now_said:
        raise Unfit("MP1106", f"'{topic}' was told twice and differently", "leave one of the two out")


def read_contract(told: Observations, value: str, now: float) -> Observations:
    state, _, since = value.partition("@")
    known = [one.value for one in ContractState if one is not ContractState.UNKNOWN]
    if state not in known:
        raise Unfit("MP1104", f"contract cannot be '{state}'", near(state, known))
    return replace(told, contract=ContractState(state), contract_at=instant(since, now) if since else None)


def read_changed_at(told: Observations, value: str, now: float) -> Observations:
    return replace(told, mail_password_changed_at=instant(value, now))


def read_old_address(told: Observations, value: str, now: float) -> Observations:
    if not re.fullmatch(r"\S+@[^\s@]+", value):
        raise Unfit("MP1104", "old_address is not a mail address", f"for example {EXAMPLES['old_address']}")
    return replace(told, old_address=value)


def read_seen(told: Observations, value: str, now: float) -> Observations:
    place, _, number = value.partition(":")
    if place not in list(Place):
        raise Unfit("MP1104", f"a test mail cannot be seen in '{place}'", near(place, [one.value for one in Place]))
    return replace(told, canaries=(*told.canaries, CanarySeen(Place(place), count(number) if number else None)))


def read_not_seen(told: Observations, value: str, now: float) -> Observations:
    return replace(told, canaries=(*told.canaries, CanarySeen(None, count(value) if value else None)))


def flag(**said: bool | Portal) -> Reader:
    return lambda told, value, now: replace(told, **said)  # type: ignore[arg-type]  # the names below are fields of theirs


KEYS: dict[str, Reader] = {
    "spelling_confirmed": flag(spelling_confirmed=True),
    "contract": read_contract,
    "portal_ok": flag(portal=Portal.OK),
    "portal_closed": flag(portal=Portal.CLOSED),
    "mail_password_changed_at": read_changed_at,
    "webmail_ok": flag(webmail_ok=True),
    "other_device_ok": flag(other_device_ok=True),
    "handset_fails": flag(handset_fails=True),
    "pc_used": flag(pc_used=True),
    "old_address": read_old_address,
    "canary_seen": read_seen,
    "canary_not_seen": read_not_seen,
}
EXAMPLES = {
    "contract": "contract=active, contract=closed@2026-03-31",
    "mail_password_changed_at": "mail_password_changed_at=2026-03-31T09:15+09:00",
    "old_address": "old_address=name@example.jp",
    "canary_seen": "canary_seen=inbox:4711",
    "canary_not_seen": "canary_not_seen:4711",
}
VALUED = frozenset(EXAMPLES)
OPTIONAL = frozenset({"canary_not_seen"})  # what one does not see has no number to read out
MANY = frozenset({"canary_seen", "canary_not_seen"})


def count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise Unfit("MP1104", f"'{text}' is not the number of a test mail", "the digits that the test mail shows")
    return int(text)


def instant(text: str, now: float) -> float:
    """ISO 8601 with a zone, or a date alone: Unix seconds."""
    try:
        if DATE_ALONE.fullmatch(text):
            day = date.fromisoformat(text)
            seen, earliest = datetime.combine(day, time.max, UTC), datetime.combine(day, time.min, UTC).timestamp() - DAY / 2
        else:
            seen = datetime.fromisoformat(text)
            earliest = seen.timestamp() if seen.tzinfo else 0.0
    except (ValueError, OverflowError):
        raise Unfit("MP1105", f"'{text}' is not a time", "write 2026-03-31T09:15+09:00, or 2026-03-31") from None
    if seen.tzinfo is None:
        raise Unfit("MP1105", f"'{text}' has no time zone", f"write {text}+09:00 or {text}Z")
    if earliest > now + 60:
        raise Unfit("MP1105", f"'{text}' is in the future", "write when it happened")
    return seen.timestamp()


def near(word: str, known: Sequence[str] | dict[str, Reader]) -> str:
    """The nearest known word, else the whole list."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}?" if close else "known: " + ", ".join(known)
