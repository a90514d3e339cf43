"""A real post office on loopback, private to one test run: Dovecot, Postfix and NSD with faults made by configuration.

Everything lives under one temporary folder and on free ports; daemons get no pipe of ours (they would hold it open for
ever), and readiness is a greeting, never an open port.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.e2e.real.certificates import Authority

PROGRAMS = ("dovecot", "postfix", "nsd")
DOMAIN = "mail.test"

DOVECOT = """
base_dir = {base}/dovecot
state_dir = {base}/dovecot-state
instance_name = mailprobe-e2e
log_path = {base}/dovecot.log
info_log_path = {base}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_login_user = dovenull
default_internal_user = dovecot
default_internal_group = dovecot
default_vsz_limit = 512M
first_valid_uid = 1
mail_uid = dovecot
mail_gid = dovecot
ssl = yes
ssl_cert = <{base}/tls/good.pem
ssl_key = <{base}/tls/good.key
ssl_dh =
ssl_min_protocol = TLSv1.2
local 127.0.0.2 {{
  ssl_cert = <{base}/tls/expired.pem
  ssl_key = <{base}/tls/expired.key
}}
local 127.0.0.3 {{
  ssl_cert = <{base}/tls/wrong_name.pem
  ssl_key = <{base}/tls/wrong_name.key
}}
local 127.0.0.4 {{
  protocol imap {{
    mail_max_userip_connections = 1
  }}
}}
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_master_user_separator = *
auth_failure_delay = 0
auth_verbose = yes
passdb {{
  driver = passwd-file
  master = yes
  args = {base}/masters
}}
passdb {{
  driver = passwd-file
  username_filter = !tempfail
  args = scheme=PLAIN {base}/passwd.%s
}}
userdb {{
  driver = passwd-file
  args = {base}/users
  default_fields = uid=dovecot gid=dovecot home={base}/mail/%n
}}
mail_location = maildir:~/Maildir
mail_fsync = never
mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
}}
plugin {{
  quota = count:User quota
  quota_rule = *:storage=10M
  quota_vsizes = yes
}}
auth_username_format = %Ln
postmaster_address = postmaster@mail.test
hostname = mx.mail.test
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1 ::1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.4 ::1
    port = {imaps}
    ssl = yes
  }}
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service auth {{
  inet_listener sasl {{
    address = 127.0.0.1
    port = {sasl}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

POSTFIX = """
compatibility_level = 3.6
queue_directory = {base}/postfix/spool
data_directory = {base}/postfix/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
default_database_type = lmdb
maillog_file = {base}/postfix.log
maillog_file_prefixes = /var, {base}
inet_interfaces = all
inet_protocols = all
myhostname = mx.mail.test
mydomain = mail.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
relay_domains =
default_transport = error:5.4.4 test server, no relaying
mynetworks = 192.0.2.1/32
virtual_mailbox_domains = mail.test xn--r8jz45g.test
virtual_mailbox_maps = texthash:{base}/recipients
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:{base}/access
smtpd_tls_security_level = may
smtpd_tls_cert_file = {base}/tls/good.pem
smtpd_tls_key_file = {base}/tls/good.key
smtpd_tls_session_cache_database =
smtpd_sasl_auth_enable = no
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_peername_lookup = no
smtpd_delay_reject = no
disable_dns_lookups = yes
smtp_host_lookup = native
biff = no
"""

MASTER = """
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""

# door -> (listening address, smtpd options): each is a whole MX or submission server with one peculiarity
DOORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mx": ("127.0.0.1", ()),
    "mx_clear": ("127.0.0.1", ("smtpd_tls_security_level=none",)),
    "mx_v6": ("[::1]", ()),
    "accepts_all": ("127.0.0.1", ("virtual_mailbox_maps=static:all", "smtpd_recipient_restrictions=")),
    "refuses_ehlo": ("127.0.0.1", ("smtpd_helo_restrictions=reject",)),
    "blocks_us": ("127.0.0.1", ("smtpd_client_restrictions=reject",)),
    "map_down": ("127.0.0.1", ("virtual_mailbox_maps=tcp:127.0.0.1:1",)),
    "refuses_sender": ("127.0.0.1", ("smtpd_sender_restrictions=reject",)),
    "mx_25": ("127.0.0.6", ()),
    "submissions": ("127.0.0.1", ("smtpd_tls_wrappermode=yes", "smtpd_sasl_auth_enable=yes")),
    "submission": ("127.0.0.1", ("smtpd_tls_security_level=encrypt", "smtpd_sasl_auth_enable=yes")),
    "submission_clear": ("127.0.0.1", ("smtpd_tls_security_level=none", "smtpd_sasl_auth_enable=yes")),
    "submission_broken": (
        "127.0.0.1",
        ("smtpd_tls_wrappermode=yes", "smtpd_sasl_auth_enable=yes", "smtpd_sasl_path=inet:127.0.0.1:1"),
    ),
}

ZONE = """$TTL 60
$ORIGIN {name}.
@ SOA ns.{name}. hostmaster.{name}. 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
"""


def free_port(address: str = "127.0.0.1") -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def missing_programs() -> tuple[str, ...]:
    """Which of the real servers this machine lacks; the tests need root as well, to start them."""
    return tuple(name for name in PROGRAMS if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None)


@dataclass
class Mailbox:
    """One directory entry. imap and smtp are the passwords that each service knows; None: the entry is absent there."""

    imap: str | None = "secret"
    smtp: str | None = "secret"
    in_mx: bool = True
    imap_fields: str = ""
    user_fields: str = ""


@dataclass
class PostOffice:
    """Start with `with PostOffice(folder) as office:`; change `mailboxes` or `access` and call `write_directory()`."""

    base: Path
    authority: Authority = field(default_factory=Authority)
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    imap: int = 0
    imaps: int = 0
    lmtp: int = 0
    sasl: int = 0
    dns: int = 0
    doors: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> PostOffice:
        self.base.chmod(0o755)
        self.imap, self.imaps, self.lmtp, self.sasl, self.dns = (free_port() for _ in range(5))
        self.doors = {name: free_port(address.strip("[]")) for name, (address, _) in DOORS.items()}
        self.doors["mx_25"] = 25  # what DNS names has no port: RFC 5321 section 2.3.8
        self._write_tls()
        self.write_directory()
        self._start_dovecot()
        self._start_postfix()
        self._start_nsd()
        self._wait_until_ready()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        run("dovecot", "-c", str(self.base / "dovecot.conf"), "stop", check=False)
        run("postfix", "-c", str(self.base / "postfix" / "conf"), "stop", check=False)
        pid = self.base / "nsd.pid"
        if pid.exists() and pid.read_text().strip():
            os.kill(int(pid.read_text()), 15)

    def write_directory(self) -> None:
        """What the servers know now: the MX map, and the two password files. Postfix reads a changed map at its next process."""
        lines: dict[str, list[str]] = {"imap": [], "smtp": [], "users": [], "recipients": []}
        for name, box in self.mailboxes.items():
            if box.imap is not None:
                lines["imap"].append(f"{name}:{{PLAIN}}{box.imap}::::::{box.imap_fields}")
            if box.smtp is not None:
                lines["smtp"].append(f"{name}:{{PLAIN}}{box.smtp}::::::")
            lines["users"].append(f"{name}:::::::{box.user_fields}")
            if box.in_mx:
                lines["recipients"].append(f"{name}@{DOMAIN} {name}")
        self._write("passwd.imap", lines["imap"])
        self._write("passwd.smtp", lines["smtp"])
        self._write("users", lines["users"])
        self._write("recipients", lines["recipients"])
        self._write("access", [f"{name}@{DOMAIN} {answer}" for name, answer in self.access.items()])
        self._write("masters", ["master:{PLAIN}masterpw::::::"])

    def at(self, door: str) -> str:
        """`address:port` of a door, as written under `mx`."""
        return f"{DOORS[door][0]}:{self.doors[door]}"

    @property
    def imaps_url(self) -> str:
        return f"imaps://127.0.0.1:{self.imaps}"

    @property
    def submissions_url(self) -> str:
        return f"smtps://{self.at('submissions')}"

    def log(self) -> str:
        return (self.base / "dovecot.log").read_text(errors="replace")

    def maildir(self, name: str) -> Path:
        return self.base / "mail" / name / "Maildir"

    def deliver(self, name: str, text: bytes) -> None:
        """Put one mail into new/, as an LDA would, without any server."""
        for part in ("new", "cur", "tmp"):
            (self.maildir(name) / part).mkdir(parents=True, exist_ok=True)
        (self.maildir(name) / "new" / f"{time.time_ns()}.M1.test").write_bytes(text)
        run("chown", "-R", "dovecot:dovecot", str(self.base / "mail"))

    def _write(self, name: str, lines: list[str]) -> None:
        path = self.base / name
        path.write_text("".join(line + "\n" for line in lines))
        path.chmod(0o644)

    def _write_tls(self) -> None:
        tls = self.base / "tls"
        tls.mkdir()
        self.authority.write(tls)

    def _start_dovecot(self) -> None:
        for name in ("dovecot-state", "mail"):
            (self.base / name).mkdir()
        shutil.chown(self.base / "mail", "dovecot", "dovecot")
        conf = self.base / "dovecot.conf"
        conf.write_text(
            DOVECOT.format(base=self.base, imap=self.imap, imaps=self.imaps, lmtp=self.lmtp, sasl=self.sasl)
        )
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

    def _start_nsd(self) -> None:
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
            "  server-count: 1",
            "remote-control:",
            "  control-enable: no",
        ]
        for name, records in self.zones.items():
            if records != "broken":  # a zone without its file: NSD answers SERVFAIL
                (folder / name).write_text(ZONE.format(name=name) + records)
            lines += ["zone:", f"  name: {name}", f"  zonefile: {name}"]
        conf = self.base / "nsd.conf"
        conf.write_text("\n".join(lines) + "\n")
        run("nsd", "-c", str(conf))

    def _wait_until_ready(self) -> None:
        greets("127.0.0.1", self.imap, b"* OK")
        greets("127.0.0.1", self.lmtp, b"220")
        greets("127.0.0.1", self.doors["mx"], b"220")
        greets("::1", self.doors["mx_v6"], b"220")


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
