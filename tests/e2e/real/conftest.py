"""One post office for all scenarios; each scenario names the state that it needs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.setup.answers import Answers, default_bounce_domain, default_sender
from mailprobe.setup.zone import zone_of
from tests.e2e.real.ill_servers import ill_servers
from tests.e2e.real.lab import Lab, workers
from tests.e2e.real.postoffice import Mailbox, PostOffice, missing_programs

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
    "over_quota": Mailbox(),
    "grey": Mailbox(),
    "policy": Mailbox(),
    "tempfail": Mailbox(),
    "crashed": Mailbox(user_fields="userdb_mail=maildir:/proc/1/no-such-place"),
    "no_store": Mailbox(),
    "limited": Mailbox(),
    "marked": Mailbox(imap="TGT-5e1f-marker", smtp="TGT-5e1f-marker"),
    "marked_live": Mailbox(imap="LIV-77ab-marker", smtp="LIV-77ab-marker"),
    "kept": Mailbox(),
    "stale1": Mailbox(imap="changed", smtp="changed"),
    "stale2": Mailbox(imap="changed", smtp="changed"),
    "stale3": Mailbox(imap="changed", smtp="changed"),
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
    "half.test": "imap A 127.0.0.1\nimap A 127.0.0.9\n",
}
# What `mailprobe init` has published for this prober, and what block lists say: tests/e2e/real/test_proving.py
PROVER = Answers(
    name="probe1.prover.test",
    mail_from=default_sender("probe1.prover.test"),
    bounce_domain=default_bounce_domain(default_sender("probe1.prover.test")),
    carriers=(),
    addresses=("127.0.0.1",),
)
MISLED = """other A 127.0.0.1
misled MX 10 mx.misled
mx.misled A 127.0.0.6
misled TXT "v=spf1 ip4:192.0.2.1 -all"
"""
ZONES |= {
    "prover.test": zone_of(PROVER) + MISLED,
    "0.0.127.in-addr.arpa": "1 PTR probe1.prover.test.\n",
    "zen.spamhaus.org": "2.0.0.127 A 127.0.0.2\n",
    "bl.spamcop.net": "2.0.0.127 A 127.255.255.254\n1.0.0.127 A 127.255.255.254\n",
    "psbl.surriel.com": "2.0.0.127 A 127.0.0.2\n1.0.0.127 A 127.0.0.2\n",
}
MEGABYTES_11 = b"Subject: large\r\n\r\n" + b"x" * 998 * 11_600


# recording writes the golden transcripts anew: MAILPROBE_RECORD=1 pytest tests/e2e/real/test_record.py
collect_ignore = [] if os.environ.get("MAILPROBE_RECORD") == "1" else ["test_record.py"]


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    missing = [f"{name} is not installed" for name in missing_programs()]
    missing += [] if os.geteuid() == 0 else ["starting private mail servers needs root"]
    if missing:
        pytest.skip("; ".join(missing))
    with tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder:
        base = Path(folder)
        with PostOffice(base, mailboxes=dict(MAILBOXES), access=dict(ACCESS), zones=dict(ZONES)) as office:
            office.deliver("over_quota", MEGABYTES_11)
            people = {"u000001": "secret", "u000002": "secret", "marked": "TGT-5e1f-marker", "marked_live": "LIV-77ab-marker"}
            with ill_servers(base / "tls", people) as ill, workers() as pool:
                yield Lab(office, ill, pool)


@pytest.fixture(scope="session")
def office(lab: Lab) -> PostOffice:
    return lab.office
