"""Sixty accounts (full: two hundred) on a real Dovecot, Postfix and NSD, with a real Prometheus and Alertmanager: what is broken
shows in statuses, metrics and the one right alert within two intervals, and what is mended is well again.

An hour of the rules lasts three minutes here, and an interval of an account twenty seconds (full: a minute, and all else in
proportion); a machine that is busy with other things cannot serve that, and MAILPROBE_E2E_EVERY names a longer one: everything
lasts so much longer then. Two tests, so that two processes may share the time (`pytest -n 2`). Full (HYPOTHESIS_PROFILE=full): a
bounce spike is waited out as well, which its window of ten minutes makes long.
"""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.e2e.alerting.questions import unanswered
from tests.e2e.alerting.watching import Told, Watch, watched
from tests.e2e.real.page import CONTROL, Page, counted, eventually, series, statuses, verdicts
from tests.e2e.real.postoffice import DOMAIN, Mailbox, PostOffice, free_port, missing_programs
from tests.e2e.real.program import KEY, Program, configured

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or missing_programs() != (), reason="private servers need root, Dovecot, Postfix and NSD"
)
FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
# two hundred at twenty seconds are more than two cores with both stories, all servers and Prometheus can serve
ACCOUNTS = 200 if FULL else 60
EVERY = float(os.environ.get("MAILPROBE_E2E_EVERY", "60" if FULL else "20"))  # seconds
SCALE = EVERY / 400  # of the rules' times
# Between two RCPTs of an address, and so for as long a server in trouble is left alone, then longer. As time runs so much
# faster, there are more places at the MX host.
LIMITS = f'rcpt_gap = "{EVERY / 10:g}s", canary_gap = "1s", sessions = 20'
# A slot's jitter is a twentieth of its interval. What is seen then has to be stored, scraped, held for the `for` of its rule
# (two minutes: six seconds here) and brought to Alertmanager, on a machine that runs other tests as well.
ON_ITS_WAY = EVERY / 2 + 2.0
TWO_INTERVALS = 2 * 1.05 * EVERY + ON_ITS_WAY
STARTS_WITHIN = 3 * EVERY + 30.0  # the program has greeted; one slot of everybody, and a second where the first had no place
FIRST_OPEN = EVERY / 10  # seconds for which a server in trouble is left alone, at this pace; then twice as long each time
BLOCKED = "554 5.7.1 Service unavailable; Client host [127.0.0.1] blocked using zen.example"
BOXES = ["tanaka", *(f"box{number}" for number in range(1, ACCOUNTS))]  # the dashboards' questions are asked for tanaka
SPIKE = range(40, 60)
# Of an outage that lasts two minutes, which no pace of ours shortens. People end it, or half an hour of good controls.
INCIDENT = Told("MailprobeIncident", "page", "lab")


@dataclass
class Heard:
    """Whatever Alertmanager told at any moment, however short."""

    watch: Watch
    told: set[Told] = field(default_factory=set)

    def keep(self, ending: threading.Event) -> None:
        while not ending.wait(0.25):
            self.told |= self.watch.told()


@dataclass(frozen=True)
class Scene:
    """The program at work on an office, and who watches it."""

    office: PostOffice
    port: int
    bounces: int
    watch: Watch
    heard: Heard

    def shows(self, what: dict[str, int], within: float = TWO_INTERVALS) -> Page:
        """How many accounts come to have which status."""
        page = eventually(self.port, lambda page: counted(page) == what, within)
        assert counted(page) == what, verdicts(page)
        return page

    def tells(self, *expected: Told, beside: tuple[Told, ...] = (), within: float = TWO_INTERVALS) -> None:
        """Exactly these alerts come to be told, and until then nothing else was; `beside`: may be told for a moment."""
        self.watch.until(set(expected), within)
        assert self.heard.told - {*expected, *beside} == set(), "nothing else is told, however short"
        self.heard.told.clear()

    def has_no_answer_for(self) -> set[str]:
        """Of every question of every rule and dashboard, as soon as the rules were evaluated often enough."""
        until = time.monotonic() + TWO_INTERVALS
        while (missing := set(unanswered(self.watch))) and time.monotonic() < until:
            time.sleep(1.0)
        return missing

    def is_well(self, within: float, beside: tuple[Told, ...] = ()) -> None:
        until = time.monotonic() + within
        self.shows({"ok": ACCOUNTS}, within)
        self.watch.until(set(), max(ON_ITS_WAY, until - time.monotonic()), beside)
        self.heard.told.clear()


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    boxes = {name: Mailbox() for name in (*(f"taro{number}" for number in range(ACCOUNTS)), "live")}
    zones = {DOMAIN: "mx A 127.0.0.1\n"}
    with (
        tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as base,
        PostOffice(Path(base), mailboxes=boxes, zones=zones, busy=True, public=False) as office,
    ):
        port, bounces = free_port(), free_port()
        with program_at(office, folder, port, bounces).serving(bounces):
            page = eventually(port, lambda page: counted(page) == {"ok": ACCOUNTS}, STARTS_WITHIN)
            assert counted(page) == {"ok": ACCOUNTS}, verdicts(page)
            with watched(f"127.0.0.1:{port}", folder, SCALE, EVERY / 20) as watch, listening(watch) as heard:
                watch.until(set(), ON_ITS_WAY)
                yield Scene(office, port, bounces, watch, heard)


@contextmanager
def listening(watch: Watch) -> Iterator[Heard]:
    heard, ending = Heard(watch), threading.Event()
    ear = threading.Thread(target=heard.keep, args=(ending,))
    ear.start()
    try:
        yield heard
    finally:
        ending.set()
        ear.join()


def program_at(office: PostOffice, folder: Path, port: int, bounces: int) -> Program:
    carrier = [
        f'domains = ["{DOMAIN}"]',
        f'mx = ["{office.at("mx_clear")}"]',
        f'imap = "{office.imaps_url}"',
        f'tls_ca = "{office.base}/tls/ca.pem"',
        f'live_controls = [{{ address = "live@{DOMAIN}", secret = "env:SECRET" }}]',
        f'dead_control = "nobody-7f3a@{DOMAIN}"',
    ]
    rest = f'secret = "env:SECRET"\nprobes = ["dns", "mx", "imap"]\nevery = "{EVERY:g}s"\ngroup = "shard-1"'
    accounts = [f'id = "{box}"\naddress = "{taro_of(box)}@{DOMAIN}"\n{rest}' for box in BOXES]
    resolvers = [f'resolvers = ["127.0.0.1:{office.dns}", "127.0.0.2:{office.dns}"]']
    program = configured(folder, carrier, accounts, bounces, resolvers, LIMITS)
    with (folder / "mailprobe.toml").open("a") as file:
        file.write(f'[http]\nlisten = "127.0.0.1:{port}"\nlive_token = "file:token.key"\n')
    return program


def taro_of(box: str) -> str:
    """The local part of an account."""
    return "taro0" if box == "tanaka" else box.replace("box", "taro")


def test_a_mailbox_is_lost_and_then_dovecot_stops(tmp_path: Path) -> None:
    with scene(tmp_path) as lab:
        send_a_test_mail(lab.port, "tanaka")
        assert lab.has_no_answer_for() == set()

        lab.office.mailboxes["taro3"].in_mx = False
        lab.office.reload()
        page = lab.shows({"ok": ACCOUNTS - 1, "down": 1})
        assert verdicts(page)["box3"] == "missing_from_mx"
        assert page['mailprobe_probe_success{account="box3",probe="mx",vantage="here"}'] == 0
        assert page['mailprobe_bounced_mailboxes{carrier="lab",class="unknown_user",window="10m"}'] == 1
        lab.tells(Told("MailprobeMailboxDown", "ticket", "lab", "box3"), within=ON_ITS_WAY)
        lab.office.mailboxes["taro3"].in_mx = True
        lab.office.reload()
        lab.is_well(TWO_INTERVALS)

        lab.office.stop_dovecot()
        stopped = time.monotonic()
        try:
            lab.tells(Told("MailprobeControlDown", "page", "lab"))
            page = lab.shows({"down": ACCOUNTS}, TWO_INTERVALS)
            assert set(verdicts(page).values()) == {"imap_outage"}
            assert page[CONTROL] == 0
        finally:
            lab.office.start_dovecot()
        # the waits double, and all before the last one are within the time that it was away
        left_alone = time.monotonic() - stopped + FIRST_OPEN
        lab.is_well(left_alone + TWO_INTERVALS, beside=(INCIDENT,))
        assert series(lab.port)[CONTROL] == 1


def send_a_test_mail(port: int, box: str) -> None:
    """And wait until it has come back out of the mailbox."""
    url = f"http://127.0.0.1:{port}/probe?account={box}&module=canary&live=1"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  loopback, ours
        assert b"probe_success 1" in answer.read()


def test_we_are_blocked_then_deaf_then_flooded_and_then_mailboxes_vanish(tmp_path: Path) -> None:
    with scene(tmp_path) as lab:
        lab.office.clients["127.0.0.1"] = BLOCKED
        lab.office.reload()
        lab.tells(Told("MailprobeProberUnhealthy", "page"))
        assert {"down", "degraded"}.isdisjoint(counted(series(lab.port)))
        lab.office.clients.clear()
        lab.office.reload()
        lab.is_well(TWO_INTERVALS)

        lab.office.stop_nsd()
        try:
            lab.tells(Told("MailprobeProberUnhealthy", "page"))
            assert {"down", "degraded"}.isdisjoint(counted(series(lab.port)))
        finally:
            lab.office.start_nsd()
        lab.is_well(TWO_INTERVALS)

        with flooding(lab.bounces):
            lab.tells(Told("MailprobeForgedBounces", "ticket"))
            assert counted(series(lab.port)) == {"ok": ACCOUNTS}
        lab.is_well(TWO_INTERVALS)

        for number in SPIKE:
            lab.office.mailboxes[f"taro{number}"].in_mx = False
        lab.office.reload()
        few = Told("MailprobeBouncesAtLowVolume", "ticket", "lab")  # the first three; many silence it
        lab.tells(Told("MailprobeBounceSpike", "page", "lab"), beside=(few,))
        page = lab.shows({"ok": ACCOUNTS - len(SPIKE), "down": len(SPIKE)})
        assert {box for box, status in statuses(page).items() if status == "down"} == {f"box{number}" for number in SPIKE}
        for number in SPIKE:
            lab.office.mailboxes[f"taro{number}"].in_mx = True
        lab.office.reload()
        lab.shows({"ok": ACCOUNTS})
        if FULL:  # until the last refusal is ten minutes old, and its rule lets go
            lab.watch.until(set(), 1000.0)


@contextmanager
def flooding(port: int) -> Iterator[None]:
    """Bounces with senders that we never signed, several a second."""
    ending = threading.Event()
    forger = threading.Thread(target=forge, args=(port, ending))
    forger.start()
    try:
        yield
    finally:
        ending.set()
        forger.join()


def forge(port: int, ending: threading.Event) -> None:
    number = 0
    while not ending.wait(0.1):
        number += 1
        with socket.create_connection(("127.0.0.1", port), 10) as peer, peer.makefile("rb") as said:
            for line in ("EHLO forger.test", "MAIL FROM:<>", f"RCPT TO:<b-{number:036}@bounce.probe.test>", "QUIT"):
                hear_out(said)
                peer.sendall(f"{line}\r\n".encode())


def hear_out(said: BinaryIO) -> None:
    """A greeting, or a reply of however many lines."""
    while said.readline()[3:4] == b"-":
        pass
