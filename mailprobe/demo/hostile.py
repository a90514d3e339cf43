"""The catalogue of hostile servers: by name, what each one says and does. Data; `faults.py` plays it.

`IMAP` is for a server with TLS from the first octet on, `SMTP` for an MX in clear, `SILENT` for any port where a client waits for
TLS or a greeting; `imap_starttls` and `smtp_starttls` are for what happens around STARTTLS. `READING` has plans for the demo's
IMAP server, for what goes wrong while a mail is waited for and taken out; the words for sending are in `ill_smtp.SENDING`.
"""

from __future__ import annotations

import ssl

from mailprobe.demo.faults import Close, Drip, Flood, Hang, Hear, Reset, Script, Send, StartTls, Wait
from mailprobe.demo.imap_session import Plan, Step

CHUNK = 4096
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>\r\n"
NOISE = bytes(range(256)) * 2 + b"\r\n"
IMAP_HELLO = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"
IMAP_HELLO_CLEAR = b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n"
SMTP_HELLO = b"220 mx.hostile.example ESMTP\r\n"
SMTP_OFFER = b"250-mx.hostile.example\r\n250 8BITMIME\r\n"
SMTP_OFFER_TLS = b"250-mx.hostile.example\r\n250 STARTTLS\r\n"
TAG = b"A1 "  # that of the client's first command


def greeted(*then: Send | Flood | Drip | Hang | Close | Reset) -> Script:
    """An IMAP server that is fine up to the client's first command."""
    return (Send(IMAP_HELLO), Hear(), *then)


def at_rcpt(*then: Send | Flood | Drip | Hang | Close | Reset) -> Script:
    """An MX that is fine up to the first RCPT."""
    return (Send(SMTP_HELLO), Hear(), Send(SMTP_OFFER), Hear(), Send(b"250 OK\r\n"), Hear(), *then)


SILENT: dict[str, Script] = {
    "silence": (Hang(),),
    "close_at_once": (Close(),),
    "reset_at_once": (Reset(),),
    "http": (Send(HTTP), Close()),
    "noise": (Send(NOISE), Close()),
    "endless_line": (Flood(b"A" * CHUNK),),
}

IMAP: dict[str, Script] = SILENT | {
    "bye": (Send(b"* BYE Too busy\r\n"), Close()),
    "bye_and_hang": (Send(b"* BYE Too busy\r\n"), Hang()),
    "preauth": (Send(b"* PREAUTH somebody is signed in\r\n"), Hang()),
    "drip": (Drip(IMAP_HELLO * 100),),
    "greeting_cut_off": (Send(b"* OK re"), Close()),
    "endless_greeting": (Send(b"* OK "), Flood(b"A" * CHUNK)),
    "untagged_flood": greeted(Flood(b"* OK still busy\r\n" * 64)),
    "endless_literal": greeted(Send(b"* LIST () NIL {200000}\r\n"), Flood(b"A" * CHUNK)),
    "huge_literal": greeted(Send(b"* LIST () NIL {99999999999}\r\n"), Hang()),
    "negative_literal": greeted(Send(b"* LIST () NIL {-1}\r\n"), Hang()),
    "unasked_literal": greeted(Send(b"* LIST () NIL {5+}\r\nINBOX\r\n"), Hang()),
    "unbalanced": greeted(Send(b"* QUOTA x (STORAGE 1\r\n" + TAG + b"OK Done\r\n"), Hang()),
    "wrong_tag": greeted(Send(b"Z9 OK Done\r\n"), Hang()),
    "endless_go_on": greeted(Flood(b"+ go on\r\n" * 64)),
    "hang_at_login": greeted(Hang()),
    "close_at_login": greeted(Close()),
    "reset_at_login": greeted(Reset()),
    "bye_at_login": greeted(Send(b"* BYE Shutting down\r\n"), Close()),
    "answer_cut_off": greeted(Send(TAG + b"OK Log"), Close()),
    "drip_at_login": greeted(Drip(TAG + b"OK Logged in\r\n")),
    "control_characters": greeted(Send(TAG + b"NO [ALERT] \x00\x1b[31mred\x07\xff\r\n"), Hang()),
}

SMTP: dict[str, Script] = SILENT | {
    "greeting_421": (Send(b"421 4.3.2 Too busy\r\n"), Close()),
    "greeting_554": (Send(b"554 5.7.1 No service for you\r\n"), Close()),
    "drip": (Drip(SMTP_HELLO * 100),),
    "greeting_cut_off": (Send(b"220 mx"), Close()),
    "endless_greeting": (Flood(b"220-welcome\r\n" * 64),),
    "no_number": (Send(b"2x0 hello\r\n"), Hang()),
    "two_numbers": (Send(b"220-hello\r\n554 go away\r\n"), Hang()),
    "endless_offer": (Send(SMTP_HELLO), Hear(), Flood(b"250-MORE\r\n" * 64)),
    "hang_at_ehlo": (Send(SMTP_HELLO), Hear(), Hang()),
    "hang_at_rcpt": at_rcpt(Hang()),
    "close_at_rcpt": at_rcpt(Close()),
    "reset_at_rcpt": at_rcpt(Reset()),
    "busy_at_rcpt": at_rcpt(Send(b"421 4.3.2 Shutting down\r\n"), Close()),
    "answer_cut_off": at_rcpt(Send(b"550 5.1.1 Us"), Close()),
    "drip_at_rcpt": at_rcpt(Drip(b"550 5.1.1 User unknown\r\n")),
    "contradiction": at_rcpt(Send(b"550 4.2.2 Mailbox full\r\n"), Hang()),
    "control_characters": at_rcpt(Send(b"550 5.1.1 \x00\x1b[31mred\x07\xff\r\n"), Hang()),
}


SLOW = 3.0  # seconds
READING: dict[str, Plan] = {
    "no_uidplus": Plan(lacks=frozenset({"UIDPLUS"})),
    "no_idle": Plan(lacks=frozenset({"IDLE"})),
    "no_special_use": Plan(lacks=frozenset({"SPECIAL-USE", "LIST-EXTENDED"})),
    "no_unselect": Plan(lacks=frozenset({"UNSELECT"})),
    "no_quota": Plan(lacks=frozenset({"QUOTA", "QUOTA=RES-STORAGE"})),
    "deaf_idle": Plan(deaf_idle=True),
    "blind_search": Plan(blind_search=True),
    "bye_in_idle": Plan({Step.IDLING: (Send(b"* BYE Idle for too long\r\n"), Close())}),
    "close_in_idle": Plan({Step.IDLING: (Close(),)}),
    "reset_in_idle": Plan({Step.IDLING: (Reset(),)}),
    "slow_fetch": Plan({Step.FETCH: (Wait(SLOW),)}),
    "no_fetch": Plan({Step.FETCH: (Hang(),)}),
    "reset_at_fetch": Plan({Step.FETCH: (Reset(),)}),
    "reset_at_search": Plan({Step.SEARCH: (Reset(),)}),
    "reset_at_store": Plan({Step.STORE: (Reset(),)}),
    "reset_at_expunge": Plan({Step.EXPUNGE: (Reset(),)}),
    "reset_at_noop": Plan({Step.NOOP: (Reset(),)}),
}


def imap_starttls(context: ssl.SSLContext) -> dict[str, Script]:
    """What an IMAP server can do around STARTTLS (RFC 9051 section 11.3). `context` is its own, for where TLS does start."""
    asked: Script = (Send(IMAP_HELLO_CLEAR), Hear())
    return {
        "not_offered": (Send(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"), Hang()),
        "preauth_in_clear": (Send(b"* PREAUTH somebody is signed in\r\n"), Hang()),
        "refused": (*asked, Send(TAG + b"NO not now\r\n"), Hang()),
        "injected": (*asked, Send(TAG + b"OK begin\r\n* OK [ALERT] said in clear\r\n"), StartTls(context), Hang()),
        "stall": (*asked, Send(TAG + b"OK begin\r\n"), Hang()),
        "noise_for_tls": (*asked, Send(TAG + b"OK begin\r\n"), Hear(), Send(NOISE), Close()),
        "reset_for_tls": (*asked, Send(TAG + b"OK begin\r\n"), Reset()),
        "silence_after_tls": (*asked, Send(TAG + b"OK begin\r\n"), StartTls(context), Hang()),
    }


def smtp_starttls(context: ssl.SSLContext) -> dict[str, Script]:
    """The same at an MX or a submission server (RFC 3207)."""
    asked: Script = (Send(SMTP_HELLO), Hear(), Send(SMTP_OFFER_TLS), Hear())
    return {
        "not_offered": (Send(SMTP_HELLO), Hear(), Send(SMTP_OFFER), Hang()),
        "refused": (*asked, Send(b"454 4.7.0 TLS not available\r\n"), Hang()),
        "injected": (*asked, Send(b"220 begin\r\n250 said in clear\r\n"), StartTls(context), Hang()),
        "stall": (*asked, Send(b"220 begin\r\n"), Hang()),
        "noise_for_tls": (*asked, Send(b"220 begin\r\n"), Hear(), Send(NOISE), Close()),
        "reset_for_tls": (*asked, Send(b"220 begin\r\n"), Reset()),
        "silence_after_tls": (*asked, Send(b"220 begin\r\n"), StartTls(context), Hang()),
    }
