"""What the network keeps from us: a server that hangs, somebody who has waited enough, a port that is blocked."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.real.ill_servers import clogged
from tests.e2e.real.lab import NOBODY, Lab, Setup, check, command, environment, start_alone
from tests.e2e.real.postoffice import DOMAIN


def hanging(lab: Lab) -> Setup:
    deaf = f"127.0.0.1:{lab.ill.deaf.port}"
    return Setup(mx=(deaf,), imap=f"imap://{deaf}", submission=f"smtp://{deaf}", within=60.0)


@pytest.fixture
def begun(lab: Lab) -> int:
    return len(lab.ill.deaf.clients)


def wait_for_clients(lab: Lab, count: int, started: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while len(lab.ill.deaf.clients) < count:
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("form", ["json", "text"])
def test_ctrl_c(form: str, lab: Lab, begun: int, tmp_path: Path) -> None:
    """A verdict, not a traceback, within a second: what is known by then is still told. It blames nobody."""
    setup = hanging(lab)
    words = command(lab.office, setup, tmp_path, *(("--json",) if form == "json" else ("--lang", "en")))
    started = start_alone(words, environment(setup), tmp_path)
    wait_for_clients(lab, begun + 3, started)
    time.sleep(1)
    interrupted = time.monotonic()
    started.send_signal(signal.SIGINT)
    output, errors = started.communicate(timeout=30)
    took = time.monotonic() - interrupted
    assert took < 1.0
    assert "Traceback" not in output + errors
    assert started.returncode == 3
    if form == "json":
        assert json.loads(output)["verdict"]["status"] == "unknown"
        assert json.loads(output)["verdict"]["code"] == "inconclusive"
    else:
        assert setup.address in output


def test_out_of_time(lab: Lab, tmp_path: Path) -> None:
    """`--within` holds, and silence alone is no illness."""
    answer = check(lab, replace(hanging(lab), within=2.0), tmp_path)
    assert 2000 <= answer.report["took_ms"] < 4000  # by its own clock: the start of the program is not the check's
    assert answer.status == "unknown"


def test_port_25_is_blocked(lab: Lab, tmp_path: Path) -> None:
    """Nothing comes back from the port, as behind a firewall of ours: said within 10 s, and not blamed on anybody."""
    with clogged() as port:
        began = time.monotonic()
        answer = check(lab, Setup(mx=(f"127.0.0.1:{port}",)), tmp_path)
        took = time.monotonic() - began
    assert took < 10
    assert (answer.code, answer.status) == ("prober_blocked", "unknown"), answer.verdict
    assert answer.verdict["say"]["args"]["reason"] == "port_closed"
    assert answer.verdict["actor"] == "prober"


def test_port_25_is_blocked_and_he_is_gone(lab: Lab, tmp_path: Path) -> None:
    with clogged() as port:
        answer = check(lab, Setup(f"gone-customer@{DOMAIN}", mx=(f"127.0.0.1:{port}",), told=("portal_ok",)), tmp_path)
    assert answer.status == "unknown", answer.verdict


def test_without_a_configuration(tmp_path: Path) -> None:
    """Cut off from every network, as the kernel makes it for one process: nothing can leave this machine. Without a file and
    without a resolver nothing is known, and nobody is blamed."""
    if subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let us make a network of our own")
    state = {"STATE_DIRECTORY": str(tmp_path)}  # without a file the store is the user's own
    started = start_alone(["check", "u000002@i.softbank.jp", "--json", "--within", "5"], state, tmp_path, "unshare", "--net")
    output, errors = started.communicate(timeout=60)
    assert "Traceback" not in errors
    assert "MP1048" in errors
    assert started.returncode == 3, errors
    verdict = json.loads(output)["verdict"]
    assert (verdict["code"], verdict["actor"]) == ("inconclusive", "prober")
    assert "prober" in verdict["missing"]


def test_nobody_of_ours_listens_there(lab: Lab) -> None:
    """The address that stands for "closed" is closed."""
    host, _, port = NOBODY.rpartition(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0
