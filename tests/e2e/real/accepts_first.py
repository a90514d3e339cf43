"""A real Postfix that accepts first and bounces later, and verifies senders: every mail to the full mailbox meets a server behind
it that refuses, and what comes back goes to whoever receives for the bounce domain.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.real.postoffice import end, free_port, greets, run
from tests.e2e.real.servers import MASTER

FULL = "full.example"  # its server behind refuses everybody
REFUSAL = "552 5.2.2 mailbox full"

MAIN = """
compatibility_level = 3.6
queue_directory = {base}/spool
data_directory = {base}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
default_database_type = lmdb
maillog_file = {base}/postfix.log
maillog_file_prefixes = /var, {base}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.full.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
relay_domains = full.example
relay_recipient_maps =
default_transport = error:5.4.4 test server, no relaying
transport_maps = inline:{{ {{ full.example = smtp:[127.0.0.1]:{refusing} }}, {{ bounce.probe.test = smtp:[127.0.0.1]:{bounces} }},
    {{ probe.test = smtp:[127.0.0.1]:{bounces} }} }}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtp_tls_security_level = may
smtp_tls_loglevel = 1
disable_dns_lookups = yes
smtp_host_lookup = native
queue_run_delay = 1h
minimal_backoff_time = 1s
address_verify_map =
address_verify_poll_delay = 1s
unverified_sender_reject_code = 550
smtpd_delay_reject = no
biff = no
"""


@contextlib.contextmanager
def accepting_first(base: Path, bounces: int) -> Iterator[tuple[int, int]]:
    """Two ports: one takes mail for FULL, the other verifies its sender first. bounces: where mail to us goes."""
    base.chmod(0o755)
    refusing, plain, verifying = (free_port() for _ in range(3))
    with sink(base, refusing):
        for name in ("conf", "spool", "data"):
            (base / name).mkdir()
        shutil.chown(base / "data", pwd.getpwnam("postfix").pw_uid)
        (base / "conf" / "main.cf").write_text(MAIN.format(base=base, refusing=refusing, bounces=bounces))
        doors = f"127.0.0.1:{plain} inet n - n - 20 smtpd\n127.0.0.1:{verifying} inet n - n - 20 smtpd\n"
        doors += "  -o smtpd_sender_restrictions=reject_unverified_sender\n"
        (base / "conf" / "master.cf").write_text(doors + MASTER.lstrip())
        run("postfix", "-c", str(base / "conf"), "start")
        try:
            greets("127.0.0.1", plain, b"220")
            yield plain, verifying
        finally:
            master = int((base / "spool" / "pid" / "master.pid").read_text())
            run("postfix", "-c", str(base / "conf"), "stop", check=False)
            end(master)


@contextlib.contextmanager
def sink(base: Path, port: int) -> Iterator[None]:
    """The server behind: Postfix's own smtp-sink, which refuses each recipient."""
    program = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "smtp-sink"
    command = [program, "-u", "nobody", "-f", "RCPT", "-B", REFUSAL, f"127.0.0.1:{port}", "20"]
    with (
        (base / "sink.log").open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process,
    ):
        try:
            greets("127.0.0.1", port, b"220")
            yield
        finally:
            process.terminate()
