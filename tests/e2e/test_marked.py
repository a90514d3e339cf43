"""A real daemon among servers that go wrong in every way at every step, and quote whom and what they were told: nothing of that
is in its metrics, its pages for machines or its log, and no secret in its store."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import ssl
import sys
import urllib.request
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from mailprobe.carriers import Channel
from mailprobe.demo.faults import Action, Client, Place, Send, Serve, listening
from mailprobe.demo.tls import Authority
from tests.e2e.marks import leaks
from tests.e2e.misbehaviour import CASES, HONEST, Case, script, tagged
from tests.e2e.test_webhook import closed_port

LOCAL, SECRET = "taro-5e1f-marker", "pw-09cd-marker"
CHOSEN = CASES if os.environ.get("HYPOTHESIS_PROFILE") == "full" else CASES[::8]
EVERY = 30.0  # seconds; a run may take as long, where the server hangs
WHOLE = 150.0  # seconds in which everybody has had his turn, on a machine that runs other tests as well
SCHEMES = {
    "imap": {Channel.IMPLICIT: "imaps", Channel.STARTTLS: "imap"},
    "submission": {Channel.IMPLICIT: "smtps", Channel.STARTTLS: "smtp"},
}
HEAD = """
[prober]
name = "probe.example.net"
mail_from = "p@example.net"
allow_networks = ["127.0.0.0/8"]
[store]
url = "sqlite:///{folder}/m.db"
[http]
listen = "127.0.0.1:{port}"
"""
CARRIER = """
[carriers.c{number}]
relation = "own"
domains = ["d{number}.test"]
mx = ["127.0.0.1:{mx}"]
tls_ca = "{ca}"
{door}
[carriers.c{number}.limits]
rcpt_gap = "1s"
[[accounts]]
id = "a{number}"
address = "{local}@d{number}.test"
secret = "file:secret"
probes = ["{probe}"]
every = "{every:g}s"
"""


def quoting(action: Action, number: int, secret: str) -> Action:
    """What is said ends with whom it is about, and with what was told in confidence. A literal's octets are left as they are."""
    if not isinstance(action, Send) or b"{" in action.data:
        return action
    quoted = f" <{LOCAL}@d{number}.test> {LOCAL} {secret}\r\n".encode()
    return replace(action, data=action.data.replace(b"\r\n", quoted))


def quoting_server(case: Case, number: int, context: ssl.SSLContext) -> Serve:
    """An honest one until the step at which it turns bad; the secret it can only quote once it was told it."""
    honest = script(HONEST[case.name, case.channel], case.step, (), context)

    async def serve(client: Client) -> None:
        await client.play(honest)
        secret = SECRET if leaks({"": bytes(client.heard)}, SECRET) else ""
        await client.play(tuple(quoting(tagged(one, case.step), number, secret) for one in case.way.does))

    return serve


@asynccontextmanager
async def servers(authority: Authority) -> AsyncIterator[Sequence[tuple[Case, Place]]]:
    """One for each case that was chosen."""
    context = authority.context()
    async with AsyncExitStack() as stack:
        made = []
        for number, case in enumerate(CHOSEN):
            tls = context if case.channel is Channel.IMPLICIT else None
            server = listening(quoting_server(case, number, context), tls=tls, remember=True)
            made.append((case, await stack.enter_async_context(server)))
        yield made


def written(folder: Path, ca: Path, places: Sequence[tuple[Case, Place]], port: int) -> Path:
    """The configuration: a carrier for each server."""
    parts = [HEAD.format(folder=folder, port=port)]
    for number, (case, place) in enumerate(places):
        mx = place.port if case.name == "mx" else 9
        door = f'{case.name} = "{SCHEMES[case.name][case.channel]}://127.0.0.1:{place.port}"' if case.name != "mx" else ""
        parts.append(CARRIER.format(number=number, mx=mx, ca=ca, door=door, local=LOCAL, probe=case.name, every=EVERY))
    (folder / "secret").write_text(SECRET)
    (folder / "secret").chmod(0o600)
    file = folder / "mailprobe.toml"
    file.write_text("".join(parts))
    return file


async def fetched(port: int, path: str) -> str:
    def fetch() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30.0) as answer:
            text: str = answer.read().decode()
            return text

    return await asyncio.to_thread(fetch)


def have_a_result(metrics: str) -> set[str]:
    return set(re.findall(r'^mailprobe_account_verdict_info\{account="(a[0-9]+)"', metrics, re.MULTILINE))


async def everybodys_metrics(port: int, daemon: Process) -> str:
    """As they are once everybody has had a result."""
    async with asyncio.timeout(WHOLE):
        while daemon.returncode is None:
            try:
                metrics = await fetched(port, "/metrics")
            except OSError:
                metrics = ""
            if len(have_a_result(metrics)) == len(CHOSEN):
                return metrics
            await asyncio.sleep(1.0)
    raise AssertionError(f"it ended by itself: {daemon.returncode}")


async def ended(daemon: Process) -> int:
    if daemon.returncode is None:
        daemon.send_signal(signal.SIGTERM)
    return await daemon.wait()


def stored(folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in folder.glob("m.db*")}
    assert found
    return found


async def test_nothing_that_any_fault_quotes_is_shown_or_written_down(tmp_path: Path) -> None:
    authority, port = Authority(tmp_path, ("127.0.0.1",)), closed_port()
    async with servers(authority) as places:
        config = written(tmp_path, authority.ca, places, port)
        with (tmp_path / "log").open("wb") as log:
            command = [sys.executable, "-m", "mailprobe", "serve", "--config", str(config)]
            daemon = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
            try:
                metrics = await everybodys_metrics(port, daemon)
                told = {
                    name: (await fetched(port, name)).encode() for name in ("/sd?module=imap", "/probe?account=a0&module=imap")
                }
            finally:
                code = await ended(daemon)
                print((tmp_path / "log").read_text()[-2000:])  # shown where this fails
    assert code == 0
    assert leaks({"": b"".join(place.heard for _, place in places)}, SECRET), "nobody was told the secret"
    said = {"metrics": metrics.encode(), "log": (tmp_path / "log").read_bytes(), **told}
    assert leaks(said, SECRET, LOCAL) == []
    assert not [name for name, text in said.items() if re.search(rb"@d[0-9]+\.test", text)]
    assert leaks(stored(tmp_path), SECRET) == []
