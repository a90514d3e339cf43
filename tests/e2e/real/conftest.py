"""One post office for all scenarios; each scenario names the state that it needs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.real.postoffice import Mailbox, PostOffice

# What the directory of the lab knows. Every illness is a state of it, never an expected verdict.
MAILBOXES = {
    "u000001": Mailbox(),  # the live control
    "u000002": Mailbox(),
    "no_mx": Mailbox(in_mx=False),
    "no_imap": Mailbox(imap=None),
    "other_password": Mailbox(imap="changed", smtp="changed"),
    "no_sending": Mailbox(smtp=None),
    "suspended": Mailbox(imap_fields="nologin=y reason=Account_suspended", smtp=None),
    "full": Mailbox(),
    "grey": Mailbox(),
    "policy": Mailbox(),
    "tempfail": Mailbox(),
    "lost": Mailbox(user_fields="userdb_mail=maildir:/proc/1/no-such-place"),
    "limited": Mailbox(),
    "\u65e5\u672c": Mailbox(),
}
ACCESS = {
    "grey": "450 4.2.0 Greylisted, please try again in 300 seconds",
    "full": "452 4.2.2 Mailbox full",
    "policy": "550 5.7.1 Blocked by policy",
    "blocked_alone": "550 5.7.1 This recipient does not take mail",
}
ZONES = {
    "mail.test": "@ MX 10 mx\nmx A 127.0.0.6\n",
    "two.test": "@ MX 10 mx\n@ MX 20 gone\nmx A 127.0.0.6\ngone A 127.0.0.7\n",
    "null.test": "@ MX 0 .\n",
    "broken.test": "broken",
    "srv.test": "@ MX 10 mx.mail.test.\n_imaps._tcp SRV 0 1 993 imap.elsewhere.test.\n",
}


@pytest.fixture(scope="session")
def office() -> Iterator[PostOffice]:
    with tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder:
        with PostOffice(Path(folder), mailboxes=dict(MAILBOXES), access=dict(ACCESS), zones=dict(ZONES)) as started:
            yield started
