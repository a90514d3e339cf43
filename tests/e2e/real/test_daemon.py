"""The daemon on a real Postfix and Dovecot: what is broken there shows in statuses and metrics, what is mended too."""

from __future__ import annotations

import os
import re
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.alerting.watching import Told, watched
from tests.e2e.real.lab import run_alone
from tests.e2e.real.postoffice import DOMAIN, Mailbox, PostOffice, free_port, missing_programs, run
from tests.e2e.real.program import SECRETS, Program, configured

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or missing_programs() != (), reason="private servers need root, Dovecot, Postfix and NSD"
)
WATCHED = tuple(f"taro{number}" for number in range(8))
WITHIN = 90.0


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    boxes = {name: Mailbox() for name in (*WATCHED, "live")}
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
    rest = 'secret = "env:SECRET"\nprobes = ["mx", "imap"]\nevery = "2s"\ngroup = "shard-1"'
    accounts = [f'id = "{name.replace("taro", "box")}"\naddress = "{name}@{DOMAIN}"\n{rest}' for name in WATCHED]
    program = configured(folder, carrier, accounts, free_port())
    with (folder / "mailprobe.toml").open("a") as file:
        file.write(f'[http]\nlisten = "127.0.0.1:{port}"\n')
    return program


def series(port: int) -> dict[str, float]:
    """Every line of the metrics page, by name and labels."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    assert "taro" not in text, "nobody's local part is told"
    found = (re.fullmatch(r"(\S+?(?:\{.*\})?) (\S+)", line) for line in text.splitlines() if not line.startswith("#"))
    return {one[1]: float(one[2]) for one in found if one is not None}


def status_of(page: dict[str, float], account: str) -> str:
    pattern = re.compile(rf'mailprobe_account_status\{{account="{account}",carrier="lab",status="(\w+)"\}}')
    return next((found[1] for name, value in page.items() if value == 1 and (found := pattern.fullmatch(name))), "")


def eventually(port: int, is_it: Callable[[dict[str, float]], bool], within: float = WITHIN) -> dict[str, float]:
    until = time.monotonic() + within
    while not is_it(page := series(port)) and time.monotonic() < until:
        time.sleep(0.3)
    return page


def test_a_mailbox_that_goes_and_comes_back(office: PostOffice, tmp_path: Path) -> None:
    port = free_port()
    program = program_at(office, tmp_path, port)
    boxes = [name.replace("taro", "box") for name in WATCHED]
    with program.serving():
        page = eventually(port, lambda page: all(status_of(page, box) == "ok" for box in boxes))
        assert {box: status_of(page, box) for box in boxes} == dict.fromkeys(boxes, "ok")
        assert page['mailprobe_probe_success{account="box0",probe="imap",vantage="here"}'] == 1
        assert page['mailprobe_control_success{carrier="lab",control="live",vantage="here"}'] == 1

        office.mailboxes["taro3"].in_mx = False
        office.reload()
        page = eventually(port, lambda page: status_of(page, "box3") == "down")
        assert status_of(page, "box3") == "down"
        code = 'mailprobe_account_verdict_info{account="box3",carrier="lab",code="missing_from_mx",actor="mail_ops"}'
        assert page[code] == 1
        assert page['mailprobe_probe_success{account="box3",probe="mx",vantage="here"}'] == 0
        assert all(status_of(page, box) == "ok" for box in boxes if box != "box3")
        assert page['mailprobe_bounced_mailboxes{carrier="lab",class="unknown_user",window="10m"}'] == 1
        assert page['mailprobe_tested_mailboxes{carrier="lab",window="10m"}'] >= len(boxes)

        office.mailboxes["taro3"].in_mx = True
        office.reload()
        page = eventually(port, lambda page: status_of(page, "box3") == "ok")
        assert status_of(page, "box3") == "ok"


def test_what_is_known_outlives_the_process(office: PostOffice, tmp_path: Path) -> None:
    """And whoever asks for it by the command line gets one line, without anything being asked of a server."""
    port = free_port()
    program = program_at(office, tmp_path, port)
    with program.serving():
        eventually(port, lambda page: status_of(page, "box1") == "ok")
    told = run_alone(["status", "box1", "--plugin", "--config", str(tmp_path / "mailprobe.toml")], SECRETS, tmp_path)
    assert told.exit_code == 0, told
    assert told.output.startswith("MAILPROBE OK - box1: healthy"), told.output
    with program.serving():
        page = eventually(port, lambda page: status_of(page, "box1") == "ok")
        assert status_of(page, "box1") == "ok"


def test_a_mail_server_that_stops_is_the_carriers_matter(office: PostOffice, tmp_path: Path) -> None:
    port = free_port()
    program = program_at(office, tmp_path, port)
    with program.serving():
        eventually(port, lambda page: status_of(page, "box1") == "ok")
        run("dovecot", "-c", str(office.base / "dovecot.conf"), "stop")
        try:
            code = 'mailprobe_account_verdict_info{account="box1",carrier="lab",code="imap_outage",actor="mail_ops"}'
            page = eventually(port, lambda page: page.get(code) == 1)
            assert status_of(page, "box1") == "down", [name for name in page if "verdict_info" in name]
            assert page.get(code) == 1, [name for name in page if "verdict_info" in name]
            assert page['mailprobe_control_success{carrier="lab",control="live",vantage="here"}'] == 0
        finally:
            office.start_dovecot()


def test_the_right_alert_and_only_it(office: PostOffice, tmp_path: Path) -> None:
    """With a real Prometheus and Alertmanager, and the rules at a sixtieth of their times."""
    port = free_port()
    program = program_at(office, tmp_path, port)
    with program.serving():
        eventually(port, lambda page: all(status_of(page, name.replace("taro", "box")) == "ok" for name in WATCHED))
        with watched(f"127.0.0.1:{port}", tmp_path, 1 / 60) as watch:
            watch.until(set(), WITHIN)
            office.mailboxes["taro5"].in_mx = False
            office.reload()
            watch.until({Told("MailprobeMailboxDown", "ticket", "lab", "box5")}, 2 * WITHIN)
            office.mailboxes["taro5"].in_mx = True
            office.reload()
            watch.until(set(), 2 * WITHIN)
            run("dovecot", "-c", str(office.base / "dovecot.conf"), "stop")
            try:
                watch.until({Told("MailprobeControlDown", "page", "lab")}, 2 * WITHIN)
            finally:
                office.start_dovecot()
            watch.until(set(), 2 * WITHIN)
