"""What the program says of mailboxes on real Dovecot, Postfix and NSD, run as a user runs it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from imaplib import IMAP4_SSL
from pathlib import Path

import pytest

from tests.e2e.real.lab import DOMAIN, Setup, check
from tests.e2e.real.postoffice import PostOffice, free_port

Make = Callable[[PostOffice], Setup]


@dataclass(frozen=True)
class Scenario:
    """truth: is the customer's mailbox really down? Only then may the status be down."""

    name: str
    code: str
    status: str
    make: Make
    truth_down: bool = False


def box(name: str, **changes: object) -> Make:
    return lambda office: Setup(address=f"{name}@{DOMAIN}", **changes)  # type: ignore[arg-type]  # the fields of Setup


def door(name: str, **changes: object) -> Make:
    return lambda office: Setup(mx=(f"127.0.0.1:{office.doors[name]}",), **changes)  # type: ignore[arg-type]  # as above


EXIT = {"ok": 0, "degraded": 1, "down": 2, "unknown": 3}
BORN_FROM = "gone-customer"

SCENARIOS = (
    Scenario("healthy", "healthy", "ok", box("u000002")),
    Scenario(
        "healthy by STARTTLS",
        "healthy",
        "ok",
        lambda o: Setup(imap=f"imap://127.0.0.1:{o.imap}", submission=f"smtp://127.0.0.1:{o.doors['submission']}"),
    ),
    Scenario(
        "IPv6 only",
        "healthy",
        "ok",
        lambda o: Setup(mx=(f"[::1]:{o.doors['mx_v6']}",), imap=f"imaps://[::1]:{o.imaps}", submission=None),
    ),
    Scenario("found by DNS", "healthy", "ok", lambda o: Setup(mx=None)),
    Scenario("born-from, portal fine", "directory_out_of_sync", "down", box(BORN_FROM, told=("portal_ok",)), True),
    Scenario("born-from, nothing told", "directory_out_of_sync", "down", box(BORN_FROM), True),
    Scenario("closed by contract", "closed_by_contract", "down", box(BORN_FROM, told=("contract=closed",)), True),
    Scenario("unknown, enrolled, no secret", "unknown_to_mx", "down", box(BORN_FROM, secret=None), True),
    Scenario("mistyped", "no_such_address", "unknown", box("u00002", enrolled=False)),
    Scenario("missing from the MX", "missing_from_mx", "down", box("no_mx"), True),
    Scenario("IMAP knows another password", "imap_auth_out_of_sync", "down", box("no_imap"), True),
    Scenario("wrong password", "password_or_lock", "degraded", box("other_password")),
    Scenario(
        "password change did not arrive",
        "password_not_propagated",
        "down",
        box("other_password", told=("mail_password_changed_at=2026-01-05T09:00:00+09:00",)),
        True,
    ),
    Scenario("suspended", "suspended", "down", box("suspended"), True),
    Scenario("full", "mailbox_full", "degraded", box("full")),
    Scenario("greylisted", "waiting", "unknown", box("grey")),
    Scenario("sending refused", "submission_refused", "degraded", box("no_sending")),
    Scenario(
        "sending out of order",
        "submission_outage",
        "degraded",
        lambda o: Setup(submission=f"smtps://127.0.0.1:{o.doors['submission_broken']}"),
    ),
    Scenario("no credential at hand", "accepts_mail", "unknown", box("u000002", secret=None)),
    Scenario("not enrolled, exists", "accepts_mail", "unknown", box("u000002", enrolled=False)),
    Scenario("map down", "directory_unreachable", "down", door("map_down"), True),
    Scenario("we are blocked", "prober_blocked", "unknown", door("blocks_us")),
    Scenario("our sender is refused", "prober_blocked", "unknown", door("refuses_sender")),
    Scenario("NXDOMAIN", "domain_misconfigured", "down", lambda o: Setup(f"u1@gone.{DOMAIN}", f"gone.{DOMAIN}", mx=None, dead=None, live=None), True),
    Scenario("null MX", "domain_misconfigured", "down", lambda o: Setup("u1@null.test", "null.test", mx=None, dead=None, live=None), True),
    Scenario(
        "relay denied",
        "domain_misconfigured",
        "down",
        lambda o: Setup("u000002@elsewhere.test", "elsewhere.test", live="u000001@elsewhere.test", dead="nobody@elsewhere.test"),
        True,
    ),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_scenario(scenario: Scenario, office: PostOffice, tmp_path: Path) -> None:
    answer = check(office, scenario.make(office), tmp_path)
    assert (answer.code, answer.status) == (scenario.code, scenario.status), answer.report["verdict"]
    assert answer.exit_code == EXIT[scenario.status]
    assert (answer.status != "down") or scenario.truth_down
