"""The table: what is true, how it is set up, and what mailprobe has to say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.real.lab import NOBODY, Lab, Setup
from tests.e2e.real.postoffice import DOMAIN

Make = Callable[[Lab], Setup]

EXIT = {"ok": 0, "degraded": 1, "down": 2, "unknown": 3}
GONE = f"gone-customer@{DOMAIN}"  # no server knows him
BAD_SPF = b"""From: MAILER-DAEMON@sender.example
To: friend@sender.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; out.sender.example

Final-Recipient: rfc822; u000002@mail.test
Action: failed
Status: 5.7.23
Remote-MTA: dns; mx.mail.test
Diagnostic-Code: smtp; 550 5.7.23 SPF validation failed for sender.example
--b--
"""


@dataclass(frozen=True)
class Scenario:
    """truly_down: the customer cannot get his mail, by the servers' own fault; only then may the status be "down".
    notes, confidence: asserted where given."""

    name: str
    code: str
    status: str
    make: Make
    truly_down: bool = False
    confidence: str = ""
    notes: tuple[str, ...] = ()


def fixed(setup: Setup) -> Make:
    return lambda lab: setup


def box(name: str, **changes: object) -> Make:
    """The mailbox `name`, everything else as it should be."""
    return fixed(Setup(address=f"{name}@{DOMAIN}", **changes))  # type: ignore[arg-type]  # the fields of Setup


def door(*names: str, **changes: object) -> Make:
    """These doors of Postfix as the domain's MX hosts."""
    return lambda lab: Setup(mx=tuple(lab.office.at(name) for name in names), **changes)  # type: ignore[arg-type]  # as above


def imap_at(scheme: str, name: str, **changes: object) -> Make:
    """An ill server in the place of IMAP."""
    return lambda lab: Setup(imap=f"{scheme}://127.0.0.1:{getattr(lab.ill, name).port}", **changes)  # type: ignore[arg-type]


def send_at(scheme: str, name: str) -> Make:
    return lambda lab: Setup(submission=f"{scheme}://127.0.0.1:{getattr(lab.ill, name).port}")


def domain(name: str, **changes: object) -> Make:
    """Another domain than the post office's, found by DNS, without controls of its own."""
    return fixed(Setup(f"u000002@{name}", name, mx=None, dead=None, live=None, **changes))  # type: ignore[arg-type]  # as above


def two_hosts(local: str, **changes: object) -> Make:
    """A domain whose DNS names two MX hosts, of which one is dead."""
    return fixed(
        Setup(f"{local}@two.test", "two.test", mx=None, live="u000001@two.test", dead="nobody-7f3a@two.test", **changes)  # type: ignore[arg-type]  # as above
    )


HEALTHY = (
    Scenario("healthy", "healthy", "ok", box("u000002"), confidence="high"),
    Scenario(
        "healthy by STARTTLS",
        "healthy",
        "ok",
        lambda lab: Setup(imap=f"imap://127.0.0.1:{lab.office.imap}", submission=f"smtp://{lab.office.at('submission')}"),
    ),
    Scenario(
        "IPv6 only",
        "healthy",
        "ok",
        lambda lab: Setup(mx=(lab.office.at("mx_v6"),), imap=f"imaps://[::1]:{lab.office.imaps}", submission=None),
    ),
    Scenario("MX found by DNS", "healthy", "ok", fixed(Setup(mx=None))),
    Scenario("two MX hosts by DNS, one dead", "healthy", "ok", two_hosts("u000002"), confidence="medium"),
    Scenario(
        "two IMAP addresses by DNS, one dead",
        "healthy",
        "ok",
        lambda lab: Setup(imap=f"imaps://imap.half.test:{lab.office.imaps}"),
        notes=("partial_backend_fault",),
    ),
    Scenario("MX without TLS", "healthy", "ok", door("mx_clear")),
    Scenario("international local part", "healthy", "ok", box("日本")),
    Scenario(
        "master user instead of the password", "healthy", "ok", fixed(Setup(secret=None, master="masterpw")), confidence="medium"
    ),
    Scenario("no credential at hand", "accepts_mail", "unknown", box("u000002", secret=None)),
    Scenario("not enrolled, exists", "accepts_mail", "unknown", box("u000002", enrolled=False)),
    Scenario("a bounce that is about the sender", "sender_at_fault", "ok", box("u000002", bounce=BAD_SPF)),
    Scenario("others write to the old address", "address_changed", "degraded", box("u000002", told=(f"old_address={GONE}",))),
)

GONE_FROM_THE_DIRECTORY = (
    Scenario("born-from, portal fine", "directory_out_of_sync", "down", fixed(Setup(GONE, told=("portal_ok",))), True, "high"),
    Scenario("born-from, nothing told", "directory_out_of_sync", "down", fixed(Setup(GONE)), True, "medium"),
    Scenario(
        "born-from, one MX host of two dead",
        "directory_out_of_sync",
        "down",
        two_hosts("gone-customer", told=("portal_ok",)),
        True,
        "medium",
    ),
    Scenario("closed by contract", "closed_by_contract", "down", fixed(Setup(GONE, told=("contract=closed",))), True),
    Scenario("unknown, enrolled, no secret", "unknown_to_mx", "down", fixed(Setup(GONE, secret=None)), True, "medium"),
    Scenario("unknown, and D is accepted", "blocked_at_mx", "down", fixed(Setup(GONE, dead=f"over_quota@{DOMAIN}")), True),
    Scenario("mistyped, never enrolled", "no_such_address", "unknown", box("u00002", enrolled=False)),
    Scenario("the old address was checked", "address_changed", "degraded", fixed(Setup(GONE, told=(f"old_address={GONE}",)))),
    Scenario("missing from the MX", "missing_from_mx", "down", box("no_mx"), True, "high"),
    Scenario("missing from one MX host of two", "partial_backend_fault", "degraded", door("mx", "mx_stale")),
    Scenario("IMAP does not know him", "imap_auth_out_of_sync", "down", box("no_imap"), True),
    Scenario("suspended", "suspended", "down", box("suspended"), True),
    Scenario("suspended, as told", "suspended", "down", fixed(Setup(GONE, told=("contract=suspended",))), True),
)

SIGN_IN = (
    Scenario("wrong password", "password_or_lock", "degraded", box("other_password")),
    Scenario(
        "password change did not arrive",
        "password_not_propagated",
        "down",
        box("other_password", told=("mail_password_changed_at=2026-01-05T09:00:00+09:00",)),
        True,
    ),
    Scenario("[UNAVAILABLE] for him alone", "partial_backend_fault", "degraded", box("tempfail")),
    Scenario("sending refused, reading fine", "submission_refused", "degraded", box("no_sending")),
    Scenario(
        "nobody can sign in to send",
        "submission_outage",
        "degraded",
        lambda lab: Setup(submission=f"smtps://{lab.office.at('submission_broken')}"),
    ),
    Scenario("nobody listens at IMAP", "imap_outage", "down", fixed(Setup(imap=f"imaps://{NOBODY}")), True),
    Scenario("IMAP says nothing", "inconclusive", "unknown", imap_at("imap", "deaf", within=2.0)),
    Scenario("mail store lost", "store_lost", "down", imap_at("imaps", "imap_good", address=f"no_store@{DOMAIN}"), True),
    Scenario("mail store fails to open", "partial_backend_fault", "degraded", box("crashed")),
    Scenario("over quota by IMAP", "mailbox_full", "degraded", box("over_quota")),
)

BAD_CHANNELS = (
    Scenario("static RSA only", "server_tls_old", "degraded", imap_at("imaps", "imap_static_rsa")),
    Scenario(
        "IMAP certificate expired", "server_tls_old", "degraded", lambda lab: Setup(imap=f"imaps://127.0.0.2:{lab.office.imaps}")
    ),
    Scenario(
        "IMAP certificate of another name",
        "inconclusive",
        "unknown",
        lambda lab: Setup(imap=f"imaps://127.0.0.3:{lab.office.imaps}"),
    ),
    Scenario("IMAP certificate of a strange authority", "inconclusive", "unknown", imap_at("imaps", "imap_strange")),
    Scenario("IMAP without STARTTLS", "inconclusive", "unknown", imap_at("imap", "imap_clear")),
    Scenario("IMAP greets with PREAUTH", "inconclusive", "unknown", imap_at("imap", "imap_preauth")),
    Scenario(
        "submission without STARTTLS",
        "inconclusive",
        "unknown",
        lambda lab: Setup(submission=f"smtp://{lab.office.at('submission_clear')}"),
    ),
    Scenario("submission certificate expired", "inconclusive", "unknown", send_at("smtps", "smtp_expired")),
)

AT_THE_DOOR = (
    Scenario("full", "mailbox_full", "degraded", box("full")),
    Scenario("greylisted", "waiting", "unknown", box("grey"), notes=("greylisted",)),
    Scenario("550 by policy, for him alone", "inconclusive", "unknown", box("policy")),
    Scenario("everything is accepted", "inconclusive", "unknown", door("accepts_all")),
    Scenario("international local part, no SMTPUTF8", "inconclusive", "unknown", door("mx_ascii", address=f"日本@{DOMAIN}")),
    Scenario("map down", "directory_unreachable", "down", door("map_down"), True),
    Scenario(
        "relay denied",
        "domain_misconfigured",
        "down",
        fixed(Setup("u000002@elsewhere.test", "elsewhere.test", live="u000001@elsewhere.test", dead="nobody@elsewhere.test")),
        True,
    ),
    Scenario("nobody listens at the MX", "inconclusive", "unknown", fixed(Setup(mx=(NOBODY,)))),
)

OURSELVES = (
    Scenario("greeted with 554", "prober_blocked", "unknown", door("blocks_us")),
    Scenario("our EHLO is refused", "prober_blocked", "unknown", door("refuses_ehlo")),
    Scenario("our sender is refused", "prober_blocked", "unknown", door("refuses_sender")),
    Scenario("blocked, and he is gone", "prober_blocked", "unknown", door("blocks_us", address=GONE, told=("portal_ok",)), True),
    Scenario("L does not exist", "accepts_mail", "unknown", fixed(Setup(live=f"no-control@{DOMAIN}"))),
    Scenario("L does not exist, nor does he", "inconclusive", "unknown", fixed(Setup(GONE, live=f"no-control@{DOMAIN}")), True),
    Scenario("L's password is wrong", "accepts_mail", "unknown", fixed(Setup(live_secret="wrong"))),
    Scenario("D exists", "inconclusive", "unknown", fixed(Setup(dead=f"over_quota@{DOMAIN}"))),
)

DNS = (
    Scenario("NXDOMAIN", "domain_misconfigured", "down", domain("gone.mail.test"), True),
    Scenario("null MX", "domain_misconfigured", "down", domain("null.test"), True),
    Scenario("SERVFAIL", "inconclusive", "unknown", domain("broken.test")),
    Scenario(
        "NXDOMAIN by one resolver, silence of the other",
        "inconclusive",
        "unknown",
        lambda lab: Setup(
            "u000002@gone.mail.test",
            "gone.mail.test",
            mx=None,
            dead=None,
            live=None,
            resolvers=(f"127.0.0.1:{lab.office.dns}", NOBODY),
        ),
    ),
    Scenario("no resolver answers", "inconclusive", "unknown", domain("mail.test", resolvers=(NOBODY,))),
    Scenario(
        "no resolver answers, and every server is a name",
        "inconclusive",
        "unknown",
        domain("mail.test", resolvers=(NOBODY,), imap="imaps://imap.half.test", submission="smtps://mx.mail.test"),
    ),
)

SCENARIOS = (*HEALTHY, *GONE_FROM_THE_DIRECTORY, *SIGN_IN, *BAD_CHANNELS, *AT_THE_DOOR, *OURSELVES, *DNS)
NOT_DOWN = tuple(one for one in SCENARIOS if not one.truly_down)
