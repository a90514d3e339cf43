"""The daemon on a real Postfix and Dovecot: what is broken there shows in statuses and metrics, what is mended too."""

from __future__ import annotations

import os
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.real.lab import run_alone
from tests.e2e.real.page import CONTROL, Page, counted, eventually, status_of, verdicts
from tests.e2e.real.postoffice import DOMAIN, Mailbox, PostOffice, free_port, missing_programs
from tests.e2e.real.program import SECRETS, Program, configured
from tests.e2e.real.test_harmless import refusals

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or missing_programs() != (), reason="private servers need root, Dovecot, Postfix and NSD"
)
WATCHED = tuple(f"taro{number}" for number in range(8))
EVERY = 4.0  # seconds
STARTS_WITHIN = 45.0  # the program, on a machine that runs other tests as well; then one slot of everybody
# With the slots' jitter; and what is seen has to be run, stored and scraped
TWO_INTERVALS = 2 * 1.05 * EVERY + 4.0
BOUNCED = 'mailprobe_bounced_mailboxes{carrier="lab",class="unknown_user",window="10m"}'
TOKEN = "0123456789abcdef" * 2
COUNTED_WITHIN = 8.0  # what is counted over a window is looked at every five seconds
TRIED_AGAIN = 30.0  # at this pace, for how long at most a server is left alone


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    boxes = {name: Mailbox() for name in (*WATCHED, "live", "stale")}
    with (
        tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder,
        PostOffice(Path(folder), mailboxes=boxes, public=False) as opened,
    ):
        yield opened


def program_at(office: PostOffice, folder: Path, port: int) -> Program:
    carrier = [
        f'domains = ["{DOMAIN}"]',
        f'mx = ["{office.at("mx")}"]',
        f'imap = "{office.imaps_url}"',
        f'tls_ca = "{office.base}/tls/ca.pem"',
        f'live_controls = [{{ address = "live@{DOMAIN}", secret = "env:SECRET" }}]',
        f'dead_control = "nobody-7f3a@{DOMAIN}"',
    ]
    rest = f'secret = "env:SECRET"\nprobes = ["mx", "imap"]\nevery = "{EVERY:g}s"\ngroup = "shard-1"'
    accounts = [f'id = "{name.replace("taro", "box")}"\naddress = "{name}@{DOMAIN}"\n{rest}' for name in WATCHED]
    program = configured(folder, carrier, accounts, free_port())
    (folder / "live.token").write_text(TOKEN)
    (folder / "live.token").chmod(0o600)
    with (folder / "mailprobe.toml").open("a") as file:
        file.write(f'[http]\nlisten = "127.0.0.1:{port}"\nlive_token = "file:live.token"\n')
    return program


BOXES = [name.replace("taro", "box") for name in WATCHED]


def is_well(page: Page) -> bool:
    return counted(page) == {"ok": len(BOXES)}


def test_a_mailbox_that_goes_and_comes_back(office: PostOffice, tmp_path: Path) -> None:
    port = free_port()
    with program_at(office, tmp_path, port).serving():
        page = eventually(port, is_well, STARTS_WITHIN)
        assert is_well(page), verdicts(page)
        assert page['mailprobe_probe_success{account="box0",probe="imap",vantage="here"}'] == 1
        assert page[CONTROL] == 1

        office.mailboxes["taro3"].in_mx = False
        office.reload()
        page = eventually(port, lambda page: status_of(page, "box3") == "down", TWO_INTERVALS)
        assert counted(page) == {"ok": len(BOXES) - 1, "down": 1}, verdicts(page)
        assert verdicts(page)["box3"] == "missing_from_mx"
        assert page['mailprobe_probe_success{account="box3",probe="mx",vantage="here"}'] == 0
        page = eventually(port, lambda page: page.get(BOUNCED) == 1, COUNTED_WITHIN)
        assert page[BOUNCED] == 1
        assert page['mailprobe_tested_mailboxes{carrier="lab",window="10m"}'] >= len(BOXES)

        office.mailboxes["taro3"].in_mx = True
        office.reload()
        page = eventually(port, is_well, TWO_INTERVALS)
        assert is_well(page), verdicts(page)


def test_what_is_known_outlives_the_process(office: PostOffice, tmp_path: Path) -> None:
    """And whoever asks for it by the command line gets one line, without anything being asked of a server."""
    port = free_port()
    program = program_at(office, tmp_path, port)
    with program.serving():
        assert is_well(eventually(port, is_well, STARTS_WITHIN))
    told = run_alone(["status", "box1", "--plugin", "--config", str(tmp_path / "mailprobe.toml")], SECRETS, tmp_path)
    assert told.exit_code == 0, told
    assert told.output.startswith("MAILPROBE OK - box1: healthy"), told.output
    with program.serving():
        assert is_well(eventually(port, is_well, STARTS_WITHIN))


def test_a_mail_server_that_stops_is_the_carriers_matter(office: PostOffice, tmp_path: Path) -> None:
    """Five failures, and it is left alone: whoever was not among them has to learn it all the same."""
    port = free_port()
    with program_at(office, tmp_path, port).serving():
        assert is_well(eventually(port, is_well, STARTS_WITHIN))
        office.stop_dovecot()
        try:
            page = eventually(port, lambda page: counted(page) == {"down": len(BOXES)}, TWO_INTERVALS)
            assert verdicts(page) == dict.fromkeys(BOXES, "imap_outage")
            assert counted(page) == {"down": len(BOXES)}
            assert page[CONTROL] == 0
        finally:
            office.start_dovecot()
        page = eventually(port, is_well, TRIED_AGAIN + TWO_INTERVALS)
        assert is_well(page), verdicts(page)
        assert page[CONTROL] == 1


def test_a_wrong_password_costs_two_refusals_whoever_asks(office: PostOffice, tmp_path: Path) -> None:
    """The schedule, live probes, checks and three starts of the daemon: to Dovecot they are one."""
    port = free_port()
    program = program_at(office, tmp_path, port)
    (tmp_path / "wrong").write_text("the-password-of-before")
    (tmp_path / "wrong").chmod(0o600)
    with (tmp_path / "mailprobe.toml").open("a") as file:
        file.write(f'[[accounts]]\nid = "stale"\naddress = "stale@{DOMAIN}"\nsecret = "file:wrong"\n')
        file.write(f'probes = ["mx", "imap"]\nevery = "{EVERY:g}s"\n')
    for start in range(3):
        with program.serving():
            page = eventually(port, lambda page: status_of(page, "stale") == "degraded", STARTS_WITHIN)
            assert status_of(page, "stale") == "degraded", (start, verdicts(page))
            assert verdicts(page)["stale"] == "password_or_lock"
            for _ in range(3):
                assert asked_live(port, "stale", "imap") == 200
            assert program.check("stale").code == "password_or_lock"
    assert 1 <= refusals(office, "stale") <= 2


def asked_live(port: int, account: str, probe: str) -> int:
    url = f"http://127.0.0.1:{port}/probe?account={account}&module={probe}&live=1"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(asked, timeout=60.0) as answer:  # noqa: S310  of this machine
        status: int = answer.status
    return status
