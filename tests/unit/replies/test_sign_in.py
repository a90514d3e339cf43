"""Answers to a login, by the texts and codes of known servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.carriers import Carrier, Relation, ReplyRule
from mailprobe.evidence import Stage
from mailprobe.replies import SignInClass, read_auth, read_sign_in


@pytest.mark.parametrize(
    ("status", "code", "text", "cls"),
    [
        ("OK", "", "Logged in", "opened"),
        ("NO", "AUTHENTICATIONFAILED", "Authentication failed.", "refused"),
        ("NO", "", "Login failed.", "refused"),
        ("NO", "", "words never seen before", "refused"),
        ("NO", "UNAVAILABLE", "Temporary authentication failure. [host:2026-01-01 00:00:00]", "unavailable"),
        ("NO", "UNAVAILABLE", "Account is temporarily unavailable.", "unavailable"),
        ("NO", "CONTACTADMIN", "Login disabled for this user", "disabled"),
        ("NO", "ALERT", "Unpaid since June", "disabled"),
        ("NO", "AUTHORIZATIONFAILED", "Authorization failed", "not_allowed"),
        ("NO", "EXPIRED", "Password expired", "expired"),
        ("NO", "LIMIT", "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)", "rate_limited"),
        ("NO", "PRIVACYREQUIRED", "Cleartext authentication disallowed on non-secure connections.", "channel"),
        ("NO", "", "Login only available under a layer", "channel"),
        ("NO", "", "Too many open connections (5)", "rate_limited"),
        ("BYE", "", "Temporary problem, please try again later", "unavailable"),
        ("NO", "ALERT", "Application-specific password required: https://support.example.test/", "expired"),
        ("NO", "WEBALERT https://x.test/", "Web login required.", "not_allowed"),
        ("NO", "ALERT", "Please log in via your web browser", "not_allowed"),
        ("NO", "ALERT", "Too many simultaneous connections. (Failure)", "rate_limited"),
        ("NO", "ALERT", "Invalid credentials (Failure)", "refused"),
        ("NO", "OVERQUOTA", "Account exceeded command or bandwidth limits", "rate_limited"),
        ("NO", "", "User is authenticated but not connected.", "not_allowed"),
        ("NO", "SERVERBUG", "Internal error occurred.", "unavailable"),
        ("BAD", "", "Unknown command", "channel"),
        ("BYE", "", "", "unavailable"),
    ],
)
def test_an_imap_answer_to_login(status: str, code: str, text: str, cls: str) -> None:
    assert read_sign_in(status=status, code=code, text=text) == cls


@pytest.mark.parametrize(
    ("code", "text", "cls"),
    [
        ("NONEXISTENT", "Unknown Mailbox: INBOX", "mailbox_absent"),
        ("NOPERM", "Permission denied", "mailbox_absent"),
        ("CORRUPTION", "", "mailbox_absent"),
        ("", "Mailbox doesn't exist: INBOX", "mailbox_absent"),
        ("SERVERBUG", "Internal error occurred.", "unavailable"),
        ("", "words never seen before", "unclassified"),
    ],
)
def test_an_imap_answer_to_examine(code: str, text: str, cls: str) -> None:
    assert read_sign_in(status="NO", code=code, text=text, stage=Stage.EXAMINE) == cls


@pytest.mark.parametrize(
    ("code", "text", "cls"),
    [
        (235, "2.7.0 ok", "opened"),
        (535, "5.7.8 Error: authentication failed", "refused"),
        (535, "", "refused"),
        (535, "5.7.139 Authentication unsuccessful, basic authentication is disabled.", "not_allowed"),
        (535, "5.7.139 Authentication unsuccessful", "not_allowed"),
        (534, "5.7.9 Application-specific password required.", "expired"),
        (534, "5.7.14 Please log in via your web browser", "not_allowed"),
        (534, "5.7.9 Authentication mechanism is too weak", "channel"),
        (538, "5.7.11 Encryption required for requested authentication mechanism", "channel"),
        (530, "5.7.0 Must issue a STARTTLS command first", "channel"),
        (504, "5.5.4 Unrecognized authentication type", "channel"),
        (454, "4.7.0 Temporary authentication failure", "unavailable"),
        (454, "4.7.0 Too many login attempts, please try again later", "rate_limited"),
        (432, "4.7.12 A password transition is needed", "expired"),
        (525, "5.7.13 User account disabled", "disabled"),
        (334, "", "unclassified"),
    ],
)
def test_an_smtp_answer_to_auth(code: int, text: str, cls: str) -> None:
    assert read_auth(code=code, text=text) == cls


def test_a_carrier_s_own_text_comes_first() -> None:
    rules = (ReplyRule(contains="see shop", means="disabled", phases=("login",)),)
    carrier = Carrier(name="own", title="", relation=Relation.OWN, domains=(), sign_in_replies=rules)
    code, text = "AUTHENTICATIONFAILED", "Please see shop"
    assert read_sign_in(status="NO", code=code, text=text, carrier=carrier) is SignInClass.DISABLED
    assert read_sign_in(status="NO", code=code, text=text) is SignInClass.REFUSED


@given(st.sampled_from(["NO", "BAD", "BYE", "?"]), st.text(max_size=30), st.text(max_size=200), st.sampled_from(list(Stage)))
def test_only_ok_opens(status: str, code: str, text: str, stage: Stage) -> None:
    assert read_sign_in(status=status, code=code, text=text, stage=stage) is not SignInClass.OPENED
