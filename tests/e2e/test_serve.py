"""The daemon as a process of its own, as systemd would run it: ready, reloaded, alive, told to end; and what it writes down."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mailprobe.demo.tls import Authority
from mailprobe.notify.events import letter
from mailprobe.store import Store, open_store
from tests.e2e.test_webhook import SECRET, Behaviour, changed, closed_port, hook

MARK = "taro-marker"
CONFIG = """
[prober]
name = "probe.example.net"
mail_from = "p@example.net"
bounce_domain = "bounce.example.net"
token_keys = ["file:token.key"]
allow_networks = ["127.0.0.0/8"]
[store]
url = "sqlite:///{folder}/m.db"
[carriers.lab]
relation = "own"
domains = ["mail.test"]
mx = ["127.0.0.1:9"]
imap = "imaps://127.0.0.1:9"
[[accounts]]
id = "tanaka"
address = "{mark}@mail.test"
secret = "file:secret"
"""


@dataclass
class Daemon:
    """One process, its supervisor's socket, and its log so far."""

    folder: Path
    supervisor: socket.socket
    port: int = field(default_factory=closed_port)
    environ: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def write(self, more: str = "", port: int = 0, listens: bool = True) -> None:
        text = CONFIG.format(folder=self.folder, mark=MARK)
        listen = f'[bounces]\nlisten = "127.0.0.1:{port or self.port}"\n' if listens else ""
        (self.folder / "mailprobe.toml").write_text(text + listen + more)

    def start(self, *shell: str, pass_fds: tuple[int, ...] = ()) -> None:
        command = [sys.executable, "-m", "mailprobe", "serve", "--config", str(self.folder / "mailprobe.toml")]
        environ = {**os.environ, **self.environ, "NOTIFY_SOCKET": self.supervisor.getsockname()}
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen([*shell, *command], env=environ, stdout=log, stderr=log, pass_fds=pass_fds)

    def hears(self, word: str) -> str:
        """What the supervisor is told, until it hears the word."""
        until = time.monotonic() + 60.0
        while time.monotonic() < until:
            try:
                said = self.supervisor.recv(4096).decode()
            except TimeoutError:
                if self.process is None or self.process.poll() is not None:
                    break
                continue
            if said.startswith(word):
                return said
        raise AssertionError(f"{word} was not said: {self.log()}")

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def end(self) -> tuple[int, float]:
        """The exit code, and how long it took."""
        assert self.process is not None
        began = time.monotonic()
        self.send(signal.SIGTERM)
        return self.process.wait(15.0), time.monotonic() - began

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def events(self) -> list[dict[str, Any]]:
        """Every line is JSON, or this fails."""
        return [json.loads(line) for line in self.log().splitlines()]

    def named(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events() if one["event"] == event]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    for name in ("token.key", "secret"):
        (tmp_path / name).write_text("0123456789abcdef" * 4)
        (tmp_path / name).chmod(0o600)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(0.2)
        one = Daemon(tmp_path, supervisor)
        one.write()
        yield one
        if one.process is not None and one.process.poll() is None:
            one.process.kill()
            one.process.wait()


async def told(hook: Behaviour, store: Store) -> None:
    async with asyncio.timeout(30.0):
        while not hook.taken or await store.outbox.count():  # noqa: ASYNC110  it is told by another process
            await asyncio.sleep(0.05)


def test_a_whole_life(daemon: Daemon) -> None:
    daemon.environ["WATCHDOG_USEC"] = "600000"
    daemon.start()
    assert daemon.hears("READY=1") == "READY=1\nSTATUS=1 accounts at 1 carriers"
    daemon.hears("WATCHDOG=1")
    daemon.hears("WATCHDOG=1")

    daemon.write('[[accounts]]\nid = "suzuki"\naddress = "s@mail.test"\n')
    daemon.send(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in daemon.hears("RELOADING=1")
    assert daemon.hears("READY=1").endswith("2 accounts at 1 carriers")

    daemon.write(f'[[accounts]]\nid = "{MARK}2"\naddress = "{MARK}@\\n"\naddres = 1\n')
    daemon.send(signal.SIGHUP)
    daemon.hears("RELOADING=1")
    assert daemon.hears("READY=1").endswith("2 accounts at 1 carriers")

    daemon.write(port=9, more='[engine]\nvantage = "x"\n')
    daemon.send(signal.SIGHUP)
    daemon.hears("RELOADING=1")
    assert daemon.hears("READY=1").endswith("1 accounts at 1 carriers")

    code, took = daemon.end()
    daemon.hears("STOPPING=1")
    assert code == 0, daemon.log()
    assert took < 10.0
    assert [one["parts"] for one in daemon.named("reloaded")] == ["accounts", "accounts"]
    assert [one["parts"] for one in daemon.named("needs_restart")] == ["bounces engine"]
    assert daemon.named("reload_failed")[0]["count"] == len(daemon.named("config_problem")) == 2
    assert {one["where"].partition(":")[0] for one in daemon.named("config_problem")} == {"mailprobe.toml"}
    assert [one["event"] for one in daemon.events()][-2:] == ["ending", "drained"]
    assert MARK not in daemon.log()
    assert "@" not in daemon.log()
    assert "0123456789abcdef" not in daemon.log()


def test_a_socket_that_systemd_has_bound(daemon: Daemon) -> None:
    """Port 25 without any privilege of ours."""
    daemon.write(listens=False)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        daemon.environ |= {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "bounces"}
        shell = f'LISTEN_PID=$$ exec "$0" "$@" 3<&{bound.fileno()}'
        daemon.start("/bin/bash", "-c", shell, pass_fds=(bound.fileno(),))
        daemon.hears("READY=1")
        with socket.create_connection(bound.getsockname(), timeout=5.0) as guest:
            assert guest.recv(100).startswith(b"220 probe.example.net")
            assert daemon.end()[0] == 0
            assert b"421" in guest.recv(1000)


def test_whoever_asks_twice_is_not_kept_waiting(daemon: Daemon) -> None:
    daemon.start()
    daemon.hears("READY=1")
    daemon.send(signal.SIGTERM)
    code, took = daemon.end()
    assert code == 0
    assert took < 2.0  # most of it is the interpreter's own end


async def test_the_webhook_is_told_and_a_new_one_after_a_reload(daemon: Daemon) -> None:
    first, second = Behaviour(), Behaviour()
    (daemon.folder / "hook.key").write_text(SECRET)
    (daemon.folder / "hook.key").chmod(0o600)
    events = [letter(changed(number)) for number in range(2)]
    with hook(first) as one, hook(second) as two:
        async with open_store(f"sqlite:///{daemon.folder}/m.db") as store:
            await store.outbox.put(events[:1])
            daemon.write(f'[notify]\nurl = "{one}"\nsecret = "file:hook.key"\n')
            daemon.start()
            daemon.hears("READY=1")
            await told(first, store)
            daemon.write(f'[notify]\nurl = "{two}"\nsecret = "file:hook.key"\n')
            await store.outbox.put(events[1:])
            daemon.send(signal.SIGHUP)
            await told(second, store)
        assert daemon.end()[0] == 0
    assert (first.taken, second.taken) == ([events[0].id], [events[1].id])
    assert "token=x" not in daemon.log()
    assert SECRET not in daemon.log()
    assert [told["id"] for told in daemon.named("webhook_told")] == [event.id for event in events]


def test_a_port_that_cannot_be_had_is_said_in_words(daemon: Daemon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        daemon.write(port=taken.getsockname()[1])
        daemon.start()
        assert daemon.process is not None
        assert daemon.process.wait(60.0) == 73
    assert "error[MP1019] bounces.listen" in daemon.log()


@pytest.mark.parametrize("where", ["http.listen", "http.metrics_listen"])
def test_so_is_one_of_the_pages(daemon: Daemon, where: str) -> None:
    """By then tasks of every kind are under way."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        daemon.write(f'[http]\n{where.partition(".")[2]} = "127.0.0.1:{taken.getsockname()[1]}"\n')
        daemon.start()
        assert daemon.process is not None
        assert daemon.process.wait(60.0) == 73
    assert f"error[MP1019] {where}" in daemon.log()
    assert "Traceback" not in daemon.log()


def test_a_renewed_certificate_is_shown_after_a_reload(daemon: Daemon) -> None:
    pages = closed_port()
    shown = certificate_into(daemon.folder / "shown.pem", daemon.folder)
    with_tls = '[http]\nlisten = "127.0.0.1:{}"\ncertificate = "shown.pem"\n'.format
    listens = f'[bounces]\nlisten = "127.0.0.1:{daemon.port}"\ncertificate = "shown.pem"\n'
    daemon.write(listens + with_tls(pages), listens=False)
    daemon.start()
    daemon.hears("READY=1")
    assert (over_https(pages), after_starttls(daemon.port)) == (shown, shown)

    renewed = certificate_into(daemon.folder / "shown.pem", daemon.folder)
    assert (over_https(pages), after_starttls(daemon.port)) == (shown, shown)
    for _ in range(2):  # the second time a half of it is missing: the reload is refused, and nothing is taken back
        daemon.send(signal.SIGHUP)
        daemon.hears("RELOADING=1")
        daemon.hears("READY=1")
        assert (over_https(pages), after_starttls(daemon.port)) == (renewed, renewed)
        (daemon.folder / "shown.pem").write_text(ssl.DER_cert_to_PEM_cert(renewed))
    assert [one["code"] for one in daemon.named("config_problem")] == ["MP1050", "MP1050"]
    assert daemon.end()[0] == 0


def certificate_into(file: Path, folder: Path) -> bytes:
    """A new one with its key, in place of the old; DER."""
    made = Path(tempfile.mkdtemp(dir=folder))
    Authority(made, ("127.0.0.1",)).context()
    pem = (made / "good.pem").read_text()
    file.write_text(pem)
    file.chmod(0o600)
    begins, ends = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(begins + pem.partition(begins)[2].partition(ends)[0] + ends)


def over_https(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10.0) as plain, anybodys().wrap_socket(plain) as one:
        return one.getpeercert(binary_form=True) or b""


def after_starttls(port: int) -> bytes:
    with smtplib.SMTP("127.0.0.1", port, "here.test", timeout=10.0) as one:
        one.starttls(context=anybodys())
        assert isinstance(one.sock, ssl.SSLSocket)
        return one.sock.getpeercert(binary_form=True) or b""


def anybodys() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_a_second_daemon_on_one_store_does_not_begin(daemon: Daemon) -> None:
    """It would ask everybody twice, and tell everything twice."""
    daemon.start()
    daemon.hears("READY=1")
    assert daemon.process is not None
    daemon.write(listens=False)
    command = [sys.executable, "-m", "mailprobe", "serve", "--config", str(daemon.folder / "mailprobe.toml")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60.0, check=False)
    assert second.returncode == 75
    assert f"error[MP1021] {daemon.folder}/m.db: another mailprobe serve is running" in second.stderr
    assert f"(process {daemon.process.pid})" in second.stderr
    daemon.process.kill()  # leaves nothing behind that must be cleared away
    daemon.process.wait()
    daemon.start()
    daemon.hears("READY=1")
    assert daemon.end()[0] == 0


def test_nothing_that_anybody_said_is_written_down(daemon: Daemon) -> None:
    """Strangers at the receiver, a bounce mailbox and a webhook that cannot be had, a secret that is gone, a bad file."""
    hook_at, nobody = f"http://127.0.0.1:{closed_port()}/{MARK}", closed_port()
    more = f'[notify]\nurl = "{hook_at}"\nsecret = "file:{MARK}.key"\n'
    daemon.write(more)
    config = (daemon.folder / "mailprobe.toml").read_text()
    fetched = f'imap = {{ server = "imaps://127.0.0.1:{nobody}", username = "{MARK}", secret = "file:secret" }}\n'
    (daemon.folder / "mailprobe.toml").write_text(config.replace("[notify]", fetched + "[notify]"))
    asyncio.run(put_one(daemon.folder))
    daemon.start()
    daemon.hears("READY=1")
    for line in (
        f"EHLO {MARK}",
        f"MAIL FROM:<{MARK}@mail.test>",
        f"RCPT TO:<{MARK}@bounce.example.net>",
        f"{MARK} \xff",
        "A" * 5000,
    ):
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=5.0) as guest:
            guest.recv(100)
            guest.sendall(f"HELO x\r\nMAIL FROM:<>\r\n{line}\r\nDATA\r\n".encode("latin-1"))
            guest.recv(1000)
    (daemon.folder / "mailprobe.toml").write_text(f"[prober]\nname = {MARK}@mail.test\n")
    daemon.send(signal.SIGHUP)
    daemon.hears("RELOADING=1")
    daemon.hears("READY=1")
    until = time.monotonic() + 20.0
    while not (daemon.named("bounce_mailbox_unreadable") and daemon.named("webhook_unready")) and time.monotonic() < until:
        time.sleep(0.1)
    assert daemon.end()[0] == 0
    seen = {one["event"] for one in daemon.events()}
    assert seen >= {"config_problem", "bounce_mailbox_unreadable", "webhook_unready", "webhook_not_told"}
    assert MARK not in daemon.log()
    assert "@" not in daemon.log()


async def put_one(folder: Path) -> None:
    async with open_store(f"sqlite:///{folder}/m.db") as store:
        await store.outbox.put([letter(changed(0))])


def test_the_demo_stays_up_until_it_is_told_to_end(tmp_path: Path) -> None:
    """Its log is on standard error, and the link that is signed in on standard output."""
    log, said = tmp_path / "log", tmp_path / "said"
    command = [sys.executable, "-m", "mailprobe", "demo", "--serve", "--listen", f"127.0.0.1:{closed_port()}"]
    with log.open("wb") as out, said.open("wb") as link:
        process = subprocess.Popen(command, stdout=link, stderr=out)
    try:
        until = time.monotonic() + 60.0
        while "/demo?key=" not in said.read_text() and time.monotonic() < until and process.poll() is None:
            time.sleep(0.1)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20.0) == 0, log.read_text()
    finally:
        process.kill()
    assert "/demo?key=" in said.read_text()
    assert [json.loads(line)["event"] for line in log.read_text().splitlines()][-1] == "drained"
