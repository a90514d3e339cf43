"""What the IMAP server (or the submission server) says to T and to L, as far as their logins and its doors tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailprobe.carriers import Carrier
from mailprobe.evidence import (
    Answered,
    As,
    Breakage,
    Broken,
    NotAsked,
    NotConnected,
    NotSecured,
    Of,
    Offered,
    Secured,
    Stage,
    TlsFault,
    Unreachable,
    Withheld,
)
from mailprobe.replies import SignInClass, read_auth, read_sign_in
from mailprobe.verdict.filing import Dated, Door
from mailprobe.verdict.logins import (
    HUNG_UP,
    LASTING,
    LOGIN,
    Login,
    code_and_text,
    farewell,
    is_in_trouble,
    let_in,
    logins_of,
    may_mean_one,
)
from mailprobe.verdict.picture import Backends, Control, Known, Room, SignIn, Source, Store, Tls

CONTROL_COUNTS_FOR = 600.0  # seconds
REFUSAL_COUNTS_FOR = 86400.0
OURS = (Unreachable.FORBIDDEN, Unreachable.NO_FAMILY, Unreachable.OUR_LIMIT)
PASSING_TLS = (TlsFault.TIMEOUT, TlsFault.RESET)
NEARLY_FULL = 0.95

SIGN_IN = {
    SignInClass.OPENED: SignIn.OPENED,
    SignInClass.REFUSED: SignIn.REFUSED,
    SignInClass.DISABLED: SignIn.DISABLED,
    SignInClass.EXPIRED: SignIn.EXPIRED,
    SignInClass.RATE_LIMITED: SignIn.RATE_LIMITED,
    SignInClass.UNAVAILABLE: SignIn.UNAVAILABLE,
    SignInClass.NOT_ALLOWED: SignIn.NOT_ALLOWED,
}
BY_MASTER = {
    SignInClass.OPENED: SignIn.OPENED_BY_MASTER,
    SignInClass.REFUSED: SignIn.REFUSED_BY_MASTER,
    SignInClass.RATE_LIMITED: SignIn.RATE_LIMITED,
    SignInClass.UNAVAILABLE: SignIn.UNAVAILABLE,
}
# A chain that we do not know, or another name, may be a setting of ours; a date that has passed is not.
OUT_OF_DATE = {TlsFault.OLD_SERVER: Tls.LEGACY_UNNAMED, TlsFault.EXPIRED: Tls.EXPIRED}
BEFORE = {SignInClass.REFUSED: SignIn.REFUSED_BEFORE, **{cls: SIGN_IN[cls] for cls in LASTING}}
SMTP_REPLY = re.compile(r"([45]\d\d) (.*)", re.DOTALL)
CONTROL = {
    SignInClass.OPENED: Control.GOOD,
    SignInClass.REFUSED: Control.REFUSED,
    SignInClass.DISABLED: Control.REFUSED,
    SignInClass.EXPIRED: Control.REFUSED,
    SignInClass.RATE_LIMITED: Control.RATE_LIMITED,
    SignInClass.UNAVAILABLE: Control.UNAVAILABLE,
    SignInClass.NOT_ALLOWED: Control.NOT_ALLOWED,
}
NOT_TRIED = {
    Withheld.NO_SECRET: SignIn.NO_SECRET,
    Withheld.SECRET_UNREADABLE: SignIn.NO_SECRET,
    Withheld.NO_SERVER: SignIn.NO_SERVER,
    Withheld.SERVER_GUESSED: SignIn.NO_SERVER,
    Withheld.NOT_SECURE: SignIn.INSECURE,
    Withheld.NO_MECHANISM: SignIn.UNCLEAR,
}
FRONT_AS_CONTROL = {
    SignIn.CLOSED: Control.CLOSED,
    SignIn.UNREACHABLE: Control.UNREACHABLE,
    SignIn.UNAVAILABLE: Control.UNAVAILABLE,
    SignIn.RATE_LIMITED: Control.RATE_LIMITED,
}


@dataclass(frozen=True, slots=True)
class Leg:
    """Everything of one probe, IMAP's or submission's."""

    doors: Sequence[Door]
    withheld: Sequence[Dated[NotAsked]]
    logins: Sequence[Login]
    carrier: Carrier
    now: float


def leg_of(doors: Sequence[Door], withheld: Sequence[Dated[NotAsked]], carrier: Carrier, now: float) -> Leg:
    logins = sorted((one for door in doors for one in logins_of(door, carrier)), key=lambda each: each.at)
    return Leg(doors, withheld, logins, carrier, now)


# ---- T ---------------------------------------------------------------------------------------------------------------


def sign_in_of(leg: Leg) -> Known[SignIn]:
    """T's own login; else why none was spent; else how far the doors let one."""
    mine = [one for one in leg.logins if one.of is Of.TARGET]
    chosen = [one for one in mine if one.who is not As.MASTER] or mine
    if chosen:
        last = chosen[-1]
        source = Source.REMEMBERED if last.remembered else Source.MEASURED
        return Known(meant(last), last.at, source)
    front = front_of(leg, Of.TARGET)
    for one in reversed([held for held in leg.withheld if held.fact.of is Of.TARGET and held.fact.stage is not Stage.EXAMINE]):
        return not_tried(one, front, leg)
    return Known(front or SignIn.UNASKED, seen_at(leg, Of.TARGET))


def meant(login: Login) -> SignIn:
    if login.broken or login.silent:
        return SignIn.CLOSED if login.broken else SignIn.UNREACHABLE
    table = BY_MASTER if login.who is As.MASTER else SIGN_IN
    return table.get(login.cls, SignIn.UNCLEAR)


def not_tried(one: Dated[NotAsked], front: SignIn | None, leg: Leg) -> Known[SignIn]:
    held = one.fact
    before = refused_before(held, leg) if held.who is not As.MASTER else None
    if before is not None:
        return before
    if held.why in (Withheld.NOT_SECURE, Withheld.CONTROL_FAILED) and front is not None:
        return Known(front, one.at)
    return Known(NOT_TRIED.get(held.why, SignIn.HELD), one.at)


def refused_before(held: NotAsked, leg: Leg) -> Known[SignIn] | None:
    """The words of an earlier login that was refused, if they are not older than a day."""
    if held.why not in (Withheld.SAME_SECRET_REFUSED, Withheld.BUDGET_SPENT) or held.last_at is None or not held.last_words:
        return None
    if leg.now - held.last_at > REFUSAL_COUNTS_FOR:
        return None
    said = BEFORE.get(read_last(held, leg.carrier))
    return None if said is None else Known(said, held.last_at, Source.REMEMBERED)


def read_last(held: NotAsked, carrier: Carrier) -> SignInClass:
    """What an earlier login was told. Both legs may have one budget, but what one server refused, the other may let in."""
    smtp, auth = SMTP_REPLY.match(held.last_words), held.stage is Stage.AUTH
    if auth is not bool(smtp):
        return SignInClass.UNCLASSIFIED
    if smtp:
        return read_auth(code=int(smtp[1]), text=smtp[2], carrier=carrier)
    code, text = code_and_text(held.last_words)
    return read_sign_in(status="NO", code=code, text=text, carrier=carrier)


# ---- the doors -------------------------------------------------------------------------------------------------------


def front_of(leg: Leg, of: Of | None = None) -> SignIn | None:
    """None: at least one door opened. Else why none did; the most telling reason first."""
    shut = [state for door in leg.doors if (state := shut_by(door, of, leg.carrier)) is not SignIn.UNASKED]
    if not shut or None in shut:
        return None
    order = (SignIn.OLD_TLS, SignIn.INSECURE, SignIn.RATE_LIMITED, SignIn.UNAVAILABLE, SignIn.CLOSED, SignIn.UNREACHABLE)
    return next((kind for kind in order if kind in shut), SignIn.UNCLEAR)


def seen_at(leg: Leg, of: Of | None = None) -> float | None:
    """When the doors were last tried, Unix seconds: judged again later, what was seen then is no second look."""
    tried = (one for door in leg.doors for one in (*door.opened_up, *door.shut, *door.replies) if of in (None, one.fact.of))
    return max((one.at for one in tried), default=None)


def shut_by(door: Door, of: Of | None, carrier: Carrier) -> SignIn | None:
    """None: open as far as a login. UNASKED: not tried, or our own doing."""
    gone = [one for one in door.shut if of in (None, one.fact.of)]
    offers = [up.at for up in door.opened_up if of in (None, up.fact.of) and isinstance(up.fact, Offered)]
    # what is offered in clear, before STARTTLS fails, opens nothing
    in_clear = bool(gone) and isinstance(gone[-1].fact, NotSecured) and gone[-1].at >= max(offers, default=0.0)
    if answered(door, of) or (offers and not in_clear):
        return None
    if gone:
        return why_shut(gone[-1].fact, carrier)
    early = [one for one in door.replies if of in (None, one.fact.of) and one.fact.code >= 400]
    if early:
        return SignIn.UNAVAILABLE if early[-1].fact.code < 500 else SignIn.UNCLEAR
    return SignIn.UNASKED


def answered(door: Door, of: Of | None) -> bool:
    """Whether a login was answered here, in this run."""
    imap = any(of in (None, one.fact.of) and one.fact.stage in LOGIN and not one.remembered for one in door.answers)
    return imap or any(of in (None, one.fact.of) and one.fact.stage in LOGIN for one in door.replies)


def why_shut(fact: NotConnected | NotSecured | Broken, carrier: Carrier) -> SignIn:
    match fact:
        case NotConnected(why=why):
            if why in OURS:
                return SignIn.UNASKED
            return SignIn.CLOSED if why in (Unreachable.REFUSED, Unreachable.RESET) else SignIn.UNREACHABLE
        case NotSecured(why=TlsFault.OLD_SERVER):
            return SignIn.OLD_TLS
        case NotSecured(why=fault):
            return SignIn.CLOSED if fault in PASSING_TLS else SignIn.INSECURE
        case Broken(why=Breakage.BYE):
            if farewell(fact, carrier) is SignInClass.RATE_LIMITED:
                return SignIn.RATE_LIMITED
            return SignIn.CLOSED if is_in_trouble(fact.words) else SignIn.UNCLEAR
        case Broken(why=Breakage.OUT_OF_TIME):
            return SignIn.UNREACHABLE  # silence is never bad by itself: our time may have been too short, or the way lost it
        case Broken():
            return SignIn.CLOSED if fact.why in HUNG_UP else SignIn.UNCLEAR


# ---- L ---------------------------------------------------------------------------------------------------------------


def control_of(leg: Leg) -> Known[Control]:
    """L's login of the last ten minutes; else what kept it from being tried; else what keeps everybody out."""
    fresh = [one for one in leg.logins if one.of is Of.LIVE and leg.now - one.at <= CONTROL_COUNTS_FOR]
    if fresh:
        last = fresh[-1]
        value = control_meant(last)
        by_master = value is Control.GOOD and last.who is As.MASTER
        source = Source.REMEMBERED if last.remembered else Source.MEASURED
        return Known(Control.GOOD_BY_MASTER if by_master else value, last.at, source)
    for one in reversed([held for held in leg.withheld if held.fact.of is Of.LIVE]):
        return control_not_tried(one, leg)
    front = front_of(leg, Of.LIVE) or (front_of(leg) if shuts_everybody_out(leg) else None)
    if front in FRONT_AS_CONTROL:
        return Known(FRONT_AS_CONTROL[front], seen_at(leg))
    exists = any(one.secret is not None for one in leg.carrier.live_controls)
    return Known(Control.UNASKED if exists else Control.ABSENT)


def shuts_everybody_out(leg: Leg) -> bool:
    """Whether what kept T out would keep L out too, though L was not sent there. A server that takes the connection and hangs
    up without a word may have meant this one: a limit per address, or a ban."""
    last = [door.shut[-1].fact for door in leg.doors if door.shut]
    return not any(hung_up_without_a_word(fact) for fact in last)


def hung_up_without_a_word(fact: NotConnected | NotSecured | Broken) -> bool:
    if isinstance(fact, Broken):
        # the words of a reset are our own system's
        return fact.why is Breakage.RESET or (fact.why in HUNG_UP and not fact.words)
    return isinstance(fact, NotSecured) and fact.why in PASSING_TLS


def control_meant(login: Login) -> Control:
    if login.broken or login.silent:
        return Control.CLOSED if login.broken else Control.UNREACHABLE
    return CONTROL.get(login.cls, Control.UNCLEAR)


def control_not_tried(one: Dated[NotAsked], leg: Leg) -> Known[Control]:
    held = one.fact
    if held.why is Withheld.CACHED and held.last_at is not None and leg.now - held.last_at <= CONTROL_COUNTS_FOR:
        return Known(Control.GOOD, held.last_at, Source.REMEMBERED)
    # without words the budget went on logins that hung or were cut: nobody has refused the control
    if held.why is Withheld.SAME_SECRET_REFUSED or (held.why is Withheld.BUDGET_SPENT and held.last_words):
        lasting = not held.last_words or read_last(held, leg.carrier) in BEFORE
        return Known(Control.REFUSED if lasting else Control.UNASKED, held.last_at, Source.REMEMBERED)
    missing = held.why in (Withheld.NO_CONTROL, Withheld.NO_SECRET, Withheld.SECRET_UNREADABLE)
    return Known(Control.ABSENT if missing else Control.UNASKED, one.at)


# ---- behind the sign-in ----------------------------------------------------------------------------------------------


def store_of(leg: Leg) -> Known[Store]:
    """OPENED by whoever signed in for T; LOST only if the server says that the mailbox is not there, FAILED if it says that
    the fault is its own, or hangs up instead of opening it."""
    seen: list[Known[Store]] = []
    for door in leg.doors:
        seen += [Known(Store.OPENED, one.at) for one in door.mailboxes if one.fact.of is Of.TARGET]
        seen += [Known(store, one.at) for one in door.answers if (store := not_opened(one.fact, leg.carrier)) is not None]
        seen += [Known(Store.FAILED, one.at) for one in door.shut if hung_up_on_opening(door, one.at, one.fact)]
    return max(seen, key=lambda one: one.at or 0.0, default=Known(Store.UNKNOWN))


def not_opened(fact: Answered, carrier: Carrier) -> Store | None:
    if fact.of is not Of.TARGET or fact.stage is not Stage.EXAMINE:
        return None
    cls = read_sign_in(status=fact.status, code=fact.code, text=fact.text, stage=fact.stage, carrier=carrier)
    return {SignInClass.MAILBOX_ABSENT: Store.LOST, SignInClass.UNAVAILABLE: Store.FAILED}.get(cls)


def hung_up_on_opening(door: Door, at: float, fact: NotConnected | NotSecured | Broken) -> bool:
    """T was let in, and the connection was cut when his mailbox should open. Silence is never bad by itself."""
    if not isinstance(fact, Broken) or fact.of is not Of.TARGET or fact.why not in HUNG_UP or may_mean_one(fact):
        return False
    return fact.stage is Stage.EXAMINE or let_in(door, at, fact) is not None


def room_of(leg: Leg) -> Known[Room]:
    quotas = [one for door in leg.doors for one in door.quotas if one.fact.of is Of.TARGET and one.fact.limit > 0]
    if not quotas:
        return Known(Room.UNKNOWN)
    fullest = max(quotas, key=lambda one: one.fact.used / one.fact.limit)
    share = fullest.fact.used / fullest.fact.limit
    room = Room.FULL if share >= 1 else Room.NEAR if share >= NEARLY_FULL else Room.ROOM
    return Known(room, fullest.at)


def backends_of(leg: Leg) -> Known[Backends]:
    """One broken address of several is a note, unless T's own login went there."""
    states = {door.ip: shut_by(door, None, leg.carrier) for door in leg.doors if door.ip}
    counted = {ip: state for ip, state in states.items() if state is not SignIn.UNASKED}
    last = next((one for one in reversed(leg.logins) if one.of is Of.TARGET and not one.remembered), None)
    hit = {last.door.ip} if last is not None and (last.broken or last.cls is SignInClass.UNAVAILABLE) else set()
    broken = {ip for ip, state in counted.items() if state is not None} | hit
    if not counted:
        return Known(Backends.UNKNOWN)
    if len(broken) == len(counted):
        return Known(Backends.NONE, seen_at(leg))
    if not broken:
        return Known(Backends.ALL, seen_at(leg))
    return Known(Backends.SOME_HIT if hit else Backends.SOME, seen_at(leg))


def tls_of(leg: Leg) -> Known[Tls]:
    """The worst that was seen at any address."""
    seen: set[Tls] = set()
    for door in leg.doors:
        for up in door.opened_up:
            if isinstance(up.fact, Secured):
                seen.add(Tls.MODERN if up.fact.profile == "default" else Tls.LEGACY_NAMED)
        for down in door.shut:
            if isinstance(down.fact, NotSecured) and down.fact.why not in PASSING_TLS:
                seen.add(OUT_OF_DATE.get(down.fact.why, Tls.BAD_CERTIFICATE))
    order = (Tls.LEGACY_UNNAMED, Tls.EXPIRED, Tls.BAD_CERTIFICATE, Tls.LEGACY_NAMED, Tls.MODERN)
    return Known(next((kind for kind in order if kind in seen), Tls.UNKNOWN), seen_at(leg))
