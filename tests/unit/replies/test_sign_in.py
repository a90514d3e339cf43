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
        ("NO", "", "IMAP access disabled for this account.", "disabled"),
        ("NO", "", "IMAP access disabled via insecure connection.", "channel"),
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
        # the server's own trouble, although there is no code, or one that says less
        ("NO", "", "LOGIN failed: account is in maintenance mode", "unavailable"),
        ("NO", "", "ただいまメンテナンス中です", "unavailable"),
        ("NO", "", "Server unavailable, try again in 15 minutes", "unavailable"),
        ("NO", "AUTHENTICATIONFAILED", "Authentication failed: can't contact LDAP server", "unavailable"),
        ("NO", "", "Login failed: database error", "unavailable"),
        ("NO", "", "Login failed: connection lost to authentication server", "unavailable"),
        ("NO", "", "Authentication server timed out", "unavailable"),
        ("NO", "", "Login failed: generic failure", "unavailable"),
        ("NO", "", "could not connect to backend", "unavailable"),
        # Cyrus SASL's words, as Cyrus IMAP 3.6 passes them on
        ("NO", "", "Login failed: authentication failure", "refused"),
        ("NO", "", "Login failed: authorization failure", "disabled"),
        ("NO", "", "authorization failure", "disabled"),
        ("NO", "AUTHENTICATIONFAILED", "authorization failure", "refused"),
        ("NO", "", "Login failed: user not found", "refused"),
        ("NO", "", "Login failed: account disabled", "disabled"),
        ("NO", "", "Login failed: passphrase expired, has to be reset", "expired"),
        ("NO", "", "Login failed: remote authentication server unavailable", "unavailable"),
        ("NO", "", "Login failed: no memory available", "unavailable"),
        ("NO", "", "Login failed: encryption needed to use mechanism", "channel"),
        ("NO", "ALERT", "Lookup failed 9x7", "unavailable"),
        ("NO", "ALERT", "Mailbox is being migrated, please come back in one hour", "unavailable"),
        ("NO", "ALERT", "System is being upgraded", "unavailable"),
        ("NO", "SYS/TEMP", "Login failed", "unavailable"),
        ("NO", "ALERT", "Fatal error: No such file or directory", "unavailable"),  # the account's folder, and no suspension
        ("NO", "", "しばらく時間をおいてから再度お試しください", "unavailable"),
        # a lock that passes is no suspension
        ("NO", "", "Authentication failed: account is locked out, try again in 30 minutes", "rate_limited"),
        ("NO", "ALERT", "Account temporarily locked", "rate_limited"),
        ("NO", "", "一時的にログインを制限しています", "rate_limited"),
        ("NO", "", "Account locked due to inactivity", "disabled"),
        ("NO", "", "ご利用のアカウントは停止されています", "disabled"),
        ("NO", "", "パスワードの有効期限が切れています", "expired"),
        ("NO", "", "Your plan does not include IMAP", "not_allowed"),
        # a wrong password, whatever stands beside it
        ("NO", "", "User unknown on this backend", "refused"),
        ("NO", "", "Authentication failure on backend", "refused"),
        ("NO", "", "Authentication failed. Please contact your system administrator", "refused"),
        ("NO", "ALERT", "Invalid user name or password.", "refused"),
        ("NO", "ALERT", "Wrong password, try again", "refused"),
        ("NO", "ALERT", "認証に失敗しました", "refused"),
        ("NO", "ALERT", "Anmeldung fehlgeschlagen", "refused"),
        ("NO", "", "Login failed. Your account may be locked or the server may be unavailable", "refused"),
        ("NO", "", "Invalid password. Your account will be locked after 2 more attempts", "refused"),
        ("NO", "AUTHENTICATIONFAILED", "Please verify your account name and password", "refused"),
        ("NO", "", "パスワードが違います。しばらくしてから再度お試しください", "refused"),
        # let in by a page only, or not yet
        (
            "NO",
            "ALERT",
            "You are yet to enable IMAP for your account. Please contact your administrator (Failure)",
            "not_allowed",
        ),
        ("NO", "", "IMAP access for this account has not been activated", "not_allowed"),
        ("NO", "", "Login from your country is not permitted", "not_allowed"),
        ("NO", "ALERT", "Please verify your account at https://x.test/", "not_allowed"),
        # room is no password
        ("NO", "OVERQUOTA", "Mailbox is over quota", "unclassified"),
        ("NO", "", "Quota exceeded", "unclassified"),
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
        ("", "Unable to open this mailbox.", "unavailable"),
        ("", "System I/O error", "unavailable"),
        ("", "Mailbox has an invalid format", "unavailable"),
        ("", "Permission denied", "unavailable"),
        ("", "EXAMINE Unsafe Login. Please contact us for help", "not_allowed"),
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
        (535, "5.7.8 Error: authentication failed: server is under maintenance, try again after 05:00", "unavailable"),
        (535, "5.7.0 authentication failed: cannot connect to LDAP server", "unavailable"),
        (535, "5.7.8 User unknown on this backend", "refused"),
        (535, "5.7.8 Account locked out, try again in 30 minutes", "rate_limited"),
        (535, "5.7.8 Error: authentication failed: authorization failure", "disabled"),
        (535, "5.7.8 Error: authentication failed: passphrase expired, has to be reset", "expired"),
        (535, "5.7.8 Error: authentication failed: transient failure (e.g., weak key)", "unavailable"),
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
