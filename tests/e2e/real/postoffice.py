"""A real post office on loopback, private to one test run: Dovecot, Postfix and NSD with faults made by configuration.

Everything lives under one temporary folder and on free ports; daemons get no pipe of ours (they would hold it open for
ever), and readiness is a greeting, never an open port.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import ssl
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.e2e.real.certificates import Authority
from tests.e2e.real.servers import BUSY, DOORS, DOVECOT, MASTER, POSTFIX, ZONE

PROGRAMS = ("dovecot", "postfix", "nsd")
DOMAIN = "mail.test"
OTHER_DOMAIN = "two.test"  # the same people under a second name


# Below what the kernel gives to outgoing connections, and each only once: between the choice and the bind, nobody takes it.
PORTS = iter(random.sample(range(20_000, 32_000), 12_000))


def free_port(address: str = "127.0.0.1") -> int:
    """A port that is free for TCP and UDP at this address, each time another one."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in PORTS:
        with socket.socket(family) as stream, socket.socket(family, socket.SOCK_DGRAM) as datagram, suppress(OSError):
            stream.bind((address, port))
            datagram.bind((address, port))
            return port
    raise RuntimeError(f"no free port at {address}")


def missing_programs() -> tuple[str, ...]:
    """Which of the real servers this machine lacks; the tests need root as well, to start them."""
    return tuple(name for name in PROGRAMS if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None)


@dataclass
class Mailbox:
    """One directory entry. imap and smtp are the passwords that each service knows; None: the entry is absent there."""

    imap: str | None = "secret"
    smtp: str | None = "secret"
    in_mx: bool = True
    files_into: str = ""  # the folder that delivery files his mail into, by a plus address (RFC 5233); '': INBOX
    imap_fields: str = ""
    user_fields: str = ""


@dataclass
class PostOffice:
    """Start with `with PostOffice(folder) as office:`; change `mailboxes`, `access` or `filters` and call `write_directory()`."""

    base: Path
    authority: Authority = field(default_factory=Authority)
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    filters: dict[str, str] = field(default_factory=dict)  # the same once the mail was read
    clients: dict[str, str] = field(default_factory=dict)  # by IP address: what it is told at once
    zones: dict[str, str] = field(default_factory=dict)
    imap: int = 0
    imaps: int = 0
    lmtp: int = 0
    sasl: int = 0
    dns: int = 0
    doors: dict[str, int] = field(default_factory=dict)
    busy: bool = False  # many logins a second are to come
    public: bool = True  # takes port 25 as well, at the address that DNS names: one of them at a time

    def __enter__(self) -> PostOffice:
        self.base.chmod(0o755)
        self.imap, self.imaps, self.lmtp, self.sasl, self.dns = (free_port() for _ in range(5))
        self.doors = {name: free_port(address.strip("[]")) for name, (address, _) in DOORS.items()}
        if self.public:
            self.doors["mx_25"] = 25  # what DNS names has no port: RFC 5321 section 2.3.8
        self._write_tls()
        self.write_directory()
        self.start_dovecot()
        self._start_postfix()
        self._write_nsd()
        self.start_nsd()
        self._wait_until_ready()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        masters = [
            self.base / "dovecot" / "master.pid",
            self.base / "postfix" / "spool" / "pid" / "master.pid",
            self.base / "nsd.pid",
        ]
        running = [int(path.read_text()) for path in masters if path.exists() and path.read_text().strip()]
        run("dovecot", "-c", str(self.base / "dovecot.conf"), "stop", check=False)
        run("postfix", "-c", str(self.base / "postfix" / "conf"), "stop", check=False)
        for pid in running:
            end(pid)

    def write_directory(self) -> None:
        """What the servers know now: the MX map, and the two password files. Postfix reads a changed map at its next process."""
        lines: dict[str, list[str]] = {"imap": [], "smtp": [], "users": [], "recipients": [], "aliases": []}
        for name, box in self.mailboxes.items():
            if box.imap is not None:
                lines["imap"].append(f"{name}:{{PLAIN}}{box.imap}::::::{box.imap_fields}")
            if box.smtp is not None:
                lines["smtp"].append(f"{name}:{{PLAIN}}{box.smtp}::::::")
            lines["users"].append(f"{name}:::::::{box.user_fields}")
            if box.in_mx:
                lines["recipients"] += [f"{name}@{DOMAIN} {name}", f"{name}@{OTHER_DOMAIN} {name}"]
            if box.files_into:
                lines["aliases"].append(f"{name}@{DOMAIN} {name}+{box.files_into}@{DOMAIN}")
                lines["recipients"].append(f"{name}+{box.files_into}@{DOMAIN} {name}")
        self._write("passwd.imap", lines["imap"])
        self._write("passwd.smtp", lines["smtp"])
        self._write("users", lines["users"])
        self._write("recipients", lines["recipients"])
        self._write("aliases", lines["aliases"])
        self._write("access", [f"{name}@{DOMAIN} {answer}" for name, answer in self.access.items()])
        self._write("filters", [f"{name}@{DOMAIN} {answer}" for name, answer in self.filters.items()])
        self._write("clients", [f"{ip} {answer}" for ip, answer in self.clients.items()])
        self._write("masters", ["master:{PLAIN}masterpw::::::"])

    def reload(self) -> None:
        """The directory as it is now, for every process of Postfix."""
        self.write_directory()
        run("postfix", "-c", str(self.base / "postfix" / "conf"), "reload")
        greets("127.0.0.1", self.doors["mx"], b"554" if "127.0.0.1" in self.clients else b"220")

    def release(self) -> None:
        """Deliver what Postfix holds (`HOLD` in `access`)."""
        conf = str(self.base / "postfix" / "conf")
        run("postsuper", "-c", conf, "-H", "ALL")
        run("postqueue", "-c", conf, "-f")

    def at(self, door: str) -> str:
        """`address:port` of a door, as written under `mx`."""
        return f"{DOORS[door][0]}:{self.doors[door]}"

    @property
    def imaps_url(self) -> str:
        return f"imaps://127.0.0.1:{self.imaps}"

    @property
    def submissions_url(self) -> str:
        return f"smtps://{self.at('submissions')}"

    def trust(self) -> ssl.SSLContext:
        """For a client of the tests' own."""
        return ssl.create_default_context(cafile=str(self.base / "tls" / "ca.pem"))

    def log(self) -> str:
        return (self.base / "dovecot.log").read_text(errors="replace")

    def maildir(self, name: str) -> Path:
        return self.base / "mail" / name / "Maildir"

    def deliver(self, name: str, text: bytes, *, seen: bool = False) -> None:
        """Put one mail into new/ as an LDA would, or into cur/ as somebody leaves it who has read it; without any server."""
        for part in ("new", "cur", "tmp"):
            (self.maildir(name) / part).mkdir(parents=True, exist_ok=True)
        folder, flags = ("cur", ":2,S") if seen else ("new", "")
        (self.maildir(name) / folder / f"{time.time_ns()}.M1.test{flags}").write_bytes(text)
        run("chown", "-R", "dovecot:dovecot", str(self.base / "mail"))

    def _write(self, name: str, lines: list[str]) -> None:
        """At once: a server that read half a directory would refuse people with their right passwords."""
        path = self.base / f"{name}.new"
        path.write_text("".join(line + "\n" for line in lines))
        path.chmod(0o644)
        path.replace(self.base / name)

    def _write_tls(self) -> None:
        tls = self.base / "tls"
        tls.mkdir()
        self.authority.write(tls)

    def start_dovecot(self) -> None:
        for name in ("dovecot-state", "mail"):
            (self.base / name).mkdir(exist_ok=True)
        shutil.chown(self.base / "mail", "dovecot", "dovecot")
        conf = self.base / "dovecot.conf"
        text = DOVECOT.format(base=self.base, imap=self.imap, imaps=self.imaps, lmtp=self.lmtp, sasl=self.sasl)
        conf.write_text(text + (BUSY if self.busy else ""))
        run("dovecot", "-c", str(conf))

    def _start_postfix(self) -> None:
        conf = self.base / "postfix" / "conf"
        for name in ("conf", "spool", "data"):
            (self.base / "postfix" / name).mkdir(parents=True)
        shutil.chown(self.base / "postfix" / "data", pwd.getpwnam("postfix").pw_uid)
        (conf / "main.cf").write_text(POSTFIX.format(base=self.base, lmtp=self.lmtp, sasl=self.sasl))
        (conf / "master.cf").write_text("".join(self._door(name) for name in DOORS) + MASTER.lstrip())
        run("postfix", "-c", str(conf), "start")

    def _door(self, name: str) -> str:
        address, options = DOORS[name]
        lines = [f"{address}:{self.doors[name]} inet n - n - 100 smtpd", f"  -o syslog_name=door-{name}"]
        return "\n".join([*lines, *(f"  -o {option}" for option in options)]) + "\n"

    def _write_nsd(self) -> None:
        folder = self.base / "zones"
        folder.mkdir()
        lines = [
            "server:",
            f"  ip-address: 127.0.0.1@{self.dns}",
            f"  ip-address: 127.0.0.2@{self.dns}",
            '  username: ""',
            '  chroot: ""',
            '  database: ""',
            f'  zonesdir: "{folder}"',
            f'  pidfile: "{self.base}/nsd.pid"',
            f'  logfile: "{self.base}/nsd.log"',
            f'  xfrdfile: "{self.base}/xfrd.state"',
            f'  zonelistfile: "{self.base}/zone.list"',
            f'  xfrdir: "{self.base}"',  # by default a folder in /tmp named after the process: one left behind stops the next
            "  server-count: 1",
            "remote-control:",
            "  control-enable: no",
        ]
        for name, records in self.zones.items():
            if records != "broken":  # a zone without its file: NSD answers SERVFAIL
                (folder / name).write_text(ZONE.format(name=name) + records)
            lines += ["zone:", f"  name: {name}", f"  zonefile: {name}"]
        (self.base / "nsd.conf").write_text("\n".join(lines) + "\n")

    def start_nsd(self) -> None:
        try:
            run("nsd", "-c", str(self.base / "nsd.conf"))
        except RuntimeError as error:  # NSD keeps its reasons for its log
            log = self.base / "nsd.log"
            raise RuntimeError(f"{error}\n{log.read_text() if log.exists() else 'no log was written'}") from None

    def stop_nsd(self) -> None:
        end(int((self.base / "nsd.pid").read_text()))

    def stop_dovecot(self) -> None:
        run("dovecot", "-c", str(self.base / "dovecot.conf"), "stop")

    def _wait_until_ready(self) -> None:
        greets("127.0.0.1", self.imap, b"* OK")
        greets("127.0.0.1", self.lmtp, b"220")
        greets("127.0.0.1", self.doors["mx"], b"220")
        greets("::1", self.doors["mx_v6"], b"220")


def end(pid: int, within: float = 10.0) -> None:
    """Ask a daemon of ours to end, and wait until it has: it must not write into a folder that is being removed."""
    until = time.monotonic() + within
    try:
        os.kill(pid, signal.SIGTERM)
        while time.monotonic() < until:
            os.kill(pid, 0)
            time.sleep(0.05)
    except ProcessLookupError:
        return


def run(*command: str, check: bool = True) -> None:
    """Daemons must not inherit a pipe: output goes to a file of ours, shown only when the start fails."""
    where = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    program = shutil.which(command[0], path=where)
    if program is None:
        raise RuntimeError(f"{command[0]} is not installed")
    with Path(os.devnull).open("rb") as nothing, Path(f"/tmp/mailprobe-e2e-{os.getpid()}.out").open("w+b") as out:  # noqa: S108  removed below
        done = subprocess.run([program, *command[1:]], stdin=nothing, stdout=out, stderr=out, check=False)
        out.seek(0)
        said = out.read().decode(errors="replace")
    Path(out.name).unlink(missing_ok=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {said[-2000:]}")


def greets(address: str, port: int, prefix: bytes, within: float = 30.0) -> None:
    """Wait for a real greeting: an open port is not readiness."""
    end = time.monotonic() + within
    said: object = b""
    while time.monotonic() < end:
        try:
            with socket.create_connection((address, port), 2) as peer:
                peer.settimeout(5)
                said = peer.recv(200)
        except OSError as error:
            said = error
        if isinstance(said, bytes) and said.startswith(prefix):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{address}:{port} is not ready: {said!r}")
