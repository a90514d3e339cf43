"""A disk that fills up under the daemon: nothing new is asked, bounces stay with their senders, and room is all it takes."""

from __future__ import annotations

import os
import re
import smtplib
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailprobe.bounces.token import Signer
from tests.e2e.test_serve import Daemon, daemon
from tests.e2e.test_webhook import closed_port

__all__ = ["daemon"]  # the fixture

KEY = b"0123456789abcdef" * 4
SIZE = "6m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small one of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], capture_output=True, text=True)
    if mounted.returncode != 0:
        why = f"a disk of one's own: {mounted.stderr.strip()}"
        if os.environ.get("MAILPROBE_REQUIRE_SERVERS"):
            pytest.fail(f"{why}; and servers are required")
        pytest.skip(why)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(4096))
        except OSError:
            return


def page(port: int) -> dict[str, float]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    found = (re.fullmatch(r"(\S+?(?:\{.*\})?) (\S+)", line) for line in text.splitlines() if not line.startswith("#"))
    return {one[1]: float(one[2]) for one in found if one is not None}


def runs(page: dict[str, float]) -> float:
    return sum(value for name, value in page.items() if name.startswith("mailprobe_probes_total{"))


def eventually(port: int, is_it: Callable[[dict[str, float]], bool], within: float = 60.0) -> dict[str, float]:
    until = time.monotonic() + within
    while not is_it(found := page(port)) and time.monotonic() < until:
        time.sleep(0.2)
    assert is_it(found), {name: value for name, value in found.items() if "store" in name or "probes_total" in name}
    return found


def bounced(port: int) -> int:
    """How the receiver answers a bounce to one of our own senders."""
    to = Signer([KEY]).sender("0123456789abcdef" * 4, time.time())
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.ehlo("mx.example.test")
        client.docmd("MAIL FROM:<>")
        assert client.docmd(f"RCPT TO:<{to}@bounce.example.net>")[0] == 250
        client.docmd("DATA")
        client.send(f"From: <>\r\nSubject: {time.time()}\r\n\r\nno such user\r\n.\r\n".encode())
        return client.getreply()[0]


def test_probing_pauses_bounces_wait_and_it_mends_itself(daemon: Daemon, disk: Path) -> None:
    at = closed_port()
    daemon.write()
    text = (daemon.folder / "mailprobe.toml").read_text()
    text = text.replace(f"sqlite:///{daemon.folder}/m.db", f"sqlite:///{disk}/m.db")
    every = 'every = "1s"\nprobes = ["mx", "imap"]\n'
    text = text.replace("[bounces]", f'{every}[http]\nlisten = "127.0.0.1:{at}"\n[bounces]')
    (daemon.folder / "mailprobe.toml").write_text(text)
    daemon.start()
    daemon.hears("READY=1")
    eventually(at, lambda page: runs(page) > 2 and page["mailprobe_store_healthy"] == 1)
    assert bounced(daemon.port) == 250

    fill(disk)
    eventually(at, lambda page: page.get("mailprobe_store_healthy") == 0)
    assert bounced(daemon.port) == 451
    time.sleep(2.0)  # what was under way has ended by now
    before = runs(page(at))
    time.sleep(4.0)
    assert runs(page(at)) - before <= 2, "nothing new begins: its result could not be kept"
    assert eventually(at, lambda page: page['mailprobe_bounces_rejected_total{reason="store"}'] >= 1)

    (disk / "filler").unlink()
    eventually(at, lambda page: page.get("mailprobe_store_healthy") == 1)
    eventually(at, lambda page: runs(page) > before + 3)
    assert bounced(daemon.port) == 250
    assert daemon.end()[0] == 0
    assert daemon.named("store_troubled")
