"""What a supervisor is told, over a real datagram socket of our own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.net.systemd import Systemd, from_environment, handed_over


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(tmp_path / "notify"))
        one.settimeout(2.0)
        yield one


def test_what_is_said(supervisor: socket.socket) -> None:
    systemd = Systemd(supervisor.getsockname())
    systemd.ready("2 accounts")
    systemd.reloading()
    systemd.alive()
    systemd.stopping()
    said = [supervisor.recv(4096).decode() for _ in range(4)]
    assert said[0] == "READY=1\nSTATUS=2 accounts"
    assert said[1].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert said[2:] == ["WATCHDOG=1", "STOPPING=1\nSTATUS=draining"]


def test_an_abstract_socket() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(f"\0mailprobe-test-{os.getpid()}")
        one.settimeout(2.0)
        Systemd(f"@mailprobe-test-{os.getpid()}").alive()
        assert one.recv(64) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "x" * 200])
def test_without_anybody_who_listens_nothing_happens(address: str) -> None:
    Systemd(address).ready()


def test_a_supervisor_that_does_not_read_holds_nothing_up(supervisor: socket.socket) -> None:
    for _ in range(2000):
        Systemd(supervisor.getsockname()).alive()


@pytest.mark.parametrize(
    ("environ", "watchdog"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
    ],
)
def test_who_started_us(environ: dict[str, str], watchdog: float) -> None:
    found = from_environment({"NOTIFY_SOCKET": "/run/n", **environ}, pid=7)
    assert (found.address, found.watchdog) == ("/run/n", watchdog)


@pytest.mark.parametrize("environ", [{}, {"LISTEN_PID": "8", "LISTEN_FDS": "1"}, {"LISTEN_PID": "7", "LISTEN_FDS": "x"}])
def test_nothing_is_handed_over(environ: dict[str, str]) -> None:
    assert handed_over(environ, pid=7) == {}


HANDED = """
import os
from mailprobe.net.systemd import handed_over
found = handed_over({**os.environ, "LISTEN_PID": str(os.getpid())})
print({name: (one.getsockname()[1], one.getblocking(), os.get_inheritable(one.fileno())) for name, one in found.items()})
"""


def test_sockets_that_are_handed_over_have_their_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = one.getsockname()[1], two.getsockname()[1]
        shell = f'exec "$0" -c "$1" 3<&{one.fileno()} 4<&{two.fileno()}'
        done = subprocess.run(
            ["/bin/bash", "-c", shell, sys.executable, HANDED],
            env={**os.environ, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "bounces:http"},
            pass_fds=(one.fileno(), two.fileno()),
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == str({"bounces": (ports[0], False, False), "http": (ports[1], False, False)})
