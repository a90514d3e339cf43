"""What becomes of a sign-in: T, L, the store behind, the addresses of the server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailprobe.carriers import LiveControl
from mailprobe.evidence import (
    Answered,
    As,
    Breakage,
    Broken,
    Fact,
    NotAsked,
    NotConnected,
    NotSecured,
    Of,
    Offered,
    Opened,
    Quota,
    Replied,
    Secured,
    Stage,
    TlsFault,
    Unreachable,
    Withheld,
)
from mailprobe.verdict.picture import (
    Backends,
    Control,
    Room,
    SignIn,
    Store,
    Tls,
)
from tests.unit.verdict.facts import (
    CARRIER,
    IMAP,
    LIVE,
    NOW,
    OPEN,
    REFUSED,
    held,
    hung_up,
    live,
    login,
    refused_before,
    seen,
)

SIGN_INS = [
    ([OPEN, login("OK")], SignIn.OPENED),
    ([OPEN, login("OK", who=As.MASTER)], SignIn.OPENED_BY_MASTER),
    ([OPEN, login(*REFUSED)], SignIn.REFUSED),
    ([OPEN, login(*REFUSED, who=As.MASTER)], SignIn.REFUSED_BY_MASTER),
    ([OPEN, login("OK", who=As.MASTER), login(*REFUSED)], SignIn.REFUSED),
    ([OPEN, login("NO", "CONTACTADMIN", "Login disabled for this user")], SignIn.DISABLED),
    ([OPEN, login("NO", "EXPIRED", "Password expired")], SignIn.EXPIRED),
    ([OPEN, login("NO", "LIMIT", "Maximum number of connections from user+IP exceeded")], SignIn.RATE_LIMITED),
    ([OPEN, login("NO", "UNAVAILABLE", "Temporary authentication failure. [host:time]")], SignIn.UNAVAILABLE),
    ([OPEN, login("NO", "", "Login failed.")], SignIn.REFUSED),
    ([OPEN, login("BAD", "", "what?")], SignIn.UNCLEAR),
    ([OPEN, hung_up(Breakage.CLOSED)], SignIn.CLOSED),
    ([OPEN, hung_up(Breakage.BYE, "[UNAVAILABLE] Temporary problem")], SignIn.UNAVAILABLE),
    ([OPEN, hung_up(Breakage.GARBAGE)], SignIn.UNCLEAR),
    ([OPEN, held(Withheld.NO_SECRET)], SignIn.NO_SECRET),
    ([OPEN, held(Withheld.SERVER_GUESSED)], SignIn.NO_SERVER),
    ([OPEN, held(Withheld.CONTROL_FAILED)], SignIn.HELD),
    (
        [OPEN, held(Withheld.SAME_SECRET_REFUSED, last_at=NOW - 900, last_words="[AUTHENTICATIONFAILED] no")],
        SignIn.REFUSED_BEFORE,
    ),
    ([OPEN, refused_before(Withheld.SAME_SECRET_REFUSED, "[AUTHENTICATIONFAILED] no")], SignIn.REFUSED_BEFORE),
    ([OPEN, refused_before(Withheld.BUDGET_SPENT, "535 5.7.8 no")], SignIn.HELD),  # by the submission server
    ([OPEN, refused_before(Withheld.SAME_SECRET_REFUSED, "[EXPIRED] too old")], SignIn.EXPIRED),
    ([OPEN, refused_before(Withheld.SAME_SECRET_REFUSED, "[ALERT] Account suspended")], SignIn.DISABLED),
    ([OPEN, refused_before(Withheld.SAME_SECRET_REFUSED, "Too many open connections (5)")], SignIn.HELD),
    ([OPEN, refused_before(Withheld.SAME_SECRET_REFUSED, "Temporary System Problem (Failure)")], SignIn.HELD),
    ([OPEN, refused_before(Withheld.SAME_SECRET_REFUSED, "[AUTHENTICATIONFAILED] no", 90_000)], SignIn.HELD),
    ([OPEN, held(Withheld.BUDGET_SPENT)], SignIn.HELD),
    ([NotConnected(at=101, **IMAP, why=Unreachable.REFUSED)], SignIn.CLOSED),
    ([NotConnected(at=101, **IMAP, why=Unreachable.TIMEOUT)], SignIn.UNREACHABLE),
    ([NotConnected(at=101, **IMAP, why=Unreachable.NO_FAMILY)], SignIn.UNASKED),
    ([NotSecured(at=101, **IMAP, why=TlsFault.EXPIRED), held(Withheld.NOT_SECURE, None)], SignIn.INSECURE),
    ([NotSecured(at=101, **IMAP, why=TlsFault.OLD_SERVER), held(Withheld.NOT_SECURE, None)], SignIn.OLD_TLS),
    (
        [Broken(at=101, **IMAP, stage=Stage.GREETING, why=Breakage.BYE, words="Temporary problem, please try later")],
        SignIn.CLOSED,
    ),
    ([OPEN, hung_up(Breakage.BYE, "Server shutting down.")], SignIn.UNAVAILABLE),
    ([OPEN, hung_up(Breakage.BYE, "Internal login failure. Refer to server log for more information.")], SignIn.CLOSED),
    ([OPEN, hung_up(Breakage.BYE, "Connection closed, try again later")], SignIn.UNCLEAR),  # it may mean this login alone
    ([OPEN, hung_up(Breakage.BYE, "[ALERT] Fatal error: No such file or directory")], SignIn.UNAVAILABLE),
    ([OPEN, hung_up(Breakage.BYE, "Bye")], SignIn.UNCLEAR),
    ([hung_up(Breakage.BYE, "Temporary problem, please try later", Stage.GREETING)], SignIn.CLOSED),
    ([hung_up(Breakage.BYE, "Your host is not welcome", Stage.GREETING)], SignIn.UNCLEAR),
    ([hung_up(Breakage.BYE, "Too many connections", Stage.GREETING)], SignIn.RATE_LIMITED),
    ([], SignIn.UNASKED),
]


@pytest.mark.parametrize(("facts", "expected"), SIGN_INS)
def test_what_becomes_of_the_sign_in(facts: list[Fact], expected: SignIn) -> None:
    assert seen(*facts, probe="imap").sign_in.value is expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("535 5.7.8 Error: authentication failed", SignIn.REFUSED_BEFORE),
        ("535 5.7.8 Account suspended: account disabled", SignIn.DISABLED),
        ("535 5.7.139 Authentication unsuccessful", SignIn.NOT_ALLOWED),
        ("535 5.7.8 Authentication failed: under maintenance", SignIn.HELD),
        ("[AUTHENTICATIONFAILED] no", SignIn.HELD),  # IMAP's words: submission has never refused it
    ],
)
def test_what_submission_said_before(words: str, expected: SignIn) -> None:
    before = replace(refused_before(Withheld.SAME_SECRET_REFUSED, words), stage=Stage.AUTH)
    assert seen(before, probe="submission").submission.value is expected


def held_control(why: Withheld, words: str) -> NotAsked:
    return NotAsked(at=102, of=Of.LIVE, **IMAP, stage=Stage.LOGIN, why=why, last_at=NOW - 60, last_words=words)


CONTROLS = [
    ([live("OK")], Control.GOOD),
    ([live("OK", who=As.MASTER)], Control.GOOD_BY_MASTER),
    ([live(*REFUSED)], Control.REFUSED),
    ([live("NO", "UNAVAILABLE", "Temporary authentication failure.")], Control.UNAVAILABLE),
    ([live("NO", "LIMIT", "too many")], Control.RATE_LIMITED),
    ([NotAsked(at=102, of=Of.LIVE, **IMAP, stage=Stage.LOGIN, why=Withheld.NO_CONTROL)], Control.ABSENT),
    ([NotAsked(at=102, of=Of.LIVE, **IMAP, stage=Stage.LOGIN, why=Withheld.CACHED, last_at=NOW - 60)], Control.GOOD),
    ([NotAsked(at=102, of=Of.LIVE, **IMAP, stage=Stage.LOGIN, why=Withheld.CACHED, last_at=NOW - 700)], Control.UNASKED),
    ([NotAsked(at=102, of=Of.LIVE, **IMAP, stage=Stage.LOGIN, why=Withheld.SAME_SECRET_REFUSED)], Control.REFUSED),
    ([held_control(Withheld.BUDGET_SPENT, "[AUTHENTICATIONFAILED] no")], Control.REFUSED),
    ([held_control(Withheld.SAME_SECRET_REFUSED, "Temporary System Problem")], Control.UNASKED),  # an outage that was
    ([held_control(Withheld.SAME_SECRET_REFUSED, "535 5.7.8 no")], Control.UNASKED),  # by the submission server
    ([held_control(Withheld.BUDGET_SPENT, "")], Control.UNASKED),  # its logins were cut, or hung: nobody has refused it
    ([NotConnected(at=101, **IMAP, why=Unreachable.REFUSED)], Control.CLOSED),  # nobody gets in
    ([OPEN, NotConnected(at=102, of=Of.LIVE, **IMAP, why=Unreachable.REFUSED)], Control.CLOSED),
    ([OPEN], Control.UNASKED),
    ([hung_up(Breakage.BYE, "Temporary problem, please try later", Stage.GREETING)], Control.CLOSED),  # said to everybody
    # one connection that was cut without a word: a limit, or a ban of ours
    ([hung_up(Breakage.CLOSED, stage=Stage.GREETING)], Control.UNASKED),
    ([hung_up(Breakage.RESET, stage=Stage.GREETING)], Control.UNASKED),
    ([hung_up(Breakage.RESET, "Connection reset by peer", Stage.GREETING)], Control.UNASKED),  # our own system's words
    ([NotSecured(at=101, **IMAP, why=TlsFault.RESET)], Control.UNASKED),
]


@pytest.mark.parametrize(("facts", "expected"), CONTROLS)
def test_what_becomes_of_the_control(facts: list[Fact], expected: Control) -> None:
    assert seen(*facts, probe="imap").control_sign_in.value is expected


def test_a_control_without_a_secret_is_none() -> None:
    carrier = replace(CARRIER, live_controls=(LiveControl(LIVE, "alive", "alive", None),))
    assert seen(OPEN, probe="imap", carrier=carrier).control_sign_in.value is Control.ABSENT


def test_a_remembered_control_sign_in_lasts_ten_minutes() -> None:
    answer = Answered(at=102, of=Of.LIVE, server=IMAP["server"], stage=Stage.LOGIN, status="OK", code="", text="", who=As.CONTROL)
    assert seen(OPEN, replace(answer, cached_at=NOW - 500), probe="imap").control_sign_in.value is Control.GOOD
    assert seen(OPEN, replace(answer, cached_at=NOW - 700), probe="imap").control_sign_in.value is Control.UNASKED


def test_behind_the_sign_in() -> None:
    opened = Opened(at=103, **IMAP, uidvalidity=1, uidnext=2, who=As.CUSTOMER)
    lost = Answered(at=103, **IMAP, stage=Stage.EXAMINE, status="NO", code="NONEXISTENT", text="gone", who=As.CUSTOMER)
    busy = replace(lost, code="INUSE", text="busy")
    assert seen(OPEN, login("OK"), opened, probe="imap").store.value is Store.OPENED
    assert seen(OPEN, login("OK"), lost, probe="imap").store.value is Store.LOST
    assert seen(OPEN, login("OK"), replace(lost, of=Of.LIVE), probe="imap").store.value is Store.UNKNOWN
    assert seen(OPEN, login("OK"), busy, probe="imap").store.value is Store.UNKNOWN


@pytest.mark.parametrize(
    ("end", "store"),
    [
        (hung_up(Breakage.CLOSED, stage=Stage.EXAMINE), Store.FAILED),
        (hung_up(Breakage.RESET, stage=Stage.EXAMINE), Store.FAILED),
        (hung_up(Breakage.BYE, "Internal error, closing", Stage.EXAMINE), Store.FAILED),
        (hung_up(Breakage.BYE, "Session killed by administrator", Stage.EXAMINE), Store.UNKNOWN),
        (hung_up(Breakage.OUT_OF_TIME, stage=Stage.EXAMINE), Store.UNKNOWN),  # silence is never bad
        (hung_up(Breakage.CLOSED, stage=Stage.CAPABILITY), Store.FAILED),
        (hung_up(Breakage.OUT_OF_TIME, stage=Stage.CAPABILITY), Store.UNKNOWN),
        (replace(hung_up(Breakage.CLOSED, stage=Stage.EXAMINE), of=Of.LIVE), Store.UNKNOWN),
    ],
)
def test_hung_up_on_instead_of_opening(end: Broken, store: Store) -> None:
    assert seen(OPEN, login("OK"), end, probe="imap").store.value is store


def test_hung_up_on_before_anybody_was_let_in() -> None:
    assert seen(OPEN, hung_up(Breakage.CLOSED, stage=Stage.CAPABILITY), probe="imap").store.value is Store.UNKNOWN
    earlier = replace(login("OK"), at=103)  # a connection that came later
    assert seen(OPEN, hung_up(Breakage.CLOSED, stage=Stage.CAPABILITY), earlier, probe="imap").store.value is Store.UNKNOWN


@pytest.mark.parametrize("stage", [Stage.CAPABILITY, Stage.EXAMINE])
@pytest.mark.parametrize(
    ("words", "sign_in"),
    [
        ("IMAP access disabled for this account.", SignIn.DISABLED),
        ("Too many connections", SignIn.RATE_LIMITED),
        ("Session killed by administrator", SignIn.OPENED),
        ("Server shutting down.", SignIn.OPENED),  # the store's trouble, not the sign-in's
    ],
)
def test_sent_away_after_the_login(stage: Stage, words: str, sign_in: SignIn) -> None:
    """Some servers look only after the OK whether he may have his mail this way."""
    bye = hung_up(Breakage.BYE, words, stage)
    assert seen(OPEN, login("OK"), bye, probe="imap").sign_in.value is sign_in
    assert seen(OPEN, login("OK"), replace(bye, of=Of.LIVE), probe="imap").sign_in.value is SignIn.OPENED


@pytest.mark.parametrize(("used", "room"), [(10, Room.ROOM), (96, Room.NEAR), (100, Room.FULL), (120, Room.FULL)])
def test_how_full_it_is(used: int, room: Room) -> None:
    assert seen(Quota(at=103, **IMAP, resource="STORAGE", used=used, limit=100), probe="imap").room.value is room


def test_one_address_of_two_is_broken() -> None:
    broken = NotConnected(at=101, server=IMAP["server"], ip="192.0.2.200", why=Unreachable.REFUSED)
    assert seen(OPEN, login("OK"), broken, probe="imap").backends.value is Backends.SOME
    assert seen(OPEN, login("OK"), probe="imap").backends.value is Backends.ALL
    assert seen(broken, probe="imap").backends.value is Backends.NONE


def test_t_was_hit_by_the_broken_one() -> None:
    other = Offered(at=101, server=IMAP["server"], ip="192.0.2.200", stage=Stage.CAPABILITY, capabilities=())
    failed = login("NO", "UNAVAILABLE", "Account is temporarily unavailable")
    assert seen(OPEN, other, failed, live("OK", ip="192.0.2.200"), probe="imap").backends.value is Backends.SOME_HIT


def test_tls() -> None:
    new = Secured(at=101, **IMAP, version="TLSv1.3", cipher="x")
    assert seen(new, probe="imap").tls.value is Tls.MODERN
    assert seen(new, replace(new, profile="static_rsa"), probe="imap").tls.value is Tls.LEGACY_NAMED
    assert seen(new, NotSecured(at=101, **IMAP, why=TlsFault.OLD_SERVER), probe="imap").tls.value is Tls.LEGACY_UNNAMED
    assert seen(new, NotSecured(at=101, **IMAP, why=TlsFault.EXPIRED), probe="imap").tls.value is Tls.EXPIRED
    assert seen(new, NotSecured(at=101, **IMAP, why=TlsFault.UNTRUSTED), probe="imap").tls.value is Tls.BAD_CERTIFICATE
    assert seen(new, NotSecured(at=101, **IMAP, why=TlsFault.WRONG_NAME), probe="imap").tls.value is Tls.BAD_CERTIFICATE


SMTPS: dict[str, Any] = {"server": "smtp.mail.test:465", "ip": "192.0.2.101", "stage": Stage.AUTH}


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "expected"),
    [
        (235, "2.7.0", "ok", SignIn.OPENED),
        (535, "5.7.8", "Error: authentication failed", SignIn.REFUSED),
        (454, "4.7.0", "Temporary authentication failure", SignIn.UNAVAILABLE),
    ],
)
def test_submission(code: int, enhanced: str, text: str, expected: SignIn) -> None:
    challenge = Replied(at=101, **SMTPS, code=334, enhanced="", text="", who=As.CUSTOMER)
    answer = Replied(at=102, **SMTPS, code=code, enhanced=enhanced, text=text, who=As.CUSTOMER)
    assert seen(challenge, answer, probe="submission").submission.value is expected
