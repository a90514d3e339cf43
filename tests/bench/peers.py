"""Debian's own probes beside us: blackbox_exporter as one private process, the monitoring plugins as a process per check.

Each is told to hold the same dialogue as ours as far as it can, and each check must have succeeded, or the bench stops.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.ours import SECRET, USERS, Figures, Job, Lab, user
from tests.e2e.real.postoffice import free_port

PLUGINS = Path("/usr/lib/nagios/plugins")
EXPORTER = "prometheus-blackbox-exporter"


@contextmanager
def exporter(lab: Lab, folder: Path) -> Iterator[Exporter]:
    """blackbox_exporter pinned to CPU 0 as ours is; its log is kept beside its configuration."""
    config, port = folder / "blackbox.yml", free_port()
    config.write_text(json.dumps({"modules": modules(lab)}))  # JSON is YAML
    command = ["taskset", "-c", "0", EXPORTER, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "blackbox.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            peer = Exporter(lab, process.pid, port)
            peer.wait_until_ready(process)
            yield peer
        finally:
            process.terminate()
            process.wait()


def modules(lab: Lab) -> dict[str, Any]:
    """One module per user: the exporter has no other place for a password."""
    made: dict[str, Any] = {}
    for number in range(USERS):
        name = user(number)
        made[f"imap_plain_{name}"] = module(sign_in(name))
        made[f"imap_tls_{name}"] = module(sign_in(name), tls=True, tls_config=trust(lab))
        made[f"mx_plain_{name}"] = module([*hello(), *envelope(name)])
        started: list[dict[str, Any]] = [*hello(), say("STARTTLS"), hear("^220"), {"starttls": True}]
        made[f"mx_tls_{name}"] = module([*started, *hello()[1:], *envelope(name)], tls_config=trust(lab))
    return made


def module(dialogue: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    tcp = {"ip_protocol_fallback": False, "preferred_ip_protocol": "ip4", "query_response": dialogue, **more}
    return {"prober": "tcp", "timeout": "20s", "tcp": tcp}


def trust(lab: Lab) -> dict[str, str]:
    return {"ca_file": lab.ca, "server_name": "127.0.0.1"}


def say(line: str) -> dict[str, Any]:
    return {"send": line}


def hear(pattern: str) -> dict[str, Any]:
    return {"expect": pattern}


def sign_in(name: str) -> list[dict[str, Any]]:
    login = [hear(r"^\* OK"), say(f'A1 LOGIN "{name}" "{SECRET}"'), hear("^A1 OK")]
    lines = ("A2 EXAMINE INBOX", "A3 GETQUOTAROOT INBOX", "A4 LOGOUT")
    return [*login, *(step for line in lines for step in (say(line), hear(f"^{line[:2]} OK")))]


def hello() -> list[dict[str, Any]]:
    return [hear("^220 "), say("EHLO probe.example.net"), hear("^250 ")]


def envelope(name: str) -> list[dict[str, Any]]:
    lines = ["MAIL FROM:<probe@probe.example.net>", f"RCPT TO:<{name}@mail.test>", "RSET"]
    asked = [step for line in lines for step in (say(line), hear("^250 "))]
    return [*asked, say("QUIT"), hear("^221 ")]


@dataclass(frozen=True, slots=True)
class Exporter:
    """A running blackbox_exporter."""

    lab: Lab
    pid: int
    port: int

    def wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + 10
        while time.monotonic() < end and process.poll() is None:
            try:
                asyncio.run(self.asked("/-/healthy"))
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("blackbox_exporter did not start")

    def measure(self, job: Job) -> Figures:
        return asyncio.run(self._measure(job))

    async def _measure(self, job: Job) -> Figures:
        left = iter(range(job.count))
        target = f"127.0.0.1:{getattr(self.lab, job.kind)}"

        async def worker() -> None:
            for number in left:
                said = await self.asked(f"/probe?module={job.kind}_{user(number % USERS)}&target={target}")
                if b"\nprobe_success 1\n" not in said:
                    raise RuntimeError(f"blackbox_exporter failed at {job.kind}: {said[-600:].decode()}")

        began, used = time.perf_counter(), cpu_of(self.pid)
        async with asyncio.TaskGroup() as group:
            for _ in range(job.at_once):
                group.create_task(worker())
        return Figures(cpu_of(self.pid) - used, time.perf_counter() - began)

    async def asked(self, path: str) -> bytes:
        """One scrape; HTTP/1.0, so that the end of the stream is the end of the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            return await reader.read(-1)
        finally:
            writer.close()


def cpu_of(pid: int) -> float:
    """Seconds of CPU that all threads of another process have used; /proc/PID/stat has the same in steps of 10 ms.
    The clock's number is that of clock_getcpuclockid(3), which Python does not have."""
    return time.clock_gettime(~pid << 3 | 2)


def measure_plugins(lab: Lab, job: Job) -> Figures:
    """`count` processes, `at_once` side by side on CPU 0. They do less: check_imap and check_simap (a name of check_tcp) only
    sign in, check_smtp knows no RSET."""
    began, used = time.perf_counter(), children_cpu()
    waiting: list[tuple[str, subprocess.Popen[bytes]]] = []
    for number in range(job.count):
        if len(waiting) == job.at_once:
            finish(*waiting.pop(0))
        command = plugin(lab, job.kind, user(number % USERS))
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, process_group=0)
        os.sched_setaffinity(process.pid, {0})
        waiting.append((command[0], process))
    for name, process in waiting:
        finish(name, process)
    return Figures(children_cpu() - used, time.perf_counter() - began)


def finish(name: str, process: subprocess.Popen[bytes]) -> None:
    said, _ = process.communicate(timeout=30)
    if process.returncode != 0:
        raise RuntimeError(f"{name} ended with {process.returncode}: {said.decode(errors='replace')}")


def plugin(lab: Lab, kind: str, name: str) -> list[str]:
    where = ["-H", "127.0.0.1", "-p", str(getattr(lab, kind)), "-t", "20"]
    if kind.startswith("imap"):
        program = "check_imap" if kind == "imap_plain" else "check_simap"
        send = f'A1 LOGIN "{name}" "{SECRET}"\\r\\n'
        return [str(PLUGINS / program), *where, "-E", "-s", send, "-e", "A1 OK", "-q", "A2 LOGOUT\\r\\n"]
    envelope = ["-f", "probe@probe.example.net", "-C", f"RCPT TO:<{name}@mail.test>", "-R", "250"]
    return [str(PLUGINS / "check_smtp"), *where, "-F", "probe.example.net", *envelope, *(["-S"] if kind == "mx_tls" else [])]


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
