"""A real Prometheus and Alertmanager, started privately on loopback with the rules at a test's pace."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grafana.generate import at_pace
from grafana.generate.times import Pace

STARTS_WITHIN = 30.0
EVERY = 0.5  # seconds between scrapes, and between evaluations


@dataclass(frozen=True)
class Told:
    """An alert that reaches somebody: it fires, and nothing silences it."""

    name: str
    severity: str
    carrier: str = ""
    account: str = ""


@dataclass(frozen=True)
class Watch:
    prometheus: str
    alertmanager: str

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The series of an instant query. Raises urllib.error.HTTPError where it is no PromQL."""
        answer = json.loads(ask(f"{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"))
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def told(self) -> set[Told]:
        """What people hear of at this moment; the watchdog aside, which always fires."""
        active = json.loads(ask(f"{self.alertmanager}/api/v2/alerts?active=true&inhibited=false&silenced=false"))
        labels = (one["labels"] for one in active)
        return {
            Told(one["alertname"], one["severity"], one.get("carrier", ""), one.get("account", ""))
            for one in labels
            if one["severity"] != "none"
        }

    def until(self, expected: set[Told], within: float, beside: tuple[Told, ...] = ()) -> None:
        """Wait until exactly these are told; beside: may be told as well. Raises AssertionError with what was told instead."""
        end = time.monotonic() + within
        while (now := self.told()) - {*beside} != expected:
            assert time.monotonic() < end, f"told after {within} s: {now}, not {expected}"
            time.sleep(0.2)


@contextmanager
def watched(target: str, folder: Path, scale: float, every: float = EVERY) -> Iterator[Watch]:
    """Watch `target` (host:port) with hours lasting `scale` times as long; everything is written below `folder`. every: seconds
    between scrapes, and between evaluations."""
    for name, text in at_pace(Pace(scale)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    with ExitStack() as stack:
        alertmanager, prometheus = free_port(), free_port()
        stack.enter_context(
            running(
                f"http://127.0.0.1:{alertmanager}",
                folder,
                "prometheus-alertmanager",
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'alertmanager'}",
                "--cluster.listen-address=",
                f"--web.listen-address=127.0.0.1:{alertmanager}",
            )
        )
        (folder / "prometheus.yml").write_text(configuration(target, alertmanager, every))
        stack.enter_context(
            running(
                f"http://127.0.0.1:{prometheus}",
                folder,
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                f"--web.listen-address=127.0.0.1:{prometheus}",
                "--rules.alert.resend-delay=1s",
            )
        )
        yield Watch(f"http://127.0.0.1:{prometheus}", f"http://127.0.0.1:{alertmanager}")


def configuration(target: str, alertmanager: int, every: float) -> str:
    pause = f"{round(1000 * every)}ms"
    return f"""
global: {{ scrape_interval: {pause}, scrape_timeout: {pause}, evaluation_interval: {pause} }}
rule_files: [rules/*.yml]
alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: ["127.0.0.1:{alertmanager}"] }}] }}] }}
scrape_configs: [{{ job_name: mailprobe, static_configs: [{{ targets: ["{target}"] }}] }}]
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(url: str, folder: Path, *words: str) -> Iterator[None]:
    """A server of ours until the block ends. Its output goes into a file: a pipe that nobody reads would stop it."""
    log = folder / f"{words[0]}.log"
    with log.open("w") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        try:
            until_ready(url, process, log)
            yield
        finally:
            process.terminate()
            process.wait(20)


def until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            ask(f"{url}/-/ready")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def ask(url: str, body: object = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310  # loopback, ours
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # the same
        content: bytes = answer.read()
        return content
