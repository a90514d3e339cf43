"""The whole program with test mails, on a real Postfix and Dovecot: what it says, and says anew when something comes back."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.e2e.real.accepts_first import FULL, accepting_first
from tests.e2e.real.mailing import ours_in, tree
from tests.e2e.real.postoffice import DOMAIN, Mailbox, PostOffice, free_port, missing_programs
from tests.e2e.real.program import Program, canaries, configured, eventually

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or missing_programs() != (), reason="private servers need root, Dovecot, Postfix and NSD"
)
REPORT = """Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.test>
To: <{to}>
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

<{address}>: host inner.test said: 550 5.1.1 User unknown (in reply to RCPT TO command)

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Remote-MTA: dns; inner.test
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b1
Content-Type: text/rfc822-headers

From: <probe@probe.test>
To: <{address}>
Message-ID: {id}

--b1--
"""


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    boxes = {name: Mailbox() for name in ("live", "round", "reader", "away", "bounces")}
    with (
        tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder,
        PostOffice(Path(folder), mailboxes=boxes, public=False) as opened,
    ):
        yield opened


@pytest.fixture
def program(office: PostOffice, tmp_path: Path) -> Program:
    carrier = [
        f'domains = ["{DOMAIN}"]',
        f'mx = ["{office.at("mx")}"]',
        f'imap = "{office.imaps_url}"',
        f'tls_ca = "{office.base}/tls/ca.pem"',
        f'live_controls = [{{ address = "live@{DOMAIN}", secret = "env:SECRET" }}]',
        f'dead_control = "nobody-7f3a@{DOMAIN}"',
    ]
    account = f'id = "round"\naddress = "round@{DOMAIN}"\nsecret = "env:SECRET"\nprobes = ["dns", "mx", "imap"]'
    return configured(tmp_path, carrier, [account], free_port())


def test_it_arrives_and_is_taken_out_again(office: PostOffice, program: Program) -> None:
    office.deliver("round", b"Subject: kept\r\n\r\nfor ever\r\n", seen=True)
    before = tree(office.maildir("round"))
    answer = program.check("round", "--canary")
    assert (answer.code, answer.verdict["confidence"], answer.exit_code) == ("healthy", "high", 0)
    assert "delivery" not in answer.verdict["missing"]
    assert [fact["state"] for fact in canaries(answer)][-2:] == ["seen", "removed"]
    assert any(row["kind"] == "canary" and row["of"] == "target" for row in answer.report["proof"])
    assert tree(office.maildir("round")) == before


def test_without_a_way_in_the_customer_reads_the_number_out(office: PostOffice, program: Program) -> None:
    """Sent with his consent; not healthy until he has seen it, and a wrong number is refused."""
    address = f"reader@{DOMAIN}"
    assert program.check(address, "--observed", "canary_seen=inbox:1234").exit_code == 64
    sent = program.check(address, "--canary", "--consent", "the customer, by phone", "--observed", "spelling_confirmed")
    assert (sent.code, sent.exit_code) == ("waiting", 3), sent.verdict
    number = str(canaries(sent)[-1]["number"])
    assert len(number) == 4
    wrong = program.check(address, "--observed", f"canary_seen=inbox:{(int(number) + 1) % 10_000:04}")
    assert wrong.exit_code == 64
    assert json.loads(wrong.output)["error"]["code"] == "MP1111"
    (mail,) = ours_in(office.maildir("reader"))
    text = message_from_bytes(mail.read_bytes()).get_payload(decode=True)
    assert isinstance(text, bytes)
    assert number in text.decode()
    read = program.check(address, "--observed", f"canary_seen=handset:{number}")
    assert (read.code, read.verdict["confidence"]) == ("healthy", "medium"), read.verdict  # told, so never more than that
    assert read.verdict["handset_reset_allowed"] is False
    junk = program.check(address, "--observed", f"canary_seen=junk:{number}")
    assert (junk.code, junk.verdict["handset_reset_allowed"]) == ("delivered_to_junk", False)


def test_nobody_agreed_and_nothing_signs(office: PostOffice, program: Program) -> None:
    """Without a bounce domain what comes back could not be told from forgery: nothing is sent, and that is said."""
    text = (program.folder / "mailprobe.toml").read_text()
    (program.folder / "mailprobe.toml").write_text(text.replace('bounce_domain = "bounce.probe.test"', ""))
    answer = program.check("round", "--canary")
    withheld = [fact["why"] for fact in answer.facts("canary") if fact["fact"] == "not_asked"]
    assert withheld == ["no_sender"]
    assert answer.code == "accepts_mail", answer.verdict
    assert not ours_in(office.maildir("round"))


def test_refused_once_it_was_read_and_told_again_by_the_next_check(office: PostOffice, program: Program) -> None:
    text = (program.folder / "mailprobe.toml").read_text()
    (program.folder / "mailprobe.toml").write_text(text.replace(office.at("mx"), office.at("mx_reads")))
    first = program.check("round", "--canary")
    again = program.check("round")
    for answer in (first, again):
        said = [fact for fact in answer.facts("canary") if fact["fact"] == "replied" and fact["code"] == 550]
        assert {(fact["stage"], fact["enhanced"]) for fact in said if fact["of"] == "target"} == {("end_of_data", "5.7.1")}
        assert (answer.code, answer.status) == ("inconclusive", "unknown"), answer.verdict  # L's own was refused in these words
        assert answer.verdict["conflicts"] == ["mx_accepts:canary_refused"]
    assert not ours_in(office.maildir("round"))


def test_a_bounce_that_lies_in_a_mailbox(office: PostOffice, program: Program) -> None:
    """No port 25 of ours: the daemon fetches what came back, and the next check says something else."""
    address = f"away@{DOMAIN}"
    assert program.check(address, "--canary", "--observed", "spelling_confirmed").code == "waiting"
    (mail,) = ours_in(office.maildir("away"))
    sent = message_from_bytes(mail.read_bytes())
    sender = sent["Return-Path"].strip("<>")
    office.deliver("bounces", REPORT.format(to=sender, address=address, id=sent["Message-ID"]).encode())
    office.deliver("bounces", REPORT.format(to=sender, address=address, id="<x@y>").replace("b-", "b-aa").encode())  # forged
    config = program.folder / "mailprobe.toml"
    ca = f"{office.base}/tls/ca.pem"
    imap = f'imap = {{ server = "{office.imaps_url}", username = "bounces", secret = "env:SECRET", tls_ca = "{ca}" }}'
    config.write_text("\n".join(imap if line.startswith("listen") else line for line in config.read_text().splitlines()))
    before = tree(office.maildir("bounces"))
    with program.serving():
        known = ("--observed", "spelling_confirmed,contract=active")
        revised = eventually(lambda: program.check(address, *known), lambda answer: answer.code != "waiting")
    (returned,) = [fact for fact in revised.facts("canary") if fact["fact"] == "returned"]
    assert (returned["kind"], returned["enhanced"], returned["stage"]) == ("failed", "5.1.1", "rcpt")
    assert canaries(revised)[-1]["state"] == "bounced"
    assert (revised.code, revised.status) == ("unknown_behind_gateway", "down"), revised.verdict
    assert tree(office.maildir("bounces")) == before  # read, and nothing changed


def test_accepted_and_then_bounced(tmp_path: Path) -> None:
    """Postfix takes the mail and is refused behind; its own report reaches the daemon, and the verdict is another one then."""
    with tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder:
        port = free_port()
        with accepting_first(Path(folder), port) as (plain, _):
            carrier = [f'domains = ["{FULL}"]', f'mx = ["127.0.0.1:{plain}"]', f'live_controls = [{{ address = "live@{FULL}" }}]']
            account = f'id = "customer"\naddress = "Taro@{FULL}"\nprobes = ["dns", "mx"]'
            program = configured(tmp_path, carrier, [account], port)
            first = program.check("customer", "--canary")  # nobody receives yet: Postfix keeps its report
            assert first.code == "waiting", first.verdict
            with program.serving(port):
                run_queue(Path(folder))
                revised = eventually(lambda: program.check("customer"), lambda answer: answer.code != "waiting")
    assert revised.code == "mailbox_full", (revised.verdict, revised.facts("canary"), revised.facts("mx"))
    (returned,) = [fact for fact in revised.facts("canary") if fact["fact"] == "returned"]
    assert (returned["kind"], returned["code"], returned["enhanced"]) == ("failed", 552, "5.2.2")
    assert canaries(revised)[-1]["state"] == "bounced"
    assert revised.verdict["handset_reset_allowed"] is False


def run_queue(folder: Path) -> None:
    subprocess.run(["postqueue", "-c", str(folder / "conf"), "-f"], check=True, timeout=20)
