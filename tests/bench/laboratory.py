"""The real servers of the bench, and our own process beside them. Clients live on CPU 0, servers and whoever drives on CPU 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.ours import SECRET, USERS, Figures, Job, Lab, user
from tests.e2e.real.certificates import Authority
from tests.e2e.real.postoffice import Mailbox, PostOffice, run

LIVE = USERS  # one more mailbox, for the live check's control

# Dovecot's default forks a login process per connection; a busy site sets this (its documentation, "high-performance mode")
BUSY_DOVECOT = """
service imap-login {
  service_count = 0
  process_min_avail = 1
  process_limit = 1
  client_limit = 2000
}
service imap {
  service_count = 1000
  process_min_avail = 12
}
"""
# in_flow_delay: cleanup waits a second for each RCPT without a mail after it, once there were many of them
BUSY_POSTFIX = ("in_flow_delay=0s", "max_use=100000")


class LeafOnly(Authority):
    """The servers send their own certificate alone; a root that the client has is not sent (RFC 8446 section 4.4.2)."""

    def write(self, folder: Path) -> None:
        super().write(folder)
        for name in ("good", "rsa"):
            path = folder / f"{name}.pem"
            end = "-----END CERTIFICATE-----\n"
            path.write_text(path.read_text().partition(end)[0] + end)


@contextmanager
def servers(folder: Path) -> Iterator[PostOffice]:
    """Dovecot and Postfix on CPU 1, which they inherit from this process, set up as a busy site would."""
    os.sched_setaffinity(0, {1})
    boxes = {user(number): Mailbox(imap=SECRET, smtp=SECRET) for number in range(USERS + 1)}
    with PostOffice(folder, authority=LeafOnly(), mailboxes=boxes, public=False) as office:
        dovecot, postfix = office.base / "dovecot.conf", office.base / "postfix" / "conf"
        dovecot.write_text(dovecot.read_text() + BUSY_DOVECOT)
        run("dovecot", "-c", str(dovecot), "reload")
        run("postconf", "-c", str(postfix), "-e", *BUSY_POSTFIX)
        run("postfix", "-c", str(postfix), "reload")
        yield office


def lab_of(office: PostOffice) -> Lab:
    doors = office.doors
    return Lab(str(office.base / "tls" / "ca.pem"), office.imap, office.imaps, doors["mx_clear"], doors["mx"])


@dataclass(frozen=True, slots=True)
class Ours:
    """A running `tests.bench.ours`."""

    process: subprocess.Popen[str]

    def measure(self, job: Job) -> Figures:
        """RuntimeError if the process ended: why is on standard error."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("no pipes")
        self.process.stdin.write(json.dumps(asdict(job)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"our own process failed at {job}")
        return Figures(**json.loads(line))


@contextmanager
def ours(lab: Lab) -> Iterator[Ours]:
    command = [sys.executable, "-m", "tests.bench.ours", json.dumps(asdict(lab))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Ours(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
