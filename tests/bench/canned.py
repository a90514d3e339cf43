"""Against canned answers: how near we come to a bare epoll client, in C and in Python, and what a check in flight weighs."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import select
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.ours import Figures
from tests.e2e.real.postoffice import free_port

SAY = {
    "imap": (b'A1 LOGIN "u000001" "secret"\r\nA2 EXAMINE INBOX\r\nA3 LOGOUT\r\n',),
    "mx": (
        b"EHLO probe.example.net\r\n",
        b"MAIL FROM:<probe@probe.example.net>\r\nRCPT TO:<u000001@mail.test>\r\nRSET\r\nQUIT\r\n",
    ),
}
END = {"imap": b"A3 OK", "mx": b"221 "}
SILENT = {"imap": b" EXAMINE ", "mx": b"MAIL "}  # from here on the holding server says nothing


@dataclass(frozen=True, slots=True)
class Canned:
    """The compiled server, running on CPU 1, and the bare client of the same file."""

    program: Path
    imap: int
    mx: int

    def port(self, probe: str) -> int:
        return self.imap if probe == "imap" else self.mx

    def bare_c(self, probe: str, count: int, at_once: int) -> Figures:
        kind = "imap" if probe == "imap" else "smtp"
        command = ["taskset", "-c", "0", str(self.program), "ask", kind, str(self.port(probe)), str(count), str(at_once)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return Figures(**json.loads(done.stdout))

    def bare_python(self, probe: str, count: int, at_once: int) -> Figures:
        command = ["taskset", "-c", "0", sys.executable, "-m", "tests.bench.canned", "ask", probe, str(self.port(probe))]
        done = subprocess.run([*command, str(count), str(at_once)], capture_output=True, text=True, check=True, timeout=120)
        return Figures(**json.loads(done.stdout))


@contextmanager
def canned(folder: Path) -> Iterator[Canned | None]:
    """None where there is no C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        yield None
        return
    program = folder / "canned"
    subprocess.run([compiler, "-O2", "-o", str(program), str(Path(__file__).with_name("canned.c"))], check=True)
    imap, mx = free_port(), free_port()
    with subprocess.Popen([program, "serve", str(imap), str(mx)], stdout=subprocess.PIPE) as server:
        try:
            if server.stdout is None or server.stdout.readline() != b"ready\n":
                raise RuntimeError("the canned server did not start")
            yield Canned(program, imap, mx)
        finally:
            server.terminate()


@contextmanager
def holding(folder: Path) -> Iterator[tuple[int, int]]:
    """A server that falls silent after the sign-in, or after EHLO under TLS. Its ports: IMAPS, SMTP with STARTTLS."""
    imap, mx = free_port(), free_port()
    command = [sys.executable, "-m", "tests.bench.canned", "hold", str(folder / "tls" / "good.pem"), str(imap), str(mx)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            if server.stdout is None or server.stdout.readline() != b"ready\n":
                raise RuntimeError("the holding server did not start")
            yield imap, mx
        finally:
            server.terminate()


# in processes of their own


def ask(probe: str, port: int, count: int, at_once: int) -> None:
    """The bare client in Python: epoll and sockets, nothing parsed."""
    queue, started, done = select.epoll(), 0, 0
    open_now: dict[int, tuple[socket.socket, Iterator[bytes]]] = {}
    began, used = time.perf_counter(), own_cpu()
    while done < count:
        while started < count and len(open_now) < at_once:
            peer = socket.socket()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.setblocking(False)
            peer.connect_ex(("127.0.0.1", port))
            open_now[peer.fileno()] = (peer, iter(SAY[probe]))
            queue.register(peer.fileno(), select.EPOLLIN)
            started += 1
        for number, _ in queue.poll(10):
            peer, lines = open_now[number]
            if END[probe] in (said := peer.recv(4096)):
                del open_now[number]
                peer.close()
                done += 1
            elif not said:
                raise RuntimeError("the canned server hung up")
            elif (line := next(lines, None)) is not None:
                peer.send(line)
    print(json.dumps({"cpu": own_cpu() - used, "wall": time.perf_counter() - began}))


def own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def hold(certificate: Path, imap: int, mx: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))

    async def serve_imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")
        while SILENT["imap"] not in (line := await reader.readline()) and line:
            writer.write(line.split()[0] + b" OK [CAPABILITY IMAP4rev1] Logged in\r\n")
        await reader.read()

    async def serve_mx(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.mail.test ESMTP\r\n")
        while SILENT["mx"] not in (line := await reader.readline()) and line:
            if line.startswith(b"STARTTLS"):
                writer.write(b"220 2.0.0 Ready\r\n")
                await writer.start_tls(context)
            else:
                writer.write(b"250-mx.mail.test\r\n250 STARTTLS\r\n")
        await reader.read()

    await asyncio.start_server(serve_imap, "127.0.0.1", imap, ssl=context, backlog=1000)
    await asyncio.start_server(serve_mx, "127.0.0.1", mx, backlog=1000)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    role, *words = sys.argv[1:]
    if role == "ask":
        os.sched_setaffinity(0, {0})
        ask(words[0], int(words[1]), int(words[2]), int(words[3]))
    else:
        asyncio.run(hold(Path(words[0]), int(words[1]), int(words[2])))
